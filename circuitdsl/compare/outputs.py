"""What networks make of labelled images.

In: a trained network, edited ones made from it, the output that each class of images should have.
Out: a pass that gives the `Outcomes` of all of them. The part of the network that comes before all
edits is computed once.

Its state keeps sums of the four measures of each network for each block of images (`bootstrap.py`),
the sum of each network's probabilities, and the first images whose best output changes: for an
effect with five networks and 1000 classes at most 0.7 MB, however many images there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.apply import EditedNetwork, cut_before
from circuitdsl.editing.logits import measure
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.agreeing.bootstrap import blocks_of, merge_blocks, no_blocks
from circuitdsl.measure.classes import right_outputs
from circuitdsl.measure.passes import Need, Pass, Shown, State
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import Batch

Floats = NDArray[np.float64]

INTACT = "intact"
"""The name of the network that nothing was done to."""

FLIPS = 4096
"""Images whose best output changes that are named; the others are counted."""


@dataclass(frozen=True)
class Flip:
    """An image whose best output is another one in an edited network.

    Attributes:
        image: The image's name.
        right: The output that it should have.
        before: The intact network's best output.
        after: The edited network's.
    """

    image: str
    right: int
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How networks did on a set of images.

    Attributes:
        names: The networks, `INTACT` first.
        count: The images of each block, `[block]`.
        sums: The sum over each block of whether the best output is right, whether one of the best
            five is, minus the log probability of the right one in nats, and the Kullback-Leibler
            divergence of the outputs from the intact network's in nats,
            `[block, network, measure]`.
        probability: The mean probability of each output, `[network, class]`.
        flips: The first images whose best output the first edited network changes.
        flipped: How many there are, how many of them are no longer right, and how many now are.
    """

    names: tuple[str, ...]
    count: Floats
    sums: Floats
    probability: Floats
    flips: tuple[Flip, ...]
    flipped: tuple[int, int, int]

    @property
    def images(self) -> int:
        """How many images there were."""
        return int(self.count.sum())

    def of(self, name: str) -> dict[str, Floats]:
        """The sums of each measure of one network, `[block]`."""
        return dict(zip(OUTPUTS, self.sums[:, self.names.index(name)].T, strict=True))

    def means(self, name: str) -> dict[str, float]:
        """The mean of each measure of one network."""
        return {
            measure: float(sums.sum() / self.count.sum()) for measure, sums in self.of(name).items()
        }


def outcomes(
    network: Network, edits: Mapping[str, EditedNetwork], outputs: Mapping[str, int]
) -> Pass[Outcomes]:
    """How a network and edited ones do on the same images.

    Args:
        network: The network.
        edits: Edited networks made from it, by name.
        outputs: The output of each class of images (`measure.classes.outputs_of`).
    """
    names = (INTACT, *edits)
    layers = sorted({layer for edited in edits.values() for layer in edited.edited_layers})
    cut = cut_before(network.backbone, layers) if layers else ()
    given = tuple(dict.fromkeys(("input", *cut)))
    last = network.backbone.classifier
    classes = network.backbone.by_name[last].width

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        intact = values[last]
        right = right_outputs(shown.batch, outputs)
        before = {name: values[name] for name in given}
        logits = [
            intact,
            *(edited.resume(before, [last])[last] for edited in edits.values()),
        ]
        judged = [_judge(one, intact, jnp.asarray(right)) for one in logits]
        measures, predicted, probability = (
            np.stack([shown.real(part[index]) for part in judged], axis=1) for index in range(3)
        )
        part = {
            **blocks_of(shown.batch.places, measures),
            "probability": probability.sum(axis=0),
            **_flips(shown.batch, right, predicted.astype(np.int64)),
        }
        return merge(state, part)

    return Pass(
        init=lambda: {
            **no_blocks(len(names), len(OUTPUTS)),
            "probability": np.zeros((len(names), classes)),
            **_no_flips(),
        },
        step=step,
        merge=merge,
        finish=lambda state: _finished(names, state),
        needs=(Need(network, tuple(dict.fromkeys((*given, last)))),),
    )


def merge(a: State, b: State) -> State:
    """The outcomes on some images and on those after them."""
    return {
        **merge_blocks(a, b),
        "probability": a["probability"] + b["probability"],
        **_merge_flips(a, b),
    }


def _finished(names: tuple[str, ...], state: State) -> Outcomes:
    flips: list[int] = state["flipped"].tolist()
    images = bytes(state["flip_names"]).decode("utf-8", "surrogateescape").split("\0")
    return Outcomes(
        names,
        state["count"],
        state["sums"],
        state["probability"] / state["count"].sum(),
        tuple(
            Flip(image, *outputs)
            for image, outputs in zip(images, state["flips"].tolist(), strict=False)
        ),
        (flips[0], flips[1], flips[2]),
    )


@jax.jit
def _judge(logits: Array, intact: Array, right: Array) -> tuple[Array, Array, Array]:
    """The measures of each image `[batch, measure]`, its best output and its probabilities."""
    return measure(logits, intact, right), logits.argmax(axis=1), jax.nn.softmax(logits)


def _no_flips() -> dict[str, NDArray[Any]]:
    return {
        "flips": np.zeros((0, 3), np.int64),
        "flip_names": np.zeros(0, np.uint8),
        "flipped": np.zeros(3, np.int64),
    }


def _flips(
    batch: Batch, right: NDArray[np.int32], predicted: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """The images of a batch whose best output the first edited network changes.

    A state holds arrays, so names are the bytes of their text, a zero behind each.
    """
    if predicted.shape[1] == 1:
        return _no_flips()
    changed = np.flatnonzero(predicted[:, 0] != predicted[:, 1])
    wanted = right[changed].astype(np.int64)
    before, after = predicted[changed, :2].T
    names = "".join(f"{batch.names[index]}\0" for index in changed)
    return {
        "flips": np.stack([wanted, before, after], axis=1),
        "flip_names": np.frombuffer(names.encode("utf-8", "surrogateescape"), np.uint8),
        "flipped": np.array([len(changed), (before == wanted).sum(), (after == wanted).sum()]),
    }


def _merge_flips(a: State, b: State) -> dict[str, NDArray[Any]]:
    kept = np.concatenate([a["flips"], b["flips"]])[:FLIPS]
    names = np.concatenate([a["flip_names"], b["flip_names"]])
    ends = np.flatnonzero(names == 0)
    return {
        "flips": kept,
        "flip_names": names[: ends[len(kept) - 1] + 1] if len(kept) else names[:0],
        "flipped": a["flipped"] + b["flipped"],
    }
