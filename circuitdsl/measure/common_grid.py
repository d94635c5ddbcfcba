"""One grid for the maps of two layers, also of two networks: by the pixels that positions lie at.

In: where two layers sample images of one size. Out: `CommonGrid`, which brings the maps of either
onto the positions of the coarser one.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Sampling

Floats = NDArray[np.float64]

_SLACK = 1e-9
"""Positions this near beyond the last one of a layer, in steps of it, still lie in its map."""


@dataclass(frozen=True, eq=False)
class CommonGrid:
    """Positions that two layers share.

    Attributes:
        at_px: The pixel column (and row) of each position along one axis, `[side]`.
        left: Brings a side of the left layer's maps onto them, `[side, left side]`.
        right: The same of the right layer's maps, `[side, right side]`.
    """

    at_px: Floats
    left: Floats
    right: Floats


def common_grid(left: Sampling, right: Sampling) -> CommonGrid:
    """The positions of the coarser layer that lie within the maps of both.

    The finer layer is interpolated linearly between its positions; of two layers with one stride
    the right one is kept. A layer without padding has no positions near the border, so those of the
    other layer that lie there are left out.

    Args:
        left: Where the left layer samples the image.
        right: Where the right one samples images of the same side.
    """
    coarse = left if left.stride > right.stride else right
    at_px = coarse.offset + coarse.stride * np.arange(coarse.size, dtype=np.float64)
    steps = [(at_px - layer.offset) / layer.stride for layer in (left, right)]
    within = np.ones(len(at_px), bool)
    for step, layer in zip(steps, (left, right), strict=True):
        within &= (step >= -_SLACK) & (step <= layer.size - 1 + _SLACK)
    matrices = [
        _interpolation(step[within], layer.size)
        for step, layer in zip(steps, (left, right), strict=True)
    ]
    return CommonGrid(at_px[within], *matrices)


def onto_grid(left: Sampling, right: Sampling) -> Floats:
    """What brings a side of the left layer's maps onto every position of the right one.

    Returns:
        Weights `[right side, left side]` of a linear interpolation; positions beyond the left
        layer's outermost ones take those.

    Args:
        left: Where the left layer samples the image.
        right: Where the right one samples images of the same side.
    """
    at_px = right.offset + right.stride * np.arange(right.size, dtype=np.float64)
    return _interpolation((at_px - left.offset) / left.stride, left.size)


def _interpolation(steps: Floats, size: int) -> Floats:
    """Weights `[position, size]` of the two places of a row that each position lies between."""
    at = np.clip(steps, 0, size - 1)
    below = np.minimum(np.floor(at).astype(int), max(size - 2, 0))
    share = at - below
    weights = np.zeros((len(at), size))
    rows = np.arange(len(at))
    weights[rows, below] = 1 - share
    if size > 1:
        weights[rows, below + 1] += share
    return weights


def brought_onto(maps: Array, matrix: Floats) -> Array:
    """Maps `[batch, height, width, unit]` at the positions of a grid, `[batch, side, side, unit]`.

    Args:
        maps: Square maps of one layer.
        matrix: That layer's `left` or `right` of a `CommonGrid`, `[side, height]`.
    """
    if np.array_equal(matrix, np.eye(maps.shape[1])):
        return maps
    weights = jnp.asarray(matrix, maps.dtype)
    return jnp.einsum("ph,bhwu,qw->bpqu", weights, maps, weights, precision="highest")
