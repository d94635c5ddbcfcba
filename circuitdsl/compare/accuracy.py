"""How well a network classifies labelled photographs.

In: a network, a folder with one sub-folder per class, the label of each of the network's outputs.
Out: `AccuracyResult`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from circuitdsl.measure.classes import outputs_of, right_outputs
from circuitdsl.measure.passes import Need, Pass, Responding, Shown, State, remade, run, total
from circuitdsl.measure.shards import IN_PROCESS, Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.stimuli.photographs import Cut, ImageSet

BATCH = 32


@dataclass(frozen=True)
class AccuracyResult:
    """What `accuracy` measured.

    Attributes:
        folder: The images.
        n: How many were classified.
        top1: Share whose best output is right, 0..1.
        top5: Share whose best five outputs have the right one.
        cross_entropy: Mean of minus the log probability of the right output, in nats.
        skipped: Files that were left out, and why.
        model: The network's name, or "".
    """

    folder: Path
    n: int
    top1: float
    top5: float
    cross_entropy: float
    skipped: dict[Path, str]
    model: str = ""

    def record(self) -> dict[str, str | float]:
        """The result as JSON has it."""
        return {
            "model": self.model,
            "images": self.n,
            "top1": self.top1,
            "top5": self.top5,
            "cross_entropy": self.cross_entropy,
        }


def accuracy(
    network: Network,
    images: ImageSet,
    labels: Sequence[str],
    engine: Engine = IN_PROCESS,
    progress: Callable[[int], None] = lambda seen: None,
) -> AccuracyResult:
    """Classify images, and compare with the classes that they are of.

    Args:
        network: Any network with a classifier.
        images: Images whose classes are labels.
        labels: The label of each output, "" for an output that stands for nothing
            (`models.outputs.labels`).
        engine: Who does it.
        progress: Called with the images seen.

    Raises:
        InputError: an image whose class is no label, none that can be read, or the store of another
            run.
        OSError: the store can't be written.
    """
    outputs = outputs_of(images.labels, labels)
    shape = Shape(Cut.of(network.backbone), BATCH)
    reading = Reading(images, shape, engine)
    n, top1, top5, cross_entropy = run(
        hits(network, network.backbone.classifier, outputs), reading, progress
    )
    return AccuracyResult(images.folder, n, top1, top5, cross_entropy, images.skipped)


@remade
def hits(
    network: Responding, last: str, outputs: Mapping[str, int]
) -> Pass[tuple[int, float, float, float]]:
    """The number of images, the shares right at first and among five, the mean cross-entropy.

    Args:
        network: Any network with a classifier.
        last: The layer before its softmax.
        outputs: The output of each class of images.
    """

    def step(state: State, shown: Shown) -> State:
        right = jnp.asarray(right_outputs(shown.batch, outputs))
        measured = shown.real(_measure(shown.of(network)[last], right))
        return total(state, {"sums": measured.sum(axis=0), "images": np.array([shown.count])})

    def finish(state: State) -> tuple[int, float, float, float]:
        images = int(state["images"][0])
        top1, top5, cross_entropy = (state["sums"] / images).tolist()
        return images, top1, top5, cross_entropy

    return Pass(
        init=lambda: {"sums": np.zeros(3), "images": np.zeros(1, np.int64)},
        step=step,
        merge=total,
        finish=finish,
        needs=(Need(network, (last,)),),
    )


@jax.jit
def _measure(logits: Array, right: Array) -> Array:
    """Right at first, right among five, cross-entropy: `[batch, 3]`."""
    of_right = jnp.take_along_axis(logits, right[:, None], axis=1)
    rank = (logits > of_right).sum(axis=1)
    surprise = jax.nn.logsumexp(logits, axis=1) - of_right[:, 0]
    return jnp.stack([jnp.float32(rank < 1), jnp.float32(rank < 5), surprise], axis=-1)
