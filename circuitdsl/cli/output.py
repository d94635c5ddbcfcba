"""What commands write and say beside their result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

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


STANDARD_OUTPUT = Path("-")
"""What stands for standard output where an option names a file."""

_OUT: ContextVar[TextIO | None] = ContextVar("out", default=None)
"""Standard output as it was before what people read was sent elsewhere."""


@contextmanager
def result_alone() -> Generator[None]:
    """Leave standard output to a record: within, everything for people goes to standard error."""
    token = _OUT.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _OUT.reset(token)


def write_record(target: Path | None, record: Callable[[], dict[str, Any]]) -> None:
    """Write a result's record to the file of `--json`, if one was named; `-` is standard output."""
    if target is None:
        return
    if target == STANDARD_OUTPUT:
        out = _OUT.get() or sys.stdout
        out.write(json.dumps(record(), indent=2, ensure_ascii=False) + "\n")
        return
    from circuitdsl.reporting.json_files import write_json

    with writing(target):
        write_json(target, record())
