"""One grid for the maps of two layers, also of two networks: by the pixels that positions lie at.

In: where two layers sample images of one size. Out: `CommonGrid`, which brings the maps of either
onto the positions of the coarser one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def numbers(self) -> tuple[bytes, ...]:
        """What the grid consists of; grids with the same numbers are equal."""
        return tuple(part.tobytes() for part in (self.at_px, self.left, self.right))

    def __eq__(self, other: object) -> bool:
        """Whether another grid has the same numbers."""
        return isinstance(other, CommonGrid) and self.numbers == other.numbers

    def __hash__(self) -> int:
        """A hash of the numbers: programs are compiled once for equal grids."""
        return hash(self.numbers)

    @property
    def is_shared(self) -> bool:
        """Whether both layers have all of the positions and no others."""
        return all(
            part.shape[0] == part.shape[1] and np.array_equal(part, np.eye(len(part)))
            for part in (self.left, self.right)
        )

    def thinned(self, most: int) -> CommonGrid:
        """Every few of the positions, so that a side has no more than `most`."""
        step = -(-len(self.at_px) // most)
        chosen = slice(step // 2, None, step)
        return CommonGrid(self.at_px[chosen], self.left[chosen], self.right[chosen])


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
    return _along(_along(maps, matrix, 1), matrix, 2)


def _along(maps: Array, matrix: Floats, axis: int) -> Array:
    """Maps at the positions of a grid along one axis.

    Each position lies between two places at most, so that these are taken and added: much less work
    than a product with the whole matrix.
    """
    places = np.arange(matrix.shape[1])
    first = (matrix != 0).argmax(axis=1)
    second = np.minimum(first + 1, places[-1])
    shares = [matrix[np.arange(len(matrix)), at] for at in (first, second)]
    shares[1] = np.where(second == first, 0.0, shares[1])
    shape = [1] * maps.ndim
    shape[axis] = -1
    taken = maps if np.array_equal(first, places) else jnp.take(maps, first, axis)
    if not shares[1].any() and (shares[0] == 1).all():
        return taken
    weights = [jnp.asarray(share.reshape(shape), maps.dtype) for share in shares]
    return taken * weights[0] + jnp.take(maps, second, axis) * weights[1]
