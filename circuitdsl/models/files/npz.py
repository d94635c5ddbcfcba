"""Arrays of a NumPy archive.

In: a `.npz` file. Out: its arrays by name. The headers alone are read to know their shapes, and
nothing is unpickled.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from circuitdsl.models.files.stored import FloatArray, Stored
from circuitdsl.text.diagnostics import InputError

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,  # an archive with a password
    KeyError,
    TypeError,
    SyntaxError,  # a header that is no dictionary
    tokenize.TokenError,
    MemoryError,
)
"""What a damaged archive raises."""


def read_npz(path: Path) -> dict[str, Stored]:
    """The arrays of an archive by name.

    Raises:
        InputError: the file is no such archive, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): _stored(path, archive, name) for name in names}
    except BROKEN as error:
        raise _unreadable(path, error) from error


def _stored(path: Path, archive: zipfile.ZipFile, name: str) -> Stored:
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    return Stored(shape, str(dtype.name), partial(_read, path, name))


def _read(path: Path, name: str) -> FloatArray:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except BROKEN as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} is no archive of arrays, or is damaged",
        why=str(error),
        help="write it with `numpy.savez`",
    )
