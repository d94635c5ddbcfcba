"""The weights of each shape, sampled on a grid.

In: the arguments of a shape and where it is sampled. Out: `Samples`, differentiable in every
argument. What else is known of shapes is in `ir/tables/shapes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
from jax import Array

from circuitdsl.lowering.sampling import Arguments, Grid, Samples

POINTS = 25
"""Midpoints along a stroke."""

MIDPOINTS = (np.arange(POINTS, dtype=np.float32) - np.float32((POINTS - 1) / 2)) / np.float32(
    POINTS
)
"""The middles of equal parts of [-1/2, 1/2]."""

_SMALLEST_PX = 1e-3
"""Lengths that are divided by are at least this, so that no dial at 0 gives a NaN."""


def _falloff(width: Array, grid: Grid) -> Array:
    """1 / (2 width^2), the factor in the exponent of a Gaussian, 1/px^2."""
    return 0.5 / grid.xp.maximum(width * width, _SMALLEST_PX**2)


def _one_point(values: Array, grid: Grid) -> Samples:
    """A shape without points: it has one, whose direction is 0."""
    return Samples(values[..., None], grid.xp.zeros(1, np.float32))


def _dot(arguments: Arguments, grid: Grid) -> Samples:
    """1 at the middle tap. It has no extent, so all of it is in the middle sub-sample."""
    centre = grid.views.centre
    if not grid.averaged:
        centre = centre[:, None] * np.asarray([0, 0, 0, 0, 9, 0, 0, 0, 0], np.float32)
    return _one_point(grid.xp.broadcast_to(centre, (len(grid.views.turn_of), *centre.shape)), grid)


def _ring(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-(|v| - r)^2 / 2 w^2)."""
    xp = grid.xp
    (radius,), (width,) = arguments["radius"], arguments["width"]
    distance = xp.sqrt(grid.views.x**2 + grid.views.y**2)
    values = xp.exp(-_falloff(width, grid) * (distance - radius) ** 2)
    return _one_point(grid.over_views(grid.settled(values)), grid)


def _half(arguments: Arguments, grid: Grid) -> Samples:
    """(x / w) exp(-|v|^2 / 2 w^2): positive to the right, negative to the left."""
    xp = grid.xp
    (width,) = arguments["width"]
    x, y = grid.views.x, grid.views.y
    values = x / xp.maximum(width, _SMALLEST_PX) * xp.exp(-_falloff(width, grid) * (x * x + y * y))
    return _one_point(grid.over_views(grid.settled(values)), grid)


def _gabor(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-x^2/2l^2 - y^2/2w^2) cos(2 pi y / lambda + phase), x and y from `at`.

    The phase is that of the view plus the shape's own. The carriers of all phases are mixtures of
    one cosine and one sine.
    """
    xp = grid.xp
    (wavelength,), (length,), (width,), (phase_deg,) = (
        arguments[name] for name in ("wavelength", "length", "width", "phase")
    )
    at_x, at_y = arguments["at"]
    x, y = grid.views.x - at_x, grid.views.y - at_y
    envelope = xp.exp(-_falloff(length, grid) * x * x - _falloff(width, grid) * y * y)
    turn_rad = y * (2 * pi / xp.maximum(wavelength, _SMALLEST_PX)) + xp.radians(phase_deg)
    carriers = xp.stack([xp.cos(turn_rad), xp.sin(turn_rad), xp.ones_like(turn_rad)])
    even, odd, envelope = map(grid.over_views, grid.settled(envelope * carriers))
    cosine, sine = (part.reshape(-1, *(1,) * (even.ndim - 1)) for part in grid.views.carrier)
    carried = _one_point(even * cosine - odd * sine, grid)
    return carried._replace(envelope=envelope[..., None])


def _blob(arguments: Arguments, grid: Grid) -> Samples:
    """exp(-|v - at|^2 / 2 sigma^2)."""
    x, y = arguments["at"]
    return _stroke(x[None], y[None], arguments["sigma"][0], grid)


def _bar(arguments: Arguments, grid: Grid) -> Samples:
    """Points at + (t, 0), |t| <= length / 2."""
    (length,), (width,), (x, y) = (arguments[name] for name in ("length", "width", "at"))
    return _stroke(x + length * MIDPOINTS, grid.xp.broadcast_to(y, (POINTS,)), width, grid)


def _cross(arguments: Arguments, grid: Grid) -> Samples:
    """A bar, and the same bar turned by 90 degrees about `at`."""
    xp = grid.xp
    (length,), (width,), (x, y) = (arguments[name] for name in ("length", "width", "at"))
    steps, here = length * MIDPOINTS, xp.zeros(POINTS, np.float32)
    across = xp.concatenate([steps, here]), xp.concatenate([here, steps])
    samples = _stroke(x + across[0], y + across[1], width, grid)
    return _one_point(2 * samples.values.sum(axis=-1), grid)


def _arc(arguments: Arguments, grid: Grid) -> Samples:
    """Points at + (r sin(s/r), r (1 - cos(s/r))), |s| <= span / 2, with direction s/r."""
    xp = grid.xp
    (radius,), (span,), (width,) = (arguments[name] for name in ("radius", "span", "width"))
    x, y = arguments["at"]
    radius = xp.where(xp.abs(radius) < _SMALLEST_PX, _SMALLEST_PX, radius)
    turn_rad = span * MIDPOINTS / radius
    # r (1 - cos a) as 2 r sin(a/2)^2, which loses no digits where the radius is large
    rise = 2.0 * radius * xp.sin(turn_rad / 2) ** 2
    samples = _stroke(x + radius * xp.sin(turn_rad), y + rise, width, grid)
    return samples._replace(direction_deg=xp.degrees(turn_rad))


def _stroke(x: Array, y: Array, width: Array, grid: Grid) -> Samples:
    """Round Gaussians at some points of the template, sharing a weight of 1.

    A round Gaussian is a product of one along x and one along y, in any frame. So the points are
    turned to the frame of the taps, and the taps need two short lists of exponentials, not a plane.
    """
    xp = grid.xp
    cosine, sine = (part[:, None] for part in grid.views.turn)
    at = xp.stack([cosine * x - sine * y, sine * x + cosine * y])[:, :, None, None]
    if grid.origin is not None:
        at = at + grid.origin[:, :, None, None, None]
    steps = xp.stack([grid.views.steps, -grid.views.steps])[..., None]
    along = xp.exp(-_falloff(width, grid) * (steps - at) ** 2)  # [x and y, R, k, 3, points]
    if grid.averaged:
        along_x, along_y = along.mean(axis=3)
        values = along_y[:, :, None] * along_x[:, None]
        values = values.reshape(len(values), -1, len(x))
    else:
        along_x, along_y = along
        values = along_y[:, :, None, :, None] * along_x[:, None, :, None, :]
        values = values.reshape(len(values), -1, 9, len(x))
    return Samples(grid.over_views(values) / len(x), xp.zeros(len(x), np.float32))


SAMPLERS: dict[str, Callable[[Arguments, Grid], Samples]] = {
    "dot": _dot,
    "blob": _blob,
    "ring": _ring,
    "half": _half,
    "bar": _bar,
    "cross": _cross,
    "arc": _arc,
    "gabor": _gabor,
}
"""Every shape of `ir.shapes.SHAPES`."""
