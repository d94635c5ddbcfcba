"""Images in `.tar` files, parquet files and `.npz` archives.

In: the files, of one kind. Out: a `Source` (`sources.py`). An image of several files is called
`FILE/NAME`, that of a single one `NAME`.
"""

from __future__ import annotations

import os
import tarfile
import threading
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.models.files.npz import BROKEN
from circuitdsl.stimuli.sources import SUFFIXES, Files, Source, folder_of
from circuitdsl.text.diagnostics import InputError

ROWS_KEPT = 2
"""Groups of rows of parquet files that are in memory at a time."""

_MOST_PIXELS = 4 << 30  # bytes of an archive of arrays, which is read whole


def source_of(path: Path) -> Source:
    """The images of a folder or of a file, by what lies there.

    A folder of `.tar`, parquet or `.npz` files, and of no image files, is those files together.

    Raises:
        InputError: no such path, no images, or an archive that is none.
    """
    if path.is_file():
        kind = _KINDS.get(path.suffix.lower())
        if kind is None:
            raise InputError(
                f"{path} is neither a folder of images nor an archive that is known here",
                help=f"give a folder, or a file that ends in {', '.join(_KINDS)}",
            )
        return kind([path])
    if not path.is_dir():
        raise InputError(f"there is no image folder {path}")
    files = Files(path)
    if files.names:
        return files
    for suffix, kind in _KINDS.items():
        inside = sorted(path.glob(f"*{suffix}"))
        if inside:
            return kind(inside)
    raise InputError(
        f"{path} holds no images",
        why=f"no file there or in its sub-folders ends in {', '.join(sorted(SUFFIXES))}, "
        f"and none there in {', '.join(_KINDS)}",
        help="give a folder of photographs, flat or with one sub-folder for each class",
    )


_ARROW = (ValueError, KeyError, TypeError, NotImplementedError, IndexError, RuntimeError)
"""What errors of pyarrow are kinds of."""


def _prefixes(files: Sequence[Path]) -> list[str]:
    return [f"{file.name}/" if len(files) > 1 else "" for file in files]


# ---- tar


class Tar:
    """Image files in `.tar` files, read where they lie.

    The class of an image is the folder that it lies in; else what the `.cls` file of its name says,
    as WebDataset has it; else the name of its `.tar` file, if that is one of several.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._labels: dict[str, str] = {}
        at: dict[str, tuple[int, int, int]] = {}
        for number, (file, prefix) in enumerate(zip(files, _prefixes(files), strict=True)):
            try:
                at |= self._index(number, file, prefix)
            except (tarfile.TarError, OSError, EOFError, ValueError) as error:
                raise _no_archive(file, "tar", error) from error
        self.names: Sequence[str] = sorted(at)
        # file, offset and bytes of each: as an array, since there may be a million
        self._at = np.array([at[name] for name in self.names], np.int64).reshape(-1, 3)
        if not self.names:
            raise InputError(f"{files[0]} holds no images", help="check what was packed")

    def _index(self, number: int, file: Path, prefix: str) -> dict[str, tuple[int, int, int]]:
        """Where each image of a file lies."""
        classes: dict[str, str] = {}
        at: dict[str, tuple[int, int, int]] = {}
        lies: dict[str, tuple[int, int]] = {}
        with tarfile.open(file, "r:") as archive, file.open("rb") as stream:
            for member in archive:
                # what was read is noted here: tarfile would keep a kilobyte of each entry, and look
                # for what a link names among all of them
                archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue]
                if member.isfile():
                    lies[member.name] = (member.offset_data, member.size)
                # entries of an archive may be links to earlier ones, and to nothing else
                place = lies.get(member.linkname if member.islnk() else member.name)
                if place is None:
                    if member.islnk():
                        raise ValueError(f"{member.name} is a link to nothing before it")
                    continue
                stem, dot, suffix = member.name.removeprefix("./").rpartition(".")
                if suffix == "cls" and place[1] < 1000:
                    stream.seek(place[0])
                    content = stream.read(place[1])
                    classes[stem] = content.decode("utf-8", "replace").strip()
                elif f".{suffix.lower()}" in SUFFIXES:
                    at[f"{prefix}{stem}{dot}{suffix}"] = (number, *place)
        alone = file.stem if len(self.files) > 1 else ""
        for name in at:
            own = name.removeprefix(prefix)
            label = folder_of(own) or classes.get(own.rpartition(".")[0], alone)
            if label != folder_of(own):
                self._labels[name] = label
        return at

    @cached_property
    def _open(self) -> list[int]:
        return [os.open(file, os.O_RDONLY) for file in self.files]

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it opens the files itself."""
        return {name: value for name, value in vars(self).items() if name != "_open"}

    def content(self, name: str) -> bytes:
        """The bytes of an image."""
        number, offset, size = self._at[bisect_left(self.names, name)].tolist()
        return os.pread(self._open[number], size, offset)

    def size(self, name: str) -> int:
        """Its bytes."""
        return int(self._at[bisect_left(self.names, name), 2])

    def label(self, name: str) -> str:
        """Its class."""
        own = name.partition("/")[2] if len(self.files) > 1 else name
        return self._labels.get(name) or folder_of(own)


# ---- parquet


