"""Photographs from a folder, as a network sees them.

In: a folder of image files, flat or with one sub-folder per class. Out: `ImageSet`, which streams
batches of RGB images `[size, side, side, 3]`, float32 in 0..255, holding few at a time; threads
decode ahead of whatever looks at them. An image is turned as its EXIF says, cut to its centre
square and resized with Pillow's bilinear filter, in this order or the other. A file that is no
image is left out and named.
"""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from circuitdsl.ir.backbones import Backbone
from circuitdsl.stimuli.batches import Batch, filled
from circuitdsl.text.diagnostics import InputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""What Pillow may read.

It goes by a file's first bytes, not by its name, and for EPS it would start Ghostscript.
"""

THREADS = min(4, os.cpu_count() or 1)
"""Threads that decode images."""

_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG
    EOFError,
    Image.DecompressionBombWarning,
    Image.DecompressionBombError,
)


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

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """The files that turned out to be no images, and why."""
        return tuple((str(path), why) for path, why in self.skipped.items())

    @property
    def names(self) -> tuple[str, ...]:
        """The paths in the folder of the images that could be read, as far as they were read."""
        return tuple(
            self.name(at) for at, path in enumerate(self.paths) if path not in self.skipped
        )

    def name(self, place: int) -> str:
        """An image's path in the folder, by its place."""
        return self.paths[place].relative_to(self.folder).as_posix()

    def label(self, path: Path) -> str:
        """The sub-folder that an image lies in, "" for none."""
        parts = path.relative_to(self.folder).parts
        return parts[0] if len(parts) > 1 else ""

    def batches_for(self, backbone: Backbone, size: int) -> Iterator[Batch]:
        """The images in order, cut as a network of a backbone was trained to see them.

        Raises:
            InputError: none of the files is an image.
        """
        return self.batches(size, backbone.input_px, backbone.preprocessing.short_side)

    def batches(
        self, size: int = 32, side: int = 224, short_side: int | None = None
    ) -> Iterator[Batch]:
        """The images in order, `size` at a time, or all at once if there are fewer.

        Args:
            size: Images in a batch.
            side: Of the images, in pixels.
            short_side: See `read_image`.

        Raises:
            InputError: none of the files is an image.
        """
        yield from self.part(range(len(self.paths)), size, side, short_side)
        if len(self.skipped) == len(self.paths):
            raise self.nothing()

    def nothing(self) -> InputError:
        """The error that none of the files is an image."""
        first, why = next(iter(self.skipped.items()))
        return InputError(
            f"none of the {len(self.paths)} image files in {self.folder} can be read",
            why=f"{first.name}: {why}",
        )

    def part_for(self, backbone: Backbone, chosen: Iterable[int], size: int) -> Iterator[Batch]:
        """Some of the images, by their places, cut as `batches_for` cuts them."""
        return self.part(chosen, size, backbone.input_px, backbone.preprocessing.short_side)

    def part(
        self, chosen: Iterable[int], size: int, side: int, short_side: int | None = None
    ) -> Iterator[Batch]:
        """Some of the images, by their places; batches are as large as those of all images."""
        size = min(size, len(self.paths))
        images: list[NDArray[np.float32]] = []
        places: list[int] = []
        reader = partial(read_image, side=side, short_side=short_side)
        for place, image in self._decoded(chosen, reader, 2 * size):
            images.append(image)
            places.append(place)
            if len(places) == size:
                yield self._batch(images, places, size)
                images, places = [], []
        if places:
            yield self._batch(images, places, size)

    def _decoded(
        self, chosen: Iterable[int], read: Callable[[Path], NDArray[np.float32]], ahead: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The place and the pixels of each readable image in order, `ahead` at a time."""
        todo = ((place, self.paths[place]) for place in chosen)
        waiting: deque[tuple[int, Path, Future[NDArray[np.float32]]]] = deque()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as pool:
            try:
                while True:
                    for place, path in islice(todo, ahead - len(waiting)):
                        waiting.append((place, path, pool.submit(read, path)))
                    if not waiting:
                        return
                    place, path, image = waiting.popleft()
                    try:
                        yield place, image.result()
                    except InputError as error:
                        self.skipped[path] = error.why
            finally:
                pool.shutdown(cancel_futures=True)

    def _batch(self, images: list[NDArray[np.float32]], places: list[int], size: int) -> Batch:
        paths = [self.paths[place] for place in places]
        return Batch(
            filled(np.stack(images), size),
            np.array(places, np.int64),
            tuple(map(self.name, places)),
            tuple(self.label(path) for path in paths),
        )


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
        (path for path in _files(folder) if path.suffix.lower() in SUFFIXES),
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


def _files(folder: Path, within: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """The files of a folder and of its sub-folders, behind symbolic links too, without circles."""
    real = folder.resolve()
    if real in within:
        return
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path, within | {real})
        elif path.is_file():
            yield path


def read_image(path: Path, side: int = 224, short_side: int | None = None) -> NDArray[np.float32]:
    """The centre square of one image, RGB 0..255, `[side, side, 3]`.

    Args:
        path: The file.
        side: Pixels of the result.
        short_side: The image's shorter side is resized to so many pixels, and a square of `side`
            cut out. None: the largest square is cut out, and resized.

    Raises:
        InputError: the file is no image of one of the `FORMATS`, a broken one, or one whose values
            could be of any range.
    """
    _hush()
    try:
        with Image.open(path, formats=FORMATS) as opened:
            image = _rgb(ImageOps.exif_transpose(opened))
    except _UNREADABLE as error:
        raise InputError(
            f"{path} is no image, or is broken", why=str(error) or type(error).__name__
        ) from error
    width, height = image.size
    if short_side is not None:
        shrink = max(short_side, side) / min(width, height)
        width, height = (max(side, round(size * shrink)) for size in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    cut = min(width, height) if short_side is None else side
    left, top = (width - cut) // 2, (height - cut) // 2
    square = image.crop((left, top, left + cut, top + cut))
    resized = square.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)


def _rgb(image: Image.Image) -> Image.Image:
    """An image in 8 bits for each colour.

    Pillow cuts numbers of more than 8 bits off at 255, so that such an image would be white, and
    one of 0..1 black. What the numbers of an image of 32 bits mean is said nowhere; their range
    tells.

    Raises:
        ValueError: numbers below 0, or above what 16 bits hold.
    """
    if image.mode != "F" and not image.mode.startswith("I"):
        return image.convert("RGB")
    values = np.asarray(image).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    whole = image.mode != "F"
    if not 0 <= low <= high <= 65535:
        raise ValueError(f"its values lie in {low:g}..{high:g}; 0..1, 0..255 or 0..65535 are read")
    if "16" in image.mode or high > 255:
        values /= 257
    elif not whole and high <= 1:
        values *= 255
    return Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB")


def _hush() -> None:
    """Refuse files that say they are enormous; oddities of a file's metadata don't matter.

    Filters of warnings are the process's own, so threads can't set and restore them; these speak of
    Pillow alone and stay.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
