"""The tables that commands print, as blocks of pages.

In: a rich table. Out: a `Grid`.
"""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from circuitdsl.reporting.pages.blocks import Cell, Grid


def grid(table: Table) -> Grid:
    """A table of the command line as a block."""
    columns = [[_plain(cell) for cell in column.cells] for column in table.columns]
    return Grid(
        caption=" ".join(filter(None, (_plain(table.title), _plain(table.caption)))),
        headings=tuple(_plain(column.header) for column in table.columns),
        rows=tuple(tuple(map(_cell, row)) for row in zip(*columns, strict=True)),
    )


def _plain(content: object) -> str:
    """What a cell says, its lines joined."""
    text = content.plain if isinstance(content, Text) else str(content or "")
    return " ".join(text.split())


def _cell(text: str) -> Cell:
    """A cell; one such as `mixed3b:345` or `curve[th=36deg]` is that unit."""
    layer, colon, number = text.partition(":")
    is_unit = bool(colon) and layer.isidentifier() and number.isdigit()
    is_member = layer.partition("[")[0].isidentifier() and text.endswith("]")
    return Cell(text, text if is_unit or is_member else "")
