"""Where the images of a set lie: folders of files, `.tar` files, parquet files, `.npz` archives.

In: a path. Out: a `Source`: the name of each image in order, and for each its bytes or its pixels,
its size and its class. A name is a path in the folder or in the archive; of images without names,
their numbers. Archives are read in place, an image at a time; nothing is unpacked or unpickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})
"""What names of image files end in."""

Content = Path | bytes | NDArray[np.uint8]
"""A file, its bytes, or the pixels themselves, RGB `[height, width, 3]`."""


class Source(Protocol):
    """Images somewhere, each by its name."""

    @property
    def names(self) -> Sequence[str]:
        """The images in order."""
        ...

    def content(self, name: str) -> Content:
        """An image as it lies there.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def size(self, name: str) -> int:
        """Its bytes, or those of the file that it lies in where that is quicker to say."""
        ...

    def label(self, name: str) -> str:
        """Its class, "" where none is said."""
        ...


class Files:
    """Image files of a folder and its sub-folders, which name the classes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = (path for path in _files(folder) if path.suffix.lower() in SUFFIXES)
        self.names: Sequence[str] = sorted(path.relative_to(folder).as_posix() for path in found)

    def content(self, name: str) -> Path:
        """The file."""
        return self.folder / name

    def size(self, name: str) -> int:
        """The bytes of the file."""
        return (self.folder / name).stat().st_size

    def label(self, name: str) -> str:
        """The sub-folder that it lies in."""
        return folder_of(name)


def folder_of(name: str) -> str:
    """The outermost folder of a name, "" for none."""
    outer, slash, _ = name.partition("/")
    return outer if slash else ""


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
