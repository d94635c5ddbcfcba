"""Files that appear whole or not at all, and never in the place of what is no result.

A result goes through symbolic links, keeps the permissions and the owner of the file that it
replaces, and is refused where something else stands: a device, a folder, a file that nobody may
write, a file that the same command reads.
"""

from __future__ import annotations

import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.locks import is_free

_INPUTS: ContextVar[set[tuple[int, int]] | None] = ContextVar("inputs", default=None)
"""Device and number of each file that the command in hand has read."""


@contextmanager
def inputs_kept() -> Generator[None]:
    """Within, what `read_as_input` was told of is not written to."""
    token = _INPUTS.set(set())
    try:
        yield
    finally:
        _INPUTS.reset(token)


def read_as_input(path: Path) -> None:
    """Note that a file is an input of the command in hand."""
    inputs = _INPUTS.get()
    if inputs is not None:
        try:
            status = path.stat()
        except OSError:
            return
        inputs.add((status.st_dev, status.st_ino))


def output_path(target: Path, *, may_be_input: bool = False) -> Path:
    """Where a result of this name is to be written, links followed.

    Args:
        target: What the user named.
        may_be_input: Write over a file that the command has read.

    Raises:
        InputError: what stands there must not be replaced.
        OSError: the path cannot be looked at.
    """
    path = Path(os.path.realpath(target))
    if path.is_symlink():
        raise InputError(f"{target} is a link that leads to itself", help="name another file")
    try:
        status = path.stat()
    except FileNotFoundError:
        return path
    except NotADirectoryError as error:
        raise InputError(f"{target} lies below a file", help="name a file in a folder") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{target} is a folder", help="name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{target} is no ordinary file", help="name another file")
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise InputError(
            f"{target} is read-only", help="name another file, or give leave to write this one"
        )
    inputs = _INPUTS.get() or set()
    if (status.st_dev, status.st_ino) in inputs and not may_be_input:
        raise InputError(f"{target} is an input of this command", help="name another file")
    return path


@contextmanager
def atomic_path(target: Path, *, may_be_input: bool = False) -> Generator[Path]:
    """Yield a temporary path beside `target`; rename it to `target` when the block succeeds.

    If the block raises (a full disk, an interrupt), the temporary file is removed and whatever
    stood at `target` before is untouched. A file of several names (hard links), or of an owner that
    a new one could not have, is not replaced but written over, once the new text is whole.

    Args:
        target: Where the file goes.
        may_be_input: Write over a file that the command in hand has read.

    Raises:
        InputError: what stands there must not be replaced.
        OSError: the folder can't be made or written.
    """
    path = output_path(target, may_be_input=may_be_input)
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    is_free(handle)  # held until it is closed, which says that somebody still writes the file
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        if not path.exists():
            # mkstemp files are private; give the result the permissions of an ordinary new file
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
        elif _like(temporary, path.stat()):
            temporary.replace(path)
        else:
            shutil.copyfile(temporary, path)
            temporary.unlink()
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Remove what earlier writers of the same file left when they were killed."""
    pattern = f".{glob.escape(path.name)}.????????{glob.escape(path.suffix)}"
    for left in path.parent.glob(pattern):
        with suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                if is_free(handle):
                    left.unlink()
            finally:
                os.close(handle)


_TEMPORARY = "circuitdsl-held-"


@contextmanager
def temporary_folder() -> Generator[Path]:
    """Yield a folder that is gone after the block; those of killed processes go before it."""
    for left in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}????????"):
        with suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid() and is_free(handle):
                    shutil.rmtree(left)
            finally:
                os.close(handle)
    folder, handle = _held_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _held_folder() -> tuple[Path, int]:
    """A new folder, and the open handle that says that somebody uses it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
        with suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY)
            if is_free(handle):
                return folder, handle
            os.close(handle)  # another process is about to clear it


def _like(temporary: Path, old: os.stat_result) -> bool:
    """Give a new file the owner and the permissions of the one it replaces, if it can have them."""
    if old.st_nlink > 1:
        return False
    new = temporary.stat()
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except OSError:
            return False
    temporary.chmod(stat.S_IMODE(old.st_mode))
    return True


def write_text(target: Path, text: str, *, may_be_input: bool = False) -> None:
    """Write UTF-8 text to `target` by atomic rename."""
    with atomic_path(target, may_be_input=may_be_input) as temporary:
        temporary.write_text(text, encoding="utf-8")


def known_suffix(target: Path, formats: Sequence[str], doing: str) -> str:
    """The suffix of a file name in small letters, such as `png`, if it names one of some formats.

    Raises:
        InputError: no such format.
    """
    suffix = target.suffix.lstrip(".").lower()
    if suffix not in formats:
        raise InputError(
            f"cannot {doing} as `{target.name}`",
            help=f"end its name in {', '.join('.' + name for name in formats)}",
        )
    return suffix
