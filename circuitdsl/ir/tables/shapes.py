"""The shapes of the language: one row each says all that is known of them but their weights.

In: nothing. Out: `SHAPES`. A shape's weights are computed twice, by the compiler
(`lowering/shapes.py`) and by definition (`reference/shapes.py`); everything else that depends on
which shape it is asks this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

from circuitdsl.ir.expressions import ZERO_ANGLE, Number, Scalar
from circuitdsl.ir.tables.arguments import ORIGIN, Argument

Values = Mapping[str, tuple[float, ...]]
"""The arguments of a shape as numbers: px and degrees, points as pairs."""

Line = list[tuple[float, float]]

_PIECES = 24
"""Pieces of a centre line between the points that say how far it reaches."""


@dataclass(frozen=True)
class ShapeRow:
    """What is known of a shape.

    Attributes:
        arguments: In the order of a call.
        line: Points of its centre line, px, in the template's frame.
        directed: Whether each of its points has a tangent, for `@ tangent`.
        extended: Whether it is wider than a point: what is not stands on the middle tap.
        round: Whether it looks the same from every direction, or does at the origin.
        half_turn: What half a turn about the origin, where it stands there, makes of it.
        signed: Whether its weights have both signs.
        carrier: The argument that is the period of its stripes. The target's phase shifts them,
            and `dc` levels them.
        mirror_deg: A mirror (x to -x) leads the shape at th to the one at this less th.
        across: Arguments that change their sign in a mirror along the tangent (y to -y).
    """

    arguments: tuple[Argument, ...] = ()
    line: Callable[[Values], Line] = lambda values: [(0.0, 0.0)]
    directed: bool = False
    extended: bool = True
    round: Literal["always", "at the origin", "never"] = "never"
    half_turn: Literal["same", "opposite", "another"] = "same"
    signed: bool = False
    carrier: str | None = None
    mirror_deg: float = 0.0
    across: tuple[str, ...] = ()

    def is_round(self, arguments: Mapping[str, Scalar | tuple[Scalar, ...]]) -> bool:
        """Whether a shape of these arguments looks the same from every direction.

        A place says so only where it is written as 0, in whatever unit; one that dials move is
        not known to stay there.
        """
        if self.round != "at the origin":
            return self.round == "always"
        at = arguments.get("at", ORIGIN)
        return isinstance(at, tuple) and all(isinstance(p, Number) and p.value == 0 for p in at)

    def argument(self, name: str) -> Argument:
        """The argument of that name."""
        return next(argument for argument in self.arguments if argument.name == name)

    @property
    def defaults(self) -> dict[str, Scalar | tuple[Scalar, ...]]:
        """The arguments that a call may leave out."""
        return {a.name: a.default for a in self.arguments if a.default is not None}

    def extent_px(self, values: Values, turn_deg: float = 0.0) -> tuple[float, float]:
        """How far from the template's middle the centre line runs, along x or y.

        Args:
            values: Its arguments.
            turn_deg: By how much the shape is turned.

        Returns:
            The distances of its nearest and of its farthest point.
        """
        c, s = cos(turn_deg * pi / 180), sin(turn_deg * pi / 180)
        distances = [max(abs(c * x - s * y), abs(s * x + c * y)) for x, y in self.line(values)]
        return min(distances), max(distances)


def _at(values: Values) -> Line:
    return [(values["at"][0], values["at"][1])]


_STEPS = tuple(index / _PIECES - 0.5 for index in range(_PIECES + 1))


def _bar_line(values: Values) -> Line:
    (x, y), length = values["at"], values["length"][0]
    return [(x + step * length, y) for step in _STEPS]


def _arc_line(values: Values) -> Line:
    (x, y), radius, span = values["at"], values["radius"][0], values["span"][0]
    turns = [step * span / radius for step in _STEPS]
    return [(x + radius * sin(turn), y + radius * (1 - cos(turn))) for turn in turns]


def _ring_line(values: Values) -> Line:
    radius = values["radius"][0]
    turns = [2 * pi * step for step in _STEPS]
    return [(radius * cos(turn), radius * sin(turn)) for turn in turns]


_PLACE = Argument("at", "point", ORIGIN)


def _width(low: float, high: float, name: str = "width") -> Argument:
    return Argument(name, "length", legal="positive", usual=(low, high))


def _reaching(name: str) -> Argument:
    return Argument(name, "length", legal="positive")


SHAPES: dict[str, ShapeRow] = {
    "dot": ShapeRow(extended=False, round="always"),
    "blob": ShapeRow((_PLACE, _width(0.3, 2, "sigma")), _at, round="at the origin", across=("at",)),
    "bar": ShapeRow(
        (_reaching("length"), _width(0.3, 1.5), _PLACE), _bar_line, directed=True, across=("at",)
    ),
    "cross": ShapeRow(
        (_reaching("length"), _width(0.3, 1.5), _PLACE), _bar_line, half_turn="same", across=("at",)
    ),
    "arc": ShapeRow(
        (
            Argument("radius", "length", legal="nonzero", usual=(1, 40)),
            _reaching("span"),
            _width(0.3, 1.5),
            _PLACE,
        ),
        _arc_line,
        directed=True,
        half_turn="another",
        across=("radius", "at"),
    ),
    "ring": ShapeRow((_reaching("radius"), _width(0.3, 1)), _ring_line, round="always"),
    "half": ShapeRow((_width(0.4, 2),), half_turn="opposite", signed=True, mirror_deg=180.0),
    "gabor": ShapeRow(
        (
            _width(2, 6, "wavelength"),
            _width(0.5, 2, "length"),
            _width(0.5, 2),
            Argument("phase", "angle", ZERO_ANGLE),
            _PLACE,
        ),
        _at,
        half_turn="another",
        signed=True,
        carrier="wavelength",
        across=("phase", "at"),
    ),
}
"""Every shape under the name that the language gives it."""
