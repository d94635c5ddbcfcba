"""Photographs from a folder, as a network sees them.

In: a folder of image files, flat or with one sub-folder per class. Out: `ImageSet`, which streams
batches of RGB images `[batch, side, side, 3]`, float32 in 0..255, holding one batch at a time. An
image is cut to its centre square and resized with Pillow's bilinear filter. A file that is no image
is left out and named.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from circuitdsl.text.diagnostics import InputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})

_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG
    EOFError,
    Image.DecompressionBombWarning,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Batch:
    """Some images of a set.

    Attributes:
        images: RGB, 0..255, `[batch, side, side, 3]`.
        paths: Their files.
        labels: The sub-folder of each, "" for a file that lies in the folder itself.
    """

    images: NDArray[np.float32]
    paths: tuple[Path, ...]
    labels: tuple[str, ...]


@dataclass
class ImageSet:
    """The images of a folder, in a fixed order.

    Attributes:
        folder: Where they are.
        paths: The files, sorted by their path in the folder.
        skipped: Files that turned out to be no images, and why; filled while reading, each once.
    """

    folder: Path
    paths: tuple[Path, ...]
    skipped: dict[Path, str] = field(default_factory=dict[Path, str])

    def label(self, path: Path) -> str:
        """The sub-folder that an image lies in, "" for none."""
        parts = path.relative_to(self.folder).parts
        return parts[0] if len(parts) > 1 else ""

    def batches(self, size: int = 32, side: int = 224) -> Iterator[Batch]:
        """The images in order, `size` at a time; the last batch may be smaller.

        Raises:
            InputError: none of the files is an image.
        """
        images: list[NDArray[np.float32]] = []
        paths: list[Path] = []
        found = 0
        for path in self.paths:
            try:
                images.append(read_image(path, side))
            except InputError as error:
                self.skipped[path] = error.why
                continue
            paths.append(path)
            found += 1
            if len(paths) == size:
                yield self._batch(images, paths)
                images, paths = [], []
        if paths:
            yield self._batch(images, paths)
        if not found:
            first, why = next(iter(self.skipped.items()))
            raise InputError(
                f"none of the {len(self.paths)} image files in {self.folder} can be read",
                why=f"{first.name}: {why}",
            )

    def _batch(self, images: list[NDArray[np.float32]], paths: list[Path]) -> Batch:
        labels = tuple(self.label(path) for path in paths)
        return Batch(np.stack(images), tuple(paths), labels)


def open_images(folder: Path, limit: int | None = None) -> ImageSet:
    """The images of a folder and its sub-folders.

    Args:
        folder: Holds image files, or sub-folders (one for each class) that do.
        limit: Take this many, evenly spread over the sorted list and so over the classes: of n
            files number floor(i n / limit) for i = 0 .. limit - 1. The choice depends on the names
            alone.

    Raises:
        InputError: no such folder, no images in it, or a limit below 1.
    """
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit} images leaves nothing to look at")
    if not folder.is_dir():
        raise InputError(f"there is no image folder {folder}")
    paths = sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    if not paths:
        raise InputError(
            f"{folder} holds no images",
            why=f"no file there or in its sub-folders ends in {', '.join(sorted(SUFFIXES))}",
            help="give a folder of photographs, flat or with one sub-folder for each class",
        )
    if limit is not None and limit < len(paths):
        paths = [paths[index * len(paths) // limit] for index in range(limit)]
    return ImageSet(folder, tuple(paths))


def read_image(path: Path, side: int = 224) -> NDArray[np.float32]:
    """One image: its centre square, resized to `side` pixels, RGB 0..255, `[side, side, 3]`.

    Raises:
        InputError: the file is no image that Pillow can read, or a broken one.
    """
    try:
        with warnings.catch_warnings():
            # a file that says it is enormous is refused; oddities of its metadata don't matter
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                image = opened.convert("RGB")
    except _UNREADABLE as error:
        raise InputError(
            f"{path} is no image, or is broken", why=str(error) or type(error).__name__
        ) from error
    width, height = image.size
    cut = min(width, height)
    left, top = (width - cut) // 2, (height - cut) // 2
    square = image.crop((left, top, left + cut, top + cut))
    resized = square.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)