class Parquet:
    """Images in the columns of parquet files, as Hugging Face names them.

    `image` is a struct of `bytes` and `path`, or bytes alone; `label` is a name or an integer.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._labels: list[str] = []
        self._starts: list[list[int]] = []  # by file, the first row of each group
        self._rows: list[int] = [0]  # the number of rows before each file
        for file in files:
            self._index(file)
        self._lock = threading.Lock()
        self._groups: dict[tuple[int, int], Any] = {}
        self.names: Sequence[str] = _Numbered(self._rows[-1])

    def _index(self, file: Path) -> None:
        parquet = _pyarrow_parquet()
        try:
            with parquet.ParquetFile(file, pre_buffer=False) as table:
                columns = table.schema_arrow.names
                if "image" not in columns:
                    raise InputError(
                        f"{file} has no column `image`", why=f"it has {', '.join(columns)}"
                    )
                meta = table.metadata
                sizes = [meta.row_group(group).num_rows for group in range(meta.num_row_groups)]
                if "label" in columns:
                    labels = table.read(["label"], use_threads=False)
                    values = labels.column("label").to_pylist()
                    self._labels += ["" if value is None else str(value) for value in values]
                else:
                    self._labels += [""] * meta.num_rows
        except InputError:
            raise
        except (OSError, *_ARROW) as error:
            raise _no_archive(file, "parquet", error) from error
        starts = [0]
        for size in sizes:
            starts.append(starts[-1] + size)
        self._starts.append(starts)
        self._rows.append(self._rows[-1] + starts[-1])

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it reads rows itself."""
        return {**vars(self), "_lock": None, "_groups": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what another process knows."""
        vars(self).update(state, _lock=threading.Lock())

    def content(self, name: str) -> bytes:
        """The bytes of an image."""
        number, row = self._place(name)
        group = int(np.searchsorted(self._starts[number], row, side="right")) - 1
        try:
            with self._lock:
                column = self._group(number, group)
        except _ARROW as error:
            raise OSError(str(error)) from error
        value = column[row - self._starts[number][group]].as_py()
        content = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(content, bytes):
            raise OSError("its row holds no bytes")
        return content

    def _group(self, number: int, group: int) -> Any:
        """The images of a group of rows."""
        if (number, group) not in self._groups:
            while len(self._groups) >= ROWS_KEPT:
                self._groups.pop(next(iter(self._groups)))
            with _pyarrow_parquet().ParquetFile(self.files[number], pre_buffer=False) as table:
                # by this thread: arrow's own threads would keep memory of theirs
                images = table.read_row_group(group, columns=["image"], use_threads=False)
            self._groups[number, group] = images.column("image")
        return self._groups[number, group]

    def size(self, name: str) -> int:
        """The bytes of the file that it lies in."""
        return self.files[self._place(name)[0]].stat().st_size

    def label(self, name: str) -> str:
        """Its class."""
        return self._labels[int(name)]

    def _place(self, name: str) -> tuple[int, int]:
        """The file, and the row in it."""
        row = int(name)
        number = int(np.searchsorted(self._rows, row, side="right")) - 1
        return number, row - self._rows[number]


def _pyarrow_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            "parquet files are read by pyarrow, which is not installed",
            help="pip install 'circuitdsl[parquet]'",
        ) from error
    return pyarrow.parquet


class _Numbered(Sequence[str]):
    """Names that are numbers, of one width so that they sort; none is kept."""

    def __init__(self, total: int) -> None:
        self.total = total

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [f"{place:09d}" for place in range(self.total)[index]]
        return f"{range(self.total)[index]:09d}"


# ---- npz


class Arrays:
    """`.npz` archives with `images`, `[n, height, width, 3]` or `[n, height, width]`, 8 bits.

    `labels`, if it is there, holds the class of each, a name or an integer.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._pixels: list[NDArray[np.uint8]] = []
        self._labels: list[str] = []
        for file in files:
            try:
                self._read(file)
            except (OSError, *BROKEN) as error:
                raise _no_archive(file, "npz", error) from error
        self.names: Sequence[str] = _Numbered(sum(map(len, self._pixels)))

    def _read(self, file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
        if claimed > _MOST_PIXELS:
            raise ValueError(f"it says that it holds {claimed:,} bytes")
        with np.load(file, allow_pickle=False) as arrays:
            # NumPy hands out as bytes what is no array
            pixels = np.asarray(arrays["images"])
            labels = (
                np.asarray(arrays["labels"]) if "labels" in arrays else np.full(len(pixels), "")
            )
        if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4):
            raise ValueError(f"`images` is {pixels.dtype} {list(pixels.shape)}, not 8-bit images")
        if pixels.ndim == 4 and pixels.shape[3] not in (1, 3):
            raise ValueError(f"`images` has {pixels.shape[3]} colours")
        if len(labels.ravel()) != len(pixels):
            raise ValueError(f"{len(labels.ravel())} labels for {len(pixels)} images")
        self._pixels.append(pixels.reshape(*pixels.shape[:3], -1))
        self._labels += [str(label) for label in labels.ravel().tolist()]

    def content(self, name: str) -> NDArray[np.uint8]:
        """The pixels of an image."""
        row = int(name)
        for pixels in self._pixels:
            if row < len(pixels):
                return np.broadcast_to(pixels[row], (*pixels.shape[1:3], 3))
            row -= len(pixels)
        raise OSError("there is no such image")

    def size(self, name: str) -> int:
        """The bytes of its pixels."""
        return self.content(name).size

    def label(self, name: str) -> str:
        """Its class."""
        return self._labels[int(name)]


def _no_archive(file: Path, kind: str, error: Exception) -> InputError:
    return InputError(f"{file} is no {kind} file of images, or is damaged", why=str(error))


_KINDS: dict[str, Callable[[Sequence[Path]], Source]] = {
    ".tar": Tar,
    ".parquet": Parquet,
    ".npz": Arrays,
}
"""The kinds of archives, by what the names of their files end in."""
