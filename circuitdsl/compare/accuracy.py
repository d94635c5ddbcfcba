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

from circuitdsl.measure.classes import right_outputs
from circuitdsl.measure.passes import Need, Pass, Responding, Shown, State, total
from circuitdsl.measure.shards import Held, Job, Opened, fold_shards
from circuitdsl.models.network import Network
from circuitdsl.models.weights import tensors_digest
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import InputError

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
    folder: Path,
    labels: Sequence[str],
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda seen, total: None,
) -> AccuracyResult:
    """Classify the images of a folder, and compare with the sub-folders that they lie in.

    Args:
        network: Any network with a classifier.
        folder: One sub-folder for each class, named by its label.
        labels: The label of each output, "" for an output that stands for nothing
            (`models.outputs.labels`).
        limit: Take this many images, spread evenly (`stimuli.images.open_images`).
        progress: Called with the images seen and those there are.

    Raises:
        InputError: no images, or an image in a sub-folder that is no label.
    """
    return accuracy_of(Held(classifying(network, folder, labels, limit)), progress=progress)


def accuracy_of(
    job: Job,
    *,
    workers: int = 1,
    store: Path | None = None,
    progress: Callable[[int, int], None] = lambda seen, total: None,
) -> AccuracyResult:
    """Classify the images of a job that opens what `classifying` gives.

    Args:
        job: The job.
        workers: Processes that share the work.
        store: Where finished shards are kept, to go on from (`measure.shards`).
        progress: Called with the images seen and those there are.

    Raises:
        InputError: no images, or the store of another run.
        OSError: the store can't be written.
    """
    opened, (state,) = fold_shards(job, store=store, workers=workers, progress=progress)
    n, top1, top5, cross_entropy = opened.passes[0].finish(state)
    folder, skipped = opened.images.folder, opened.images.skipped
    return AccuracyResult(folder, n, top1, top5, cross_entropy, skipped)


def classifying(
    network: Network, folder: Path, labels: Sequence[str], limit: int | None = None
) -> Opened:
    """The pass and the images of an accuracy; arguments and errors as of `accuracy`."""
    images = open_images(folder, limit)
    output = {label: index for index, label in enumerate(labels) if label}
    unknown = sorted({images.label(path) for path in images.paths} - output.keys())
    if "" in unknown:
        raise InputError(
            f"{folder} has images that lie in no sub-folder, so their class is not known",
            help=f"put them into sub-folders named by label, such as `{next(iter(output))}`",
        )
    if unknown:
        raise InputError(
            f"{folder} has images in {len(unknown)} sub-folders that name no class, "
            f"such as `{unknown[0]}`",
            help=f"name each sub-folder by a label of the network, such as `{next(iter(output))}`",
        )
    arrays = {name: np.asarray(value) for name, value in network.params.items()}
    about = {"measure": "accuracy", "network": tensors_digest(arrays)}
    return Opened(
        [hits(network, network.backbone.classifier, output)], images, network.backbone, about, BATCH
    )


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
