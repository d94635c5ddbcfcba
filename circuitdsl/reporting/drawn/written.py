"""What results are written as, by the ending of a file's name.

In: a result with a `record`, and how it is drawn. Out: a figure, a table or a JSON record, each
written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from circuitdsl.reporting.drawn.image_files import FORMATS
from circuitdsl.reporting.json_files import write_json
from circuitdsl.text.files import known_suffix, write_text


class Recorded(Protocol):
    """A result that says what JSON has of it."""

    def record(self) -> dict[str, Any]:
        """The result as JSON has it."""
        ...


Result = TypeVar("Result", bound=Recorded)


@dataclass(frozen=True)
class Written(Generic[Result]):
    """The files that results of one kind are written as.

    Attributes:
        doing: What a message calls the writing: `write grids`.
        draw: Draws a result as a figure.
        table: A result as comma-separated values; `None` where results have no table.
    """

    doing: str
    draw: Callable[[Result, Path], None]
    table: Callable[[Result], str] | None = None

    def check(self, target: Path) -> str:
        """The format that a file's name asks for.

        Raises:
            InputError: no such format.
        """
        tables = () if self.table is None else ("csv",)
        return known_suffix(target, (*FORMATS, *tables, "json"), self.doing)

    def write(self, result: Result, target: Path) -> None:
        """Write a result as what the file's name says.

        Raises:
            InputError: no such format.
            OSError: the file can't be written.
        """
        kind = self.check(target)
        if kind == "json":
            write_json(target, result.record())
        elif kind == "csv" and self.table is not None:
            write_text(target, self.table(result))
        else:
            self.draw(result, target)
