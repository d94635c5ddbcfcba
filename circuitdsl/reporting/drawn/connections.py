"""A connection as a page shows it: its source text, template, strokes, and matrix of kernels.

In: a connection with its numbers. Out: `Described`, ready for the template. The matrix has a row
for each target and a column for each source, in the order of the axes; kernels on the image stand
in rows, as the colours that they look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians, sin

from circuitdsl.ir.circuit import INPUT, Circuit, Family
from circuitdsl.reporting.drawn.layout import Sign, sign_of
from circuitdsl.reporting.drawn.pixels import image_kernels, kernel_matrix, png, signed
from circuitdsl.visualizing.wiring import Stroke, Wires

IMAGE_COLUMNS = 8
"""Kernels on the image in a row."""

WIDEST = 700
"""A matrix is enlarged by a whole number, up to about so many CSS pixels."""


@dataclass(frozen=True)
class Band:
    """The rectangle of a unit in a matrix, which is marked with it.

    Attributes:
        unit: The unit.
        x: Its first column, in pixels of the matrix.
        y: Its first row.
        width: Its columns.
        height: Its rows.
        pointed: Whether it answers to the pointer.
    """

    unit: str
    x: int
    y: int
    width: int
    height: int
    pointed: bool


@dataclass(frozen=True)
class Drawn:
    """A stroke, in units of taps."""

    sign: str
    line: str
    width: str
    opacity: str


@dataclass(frozen=True)
class Described:
    """A connection, ready for the template.

    Attributes:
        number: Its place in the file.
        name: Its name.
        named: Whether the file gives it that name.
        source: The family that it starts at.
        target: The family that it ends at.
        says: What it does.
        where: Where it was written; "" for what was never text.
        line: The place of that line in the page; "" where the page has no source.
        text: Its source.
        template: The picture of its template.
        span_px: How wide that is in the image.
        first: The target member whose strokes are drawn.
        side: Taps along a side.
        strokes: The strokes.
        kernels: The picture of its kernels.
        kernels_told: What that shows, in words.
        width: Of the picture, a pixel a tap.
        height: Of the picture.
        zoom: How much it is enlarged.
        bands: Where its units stand in it.
    """

    number: int
    name: str
    named: bool
    source: str
    target: str
    says: str
    where: str
    line: str
    text: str
    template: str
    span_px: str
    first: str
    side: int
    strokes: tuple[Drawn, ...]
    kernels: str
    kernels_told: str
    width: int
    height: int
    zoom: int
    bands: tuple[Band, ...]


def described(
    circuit: Circuit, wires: Wires, number: int, words: Mapping[Sign, str], *, line: str = ""
) -> Described:
    """A connection as the page shows it.

    Args:
        circuit: What it belongs to.
        wires: The connection.
        number: Its place in the file.
        words: What each sign is called.
        line: The place in the page of the line that it is written in.
    """
    connection, kernel = wires.connection, wires.kernel
    target = circuit.by_name[connection.target]
    side = kernel.shape[0]
    if connection.source == INPUT:
        columns = min(IMAGE_COLUMNS, target.size)
        pixels = image_kernels(kernel, columns)
        places = _image_bands(target, side, columns)
        told = f"{target.size} kernels on the image, as the colours that they look for"
    else:
        source = circuit.by_name[connection.source]
        pixels = kernel_matrix(kernel)
        places = _bands(source, target, side)
        told = (
            f"kernels, a row for each of {target.size} of {target.name}, a column for each of "
            f"{source.size} of {source.name}; red excites, blue inhibits"
        )
    height, width = pixels.shape[:2]
    span = connection.span
    return Described(
        number=number,
        name=connection.name,
        named=connection.name != f"{connection.source}->{connection.target}",
        source=connection.source,
        target=connection.target,
        says=f"It {words[sign_of(wires)]}: {wires.excites:.3g} of weight above 0 and "
        f"{wires.inhibits:.3g} below for a unit in the mean",
        where=f"{span.source.name}:{span.line}" if span.text else "",
        line=line,
        text=span.text,
        template=png(signed(wires.template)),
        span_px=f"{side * wires.tap_px:g}",
        first=target.member_name(0),
        side=side,
        strokes=tuple(map(_drawn, wires.strokes)),
        kernels=png(pixels),
        kernels_told=told,
        width=width,
        height=height,
        zoom=zoom(width),
        bands=places,
    )


def _drawn(stroke: Stroke) -> Drawn:
    """A stroke in its tap; y runs downwards on the page."""
    turn, half = radians(stroke.angle_deg), 0.42
    x, y = stroke.column + 0.5, stroke.row + 0.5
    right, down = half * cos(turn), -half * sin(turn)
    strength = abs(stroke.weight)
    return Drawn(
        "excites" if stroke.weight > 0 else "inhibits",
        f"{x - right:.2f},{y - down:.2f}L{x + right:.2f},{y + down:.2f}",
        f"{0.04 + 0.14 * strength:.3f}",
        f"{0.35 + 0.65 * strength:.2f}",
    )


def _bands(source: Family, target: Family, side: int) -> tuple[Band, ...]:
    """The rows of targets, which are pointed at, and the columns of sources, which are marked."""
    sources, targets = (
        [one.member_name(index) for index in range(one.size)] for one in (source, target)
    )
    return bands(sources, targets, (side, side))


def bands(
    sources: Sequence[str], targets: Sequence[str], taps: tuple[int, int]
) -> tuple[Band, ...]:
    """Where units stand in a matrix of kernels of some rows and columns of taps."""
    rows, columns = taps
    down, across = rows + 1, columns + 1
    width, height = len(sources) * across - 1, len(targets) * down - 1
    return (
        *(Band(name, 0, at * down, width, rows, True) for at, name in enumerate(targets)),
        *(Band(name, at * across, 0, columns, height, False) for at, name in enumerate(sources)),
    )


def zoom(width: int) -> int:
    """How much a picture of some pixels' width is enlarged."""
    return max(1, min(20, WIDEST // width))


def _image_bands(target: Family, side: int, columns: int) -> tuple[Band, ...]:
    step = side + 1
    return tuple(
        Band(target.member_name(i), i % columns * step, i // columns * step, side, side, True)
        for i in range(target.size)
    )
