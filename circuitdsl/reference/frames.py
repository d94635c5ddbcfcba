"""Where taps lie in the frame of a template, and how two units stand to one another.

In: points in the plane, px, y up, and a frame; elements of two families. Out: the points as the
frame sees them, directions, differences along an axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Tune
from circuitdsl.ir.members.angles import cos_sin_deg

Array = NDArray[np.float64]

Element = tuple[int, ...]
"""The index of a unit along each axis of its family."""

SMALLEST_RADIUS = 1e-6
"""Nearer to the origin than this, in px, there is no radial direction."""


@dataclass(frozen=True)
class Frame:
    """The frame that a template stands in: it is dilated, then mirrored (x to -x), then turned."""

    turn_deg: float
    mirrored: bool
    dilation: float


@dataclass(frozen=True, eq=False)
class Standing:
    """A shape of a template in a frame.

    Attributes:
        weight: Its weight.
        heights: How high it stands, `[height, width, sub-samples or 1, points or 1]`.
        directions: What the profile of each tuning is relative to, degrees (`frames.directions`).
    """

    weight: float
    heights: Array
    directions: tuple[Array, ...]


@dataclass(frozen=True)
class Difference:
    """How a source element and a target element stand to one another along an axis.

    Attributes:
        place_a: The axis among those of the source.
        values_a: Where the source's elements stand along it.
        place_b: The axis among those of the target; None if the target lacks it.
        values_b: Where the target's elements stand along it.
        period_deg: After which it repeats.
        turns_plane: Whether it turns the plane.
        mirror_deg: What a mirror adds to an angle along it.
    """

    place_a: int
    values_a: tuple[float, ...]
    place_b: int | None
    values_b: tuple[float, ...]
    period_deg: float
    turns_plane: bool
    mirror_deg: float

    def of(self, a: Element, b: Element, mirrored: bool) -> tuple[float, bool]:
        """The difference as the frame sees it, and whether both have the same index."""
        at_a, at_b = a[self.place_a], None if self.place_b is None else b[self.place_b]
        delta = self.values_a[at_a] - (0.0 if at_b is None else self.values_b[at_b])
        if self.turns_plane and mirrored:
            delta = -delta + self.mirror_deg
        return delta, at_a == at_b


def turned_back(v: Array, angle_deg: float) -> Array:
    """Points `[..., xy]` turned clockwise."""
    cosine, sine = cos_sin_deg(angle_deg)
    x, y = v[..., 0], v[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=-1)


def directions(tune: Tune, v: Array, tangents_deg: Array) -> Array:
    """What a profile is relative to, degrees, broadcastable to `[..., sub-samples, points]`.

    0, the tangent of the template's point, or the direction of v; NaN where v has none.
    """
    if tune.frame == "tangent":
        return tangents_deg
    if tune.frame != "radial":
        return np.zeros(1)
    away = np.hypot(v[..., 0], v[..., 1])
    phi = np.degrees(np.arctan2(v[..., 1], v[..., 0]))
    return np.where(away < SMALLEST_RADIUS, np.nan, phi)


def added_up(contribution: Array) -> Array:
    """`[height, width, sub-samples, points]` -> `[height, width]`: points sum, taps average."""
    return contribution.sum(axis=(2, 3)) / contribution.shape[2]


def tap_centres(kernel: int, tap_px: float) -> Array:
    """Where taps lie, px, `[height, width, xy]`: `u(p, q) = s (q - (k-1)/2, (k-1)/2 - p)`."""
    at = tap_px * (np.arange(kernel) - (kernel - 1) / 2)
    taps = np.empty((kernel, kernel, 2))
    taps[..., 0], taps[..., 1] = at, at[::-1, None]
    return taps
