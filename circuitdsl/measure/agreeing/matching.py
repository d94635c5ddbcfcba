"""Which units respond as hand-written members do: sums over images, and what follows from them.

Two questions are asked one after the other, of different images. The first, which unit goes with
which member, needs the correlation of every pair: `choice_sums`. The second, how well the chosen
pairs agree and what that is worth, needs more of few pairs: `pair_products` multiplies the member,
the unit, the contrast energy around, the member's response to another image and the members of
random circuits.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import interval, resampled
from circuitdsl.measure.passes import State

Floats = NDArray[np.float64]

ONE, MEMBER, UNIT, ENERGY, OTHER, RANDOM = range(6)
"""The variables of `pair_products`; random circuits take the places from `RANDOM` on."""


@jax.jit
def choice_sums(x: Array, y: Array, real: Array) -> dict[str, Array]:
    """Sums over positions and images of every member and every unit on one grid.

    Args:
        x: The members' maps on the common grid, the written circuit's first and then those of
            random circuits, `[circuit, batch, side, side, member]`.
        y: The units' maps on it, `[batch, side, side, unit]`.
        real: 1 for images of the set, 0 for those that fill a batch up, `[batch]`.

    Returns:
        `count` of positions; sums of the members `x` and of their squares `xx`,
        `[circuit, member]`, of the units `y` and `yy`, `[unit]`, and of the products `xy`,
        `[circuit, member, unit]`.
    """
    positions = y.shape[1] * y.shape[2]
    weight = real[:, None, None, None]
    x, y = x * weight, y * weight
    return {
        "count": real.sum() * positions,
        "x": x.sum(axis=(1, 2, 3)),
        "xx": jnp.square(x).sum(axis=(1, 2, 3)),
        "y": y.sum(axis=(0, 1, 2)),
        "yy": jnp.square(y).sum(axis=(0, 1, 2)),
        "xy": jnp.einsum("cbpqm,bpqu->cmu", x, y, precision="highest"),
    }


def correlations(sums: State) -> Floats:
    """Pearson's r of every pair from `choice_sums`, `[circuit, member, unit]`.

    It is 0 where either of the two never varies.
    """
    n = max(float(sums["count"]), 1.0)
    x, y = sums["x"] / n, sums["y"] / n
    covariance = sums["xy"] / n - x[..., None] * y
    of_x = np.maximum(sums["xx"] / n - x**2, 0)
    of_y = np.maximum(sums["yy"] / n - y**2, 0)
    return _ratio(covariance, np.sqrt(of_x[..., None] * of_y))


@jax.jit
def pair_products(x: Array, y: Array, energy: Array, count: Array) -> Array:
    """Means over an image's positions of the products of any two variables of a pair.

    Args:
        x: The maps of each pair's members, the written one's first and then those of random
            circuits, `[circuit, batch, side, side, pair]`.
        y: The maps of each pair's unit, `[batch, side, side, pair]`.
        energy: The contrast energy for each pair, `[batch, side, side, pair]`.
        count: How many images of the batch are real; the others come after them.

    Returns:
        `[batch, pair, variable, variable]`. The response to another image is that to the next one
        of the batch, the last one's next being the first; an image alone has no other than itself.
    """
    next_one = (jnp.arange(y.shape[0]) + 1) % count
    variables = jnp.stack([jnp.ones_like(y), x[0], y, energy, x[0][next_one], *x[1:]])
    products = jnp.einsum("vbpqk,wbpqk->bkvw", variables, variables, precision="highest")
    return products / (y.shape[1] * y.shape[2])


@dataclass(frozen=True)
class Figure:
    """How well a member and a unit agree, and what plainer things reach.

    Attributes:
        r: Pearson's r over all positions of all images.
        r_ci: Its bootstrap 95 % interval over images.
        partial_r: The partial correlation, the contrast energy around taken out of both.
        partial_r_ci: Its interval.
        energy: r of the unit with the contrast energy alone.
        random: The mean r of the unit with the best member of each random circuit.
        wrong_pairs: r of the unit with the member's responses to other images.
    """

    r: float
    r_ci: tuple[float, float]
    partial_r: float
    partial_r_ci: tuple[float, float]
    energy: float
    random: float
    wrong_pairs: float


def figures(products: Floats, seed: int = 0) -> tuple[Figure, ...]:
    """The figures of every pair.

    Args:
        products: Sums of `pair_products` of some blocks of images, `[block, pair, variable,
            variable]`.
        seed: Of the bootstrap.
    """
    whole = products.sum(axis=0)
    pairs = products[:, :, : ENERGY + 1, : ENERGY + 1]
    again = np.tensordot(resampled(len(products), seed), pairs, 1)
    samples = _r(again, MEMBER, UNIT), _partial(again)
    r, partial, energy = _r(whole, MEMBER, UNIT), _partial(whole), _r(whole, ENERGY, UNIT)
    other = _r(whole, OTHER, UNIT)
    randoms = [_r(whole, place, UNIT) for place in range(RANDOM, whole.shape[-1])]
    random = np.mean(randoms, axis=0) if randoms else np.zeros_like(r)
    return tuple(
        Figure(
            r=float(r[pair]),
            r_ci=interval(samples[0][:, pair]),
            partial_r=float(partial[pair]),
            partial_r_ci=interval(samples[1][:, pair]),
            energy=float(energy[pair]),
            random=float(random[pair]),
            wrong_pairs=float(other[pair]),
        )
        for pair in range(len(r))
    )


def mean_r(products: Floats, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """The mean over pairs of Pearson's r, and its bootstrap 95 % interval over images.

    Args:
        products: As `figures` takes them.
        seed: Of the bootstrap; the same images are drawn for every pair.
    """
    pairs = products[:, :, : UNIT + 1, : UNIT + 1]
    again = np.tensordot(resampled(len(products), seed), pairs, 1)
    samples = _r(again, MEMBER, UNIT).mean(axis=1)
    return float(_r(pairs.sum(axis=0), MEMBER, UNIT).mean()), interval(samples)


def _r(products: Floats, first: int, second: int) -> Floats:
    """Pearson's r of two variables from sums of products, `[..., variable, variable]`."""
    n = products[..., ONE, ONE]
    mean_1, mean_2 = products[..., ONE, first] / n, products[..., ONE, second] / n
    covariance = products[..., first, second] / n - mean_1 * mean_2
    of_first = np.maximum(products[..., first, first] / n - mean_1**2, 0)
    of_second = np.maximum(products[..., second, second] / n - mean_2**2, 0)
    return _ratio(covariance, np.sqrt(of_first * of_second))


def _partial(products: Floats) -> Floats:
    """The partial correlation of member and unit given the energy.

    With a, b and c the correlations of member and unit, member and energy, unit and energy:
    `(a - b c) / sqrt((1 - b^2)(1 - c^2))`.
    """
    of_both, of_member = _r(products, MEMBER, UNIT), _r(products, MEMBER, ENERGY)
    of_unit = _r(products, UNIT, ENERGY)
    left = np.sqrt(np.maximum((1 - of_member**2) * (1 - of_unit**2), 0))
    return _ratio(of_both - of_member * of_unit, left)


def _ratio(above: Floats, below: Floats) -> Floats:
    varies = below > _SMALLEST
    return np.divide(above, below, out=np.zeros_like(above), where=varies)


_SMALLEST = 1e-12
"""What varies by no more is constant but for rounding."""
