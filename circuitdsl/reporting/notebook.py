"""What a notebook shows of circuits, networks, edits and results.

In: one of them. Out: its MIME bundle: a page in a frame of its own, so that neither it nor the
notebook changes how the other looks; a picture where there is one; and text.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import singledispatch

from rich.console import Console
from rich.table import Table

from circuitdsl.compare.effect import Effect
from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.recovery import Recovery
from circuitdsl.compare.score import Comparison
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.verbs import units_of
from circuitdsl.ir.circuit import Circuit, Connection, Family
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.reporting.drawn.drawing import members_of, page, svg
from circuitdsl.reporting.pages.blocks import Block, Cell, Grid, Note, Source
from circuitdsl.reporting.pages.from_tables import grid
from circuitdsl.reporting.pages.sections import shots_of, tunings_of
from circuitdsl.reporting.printed.edits import changes_table, effect_table, recovery_table
from circuitdsl.reporting.printed.families import agreement_table
from circuitdsl.reporting.printed.matches import matches_table
from circuitdsl.reporting.printed.tables import found_table, score_table
from circuitdsl.reporting.templating import framed, rendered
from circuitdsl.run.comparing.matching import Matches
from circuitdsl.run.pages.drawing import unanswered
from circuitdsl.run.seeing.visualization import Pictures

TALL, LOW = 560, 260
"""Heights of frames, in CSS pixels; a reader can pull them."""

FOUND = 20
"""Units of a found family that are listed."""


@singledispatch
def bundle(value: object) -> dict[str, str]:
    """What a notebook shows, by MIME type."""
    return {"text/plain": repr(value)}


@bundle.register
def _(value: Circuit) -> dict[str, str]:
    drawn = unanswered(value)
    return _isolated(page(drawn), repr(value), TALL) | {"image/svg+xml": svg(drawn)}


@bundle.register
def _(value: HandwrittenNetwork) -> dict[str, str]:
    drawn = unanswered(value.circuit, value)
    return _isolated(page(drawn), repr(value), TALL) | {"image/svg+xml": svg(drawn)}


@bundle.register
def _(value: Family) -> dict[str, str]:
    axes = tuple(
        (Cell(axis.name), Cell(axis.kind), Cell(str(axis.count)), Cell(_values(value, place)))
        for place, axis in enumerate(value.axes)
    )
    blocks: list[Block] = [Note(value.doc)] if value.doc else []
    blocks.append(Grid(f"Axes, at {value.layer}", ("axis", "kind", "members", "at"), axes))
    members = tuple((Cell(name, name),) for name in members_of(value))
    blocks.append(Grid(f"{value.size} members", ("member",), members))
    return _of_blocks(value.name, blocks, repr(value), LOW)


def _values(family: Family, place: int) -> str:
    axis = family.axes[place]
    return ", ".join(axis.value_name(index) for index in range(axis.count))


@bundle.register
def _(value: Connection) -> dict[str, str]:
    title = f"{value.source} to {value.target}"
    return _of_blocks(title, [Source(value.span.text or title)], repr(value), LOW)


@bundle.register
def _(value: Network) -> dict[str, str]:
    shapes = value.backbone.parameter_shapes
    rows = tuple(
        (
            Cell(layer.name),
            Cell(layer.kind),
            Cell(str(layer.width)),
            Cell(" x ".join(map(str, shapes.get(f"{layer.weights or layer.name}_w", ())))),
            Cell(", ".join(layer.inputs)),
        )
        for layer in value.backbone.layers
    )
    headings = ("layer", "kind", "units", "weights", "reads")
    blocks = [Grid(f"{value.backbone.name}, input {value.backbone.input_px} px", headings, rows)]
    return _of_blocks(value.name, blocks, repr(value), TALL)


@bundle.register
def _(value: EditedNetwork) -> dict[str, str]:
    rows = tuple(
        (Cell(step.verb), Cell(" -> ".join(", ".join(ends.names) for ends in units_of(step))))
        for step in value.steps
    )
    blocks: list[Block] = [Grid(f"Steps, on {value.network.name}", ("step", "units"), rows)]
    blocks += [Note(f"Step {notice.step + 1}: {notice.message}") for notice in value.notices]
    return _of_blocks(value.edit or "An edit", blocks, repr(value), LOW)


@bundle.register
def _(value: Comparison) -> dict[str, str]:
    return _of_tables(f"{value.family} of {value.file}", [score_table(value)], tunings_of(value))


@bundle.register
def _(value: FamilyComparison) -> dict[str, str]:
    tables = [agreement_table(value)]
    return _of_tables(f"{value.family} of {value.file}", tables, tunings_of(value))


@bundle.register
def _(value: FoundFamily) -> dict[str, str]:
    return _of_tables(f"{value.finder.title} in {value.layer}", [found_table(value, FOUND)])


@bundle.register
def _(value: Effect) -> dict[str, str]:
    return _of_tables("What an edit does", [effect_table(value, "edit"), changes_table(value)])


@bundle.register
def _(value: Recovery) -> dict[str, str]:
    return _of_tables("What a splice recovers", [recovery_table(value)])


@bundle.register
def _(value: Matches) -> dict[str, str]:
    return _of_tables(f"Units of {value.model}", [matches_table(value)])


@bundle.register
def _(value: Pictures) -> dict[str, str]:
    names = ", ".join(picture.name for picture in value.pictures)
    return _of_blocks(f"Pictures for {value.model}", [shots_of("", value)], names, TALL)


def _of_tables(title: str, tables: list[Table], more: list[Block] | None = None) -> dict[str, str]:
    """Tables of the command line, and their text as it prints them."""
    console = Console(file=io.StringIO(), width=100, markup=False, emoji=False)
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    blocks: list[Block] = [*map(grid, tables), *(more or [])]
    return _of_blocks(title, blocks, captured.get(), TALL)


def _of_blocks(title: str, blocks: Sequence[Block], text: str, height: int) -> dict[str, str]:
    whole = framed("blocks_page.html.j2", title=title, blocks=blocks)
    return _isolated(whole, text, height)


def _isolated(whole: str, text: str, height: int) -> dict[str, str]:
    """A page in a frame that has no origin, and text for where there are no frames."""
    title = text.splitlines()[0] if text else "circuitdsl"
    frame = rendered("isolated.html.j2", page=whole, title=title, height=height)
    return {"text/html": frame, "text/plain": text}
