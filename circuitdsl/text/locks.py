"""One process at a time on what is gone on with later: tables, stores, checkpoints, downloads.

A lock is a hidden file beside what it guards, held by the system's `flock`: whatever ends a
process, even a kill, lets go of its locks.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from circuitdsl.text.diagnostics import InputError


@contextmanager
def held(target: Path, *, wait: bool = False) -> Generator[None]:
    """Within, no other process holds the same target.

    Args:
        target: A file or a folder, which need not exist yet.
        wait: Wait until nobody else holds it, instead of refusing.

    Raises:
        InputError: another process holds it, and there is no waiting.
        OSError: the folder that it lies in can't be made or written.
    """
    real = Path(os.path.realpath(target))
    real.parent.mkdir(parents=True, exist_ok=True)
    lock = real.with_name(f".{real.name}.lock")
    handle = _taken(lock, wait=wait)
    if handle is None:
        raise InputError(
            f"another run is working on {target}",
            why="two at once would write over each other's results",
            help="wait for it, or name another file",
        )
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def is_free(handle: int) -> bool:
    """Take hold of an open file, unless another process has."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _taken(lock: Path, *, wait: bool) -> int | None:
    """An open handle that holds a lock file; None if another process has it."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if wait:
                fcntl.flock(handle, fcntl.LOCK_EX)
            elif not is_free(handle):
                os.close(handle)
                return None
            # whoever let go of it removed the file: one that is still there must be this one
            current = lock.stat().st_ino == os.fstat(handle).st_ino
        except FileNotFoundError:
            current = False
        except BaseException:
            os.close(handle)
            raise
        if current:
            return handle
        os.close(handle)
