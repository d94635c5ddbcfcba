"""Angles: one convention, and the maps to the others.

The language measures angles in degrees, counter-clockwise from +x as displayed (y up). An arc's
angle `th` is that of its tangent, and the arc bends to the left of it. The Circuits articles name
a curve by its bulge, clockwise from +x with y down; the two are mirror images of one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def bulge_deg(tangent_deg: float) -> float:
    """The articles' angle (bulge, clockwise) of an arc with tangent `tangent_deg`, in [0, 360)."""
    return (90.0 - tangent_deg) % 360.0


def tangent_deg(bulge_deg: float) -> float:
    """The language's angle (tangent, counter-clockwise) of a bulge; the same map backwards."""
    return (90.0 - bulge_deg) % 360.0


def difference_deg(a: float, b: float, period: float = 360.0) -> float:
    """The signed turn from `b` to `a`, in [-period/2, period/2)."""
    return (a - b + period / 2) % period - period / 2


def apart_deg(a: float, b: float, period: float = 360.0) -> float:
    """How far apart two angles are, in [0, period/2]."""
    return abs(difference_deg(a, b, period))


def even_deg(count: int, period: float) -> tuple[float, ...]:
    """`count` angles spread evenly over `period` degrees, from 0."""
    return tuple(index * period / count for index in range(count))


def largest_gap_deg(angles: Sequence[float], period: float = 360.0) -> float:
    """The widest arc of the circle that holds none of the angles."""
    if not angles:
        return period
    turned = sorted(angle % period for angle in angles)
    following = [*turned[1:], turned[0] + period]
    return max(b - a for a, b in zip(turned, following, strict=True))


def cos_sin_deg(angle: float) -> tuple[float, float]:
    """Cosine and sine, exact at multiples of 90 degrees.

    Quarter turns must map the tap grid to itself without rounding, or symmetric kernels differ in
    their last bits.
    """
    quarter, rest = divmod(angle % 360.0, 90.0)
    c, s = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    return ((c, s), (-s, c), (-c, -s), (s, -c))[int(quarter) % 4]
