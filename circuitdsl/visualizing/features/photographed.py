"""What pictures are held against: the strongest photograph, and the spectrum of photographs.

In: aims, or a side in pixels. Out: passes over photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.measure.aims import Aim
from circuitdsl.measure.passes import Need, Pass, Responding, Shown, State, total
from circuitdsl.visualizing.features.parameters import magnitudes


@dataclass(frozen=True)
class Strongest:
    """The photograph that excites an aim most.

    Attributes:
        activation: Its largest anywhere in the photograph.
        place: The photograph's number.
    """

    activation: float
    place: int


def strongest(network: Responding, aims: Sequence[Aim]) -> Pass[tuple[Strongest, ...]]:
    """The photograph that excites each aim most, the first of equals."""
    layers = tuple(dict.fromkeys(aim.layer for aim in aims))

    def init() -> State:
        return {"activation": np.full(len(aims), -np.inf), "place": np.full(len(aims), -1)}

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        peaks = np.stack([_peaks(values[aim.layer], aim.readout) for aim in aims], axis=-1)
        real = shown.real(peaks)
        best = real.argmax(axis=0)
        found = {"activation": real.max(axis=0), "place": shown.batch.places[best]}
        return merge(state, found)

    def merge(a: State, b: State) -> State:
        later = b["activation"] > a["activation"]
        return {name: np.where(later, b[name], a[name]) for name in a}

    def finish(state: State) -> tuple[Strongest, ...]:
        pairs = zip(state["activation"].tolist(), state["place"].tolist(), strict=True)
        return tuple(Strongest(activation, place) for activation, place in pairs)

    return Pass(init, step, merge, finish, (Need(network, layers),))


@jax.jit
def _peaks(maps: Array, readout: NDArray[np.float32]) -> Array:
    """The largest excitation of each image."""
    values = maps @ readout
    return values.reshape(len(values), -1).max(axis=-1)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What photographs have in common.

    Attributes:
        magnitude: The mean magnitude of their spectra in decorrelated colours,
            `[channel, side, side // 2 + 1]`.
        mean: Their mean RGB, 0..1.
    """

    magnitude: NDArray[np.float64]
    mean: NDArray[np.float64]


def spectrum(side: int) -> Pass[Spectrum]:
    """The mean spectrum of the middle of photographs, `side` pixels wide."""

    def init() -> State:
        shape = (3, side, side // 2 + 1)
        return {"magnitude": np.zeros(shape), "mean": np.zeros(3), "images": np.zeros(())}

    def step(state: State, shown: Shown) -> State:
        first = (shown.images.shape[1] - side) // 2
        middle = shown.images[:, first : first + side, first : first + side]
        part = {
            "magnitude": shown.real(magnitudes(middle)).sum(axis=0),
            "mean": shown.real(middle.mean(axis=(1, 2)) / 255.0).sum(axis=0),
            "images": np.float64(shown.count),
        }
        return total(state, {name: np.asarray(value) for name, value in part.items()})

    def finish(state: State) -> Spectrum:
        return Spectrum(state["magnitude"] / state["images"], state["mean"] / state["images"])

    return Pass(init, step, total, finish)
