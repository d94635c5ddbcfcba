"""Dataset examples: the photographs that excite units most, and a sample at every level.

In: units of any network, as directions in its layers. Out: a pass whose state is as large for a
million photographs as for a thousand. Of each photograph the strongest position counts. Kept are,
for each unit, the strongest photographs, and a few from every eighth of an octave of activation,
drawn by a number that depends on the seed and the photograph alone: the same photographs in any
order give the same sample. A histogram counts all positions.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.measure.aims import Aim
from circuitdsl.measure.passes import Need, Pass, Responding, Shown, State

Floats = NDArray[np.float64]

_MANTISSA = 3
"""Bits of an activation's fraction that bins tell apart: 8 bins in each octave."""

_LOWEST, _HIGHEST = -8, 16
"""Octaves that bins cover; below lies one bin with 0 and all that is negative."""

BINS = 1 + (_HIGHEST - _LOWEST) * 2**_MANTISSA


def edges() -> Floats:
    """The lower edge of each bin but the first, and the upper edge of the last, `[BINS]`."""
    octave = np.exp2(np.arange(_LOWEST, _HIGHEST))[:, None]
    steps = (octave * (1 + np.arange(2**_MANTISSA) / 2**_MANTISSA)).ravel()
    return np.append(steps, 2.0**_HIGHEST)


@dataclass(frozen=True)
class Example:
    """A place in a photograph.

    Attributes:
        place: The photograph's number.
        row: The position in the layer.
        column: Likewise; both 0 in a layer without positions.
        activation: There.
    """

    place: int
    row: int
    column: int
    activation: float


@dataclass(frozen=True, eq=False)
class Found:
    """The examples of one unit.

    Attributes:
        aim: What was looked at.
        strongest: The strongest photographs, best first.
        sample: Photographs of all levels, weakest first.
        counts: The positions in each bin of activation, `[BINS]`.
        photographs: The number of photographs whose strongest position is in each bin, `[BINS]`.
    """

    aim: Aim
    strongest: tuple[Example, ...]
    sample: tuple[Example, ...]
    counts: NDArray[np.int64]
    photographs: NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """A range of activation, and photographs whose strongest position lies in it.

    Attributes:
        low: The lower end, which counts.
        high: The upper end, which counts in the highest level alone.
        examples: Weakest first.
    """

    low: float
    high: float
    examples: tuple[Example, ...]


