"""What callers say of how photographs are gone through, for every verb alike.

In: options. Out: an `Engine`, a list of classes, a way of telling how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from circuitdsl.measure.shards import Engine
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import read_as_input


def engine_of(workers: int = 1, store: Path | str | None = None, ray: str | None = None) -> Engine:
    """Who goes through the photographs.

    Args:
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.

    Raises:
        InputError: fewer than one worker.
    """
    if workers < 1:
        raise InputError(f"{workers} workers do no work", help="1, or more")
    return Engine(workers, None if store is None else Path(store), ray)


def class_list(file: Path | str | None) -> tuple[str, ...] | None:
    """The label that each number stands for; None if no file was named.

    Raises:
        InputError: the file can't be read, or has no labels.
    """
    if file is None:
        return None
    path = Path(file)
    read_as_input(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list of classes {path}", why=str(error)) from error
    labels = tuple(line.strip() for line in lines)
    if not any(labels):
        raise InputError(f"{path} holds no labels", help="one label a line; the first is class 0")
    return labels


def counted(what: str, total: int, progress: Callable[[str], None]) -> Callable[[int], None]:
    """Tell how many photographs are done and how many there are."""
    return lambda seen: progress(f"{what}: {seen} of {total}")
