"""Photographs from a folder or an archive, as a network sees them.

In: a folder of image files, flat or with one sub-folder per class, or an archive (`archives.py`).
Out: `ImageSet`, which streams batches of RGB images `[size, side, side, 3]`, float32 in 0..255,
holding few at a time; threads decode ahead of whatever looks at them. An image is turned as its
EXIF says, cut to its centre square and resized with Pillow's bilinear filter, in this order or the
other. A file that is no image is left out and named.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from circuitdsl.ir.backbones import Backbone
from circuitdsl.stimuli.archives import source_of
from circuitdsl.stimuli.batches import Batch, filled
from circuitdsl.stimuli.sources import Content, Source
from circuitdsl.text.diagnostics import InputError

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

logging.getLogger("PIL").addHandler(logging.NullHandler())
"""What Pillow says of a broken file is said in its exception, too."""


@dataclass(frozen=True)
class Cut:
    """How an image is cut to a square.

    Attributes:
        side: Of the square, in pixels.
        short_side: See `read_image`.
    """

    side: int = 224
    short_side: int | None = None

    @classmethod
    def of(cls, backbone: Backbone) -> Cut:
        """As a network of a backbone was trained to see images."""
        return cls(backbone.input_px, backbone.preprocessing.short_side)


class Paths(Sequence[Path]):
    """Images by what to call them: a path in the folder or the archive.

    Only names are kept, since there may be a million.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.names = names

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Paths: ...
    def __getitem__(self, index: int | slice) -> Path | Paths:
        """One of them, or some."""
        if isinstance(index, slice):
            return Paths(self.folder, self.names[index])
        return self.folder / self.names[index]

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass
class ImageSet:
    """The images of a folder or an archive, in a fixed order.

    Attributes:
        folder: Where they are: a folder, or an archive.
        paths: What to call them, sorted by their path in the folder.
        skipped: Files that turned out to be no images, and why; filled while reading, each once.
        source: Gives what lies there.
        classes: The label that each number stands for, where the images' classes are numbers.
    """

    folder: Path
    paths: Paths
    source: Source
    skipped: dict[Path, str] = field(default_factory=dict[Path, str])
    classes: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """The files that turned out to be no images, and why."""
        return tuple((str(path), why) for path, why in self.skipped.items())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the images that can be read, as far as they have been."""
        skipped = {path.relative_to(self.folder).as_posix() for path in self.skipped}
        return tuple(name for name in self.paths.names if name not in skipped)

    def name(self, place: int) -> str:
        """An image's path in the folder or the archive, by its place."""
        return self.paths.names[place]

    def some(self, places: Iterable[int]) -> ImageSet:
        """Some of the images, by their places."""
        names = [self.paths.names[place] for place in places]
        return replace(self, paths=Paths(self.folder, names), skipped={})

    def label(self, path: Path) -> str:
        """The class of an image, "" for none: the sub-folder that it lies in, or its label.

        Raises:
            InputError: a number beyond the list of classes.
        """
        return self._label(path.relative_to(self.folder).as_posix())

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that there are, sorted."""
        return tuple(sorted({self._label(name) for name in self.paths.names}))

    def _label(self, name: str) -> str:
        label = self.source.label(name)
        if self.classes is None or not label.isdecimal():
            return label
        if int(label) >= len(self.classes):
            raise InputError(
                f"{name} is of class {label}, and the list of classes has {len(self.classes)}",
                help="the first line of the list is class 0",
            )
        return self.classes[int(label)]

    def listed(self, places: Iterable[int]) -> list[str]:
        """The names and the sizes of some images, by their places."""
        names = (self.paths.names[place] for place in places)
        return [f"{name} {self.source.size(name)}" for name in names]

    def batches_for(self, backbone: Backbone, size: int) -> Iterator[Batch]:
        """The images in order, cut as a network of a backbone was trained to see them.

        Raises:
            InputError: none of the files is an image.
        """
        cut = Cut.of(backbone)
        return self.batches(size, cut.side, cut.short_side)

    def batches(
        self, size: int = 32, side: int = 224, short_side: int | None = None
    ) -> Iterator[Batch]:
        """The images in order, `size` at a time, or all at once if there are fewer.

        Args:
            size: Images in a batch.
            side: The side of the images, in pixels.
            short_side: See `read_image`.

        Raises:
            InputError: none of the files is an image.
        """
        yield from self.part(range(len(self)), size, Cut(side, short_side))
        self.check_readable()

    def check_readable(self) -> None:
        """Refuse a set of which nothing could be read.

        Raises:
            InputError: none of the files is an image.
        """
        if len(self.skipped) < len(self):
            return
        first, why = next(iter(self.skipped.items()))
        raise InputError(
            f"none of the {len(self)} image files in {self.folder} can be read",
            why=f"{first.name}: {why}",
        )

    def part_for(self, backbone: Backbone, chosen: Iterable[int], size: int) -> Iterator[Batch]:
        """Some of the images, by their places, cut as `batches_for` cuts them."""
        return self.part(chosen, size, Cut.of(backbone))

    def part(self, chosen: Iterable[int], size: int, cut: Cut) -> Iterator[Batch]:
        """Some of the images, by their places; batches are as large as those of all images."""
        size = min(size, len(self))
        images: list[NDArray[np.float32]] = []
        places: list[int] = []
        for place, image in self._decoded(chosen, cut, 2 * size):
            images.append(image)
            places.append(place)
            if len(places) == size:
                yield self._batch(images, places, size)
                images, places = [], []
        if places:
            yield self._batch(images, places, size)

    def read(self, name: str, cut: Cut) -> NDArray[np.float32]:
        """One image by its name, `[side, side, 3]`.

        Raises:
            InputError: it is no image, or a broken one.
        """
        try:
            content = self.source.content(name)
        except OSError as error:
            raise InputError(f"{name} cannot be read", why=str(error)) from error
        return decoded(content, name, cut)

    def digest(self, path: Path) -> bytes:
        """SHA-256 of an image as it lies there.

        Raises:
            OSError: it cannot be read.
        """
        content = self.source.content(path.relative_to(self.folder).as_posix())
        if isinstance(content, Path):
            content = content.read_bytes()
        return hashlib.sha256(content if isinstance(content, bytes) else content.tobytes()).digest()

    def _decoded(
        self, chosen: Iterable[int], cut: Cut, ahead: int
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The place and the pixels of each readable image in order, `ahead` at a time."""
        todo = ((place, self.paths.names[place]) for place in chosen)
        waiting: deque[tuple[int, str, Future[NDArray[np.float32]]]] = deque()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="decode") as pool:
            try:
                while True:
                    for place, name in islice(todo, ahead - len(waiting)):
                        waiting.append((place, name, pool.submit(self.read, name, cut)))
                    if not waiting:
                        return
                    place, name, image = waiting.popleft()
                    try:
                        yield place, image.result()
                    except InputError as error:
                        self.skipped[self.folder / name] = error.why
            finally:
                pool.shutdown(cancel_futures=True)

    def _batch(self, images: list[NDArray[np.float32]], places: list[int], size: int) -> Batch:
        names = [self.paths.names[place] for place in places]
        return Batch(
            filled(np.stack(images), size),
            np.array(places, np.int64),
            tuple(names),
            tuple(map(self._label, names)),
        )


