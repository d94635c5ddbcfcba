"""Where units respond most: the photographs and the positions of their largest responses.

In: any network, layers, images. Out: `Peaks`: for each unit the largest response of each of the
images that drive it most, one position an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.measure.passes import Need, Pass, Responding, Shown, State

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Peaks:
    """The strongest images of every unit of a layer, strongest first.

    Attributes:
        values: The responses, `[unit, image]`; minus infinity where there were fewer images.
        images: The place of each image in the run, `[unit, image]`.
        rows: The row of the position, `[unit, image]`.
        columns: Its column, likewise.
    """

    values: Floats
    images: Places
    rows: Places
    columns: Places


def peaks(network: Responding, layers: Mapping[str, int], most: int) -> Pass[dict[str, Peaks]]:
    """The pass that finds the images that drive each unit most.

    Args:
        network: Whose units.
        layers: Layers, or families of a hand-written network, and how many units each has.
        most: How many images are kept for each unit.
    """

    def init() -> State:
        state: dict[str, NDArray[np.float64]] = {}
        for name, width in layers.items():
            state |= {f"{name} {part}": np.zeros((width, most)) for part in _PLACES}
            state[f"{name} value"] = np.full((width, most), -np.inf)
        return state

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        found: dict[str, NDArray[np.float64]] = {}
        for name in layers:
            maps = values[name]
            largest, at = (shown.real(part) for part in _largest(maps))
            side = maps.shape[2]
            found[f"{name} value"] = largest.T
            found[f"{name} image"] = np.broadcast_to(
                shown.batch.places.astype(np.float64), largest.T.shape
            )
            found[f"{name} row"], found[f"{name} column"] = at.T // side, at.T % side
        return merge(state, found)

    def merge(a: State, b: State) -> State:
        merged: dict[str, NDArray[np.float64]] = {}
        for name in layers:
            both = {
                part: np.concatenate([a[f"{name} {part}"], b[f"{name} {part}"]], axis=1)
                for part in ("value", *_PLACES)
            }
            order = np.argsort(-both["value"], axis=1, kind="stable")[:, :most]
            merged |= {
                f"{name} {part}": np.take_along_axis(array, order, axis=1)
                for part, array in both.items()
            }
        return merged

    def finish(state: State) -> dict[str, Peaks]:
        return {
            name: Peaks(
                state[f"{name} value"],
                *(state[f"{name} {part}"].astype(np.int64) for part in _PLACES),
            )
            for name in layers
        }

    return Pass(init, step, merge, finish, (Need(network, tuple(layers)),))


_PLACES = ("image", "row", "column")


@jax.jit
def _largest(maps: Array) -> tuple[Array, Array]:
    """The largest value of each map and its place among the positions, `[batch, unit]`."""
    flat = maps.reshape(maps.shape[0], -1, maps.shape[-1])
    return flat.max(axis=1), jnp.argmax(flat, axis=1)
