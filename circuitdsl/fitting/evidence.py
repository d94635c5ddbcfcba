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
from circuitdsl.measure.agreeing.agreement import Agreement, bootstrap, moments
from circuitdsl.measure.agreeing.bootstrap import blocks_of, merge_blocks, no_blocks
from circuitdsl.measure.agreeing.common_grid import CommonGrid, brought_onto
from circuitdsl.measure.passes import Need, Pass, Shown, State, run
from circuitdsl.measure.recording import recording
from circuitdsl.measure.units import Subject
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import SIZE as BATCH
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError

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
                help=f"name a block such as {self.network.backbone.example_block}",
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
        last = self.network.backbone.classifier
        return evaluate(self.network.backbone, params, {self.layer: whole}, (last,))[last]


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
    images: ImageSet,
    originals: Subject,
    side: int,
    rest: Rest | None = None,
    grid: CommonGrid | None = None,
) -> Photographs:
    """Show photographs to trained units, once.

    Args:
        images: The photographs.
        originals: The units.
        side: The side of the images, in pixels.
        rest: The same units with what comes after them, if that is to be recorded too.
        grid: The positions at which the units' activations are kept; by default all that they have.
    """
    needs = [originals.need if rest is None else Need(rest.network, (rest.layer,))]

    def kept(shown: Shown) -> dict[str, NDArray[np.generic]]:
        answers = _answers(shown, originals, rest)
        if grid is not None:
            answers["targets"] = brought_onto(answers["targets"], grid.right)
        return {
            "places": shown.batch.places,
            "images": shown.batch.real.astype(np.uint8),
            **{name: np.asarray(array)[: shown.count] for name, array in answers.items()},
        }

    arrays = run(recording(kept, needs), images.batches(BATCH, side))
    paths = tuple(images.paths[place] for place in arrays.pop("places").tolist())
    return Photographs(paths, **arrays)


def agreed(hand: Subject, photographs: Photographs, units: int) -> Agreement:
    """Agreement of hand-written units with the first of those recorded, position by position.

    Args:
        hand: As many units.
        photographs: What the trained ones say.
        units: How many.
    """

    def step(state: State, shown: Shown) -> State:
        maps = hand.in_batch(shown)[: shown.count, ..., :units]
        places = shown.batch.places
        pairs = moments(maps, photographs.targets[places, ..., :units])
        return merge_blocks(state, blocks_of(places, pairs))

    one = Pass(lambda: no_blocks(units, 5), step, merge_blocks, bootstrap, (hand.need,))
    count = len(photographs)
    parts = (photographs.images[at : at + BATCH] for at in range(0, count, BATCH))
    return run(one, batches_of(parts))


def _answers(shown: Shown, originals: Subject, rest: Rest | None) -> dict[str, Array]:
    """The units' maps; and, with a rest, what `Photographs` has beside them."""
    if rest is None:
        return {"targets": originals.in_batch(shown)}
    values = shown.of(rest.network)[rest.layer]
    half = jnp.clip(values, -_LARGEST, _LARGEST).astype(jnp.float16)
    # both from the rounded values, so that rounding alone is no divergence
    params = rest.network.params
    intact = half[..., np.asarray(rest.units)].astype(jnp.float32)
    log_p = jax.nn.log_softmax(rest.compiled(params, half, intact))
    log_q = jax.nn.log_softmax(rest.compiled(params, half, jnp.zeros_like(intact)))
    return {
        "targets": values[..., np.asarray(rest.units)],
        "layer_values": half,
        "log_p": log_p,
        "removed": divergence(log_p, log_q),
    }
