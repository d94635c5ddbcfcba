"""Which units respond as hand-written members do: sums over images, and what follows from them.

Two questions are asked one after the other, of different images. The first, which unit goes with
which member, needs the correlation of every pair: `choice_sums`. The second, how well the chosen
pairs agree and what that is worth, needs more of few pairs: `pair_products` multiplies the member,
the unit, the contrast energy around, the member's response to another image and the members of
random circuits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import interval, resampled
from circuitdsl.measure.agreeing.common_grid import CommonGrid, brought_onto
from circuitdsl.measure.passes import State

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

ONE, MEMBER, UNIT, ENERGY, OTHER, RANDOM = range(6)
"""The variables of `pair_products`; random circuits take the places from `RANDOM` on."""


@partial(jax.jit, static_argnames="grid")
def choice_sums(
    x: Sequence[Array], y: Sequence[Array], real: Array, grid: CommonGrid | None = None
) -> dict[str, Array]:
    """Sums over positions and images of every member and every unit.

    Maps are brought onto the grid and multiplied a part of an image at a time: a part stays in the
    processor's cache from one to the other, and maps are never copied for a whole batch.

    Args:
        x: The members' maps, `[batch, side, side, member]` for each family.
        y: The units' maps, `[batch, side, side, unit]` for each layer.
        real: 1 for images of the set, 0 for those that fill a batch up, `[batch]`.
        grid: The positions that are looked at, the members' layers on its left; None where all
            maps lie on one grid.

    Returns:
        `count` of positions; sums of the members `x` and of their squares `xx`, `[member]`, of the
        units `y` and `yy`, `[unit]`, and of the products `xy`, `[member, unit]`, with the members
        of all families and the units of all layers in their order.
    """
    if grid is None or grid.is_shared:
        grid, strips = None, _strips(*y[0].shape[1:3])
        x, y = ([_in_strips(maps, strips) for maps in side] for side in (x, y))
        real = jnp.repeat(real, strips)
        positions = y[0].shape[1] * y[0].shape[2]
        matrices = None, None
    else:
        positions = len(grid.at_px) ** 2
        matrices = grid.left, grid.right

    def add(sums: dict[str, Array], part: _Part) -> tuple[dict[str, Array], None]:
        members, units, weight = part
        left, right = (
            _at_positions([maps[None] for maps in side], matrix)[0]
            for side, matrix in zip((members, units), matrices, strict=True)
        )
        own = {
            "count": jnp.float32(positions),
            "x": left.sum(axis=0),
            "xx": jnp.square(left).sum(axis=0),
            "y": right.sum(axis=0),
            "yy": jnp.square(right).sum(axis=0),
            "xy": jnp.einsum("pm,pu->mu", left, right, precision="highest"),
        }
        return {name: sums[name] + weight * value for name, value in own.items()}, None

    member_count, unit_count = (sum(maps.shape[-1] for maps in side) for side in (x, y))
    shapes = {
        "count": (),
        "x": (member_count,),
        "xx": (member_count,),
        "y": (unit_count,),
        "yy": (unit_count,),
        "xy": (member_count, unit_count),
    }
    nothing = {name: jnp.zeros(shape, jnp.float32) for name, shape in shapes.items()}
    return jax.lax.scan(add, nothing, (tuple(x), tuple(y), real))[0]


_Part = tuple[tuple[Array, ...], tuple[Array, ...], Array]
"""Members' maps `[height, width, member]`, units' maps, and 1 for a real image."""

PART = 3200
"""Positions that are multiplied at a time, where maps can be cut for nothing."""


def _strips(height: int, width: int) -> int:
    """The number of strips of equal height that a map is cut into."""
    few = (count for count in range(1, height + 1) if height % count == 0)
    return next(count for count in few if height // count * width <= PART or count == height)


def _in_strips(maps: Array, strips: int) -> Array:
    batch, height, width, units = maps.shape
    return maps.reshape(batch * strips, height // strips, width, units)


def _at_positions(
    maps: Sequence[Array], matrix: Floats | None, chosen: Sequence[Places] | None = None
) -> Array:
    """Maps side by side at the positions of a grid, `[batch, position, unit]`.

    Args:
        maps: `[batch, height, width, unit]` each.
        matrix: Brings them onto the grid; None where they lie on it.
        chosen: The units of each that are taken, by default all.
    """
    if matrix is not None:
        maps = [brought_onto(one, matrix) for one in maps]
    if chosen is not None:
        maps = [one[..., places] for one, places in zip(maps, chosen, strict=True)]
    units = jnp.concatenate(maps, axis=-1)
    return units.reshape(len(units), -1, units.shape[-1])


def correlations(sums: State) -> Floats:
    """Pearson's r of every pair from `choice_sums`, `[member, unit]`.

    It is 0 where either of the two never varies.
    """
    n = max(float(sums["count"]), 1.0)
    x, y = sums["x"] / n, sums["y"] / n
    covariance = sums["xy"] / n - x[:, None] * y
    of_x = np.maximum(sums["xx"] / n - x**2, 0)
    of_y = np.maximum(sums["yy"] / n - y**2, 0)
    return _ratio(covariance, np.sqrt(of_x[:, None] * of_y))


class Pairs(NamedTuple):
    """Which members and units are paired, as arrays of places.

    Attributes:
        members: For each circuit and each family that is looked at, the members that are in some
            pair.
        member: For each circuit the place of each pair's member among all of these.
        units: For each layer the units that are in some pair.
        unit: The place of each pair's unit among all of these.
        scale: The place of each pair's contrast energy.
    """

    members: Sequence[Sequence[Places]]
    member: Sequence[Places]
    units: Sequence[Places]
    unit: Places
    scale: Places


def pair_products(
    x: Sequence[Sequence[Array]],
    y: Sequence[Array],
    energy: Array,
    pairs: Pairs,
    *,
    count: ArrayLike,
    grid: CommonGrid | None = None,
) -> Array:
    """Means over an image's positions of products of the variables of a pair.

    The members and units that are in pairs are multiplied with one another by matrix products, from
    which those of pairs are picked: less work than a copy of both maps for every pair.

    Args:
        x: The maps of families, of the written circuit first and then of random ones,
            `[batch, side, side, member]` each.
        y: The units' maps, `[batch, side, side, unit]` for each layer.
        energy: The contrast energy at each scale, `[batch, side, side, scale]`.
        pairs: The pairs.
        count: How many images of the batch are real; the others come after them.
        grid: The positions that are looked at, the members' layers on its left; None where all
            maps lie on one grid.

    Returns:
        `[batch, pair, variable, variable]`: of every variable with itself, with one, with the unit
        and, of member and unit, with the energy; 0 for other two. The response to another image is
        that to the next one of the batch, the last one's next being the first; an image alone has
        no other than itself.
    """
    written, *random = [
        _picked(families, members, grid=grid, of_units=False)
        for families, members in zip(x, pairs.members, strict=True)
    ]
    units = _picked(y, pairs.units, grid=grid, of_units=True)
    return _products(written, random, units, energy, pairs=pairs, count=count)


@partial(jax.jit, static_argnames=("grid", "of_units"))
def _picked(
    maps: Sequence[Array], chosen: Sequence[Places], *, grid: CommonGrid | None, of_units: bool
) -> Array:
    """Members or units that are in pairs, `[batch, position, unit]`.

    A program of its own: in one with the sums, each of these would pick anew.
    """
    matrices = (None, None) if grid is None else (grid.left, grid.right)
    return _at_positions(maps, matrices[of_units], chosen)


@jax.jit
def _products(
    written: Array,
    random: Sequence[Array],
    units: Array,
    energy: Array,
    *,
    pairs: Pairs,
    count: ArrayLike,
) -> Array:
    """Products from the members of each circuit and the units that are in pairs."""
    around = energy.reshape(*units.shape[:2], -1)
    member_at, *random_at = pairs.member

    def mean(a: Array, b: Array, at: Places, b_at: Places) -> Array:
        sums = jnp.einsum("bpi,bpj->bij", a, b, precision="highest")
        return sums[:, at, b_at] / units.shape[1]

    variables = [
        (MEMBER, written, member_at),
        (UNIT, units, pairs.unit),
        (ENERGY, around, pairs.scale),
        *zip(range(RANDOM, RANDOM + len(random)), random, random_at, strict=True),
    ]
    means = {
        (MEMBER, ENERGY): mean(written, around, member_at, pairs.scale),
        (UNIT, ENERGY): mean(units, around, pairs.unit, pairs.scale),
    }
    for variable, maps, places in variables:
        means[ONE, variable] = maps.mean(axis=1)[:, places]
        means[variable, variable] = jnp.square(maps).mean(axis=1)[:, places]
        if variable not in {UNIT, ENERGY}:
            means[variable, UNIT] = mean(maps, units, places, pairs.unit)

    images = jnp.arange(len(units))
    after, before = (images + 1) % count, (images - 1) % count
    means[ONE, OTHER] = means[ONE, MEMBER][after]
    means[OTHER, OTHER] = means[MEMBER, MEMBER][after]
    means[OTHER, UNIT] = mean(written, units[before], member_at, pairs.unit)[after]

    nothing = jnp.zeros_like(means[ONE, UNIT])
    means[ONE, ONE] = nothing + 1
    every = range(RANDOM + len(random))
    rows = [[means.get((a, b), means.get((b, a), nothing)) for b in every] for a in every]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


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
        seed: The seed of the bootstrap.
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
        seed: The seed of the bootstrap, which draws the same images for every pair.
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
