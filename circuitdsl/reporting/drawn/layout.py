"""Where families and arrows stand in the picture of a circuit.

In: a circuit and its connections. Out: boxes, arrows and the labels of layers, in units of the
picture: x to the right, y downwards. The image is on top, layers are rows below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from circuitdsl.ir.circuit import INPUT, Circuit, Family
from circuitdsl.visualizing.wiring import Wires

Sign = Literal["excites", "inhibits", "both"]
Point = tuple[float, float]

MARGIN, GAP, LABEL = 14.0, 22.0, 104.0
BOX_HEIGHT, ROW_HEIGHT = 40.0, 104.0
CHARACTER = 7.4
"""Width of a character of a box, at the size of type that the picture is drawn with."""

EVEN = 1.1
"""Excitation and inhibition that differ by less than this factor are drawn as both."""


@dataclass(frozen=True)
class Box:
    """A family, or the image.

    Attributes:
        name: Of the family, or `input`.
        caption: How many members it has, or what it is.
        given: Whether it is of a trained network.
        left: Its left edge.
        top: Its upper edge.
        width: How wide it is.
    """

    name: str
    caption: str
    given: bool
    left: float
    top: float
    width: float


@dataclass(frozen=True)
class Arrow:
    """A connection.

    Attributes:
        name: Of the connection.
        number: Its place in the file.
        source: The family that it starts at.
        target: The family that it ends at.
        sign: Which of its weights are larger in sum.
        points: A cubic Bezier line: start, two handles, end.
    """

    name: str
    number: int
    source: str
    target: str
    sign: Sign
    points: tuple[Point, Point, Point, Point]


@dataclass(frozen=True)
class Layout:
    """The picture of a circuit.

    Attributes:
        width: Of the whole.
        height: Of the whole.
        boxes: The image and the families.
        arrows: The connections.
        layers: The names of layers, and how high they stand.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    layers: tuple[tuple[str, float], ...]


def lay_out(circuit: Circuit, wires: Sequence[Wires]) -> Layout:
    """The places of all boxes and arrows; the same circuit gives the same picture.

    Args:
        circuit: The circuit.
        wires: Its connections.
    """
    seen = any(connection.source == INPUT for connection in circuit.connections)
    ranks = _ranks(circuit, first=1 if seen else 0)
    rows = [
        [family for family in circuit.layers_in_order if ranks[family.layer] == rank]
        for rank in range(1 if seen else 0, max(ranks.values()) + 1)
    ]
    widths = {family.name: _box_width(family) for family in circuit.families}
    widths[INPUT] = CHARACTER * 9
    row_widths = [sum(widths[f.name] + GAP for f in row) - GAP for row in rows]
    inner = max([*row_widths, widths[INPUT]])
    middle = LABEL + MARGIN + inner / 2
    boxes = {
        INPUT: Box(INPUT, "image", False, middle - widths[INPUT] / 2, MARGIN, widths[INPUT]),
    }
    first = min(ranks.values())
    for number, (row, row_width) in enumerate(zip(rows, row_widths, strict=True), first):
        left = middle - row_width / 2
        for family in _untangled(circuit, row, boxes):
            top, width = MARGIN + number * ROW_HEIGHT, widths[family.name]
            given = family.units is not None
            boxes[family.name] = Box(family.name, _caption(family), given, left, top, width)
            left += width + GAP
    if not seen:
        del boxes[INPUT]
    return Layout(
        width=LABEL + inner + 2 * MARGIN,
        height=2 * MARGIN + max(ranks.values()) * ROW_HEIGHT + BOX_HEIGHT,
        boxes=tuple(boxes.values()),
        arrows=_arrows(wires, boxes),
        layers=tuple(
            (layer, _label_y(rank, place, [*ranks.values()].count(rank)))
            for layer, rank, place in _places(ranks)
        ),
    )


def sign_of(wires: Wires) -> Sign:
    """Whether a connection excites or inhibits, by the sums of its weights."""
    if wires.excites > EVEN * wires.inhibits:
        return "excites"
    return "inhibits" if wires.inhibits > EVEN * wires.excites else "both"


def _ranks(circuit: Circuit, first: int) -> dict[str, int]:
    """The row of each layer: below all that its families read, so branches stand side by side."""
    ranks: dict[str, int] = {}
    for family in circuit.layers_in_order:
        sources = [
            circuit.by_name[c.source] for c in circuit.into(family.name) if c.source != INPUT
        ]
        above = [ranks[source.layer] for source in sources]
        ranks[family.layer] = max([ranks.get(family.layer, first), *(rank + 1 for rank in above)])
    return ranks


def _places(ranks: dict[str, int]) -> list[tuple[str, int, int]]:
    """Each layer with its row and its place among the layers of that row."""
    before: dict[int, int] = {}
    placed: list[tuple[str, int, int]] = []
    for layer, rank in ranks.items():
        placed.append((layer, rank, before.get(rank, 0)))
        before[rank] = before.get(rank, 0) + 1
    return placed


def _label_y(rank: int, place: int, count: int) -> float:
    middle = MARGIN + rank * ROW_HEIGHT + BOX_HEIGHT / 2
    return middle + 13.0 * (place - (count - 1) / 2)


def _box_width(family: Family) -> float:
    return CHARACTER * max(len(family.name), len(_caption(family)), 6) + 18.0


def _caption(family: Family) -> str:
    count = "1 unit" if family.size == 1 else f"{family.size} units"
    return f"{count}, trained" if family.units is not None else count


def _untangled(circuit: Circuit, row: list[Family], boxes: dict[str, Box]) -> list[Family]:
    """A row in the order of the places that its families read, so that few arrows cross."""

    def place(family: Family) -> float:
        sources = [boxes[c.source] for c in circuit.into(family.name) if c.source in boxes]
        middles = [box.left + box.width / 2 for box in sources]
        return sum(middles) / len(middles) if middles else 0.0

    return sorted(row, key=place)


def _arrows(wires: Sequence[Wires], boxes: dict[str, Box]) -> tuple[Arrow, ...]:
    """Arrows whose ends are spread over the edges of boxes, in the order of their other ends."""

    def middle(name: str) -> float:
        return boxes[name].left + boxes[name].width / 2

    ends = [(each.connection.source, each.connection.target) for each in wires]

    def rank(number: int, end: int) -> tuple[int, int]:
        """The place of an arrow among those that share one of its ends, and their number."""
        own, other = ends[number][end], 1 - end
        sharing = [n for n in range(len(ends)) if ends[n][end] == own]
        sharing.sort(key=lambda n: middle(ends[n][other]))
        return sharing.index(number), len(sharing)

    made: list[Arrow] = []
    for number, (each, (source, target)) in enumerate(zip(wires, ends, strict=True)):
        start = _port(boxes[source], *rank(number, 0)), boxes[source].top + BOX_HEIGHT
        end = _port(boxes[target], *rank(number, 1)), boxes[target].top - 3.0
        bend = (end[1] - start[1]) / 2
        points = (start, (start[0], start[1] + bend), (end[0], end[1] - bend), end)
        made.append(Arrow(each.connection.name, number, source, target, sign_of(each), points))
    return tuple(made)


def _port(box: Box, number: int, count: int) -> float:
    return box.left + box.width * (number + 1) / (count + 1)
