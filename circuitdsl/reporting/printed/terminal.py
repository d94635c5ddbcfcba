"""The terminal: progress on standard error, tables on standard output."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table
from rich.text import Text


@contextmanager
def progress() -> Generator[Callable[[str], None]]:
    """Show what is being done, on one line that goes away; nothing where nobody watches.

    Yields:
        A function to call with each stage.
    """
    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda stage: status.update(Text(stage))  # names of files are no markup


@contextmanager
def download_bar(name: str) -> Generator[Callable[[int, int | None], None]]:
    """A bar for a download.

    Yields:
        A function to call with the bytes that are here and those expected in all.
    """
    columns = ("[progress.description]{task.description}", BarColumn(), DownloadColumn())
    bars = Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    with bars:
        task = bars.add_task(name, total=None)
        yield lambda here, total: bars.update(task, completed=here, total=total)


def print_table(table: Table) -> None:
    """Print a table to standard output; 80 columns where it is no terminal.

    On a terminal too narrow for its numbers it goes beyond the edge: no digit is ever cut off.
    """
    console = Console(markup=False, emoji=False)
    for column in table.columns:
        # rich takes width from the widest columns first, whatever their words need
        column.min_width = _width_of_words(column)
    # the columns around a cell, and the line beside it, are three
    least = 1 + sum(_width_of_words(column) + 3 for column in table.columns)
    console.width = max(console.width, least)
    console.print(table, crop=False)


def _width_of_words(column: Column) -> int:
    """The columns of a terminal that a column of a table needs so that no word is broken."""
    cells = [str(cell) for cell in (column.header, *column.cells, column.footer)]
    pieces = [line for cell in cells for line in cell.split("\n")]
    if not column.no_wrap:
        pieces = [word for line in pieces for word in line.split()]
    return max(map(cell_len, pieces), default=0)
