"""The classes of images, as outputs of a network.

In: what image folders call classes, and a network's labels. Out: the output of each class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError


def outputs_of(folder_labels: Iterable[str], labels: Sequence[str]) -> dict[str, int]:
    """The output that each label of some images stands for.

    Args:
        folder_labels: Sub-folders that images lie in.
        labels: The label of each output of a network, "" for none (`models.outputs.labels`).

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


def right_outputs(batch: Batch, outputs: Mapping[str, int]) -> NDArray[np.int32]:
    """The output that each image should have, 0 for filling, `[size]`.

    Args:
        batch: The images.
        outputs: The output of each class (`outputs_of`).
    """
    right = np.zeros(len(batch.images), np.int32)
    right[: batch.count] = [outputs[label] for label in batch.labels]
    return right
