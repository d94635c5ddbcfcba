"""What trained units say to photographs, recorded once for however many circuits are compared.

In: photographs, units of a trained network, and, where hand-written units shall do their work, the
rest of the network. Out: `Photographs`.

The rest of the network is run from the units' layer on, with other maps in the units' place: what
it is made of is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike, NDArray

from circuitdsl.editing.apply import cut_after
from circuitdsl.editing.logits import divergence
from circuitdsl.measure.agreement import Agreement, bootstrap, moments
from circuitdsl.measure.units import Subject
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import LOGITS, Network
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError

BATCH = 16
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class Rest:
    """What a trained network makes of a layer.

    Attributes:
        network: The network.
        layer: The layer.
        units: Units of it, whose maps others may take the place of.
    """

    network: Network
    layer: str
    units: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check that the layer decides everything that comes after.

        Raises:
            InputError: it does not.
        """
        if cut_after(self.network.backbone, self.layer) != (self.layer,):
            raise InputError(
                f"nothing can be spliced in at `{self.layer}`",
                why="layers that come after it read others beside it",
                help="name a block such as mixed3b",
            )

    @cached_property
    def compiled(self) -> Callable[..., Array]:
        """`logits`, compiled."""
        return jax.jit(self.logits)

    def logits(self, params: Mapping[str, Array], layer_values: Array, maps: Array) -> Array:
        """The outputs, `[batch, class]`; may be traced.

        Args:
            params: The network's weights.
            layer_values: The layer's activations, `[batch, height, width, channel]`.
            maps: What takes the units' place, `[batch, height, width, unit]`.
        """
        whole = layer_values.astype(jnp.float32).at[..., np.asarray(self.units)].set(maps)
        return evaluate(self.network.backbone, params, {self.layer: whole}, (LOGITS,))[LOGITS]


@dataclass(frozen=True, eq=False)
class Photographs:
    """Photographs, and what trained units say to them.

    Attributes:
        paths: Their files.
        images: RGB `[image, side, side, 3]`, bytes, to hold many.
        targets: The units' activations `[image, height, width, unit]`.
        layer_values: Those of their whole layer `[image, height, width, channel]`, in half
            precision, to hold many; None where the rest of the network was not asked for.
        log_p: The logarithm of what the network gives each class, `[image, class]`, or None.
        removed: The Kullback-Leibler divergence, in nats, from those probabilities to those with
            the units at zero, `[image]`, or None.
    """

    paths: tuple[Path, ...]
    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    layer_values: NDArray[np.float16] | None = None
    log_p: NDArray[np.float32] | None = None
    removed: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def some(self, chosen: ArrayLike) -> Photographs:
        """Some of the photographs, by their places."""
        at = np.asarray(chosen)
        arrays = {
            name: None if value is None else value[at]
            for name, value in vars(self).items()
            if name != "paths"
        }
        return replace(self, paths=tuple(self.paths[index] for index in at), **arrays)


def record(
    images: ImageSet, originals: Subject, side: int, rest: Rest | None = None
) -> Photographs:
    """Show photographs to trained units, once.

    Args:
        images: The photographs.
        originals: The units.
        side: Of the images, in pixels.
        rest: The same units with what comes after them, if that is to be recorded too.
    """
    paths: list[Path] = []
    parts: list[list[NDArray[np.generic]]] = []
    for batch in images.batches(BATCH, side):
        count = len(batch.images)
        # a short batch is filled up, so that nothing is compiled for it
        whole = np.pad(batch.images, ((0, BATCH - count), (0, 0), (0, 0), (0, 0)))
        said = _said(whole, originals, rest)
        parts.append([batch.images.astype(np.uint8), *(np.asarray(part)[:count] for part in said)])
        paths += batch.paths
    return Photographs(tuple(paths), *map(np.concatenate, zip(*parts, strict=True)))


def agreed(hand: Subject, photographs: Photographs, units: int) -> Agreement:
    """Agreement of hand-written units with the first of those recorded, position by position.

    Args:
        hand: As many units.
        photographs: What the trained ones say.
        units: How many.
    """
    sums: list[NDArray[np.float64]] = []
    for start in range(0, len(photographs), BATCH):
        images = photographs.images[start : start + BATCH].astype(np.float32)
        count = len(images)
        maps = hand.maps(jnp.asarray(np.pad(images, ((0, BATCH - count), (0, 0), (0, 0), (0, 0)))))
        said = photographs.targets[start : start + count, ..., :units]
        sums.append(np.asarray(moments(maps[:count, ..., :units], said), np.float64))
    return bootstrap(np.concatenate(sums))


def _said(images: NDArray[np.float32], originals: Subject, rest: Rest | None) -> list[Array]:
    """The units' maps; and, with a rest, what `Photographs` has beside them."""
    if rest is None:
        return [originals.maps(jnp.asarray(images))]
    values = rest.network.activations(images, [rest.layer])[rest.layer]
    half = jnp.clip(values, -_LARGEST, _LARGEST).astype(jnp.float16)
    maps = values[..., np.asarray(rest.units)]
    # both from the rounded values, so that rounding alone is no divergence
    params = rest.network.params
    intact = half[..., np.asarray(rest.units)].astype(jnp.float32)
    log_p = jax.nn.log_softmax(rest.compiled(params, half, intact))
    log_q = jax.nn.log_softmax(rest.compiled(params, half, jnp.zeros_like(intact)))
    return [maps, half, log_p, divergence(log_p, log_q)]
