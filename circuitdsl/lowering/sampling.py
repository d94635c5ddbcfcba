"""Where shapes are sampled, and what comes of it: the values that kernels are put together from.

The same mathematics runs on NumPy's arrays where every dial is a number, and on JAX's where dials
are traced: functions take `xp`, the module of the arrays that they are given. A kernel takes NumPy
a fraction of a millisecond, as long as a compiled program, and nothing is compiled first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jax import Array, lax


class Views(NamedTuple):
    """The arrays of a `Plan` that templates and profiles are sampled on; see there."""

    turn: Array
    steps: Array
    x: Array
    y: Array
    centre: Array
    radial_deg: Array
    off_centre: Array
    aside: Array
    turn_of: Array
    carrier: Array
    delta: Array
    equal: Array


class Samples(NamedTuple):
    """A shape, sampled.

    Attributes:
        values: Weights of each point at each tap, the mean of the sub-samples `[S, U, points]`, or
            each of them `[S, U, 9, points]`.
        direction_deg: The direction of the template at each point, `[points]`.
        envelope: For a carrier under an envelope the latter, like `values`; else None.
    """

    values: Array
    direction_deg: Array
    envelope: Array | None = None


class Grid(NamedTuple):
    """Where a shape is sampled.

    Attributes:
        views: The turns that it is seen in.
        averaged: Whether sub-samples are averaged at once.
        origin: Where the template's origin lies among the taps of each turn, px over the dilation,
            `[2, R]`; None for the middle.
    """

    views: Views
    averaged: bool
    origin: Array | None = None

    @property
    def xp(self) -> Any:
        """The module that computes with these arrays: NumPy or `jax.numpy`."""
        return self.views.x.__array_namespace__()

    def over_views(self, values: Array) -> Array:
        """Values for each turn -> values for each view, along the first axis."""
        if len(values) == len(self.views.turn_of):
            return values  # both are in order, so without phases turns and views are one list
        return values[self.views.turn_of]

    def settled(self, values: Array) -> Array:
        """`[..., 9]`: its mean if sub-samples are averaged, else itself."""
        return values.mean(axis=-1) if self.averaged else values


Arguments = Mapping[str, tuple[Array, ...]]
"""The arguments of a shape: px and degrees, points as pairs."""


def contract(xp: Any, subscripts: str, *arrays: Array) -> Array:
    """Einstein's sum, in float32 on any device."""
    exact = {} if xp is np else {"precision": lax.Precision.HIGHEST}
    return xp.einsum(subscripts, *arrays, **exact)