def open_images(
    folder: Path, limit: int | None = None, classes: Sequence[str] | None = None
) -> ImageSet:
    """The images of a folder and its sub-folders, of a `.tar`, a parquet or an `.npz` file.

    Args:
        folder: Holds image files, or sub-folders (one for each class) that do, or archives of one
            kind; or such an archive.
        limit: Take this many, evenly spread over the sorted list and so over the classes: of n
            files number floor(i n / limit) for i = 0 .. limit - 1. The choice depends on the names
            alone.
        classes: The label that each number stands for, where the images' classes are numbers.

    Raises:
        InputError: no such folder, no images in it, or a limit below 1.
    """
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit} images leaves nothing to look at")
    source = source_of(folder)
    names = source.names
    if limit is not None and limit < len(names):
        names = [names[index * len(names) // limit] for index in range(limit)]
    return ImageSet(
        folder, Paths(folder, names), source, classes=None if classes is None else tuple(classes)
    )


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
    return decoded(path, str(path), Cut(side, short_side))


def decoded(content: Content, name: str, cut: Cut) -> NDArray[np.float32]:
    """The centre square of one image, as `read_image` gives it.

    Args:
        content: A file, its bytes, or the pixels themselves.
        name: What messages call it.
        cut: How it is cut.

    Raises:
        InputError: see `read_image`.
    """
    _hush()
    try:
        image = _opened(content)
    except _UNREADABLE as error:
        raise InputError(
            f"{name} is no image, or is broken", why=str(error) or type(error).__name__
        ) from error
    side, short_side = cut.side, cut.short_side
    width, height = image.size
    if short_side is not None:
        shrink = max(short_side, side) / min(width, height)
        width, height = (max(side, round(size * shrink)) for size in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    cut_px = min(width, height) if short_side is None else side
    left, top = (width - cut_px) // 2, (height - cut_px) // 2
    square = image.crop((left, top, left + cut_px, top + cut_px))
    resized = square.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)


def _opened(content: Content) -> Image.Image:
    """An image in 8 bits for each colour, turned as it says."""
    if isinstance(content, np.ndarray):
        return Image.fromarray(np.ascontiguousarray(content))
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    with Image.open(stream, formats=FORMATS) as image:
        return _rgb(ImageOps.exif_transpose(image))


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
