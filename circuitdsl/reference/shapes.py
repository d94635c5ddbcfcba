"""The spatial shapes of the language, by definition.

In: coordinates in the canonical frame (tangent +x, y up), px, and a shape's arguments in px. Out:
how high the shape stands there, point by point. `width` and `sigma` are those of Gaussians.

Curves are sums over 25 points of the midpoint rule, each with weight 1/25:

    height(v) = sum over t of w_t exp(-|v - c_t|^2 / 2 width^2)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arguments = dict[str, float | tuple[float, ...]]

POINTS = 25
"""Points along a bar or an arc."""

SMALLEST_PX = 1e-3
"""Lengths that something is divided by are at least this."""


class _Heights(Protocol):
    def __call__(
        self, v: Array, arguments: Arguments, phase_deg: float, level: float, /
    ) -> Array: ...


def _no_tangent(arguments: Arguments) -> Array:
    return np.zeros(1)


@dataclass(frozen=True)
class ShapeMeaning:
    """What a shape's name stands for.

    Attributes:
        heights: `(v [..., 1, xy], arguments, phase_deg, level) -> [..., points]`: `w_t h_t(v)`.
        tangents: `arguments -> [points]`: the curve's direction at each point, degrees; +x
            throughout for a shape that does not bend.
        averaged: Whether a tap is the mean over 3 x 3 sub-samples, or its middle alone.
    """

    heights: _Heights
    tangents: Callable[[Arguments], Array] = _no_tangent
    averaged: bool = True

    def offsets(self, tap_px: float) -> Array:
        """The sub-samples of a tap, px, `[sub-samples, xy]`."""
        if not self.averaged:
            return np.zeros((1, 2))
        third = tap_px / 3
        return np.array([[x, y] for y in (-third, 0.0, third) for x in (-third, 0.0, third)])


def dot(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """1 at the tap in the middle, else 0; never averaged."""
    return np.where(_squared(v) < 1e-12, 1.0, 0.0)


def blob(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """`exp(-|v - at|^2 / 2 sigma^2)`."""
    return np.exp(-_squared(v - _point(arguments, "at")) / (2 * _divisor(arguments, "sigma") ** 2))


def bar(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """A straight line along x: `c_t = at + (t, 0)`, `|t| <= length/2`."""
    t = _along(_number(arguments, "length"))
    centres = _point(arguments, "at") + np.stack([t, np.zeros(POINTS)], axis=-1)
    return _stroke(v, centres, _divisor(arguments, "width"))


def cross(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """A bar, and the same bar turned by 90 degrees: `c_t = at + (0, t)`."""
    t = _along(_number(arguments, "length"))
    centres = _point(arguments, "at") + np.stack([np.zeros(POINTS), t], axis=-1)
    upright = _stroke(v, centres, _divisor(arguments, "width"))
    return (bar(v, arguments, phase_deg, level) + upright).sum(axis=-1, keepdims=True)


def arc(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """A piece of a circle that bends to its left, the centre at `at + (0, radius)`.

    `c(s) = at + (r sin(s/r), r (1 - cos(s/r)))`, `|s| <= span/2`, tangent `s/r`.
    """
    radius = _radius(arguments)
    turn = _along(_number(arguments, "span")) / radius
    bend = radius * np.stack([np.sin(turn), 1 - np.cos(turn)], axis=-1)
    return _stroke(v, _point(arguments, "at") + bend, _divisor(arguments, "width"))


def arc_tangents(arguments: Arguments) -> Array:
    """The direction of an arc at each point, `s / r`, in degrees."""
    return np.degrees(_along(_number(arguments, "span")) / _radius(arguments))


def ring(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """`exp(-(|v| - radius)^2 / 2 width^2)`."""
    away = np.sqrt(_squared(v)) - _number(arguments, "radius")
    return np.exp(-(away**2) / (2 * _divisor(arguments, "width") ** 2))


def half(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """`(x / width) exp(-|v|^2 / 2 width^2)`: positive to the right, negative to the left."""
    width = _divisor(arguments, "width")
    return v[..., 0] / width * np.exp(-_squared(v) / (2 * width**2))


def gabor(v: Array, arguments: Arguments, phase_deg: float, level: float) -> Array:
    """`exp(-x^2 / 2 length^2 - y^2 / 2 width^2) (cos(2 pi y / wavelength + phase) - level)`.

    x and y are those of `v - at`. The phase is that of the family's member plus the shape's own.
    """
    x, y = np.moveaxis(v - _point(arguments, "at"), -1, 0)
    length, width = _divisor(arguments, "length"), _divisor(arguments, "width")
    envelope = np.exp(-(x**2) / (2 * length**2) - y**2 / (2 * width**2))
    phase_deg = phase_deg + _number(arguments, "phase")
    turn = 2 * np.pi * y / _divisor(arguments, "wavelength") + np.radians(phase_deg)
    return envelope * (np.cos(turn) - level)


SHAPES: dict[str, ShapeMeaning] = {
    "dot": ShapeMeaning(dot, averaged=False),
    "blob": ShapeMeaning(blob),
    "bar": ShapeMeaning(bar),
    "cross": ShapeMeaning(cross),
    "arc": ShapeMeaning(arc, arc_tangents),
    "ring": ShapeMeaning(ring),
    "half": ShapeMeaning(half),
    "gabor": ShapeMeaning(gabor),
}
"""Every shape under the name that the language gives it."""


def _stroke(v: Array, centres: Array, width: float) -> Array:
    """Gaussian points at `centres` `[points, xy]`, each of weight `1 / POINTS`."""
    return np.exp(-_squared(v - centres) / (2 * width**2)) / POINTS


def _along(length: float) -> Array:
    """The midpoints of `POINTS` equal pieces of `[-length/2, length/2]`."""
    return ((np.arange(POINTS) + 0.5) / POINTS - 0.5) * length


def _squared(v: Array) -> Array:
    x, y = v[..., 0], v[..., 1]
    return x * x + y * y


def _number(arguments: Arguments, name: str) -> float:
    value = arguments[name]
    if isinstance(value, tuple):
        raise TypeError(f"{name} is a number, not a point")
    return value


def _divisor(arguments: Arguments, name: str) -> float:
    return max(_number(arguments, name), SMALLEST_PX)


def _radius(arguments: Arguments) -> float:
    """The radius of an arc; negative ones bend to the right, and none is 0."""
    radius = _number(arguments, "radius")
    return SMALLEST_PX if abs(radius) < SMALLEST_PX else radius


def _point(arguments: Arguments, name: str) -> Array:
    return np.array(arguments[name])
