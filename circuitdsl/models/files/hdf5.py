"""The public HDF5 dump of inceptionv1-caffe2: a folder with one file per tensor.

In: the folder, `NAME.h5` for each tensor with one dataset of that name. Out: the tensors by name.
Convolution kernels lie there as `[out, height, width, in]`, and a dense layer's weights as
`[out, 1, 1, in]` or `[out, in]`; both are turned to the backbones' `[..., in, out]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from circuitdsl.models.files.stored import FloatArray, Stored
from circuitdsl.text.diagnostics import InputError


def read_dump(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Stored]:
    """The tensors of a dump by name.

    Args:
        folder: The folder.
        shapes: The shapes that are wanted; a dense layer may lie there as a 1x1 convolution.

    Raises:
        InputError: the folder has no HDF5 files, or one of them cannot be read.
    """
    inner = folder / "dump"
    files = sorted((inner if inner.is_dir() else folder).glob("*.h5"))
    if not files:
        raise InputError(
            f"{folder} holds no HDF5 files",
            why="a weight folder is a dump with one NAME.h5 per tensor",
            help="give the folder that holds conv2d0_w.h5 and the others",
        )
    return {path.stem: _stored(path, shapes.get(path.stem, ())) for path in files}


def _stored(path: Path, wanted: tuple[int, ...]) -> Stored:
    try:
        with h5py.File(path, "r") as file:
            dataset = _own_dataset(path, file)
            shape, dtype = tuple(dataset.shape), str(dataset.dtype.name)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    shape = _weight_shape(shape, dense=len(wanted) == 2)
    return Stored(shape, dtype, partial(_read, path, shape))


def _own_dataset(path: Path, file: h5py.File) -> h5py.Dataset:
    """The dataset of the file's name, whose numbers lie in this file and in no other.

    Raises:
        InputError: there is none, it is empty, or it would read other files.
    """
    link = file.get(path.stem, getlink=True)
    dataset = file.get(path.stem) if isinstance(link, h5py.HardLink) else None
    if link is not None and dataset is None:
        raise InputError(
            f"`{path.stem}` of {path} is a link",
            why="a weight file is not to read other files",
            help="write the numbers into the file itself",
        )
    if not isinstance(dataset, h5py.Dataset):
        raise InputError(
            f"{path} has no dataset `{path.stem}`",
            help="each file of a dump holds one dataset of its own name",
        )
    if dataset.shape is None:
        raise InputError(f"the dataset `{path.stem}` of {path} is empty")
    if dataset.external or dataset.is_virtual:
        raise InputError(
            f"the numbers of `{path.stem}` in {path} lie in other files",
            why="a weight file is not to read other files",
            help="write the numbers into the file itself",
        )
    return dataset


def _read(path: Path, shape: tuple[int, ...]) -> FloatArray:
    try:
        with h5py.File(path, "r") as file:
            values = np.asarray(_own_dataset(path, file), np.float32)
        if values.ndim > 1:
            values = np.moveaxis(values, 0, -1)
        return np.ascontiguousarray(values).reshape(shape)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(path, error) from error


def _weight_shape(shape: tuple[int, ...], *, dense: bool) -> tuple[int, ...]:
    """The shape of a dumped tensor once its output axis is last."""
    if len(shape) < 2:
        return shape
    window, ends = shape[1:-1], (shape[-1], shape[0])
    # the dense layer was kept as a 1x1 convolution
    return ends if dense and set(window) <= {1} else (*window, *ends)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} cannot be read as HDF5",
        why=str(error),
        help="fetch it again: a download that stopped half-way looks like this",
    )