def levels(found: Found, count: int, each: int) -> tuple[Level, ...]:
    """Even ranges from 0 to the strongest activation, each with a few of the sample.

    Args:
        found: A unit's examples.
        count: The number of ranges.
        each: Examples in each at most, spread evenly over those of the sample.
    """
    top = found.strongest[0].activation if found.strongest else 0.0
    if top <= 0:
        return ()
    ends = np.linspace(0.0, top, count + 1).tolist()
    made: list[Level] = []
    for low, high in itertools.pairwise(ends):
        inside = [
            one
            for one in found.sample
            if low <= one.activation < high or (high == top == one.activation)
        ]
        chosen = [inside[at * len(inside) // each] for at in range(min(each, len(inside)))]
        if len(inside) <= each:
            chosen = inside
        made.append(Level(low, high, tuple(chosen)))
    return tuple(made)


def examples(
    network: Responding,
    aims: Sequence[Aim],
    *,
    strongest: int = 9,
    each_bin: int = 4,
    seed: int = 0,
) -> Pass[tuple[Found, ...]]:
    """The pass that keeps examples of some units.

    Args:
        network: Whose units they are.
        aims: The units, of any layers.
        strongest: The strongest photographs that are kept for each.
        each_bin: The photographs that are kept in each eighth of an octave.
        seed: The seed of the sample.
    """
    layers = _by_layer(aims)
    units = len(aims)
    columns = {name: _columns([aims[at].readout for at in at_]) for name, at_ in layers.items()}

    def init() -> State:
        return {
            "top": np.tile(_NOTHING[1:], (units, strongest, 1)),
            "kept": np.tile(_NOTHING, (units, BINS, each_bin, 1)),
            "counts": np.zeros((units, BINS), np.int64),
            "photographs": np.zeros((units, BINS), np.int64),
        }

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        peaks, places = np.zeros((2, shown.count, units))
        counts = state["counts"].copy()
        for layer, at in layers.items():
            peak, place, bins = _reduced(values[layer], *columns[layer])
            peaks[:, at] = np.asarray(peak)[: shown.count]
            places[:, at] = np.asarray(place)[: shown.count]
            counts[at] += _counted(np.asarray(bins)[: shown.count])
        return {**_with_peaks(state, shown, seed, peaks, places), "counts": counts}

    def finish(state: State) -> tuple[Found, ...]:
        return tuple(_found(aim, state, at) for at, aim in enumerate(aims))

    return Pass(init, step, merge, finish, (Need(network, tuple(layers)),))


_PRIORITY, _ACTIVATION, _PLACE, _AT = range(4)
"""What is kept of an example: the number by which it is drawn, the activation, the photograph, and
row and column as one number."""

_NOTHING = np.array([np.inf, -np.inf, -1, 0])
_ROW = 1 << 16


def merge(a: State, b: State) -> State:
    """The state of some photographs and of others."""
    top = np.concatenate([a["top"], b["top"]], axis=1)
    kept = np.concatenate([a["kept"], b["kept"]], axis=2)
    drawn = np.argsort(kept[..., _PRIORITY], axis=-1, kind="stable")[..., : a["kept"].shape[2]]
    return {
        "top": _strongest(top, a["top"].shape[1]),
        "kept": np.take_along_axis(kept, drawn[..., None], axis=2),
        "counts": a["counts"] + b["counts"],
        "photographs": a["photographs"] + b["photographs"],
    }


def bins_of(activations: Floats) -> NDArray[np.int64]:
    """The bin of each activation."""
    return np.searchsorted(edges()[:-1], activations, side="right")


def _strongest(top: Floats, most: int) -> Floats:
    """The strongest rows of `[unit, row, 3]`; of equals, the earlier photograph."""
    order = np.lexsort((top[..., _PLACE - 1], -top[..., _ACTIVATION - 1]), axis=-1)
    return np.take_along_axis(top, order[:, :most, None], axis=1)


def _with_peaks(state: State, shown: Shown, seed: int, peaks: Floats, places: Floats) -> State:
    """The state with the strongest positions of a batch, `[image, unit]`."""
    units = np.arange(peaks.shape[1])
    numbers = np.broadcast_to(shown.batch.places[:, None].astype(np.float64), peaks.shape)
    new = np.stack([peaks, numbers, places], axis=-1)
    top = np.concatenate([state["top"], new.transpose(1, 0, 2)], axis=1)
    kept, photographs = state["kept"].copy(), state["photographs"].copy()
    for row, bins in zip(new, bins_of(peaks), strict=True):
        photographs[units, bins] += 1
        priority = np.random.default_rng([seed, int(row[0, 1])]).random()
        slots = kept[units, bins, :, _PRIORITY]
        worst = slots.argmax(axis=-1)
        at = np.flatnonzero(priority < slots[units, worst])
        kept[at, bins[at], worst[at], 0] = priority
        kept[at, bins[at], worst[at], 1:] = row[at]
    top = _strongest(top, state["top"].shape[1])
    return {"top": top, "kept": kept, "photographs": photographs}


def _by_layer(aims: Sequence[Aim]) -> dict[str, list[int]]:
    layers: dict[str, list[int]] = {}
    for at, aim in enumerate(aims):
        layers.setdefault(aim.layer, []).append(at)
    return layers


def _columns(weights: Sequence[NDArray[np.float32]]) -> tuple[Array | None, Array | None]:
    """Channels to take, where every readout is one unit; else a matrix `[channel, readout]`.

    Neither, where all channels are read in order: to gather them would take longer than the rest.
    """
    matrix = np.stack(weights, axis=-1)
    if np.array_equal(matrix, np.eye(len(matrix))):
        return None, None
    if ((matrix == 0) | (matrix == 1)).all() and (matrix.sum(axis=0) == 1).all():
        return jnp.asarray(matrix.argmax(axis=0)), None
    return None, jnp.asarray(matrix)


@jax.jit
def _reduced(
    maps: Array, columns: Array | None, matrix: Array | None
) -> tuple[Array, Array, Array]:
    """The strongest position of each image and unit, and the bin of every position.

    Returns:
        Activations and positions `[image, unit]`; bins `[image, position, unit]`.
    """
    values = maps if columns is None else maps[..., columns]
    values = values if matrix is None else maps @ matrix
    width = values.shape[2] if values.ndim == 4 else 1
    flat = values.reshape(len(values), -1, values.shape[-1])
    peak, last = flat.max(axis=1), flat.shape[1] - 1
    # the first position of the peak; XLA's argmax takes six times as long on a CPU
    numbers = jnp.arange(last + 1, dtype=jnp.int32)[None, :, None]
    place = jnp.where(flat == peak[:, None], numbers, last).min(axis=1)
    # the exponent and the first bits of the fraction, as one whole number
    bits = jax.lax.bitcast_convert_type(jnp.maximum(flat, 0.0), jnp.int32) >> (23 - _MANTISSA)
    first = (127 + _LOWEST) << _MANTISSA
    bins = jnp.clip(bits - first + 1, 0, BINS - 1).astype(jnp.uint8)  # which BINS fits
    return peak, place // width * _ROW + place % width, bins


def _counted(bins: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The positions in each bin, `[unit, BINS]`, from `[image, position, unit]`."""
    units = bins.shape[-1]
    first = np.arange(units, dtype=np.intp) * BINS
    counts = np.zeros(units * BINS, np.int64)
    for image in bins:  # one after the other stays in a core's cache
        counts += np.bincount((image + first).ravel(), minlength=len(counts))
    return counts.reshape(units, BINS)


def _found(aim: Aim, state: State, at: int) -> Found:
    sample = state["kept"][at].reshape(-1, 4)[:, 1:]
    return Found(
        aim=aim,
        strongest=_examples(state["top"][at]),
        sample=_examples(sample[np.lexsort((sample[:, 1], sample[:, 0]))]),
        counts=state["counts"][at],
        photographs=state["photographs"][at],
    )


def _examples(rows: Floats) -> tuple[Example, ...]:
    """What rows `[example, 3]` stand for; those of no photograph are left out."""
    kept = rows[rows[:, _PLACE - 1] >= 0]
    places, at = kept[:, 1:].astype(np.int64).T
    columns = (places, at // _ROW, at % _ROW, kept[:, 0])
    return tuple(map(Example, *(column.tolist() for column in columns)))
