"""What pages are made of: figures, plots, tables, and sentences, ready for the templates.

In: results. Out: blocks. Whatever stands for a unit carries its name, so that pointing at it marks
it everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, isnan, pi, sin
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.reporting.drawn.connections import Band

RADIUS = 84.0
"""Of a round plot; others are as wide and high as its square."""

Side = Literal["hand", "original"]


@dataclass(frozen=True)
class Note:
    """A sentence, such as what a section lacks.

    Attributes:
        text: The sentence.
    """

    text: str
    kind: Literal["note"] = "note"


@dataclass(frozen=True)
class Source:
    """Text of the language.

    Attributes:
        text: The text.
    """

    text: str
    kind: Literal["source"] = "source"


@dataclass(frozen=True)
class Heading:
    """A heading within a section.

    Attributes:
        text: The heading.
        unit: The family or the unit that it names; "" for none.
    """

    text: str
    unit: str = ""
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Shot:
    """A picture with what is below it.

    Attributes:
        address: The picture, as a `data:` address.
        told: What it shows, for those who do not see it.
        unit: The unit that it is of; "" for none.
        caption: What stands below it.
        side: Its width and height, in CSS pixels.
        link: A place in the page that it leads to; "" for none.
        pixels: Whether each pixel is shown as a square, as taps of kernels are.
        named: Whether the unit's name stands below it, and Tab reaches it; else the title says it.
    """

    address: str
    told: str
    unit: str = ""
    caption: str = ""
    side: int = 128
    link: str = ""
    pixels: bool = False
    named: bool = True


@dataclass(frozen=True)
class Shots:
    """Pictures side by side.

    Attributes:
        title: What they are.
        shots: The pictures.
    """

    title: str
    shots: tuple[Shot, ...]
    kind: Literal["shots"] = "shots"


@dataclass(frozen=True)
class Tile:
    """A picture among others in a square.

    Attributes:
        address: The picture.
        told: What it shows.
        unit: The unit that it is most of.
    """

    address: str
    told: str
    unit: str


@dataclass(frozen=True)
class Tiles:
    """Pictures whose places count.

    Attributes:
        title: What they are.
        rows: From the top, each from the left.
    """

    title: str
    rows: tuple[tuple[Tile, ...], ...]
    kind: Literal["tiles"] = "tiles"


@dataclass(frozen=True)
class Matrix:
    """Kernels side by side, a row for each target, a column for each source.

    Attributes:
        told: What it shows.
        address: The picture, a pixel a tap.
        width: Of the picture.
        height: Of the picture.
        zoom: How much it is enlarged.
        bands: Where units stand in it.
    """

    told: str
    address: str
    width: int
    height: int
    zoom: int
    bands: tuple[Band, ...]
    kind: Literal["matrix"] = "matrix"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: What it says.
        unit: The unit that it names; "" for none.
        link: A place in the page; "" for none.
    """

    text: str
    unit: str = ""
    link: str = ""


@dataclass(frozen=True)
class Grid:
    """A table. The first cell of each row is its heading.

    Attributes:
        caption: What it shows.
        headings: Of the columns.
        rows: The rows.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: Literal["grid"] = "grid"


@dataclass(frozen=True)
class Trace:
    """One side's responses.

    Attributes:
        side: Whose they are.
        points: `x,y x,y ...`, in a square with the middle at 0, y downwards.
    """

    side: Side
    points: str


@dataclass(frozen=True)
class Tuned:
    """A member and a unit, tuned along one axis, each over its maximum.

    Attributes:
        member: The member; "" for none.
        unit: The unit.
        round: Whether the axis goes around.
        ends: What stands at the ends of the axis, or at 0 and at a quarter of a period.
        traces: The responses.
        caption: Figures.
    """

    member: str
    unit: str
    round: bool
    ends: tuple[str, str]
    traces: tuple[Trace, ...]
    caption: str


@dataclass(frozen=True)
class Tunings:
    """Plots of pairs, side by side.

    Attributes:
        title: What is along.
        plots: One for each pair.
    """

    title: str
    plots: tuple[Tuned, ...]
    kind: Literal["tunings"] = "tunings"

    @property
    def compares(self) -> bool:
        """Whether hand-written responses stand among them, so that colours need a key."""
        return any(line.side == "hand" for plot in self.plots for line in plot.traces)


@dataclass(frozen=True)
class Bar:
    """A figure between 0 and 1 as a bar.

    Attributes:
        name: What it is of.
        share: The figure.
        text: The figure, as people read it.
    """

    name: str
    share: float
    text: str


@dataclass(frozen=True)
class Bars:
    """Figures as bars.

    Attributes:
        title: What they are.
        bars: The figures.
    """

    title: str
    bars: tuple[Bar, ...]
    kind: Literal["bars"] = "bars"


Block = Note | Source | Heading | Shots | Tiles | Matrix | Grid | Tunings | Bars


def trace(side: Side, values: Sequence[float], curve: Sequence[float], period_deg: float) -> Trace:
    """Responses as a line, over their maximum.

    Args:
        side: Whose they are.
        values: Where they were taken.
        curve: The responses.
        period_deg: Degrees after which the axis repeats; 0 for an axis that does not go around.
    """
    most = max(*curve, 0.0)
    shares = [max(value, 0.0) / most if most > 0 else 0.0 for value in curve]
    points = _around(values, shares, period_deg) if period_deg else _level(values, shares)
    return Trace(side, " ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def _around(
    values: Sequence[float], shares: Sequence[float], period_deg: float
) -> list[tuple[float, float]]:
    turns = [2 * pi * value / period_deg for value in values]
    points = [
        (RADIUS * share * cos(turn), -RADIUS * share * sin(turn))
        for turn, share in zip(turns, shares, strict=True)
    ]
    return [*points, points[0]]


def _level(values: Sequence[float], shares: Sequence[float]) -> list[tuple[float, float]]:
    """Values from left to right, as far apart as they are."""
    places: NDArray[np.float64] = np.asarray(values, np.float64)
    span = float(np.ptp(places)) or 1.0
    across = ((places - places.min()) / span * 2 * RADIUS - RADIUS).tolist()
    return [(x, RADIUS - 2 * RADIUS * share) for x, share in zip(across, shares, strict=True)]


def number(value: float | None, digits: int = 2) -> str:
    """A figure as people read it; `none` where there is none."""
    return "none" if value is None or isnan(value) else f"{value:.{digits}f}"


def figure(value: float) -> str:
    """A figure of any size with three digits or more and no power of ten where it is large."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def signed(value: float) -> str:
    """A figure with its sign, three digits and no power of ten."""
    return f"{value:+,.0f}" if abs(value) >= 100 else f"{value:+.3g}"


def interval(value: float, low: float, high: float) -> str:
    """A figure with its 95 % interval."""
    return f"{number(value)} ({number(low)} to {number(high)})"
