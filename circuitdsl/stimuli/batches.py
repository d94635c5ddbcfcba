"""Batches of images, all of one shape.

In: images, some at a time. Out: `Batch`es of one size: the last one is filled up, so that one
compiled program serves a whole run. This is the only place where images are padded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Number = TypeVar("Number", bound=np.generic)

SIZE = 16
"""Images in a batch, unless another number is asked for."""

MIRRORED = " (mirrored)"
"""Behind the name of a mirror image."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some images of a run.

    Attributes:
        images: RGB, 0..255, `[size, height, width, 3]`; those behind the first `count` are filling.
        places: The number of each real image in the run, rising, `[count]`.
        names: What to call each real image; "" where it has no name.
        labels: The class of each real image; "" where it is not known.
    """

    images: NDArray[np.float32]
    places: NDArray[np.int64]
    names: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        """The number of real images."""
        return len(self.places)

    @property
    def real(self) -> NDArray[np.float32]:
        """The real images, `[count, height, width, 3]`."""
        return self.images[: self.count]


def filled(values: NDArray[Number], size: int) -> NDArray[Number]:
    """An array filled up with zeros to `size` along its first axis."""
    spare = size - len(values)
    return np.pad(values, [(0, spare), *[(0, 0)] * (values.ndim - 1)]) if spare else values


def batches_of(images: Iterable[ArrayLike], labels: Iterable[str] | None = None) -> Iterator[Batch]:
    """Batches of images that have no names, such as drawn scenes.

    Args:
        images: RGB, 0..255, `[batch, height, width, 3]`, the first ones the most.
        labels: The class of each image.
    """
    classes = None if labels is None else iter(labels)
    size = start = 0
    for part in images:
        pixels = np.asarray(part, np.float32)
        count = len(pixels)
        size = max(size, count)
        known = ("",) * count if classes is None else tuple(next(classes) for _ in range(count))
        places = np.arange(start, start + count)
        yield Batch(filled(pixels, size), places, ("",) * count, known)
        start += count


def mirrored(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Each image followed by its mirror image; batches have twice as many images."""
    for batch in batches:
        both = np.stack([batch.images, batch.images[:, :, ::-1]], axis=1)
        yield Batch(
            both.reshape(-1, *batch.images.shape[1:]),
            (2 * batch.places[:, None] + np.arange(2)).ravel(),
            tuple(name + end for name in batch.names for end in ("", MIRRORED)),
            tuple(label for label in batch.labels for _ in range(2)),
        )


def first_of(batches: Iterable[Batch], most: int) -> Iterator[Batch]:
    """Batches until `most` images have come; the last one may hold more than are left."""
    for batch in batches:
        yield batch
        most -= batch.count
        if most <= 0:
            return
