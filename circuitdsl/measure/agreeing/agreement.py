"""Agreement on natural images: two sets of units, position by position.

In: two subjects with as many units on the same grid of positions. Out: a pass that gives, for each
pair of units, the Pearson correlation over all positions of all images, with a bootstrap interval
over images.

The correlation is a function of five sums, which are kept for each block of images
(`bootstrap.py`): 40 bytes for each pair and block, 1.6 MB for ten pairs however many images. On the
device each image's activations are shifted by their own mean before they are multiplied, and what
is added up is added up in float64: a large mean costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import (
    INTERVAL,
    MOST,
    RESAMPLES,
    blocks_of,
    images_in,
    merge_blocks,
    no_blocks,
    resampled,
)
from circuitdsl.measure.passes import Pass, Shown, State, remade
from circuitdsl.measure.units import Subject

Floats = NDArray[np.float64]

FARTHEST = 4
"""Positions this far from the border and farther are one group."""


@dataclass(frozen=True)
class Agreement:
    """Correlations of pairs of units on a set of images.

    Attributes:
        images: How many images.
        r: Correlation of each pair, `[pair]`; 0 where a unit never varies.
        low: Lower end of each interval, `[pair]`.
        high: Upper end of each interval, `[pair]`.
        mean_ci: The interval of the mean over pairs.
    """

    images: int
    r: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean_ci: tuple[float, float]


@remade
def agreement(left: Subject, right: Subject, seed: int = 0, most: int = MOST) -> Pass[Agreement]:
    """Correlate the i-th unit of `left` with the i-th of `right` over all positions and images.

    Args:
        left: Some units.
        right: As many units, on the same grid of positions.
        seed: The seed of the bootstrap.
        most: Blocks of images that are kept at most.

    Raises:
        ValueError: in a step, where the subjects' maps differ in shape.
    """

    def step(state: State, shown: Shown) -> State:
        pairs = moments(left.in_batch(shown), right.in_batch(shown))
        return merge(state, blocks_of(shown.batch.places, pairs[: shown.count]))

    def merge(a: State, b: State) -> State:
        return merge_blocks(a, b, most)

    return Pass(
        init=lambda: no_blocks(len(left.names), 5),
        step=step,
        merge=merge,
        finish=lambda state: bootstrap(state, seed),
        needs=(left.need, right.need),
    )


def bootstrap(state: State, seed: int = 0) -> Agreement:
    """Correlations and intervals.

    Args:
        state: Blocks of images, whose sums `[pair, 5]` are those of each image's means over its
            positions of x, y, x x, y y, x y. All images count equally.
        seed: Of the resampling.
    """
    sums, count = state["sums"], state["count"]
    blocks, pairs, _ = sums.shape
    drawn = resampled(blocks, seed)
    weighted = (drawn @ sums.reshape(blocks, -1)).reshape(RESAMPLES, pairs, 5)
    samples = correlation(weighted / (drawn @ count)[:, None, None])
    ends = [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2]
    low, high = np.quantile(samples, ends, axis=0)
    mean_low, mean_high = np.quantile(samples.mean(axis=1), ends)
    return Agreement(
        images=images_in(state),
        r=tuple(correlation(sums.sum(axis=0) / count.sum()).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        mean_ci=(float(mean_low), float(mean_high)),
    )


def moments(x: ArrayLike, y: ArrayLike) -> Floats:
    """The means over each image's positions of x, y, x x, y y, x y, `[batch, pair, 5]`.

    Raises:
        ValueError: the maps differ in shape.
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"maps {x.shape} and {y.shape} do not lie on one grid")
    everywhere = np.full((1, *x.shape[1:3]), 1 / (x.shape[1] * x.shape[2]))
    return _moments_within(x, y, everywhere)[:, 0]


def moments_by_border(x: ArrayLike, y: ArrayLike) -> Floats:
    """As `moments`, of the positions at each distance from the border, `[batch, 5, pair, 5]`.

    Distances are 0, 1, 2, 3, and 4 or more. The maps are `[batch, height, width, pair]`.
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    row, column = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in x.shape[1:3])
    away = np.minimum(np.minimum(row[:, None], column), FARTHEST)
    rings = away == np.arange(FARTHEST + 1)[:, None, None]
    return _moments_within(x, y, rings / np.maximum(rings.sum(axis=(1, 2), keepdims=True), 1))


def _moments_within(x: Array, y: Array, share: Floats) -> Floats:
    """Means weighted by `share [ring, height, width]`, `[batch, ring, pair, 5]`, in float64."""
    shift, around = _shifted_moments(x, y, jnp.asarray(share, x.dtype))
    p, q = np.moveaxis(np.asarray(shift, np.float64)[:, None], -1, 0)
    x1, y1, xx, yy, xy = np.moveaxis(np.asarray(around, np.float64), -1, 0)
    parts = (
        x1 + p,
        y1 + q,
        xx + 2 * p * x1 + p * p,
        yy + 2 * q * y1 + q * q,
        xy + p * y1 + q * x1 + p * q,
    )
    return np.stack(parts, axis=-1)


@jax.jit
def _shifted_moments(x: Array, y: Array, share: Array) -> tuple[Array, Array]:
    """Each image's means `[batch, pair, 2]`, and the moments of what is left without them."""
    means = [part.mean(axis=(1, 2), keepdims=True) for part in (x, y)]
    x, y = x - means[0], y - means[1]
    parts = [jnp.einsum("bhwp,rhw->brp", part, share) for part in (x, y, x * x, y * y, x * y)]
    return jnp.stack([mean[:, 0, 0] for mean in means], axis=-1), jnp.stack(parts, axis=-1)


def correlation(moments: Floats) -> Floats:
    """Pearson's r from `[..., 5]` means of x, y, x x, y y, x y."""
    x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    spread = np.sqrt(np.maximum(xx - x * x, 0) * np.maximum(yy - y * y, 0))
    return np.divide(xy - x * y, spread, out=np.zeros_like(spread), where=spread > 0)
