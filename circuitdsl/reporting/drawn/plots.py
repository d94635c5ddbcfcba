"""Tunings as lines of a plot: round where the setting is an angle, else from left to right.

In: a `Row`. Out: a `Plot`, whose points the templates draw. No plot has axes that need reading
twice: its title says what is along, and its rim is the largest response of the family.
"""

from __future__ import annotations

from colorsys import hls_to_rgb
from dataclasses import dataclass
from math import cos, pi, sin

from circuitdsl.visualizing.tuning import Row

RADIUS = 84.0
"""Of a round plot; others are as wide and high as its square."""

SILENT = 1e-5
"""A family that answers less answers nothing: what is left of sums that cancel in float32."""


@dataclass(frozen=True)
class Line:
    """A member's responses.

    Attributes:
        unit: The member.
        colour: Of the line, a CSS colour.
        points: `x,y x,y ...`, in a square with the middle at 0, y downwards.
    """

    unit: str
    colour: str
    points: str


@dataclass(frozen=True)
class Plot:
    """A picture of a tuning.

    Attributes:
        row: What was measured.
        round: Whether the setting goes around.
        period_deg: Of the setting, where it goes around.
        peak: The largest response; 0 of a family that is silent.
        lines: One for each member.
        bars: Of each case: what it shows, and its share of the peak.
    """

    row: Row
    round: bool
    period_deg: float
    peak: float
    lines: tuple[Line, ...]
    bars: tuple[tuple[str, float, float], ...]


def plot(row: Row) -> Plot:
    """The picture of a tuning."""
    peak = float(row.responses.max(initial=0.0))
    peak = peak if peak >= SILENT else 0.0
    scale = peak or 1.0
    if row.cases:
        answers = row.responses[:, 0].tolist()
        bars = tuple(
            (case, answer, max(answer, 0.0) / scale)
            for case, answer in zip(row.cases, answers, strict=True)
        )
        return Plot(row, False, 0.0, peak, (), bars)
    around = row.unit == "deg" and len(row.values) >= 6
    period = _period(row)
    lines: list[Line] = []
    for member in range(row.family.size):
        shares = (row.responses[:, member] / scale).clip(0.0).tolist()
        points = _polar(row.values, shares, period) if around else _level(row.values, shares)
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(Line(row.family.member_name(member), _colour(member, row.family.size), text))
    return Plot(row, around, period, peak, tuple(lines), ())


def _period(row: Row) -> float:
    """The angle after which the set repeats: half a turn for sets that end before one."""
    return 180.0 if row.stimulus.generator == "lines" else 360.0


def _polar(
    values: tuple[float, ...], shares: list[float], period: float
) -> list[tuple[float, float]]:
    turns = [2 * pi * value / period for value in values]
    points = [
        (RADIUS * share * cos(turn), -RADIUS * share * sin(turn))
        for turn, share in zip(turns, shares, strict=True)
    ]
    return [*points, points[0]]


def _level(values: tuple[float, ...], shares: list[float]) -> list[tuple[float, float]]:
    """Values evenly spread, in their order."""
    step = 2 * RADIUS / max(len(values) - 1, 1)
    return [(number * step - RADIUS, RADIUS - 2 * RADIUS * s) for number, s in enumerate(shares)]


def _colour(member: int, size: int) -> str:
    red, green, blue = (round(255 * part) for part in hls_to_rgb(member / size, 0.47, 0.62))
    return f"#{red:02x}{green:02x}{blue:02x}"
