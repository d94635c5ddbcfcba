"""Agreement on natural images: two sets of units, position by position.

In: two subjects with as many units on the same grid of positions, and batches of images. Out: for
each pair of units the Pearson correlation over all positions of all images, with a bootstrap
interval over images.

Positions of one image are not independent, images nearly are; so images are what is resampled. The
correlation is a function of five sums, which are kept for each image: an image's activations are
forgotten as soon as they are summed, and resampling costs no further pass over them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.measure.units import Subject

Floats = NDArray[np.float64]

RESAMPLES = 1000
"""How often images are resampled for an interval."""

FARTHEST = 4
"""Positions this far from the border and farther are one group."""

INTERVAL = 0.95
"""The share of resamples that an interval holds."""


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


def agreement(left: Subject, right: Subject, images: Iterable[Array], seed: int = 0) -> Agreement:
    """Correlate the i-th unit of `left` with the i-th of `right` over all positions and images.

    Args:
        left: Some units.
        right: As many units, on the same grid of positions.
        images: Batches of RGB images `[batch, height, width, 3]`.
        seed: Of the bootstrap.

    Raises:
        ValueError: there is no image, or the subjects' maps differ in shape.
    """
    sums: list[Floats] = []
    size = 0
    for batch in images:
        size = max(size, len(batch))
        whole = _filled(batch, size)
        parts = moments(left.maps(whole), right.maps(whole))
        sums.append(np.asarray(parts, np.float64)[: len(batch)])
    if not sums:
        raise ValueError("there is no image to compare on")
    return bootstrap(np.concatenate(sums), seed)


def bootstrap(sums: Floats, seed: int = 0) -> Agreement:
    """Correlations and intervals from each image's sums.

    Args:
        sums: `[image, pair, 5]`: the means over one image's positions of x, y, x x, y y, x y. All
            images count equally.
        seed: Of the resampling.
    """
    count, pairs, _ = sums.shape
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    resampled = (drawn @ sums.reshape(count, -1)).reshape(RESAMPLES, pairs, 5) / count
    samples = correlation(resampled)
    ends = [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2]
    low, high = np.quantile(samples, ends, axis=0)
    mean_low, mean_high = np.quantile(samples.mean(axis=1), ends)
    return Agreement(
        images=count,
        r=tuple(correlation(sums.mean(axis=0)).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        mean_ci=(float(mean_low), float(mean_high)),
    )


def _filled(batch: Array, size: int) -> Array:
    """The batch filled up with its last image, so that nothing is compiled for a short one."""
    return jnp.concatenate([batch, jnp.repeat(batch[-1:], size - len(batch), axis=0)])


def moments(x: ArrayLike, y: ArrayLike) -> Array:
    """The means over each image's positions of x, y, x x, y y, x y, `[batch, pair, 5]`.

    Raises:
        ValueError: the maps differ in shape.
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"maps {x.shape} and {y.shape} do not lie on one grid")
    return _moments(x, y)


@jax.jit
def _moments(x: Array, y: Array) -> Array:
    parts = [part.mean(axis=(1, 2)) for part in (x, y, x * x, y * y, x * y)]
    return jnp.stack(parts, axis=-1)


def moments_by_border(x: ArrayLike, y: ArrayLike) -> Array:
    """As `moments`, of the positions at each distance from the border, `[batch, 5, pair, 5]`.

    Distances are 0, 1, 2, 3, and 4 or more. The maps are `[batch, height, width, pair]`.
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    row, column = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in x.shape[1:3])
    away = np.minimum(np.minimum(row[:, None], column), FARTHEST)
    rings = away == np.arange(FARTHEST + 1)[:, None, None]
    share = rings / np.maximum(rings.sum(axis=(1, 2), keepdims=True), 1)
    return _moments_within(x, y, jnp.asarray(share, x.dtype))


@jax.jit
def _moments_within(x: Array, y: Array, share: Array) -> Array:
    parts = (x, y, x * x, y * y, x * y)
    means = [jnp.einsum("bhwp,rhw->brp", part, share) for part in parts]
    return jnp.stack(means, axis=-1)


def correlation(moments: Floats) -> Floats:
    """Pearson's r from `[..., 5]` means of x, y, x x, y y, x y."""
    x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    spread = np.sqrt(np.maximum(xx - x * x, 0) * np.maximum(yy - y * y, 0))
    return np.divide(xy - x * y, spread, out=np.zeros_like(spread), where=spread > 0)
