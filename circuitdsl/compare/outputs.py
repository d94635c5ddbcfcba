"""What networks make of labelled images, image by image.

In: a trained network, edited ones made from it, labelled batches. Out: `Outcomes` of each. The part
of the network that comes before every edit is computed once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.apply import EditedNetwork, cut_before
from circuitdsl.editing.logits import MEASURES, Measure, measure
from circuitdsl.measure.agreement import INTERVAL, RESAMPLES
from circuitdsl.models.network import INPUT_MEAN, LOGITS, Network
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

INTACT = "intact"
"""The name of the network that nothing was done to."""

MIRRORED = " (mirrored)"
"""Behind the name of a mirror image."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Some images whose classes are known.

    Attributes:
        images: RGB, 0..255, `[batch, height, width, 3]`.
        right: The output that each should have, `[batch]`.
        names: What to call each.
    """

    images: NDArray[np.float32]
    right: NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How a network did on a set of images.

    Attributes:
        per_image: Each measure of each image, `[image]`: whether the best output is right, whether
            one of the best five is, minus the log probability of the right one in nats, and the
            Kullback-Leibler divergence of the outputs from the intact network's, in nats.
        predicted: The best output for each image, `[image]`.
        probability: The mean probability of each output, `[class]`.
    """

    per_image: dict[Measure, Floats]
    predicted: NDArray[np.int32]
    probability: Floats

    @property
    def means(self) -> dict[str, float]:
        """The mean of each measure."""
        return {name: float(values.mean()) for name, values in self.per_image.items()}


def outputs_of(folder_labels: Sequence[str], labels: Sequence[str]) -> dict[str, int]:
    """The output that each label of some images stands for.

    Args:
        folder_labels: Sub-folders that images lie in.
        labels: The label of each output of a network, "" for none (`models.registry.labels`).

    Raises:
        InputError: a sub-folder is no label of the network's.
    """
    output = {label: index for index, label in enumerate(labels) if label}
    unknown = sorted(set(folder_labels) - output.keys())
    if unknown:
        what = f"in a sub-folder `{unknown[0]}`" if unknown[0] else "that lie in no sub-folder"
        raise InputError(
            f"there are images {what}, so their class is not known",
            help=f"put them into sub-folders named by label, such as `{next(iter(output))}`",
        )
    return output


def labelled(
    images: ImageSet, labels: Sequence[str], side: int, size: int = 32, *, mirror: bool = False
) -> Iterator[Labelled]:
    """The images of a folder with their classes, a batch at a time.

    Args:
        images: In one sub-folder for each class.
        labels: The label of each output of the network.
        side: Of the images, in pixels.
        size: Images in a batch.
        mirror: Also each image's mirror image, after it.

    Raises:
        InputError: an image whose class is not known, or no image at all.
    """
    output = outputs_of([images.label(path) for path in images.paths], labels)
    for batch in images.batches(max(1, size // 2) if mirror else size, side):
        names = tuple(path.relative_to(images.folder).as_posix() for path in batch.paths)
        right = np.array([output[label] for label in batch.labels], np.int32)
        shown = batch.images
        if mirror:
            shown = np.stack([shown, shown[:, :, ::-1]], axis=1).reshape(-1, *shown.shape[1:])
            right = np.repeat(right, 2)
            names = tuple(name for each in names for name in (each, each + MIRRORED))
        yield Labelled(shown, right, names)


def outcomes(
    network: Network,
    edits: Mapping[str, EditedNetwork],
    batches: Iterable[Labelled],
    progress: Callable[[int], None] = lambda seen: None,
) -> tuple[dict[str, Outcomes], tuple[str, ...]]:
    """How a network and edited ones do on the same images.

    Args:
        network: The network.
        edits: Edited networks made from it, by name.
        batches: The images.
        progress: Told how many images have been seen.

    Returns:
        The outcomes by name, `INTACT` first, and the images' names.

    Raises:
        InputError: there are no images.
    """
    layers = sorted({layer for edited in edits.values() for layer in edited.edited_layers})
    cut = cut_before(network.backbone, layers) if layers else ()
    found: dict[str, list[list[Array]]] = {name: [] for name in (INTACT, *edits)}
    names: list[str] = []
    size = 0
    for batch in batches:
        count = len(batch.names)
        size = max(size, count)
        # a short last batch is filled up, so that one compiled program serves all
        spare = ((0, size - count), (0, 0), (0, 0), (0, 0))
        image = jnp.asarray(np.pad(batch.images, spare)) - INPUT_MEAN
        right = jnp.asarray(np.pad(batch.right, (0, size - count)))
        values = network.resume({"input": image}, [*cut, LOGITS])
        intact = values.pop(LOGITS)
        found[INTACT].append(_measured(intact, intact, right, count))
        for name, edited in edits.items():
            logits = edited.resume({**values, "input": image}, [LOGITS])[LOGITS]
            found[name].append(_measured(logits, intact, right, count))
        names += batch.names
        progress(len(names))
    if not names:
        raise InputError("there is no image to compare on")
    return {name: _joined(parts) for name, parts in found.items()}, tuple(names)


def _measured(logits: Array, intact: Array, right: Array, count: int) -> list[Array]:
    return [part[:count] for part in _judge(logits, intact, right)]


@jax.jit
def _judge(logits: Array, intact: Array, right: Array) -> tuple[Array, Array, Array]:
    """The measures of each image `[batch, measure]`, its best output and its probabilities."""
    return measure(logits, intact, right), logits.argmax(axis=1), jax.nn.softmax(logits)


def _joined(parts: list[list[Array]]) -> Outcomes:
    measures, predicted, probability = (
        np.concatenate([np.asarray(part[index]) for part in parts]) for index in range(3)
    )
    columns = measures.astype(np.float64).T
    return Outcomes(
        dict(zip(MEASURES, columns, strict=True)),
        predicted.astype(np.int32),
        probability.astype(np.float64).mean(axis=0),
    )


def resampled(count: int, seed: int) -> Floats:
    """How often each image is drawn in each resample of a bootstrap, `[resample, image]`."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)


def interval(samples: Floats) -> tuple[float, float]:
    """The ends of a bootstrap interval; samples that are no numbers don't count."""
    kept = samples[np.isfinite(samples)]
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(low), float(high)
