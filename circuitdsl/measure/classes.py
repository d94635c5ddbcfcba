"""The classes of images, as outputs of a network.

In: what image folders call classes, and a network's labels. Out: the output of each class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError


def outputs_of(image_labels: Iterable[str], labels: Sequence[str]) -> dict[str, int]:
    """The output that each label of some images stands for.

    Args:
        image_labels: The classes of images: sub-folders that they lie in, or what is said of them.
        labels: The label of each output of a network, "" for none (`models.outputs.labels`).

    Raises:
        InputError: a class is no label of the network's.
    """
    output = {label: index for index, label in enumerate(labels) if label}
    unknown = sorted(set(image_labels) - output.keys())
    example = next(iter(output))
    if not unknown:
        return output
    if "" in unknown:
        raise InputError(
            "there are images that lie in no sub-folder, so their class is not known",
            help=f"put them into sub-folders named by label, such as `{example}`",
        )
    if all(label.isdecimal() for label in unknown):
        raise InputError(
            f"the classes of images are numbers, such as {unknown[0]}, "
            "and nothing says what these mean",
            why="data sets number the same classes in different orders",
            help=f"give a list of labels, one a line, with --classes FILE: `{example}`, ...",
        )
    classes = "a class" if len(unknown) == 1 else f"{len(unknown)} classes"
    raise InputError(
        f"there are images of {classes} that the network does not know, such as `{unknown[0]}`",
        help=f"name each sub-folder by a label of the network, such as `{example}`",
    )


def right_outputs(batch: Batch, outputs: Mapping[str, int]) -> NDArray[np.int32]:
    """The output that each image should have, 0 for filling, `[size]`.

    Args:
        batch: The images.
        outputs: The output of each class (`outputs_of`).
    """
    right = np.zeros(len(batch.images), np.int32)
    right[: batch.count] = [outputs[label] for label in batch.labels]
    return right
