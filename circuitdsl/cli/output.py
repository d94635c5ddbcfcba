"""What commands write and say beside their result."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from circuitdsl.cli.failures import say_warning
from circuitdsl.text.diagnostics import InputError


def say_left_out(skipped: dict[str, str]) -> None:
    """Name the files that could not be read, and why, on standard error."""
    for name, why in skipped.items():
        say_warning(f"left out {name}: {why}")


@contextmanager
def writing(target: Path) -> Generator[None]:
    """Say which file could not be written, and that nothing of it was."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {target}",
            why=f"{error.strerror or error}; nothing was written",
            help="make room, or name another file",
        ) from error


def write_record(target: Path | None, record: Callable[[], dict[str, Any]]) -> None:
    """Write a result's record to the file of `--json`, if one was named."""
    if target is None:
        return
    from circuitdsl.reporting.json_files import write_json

    with writing(target):
        write_json(target, record())
