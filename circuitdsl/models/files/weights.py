"""Weight files in and out.

In: a path: `.safetensors`, `.npz`, `.onnx`, the zip that TensorFlow published (`inception5h.zip`)
or the bare `.pb` in it, or the folder of the public HDF5 dump; and the backbone that the weights
are for. Out: every weight of the backbone by its name, float32, kernels `[height, width, in, out]`,
all of them present, of the right shape and finite. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from circuitdsl.ir.backbones import Backbone
from circuitdsl.models.files.graphdef import read_graphdef
from circuitdsl.models.files.named import Named, listed
from circuitdsl.models.files.npz import read_npz
from circuitdsl.models.files.onnx import read_onnx
from circuitdsl.models.files.stored import FloatArray, Stored
from circuitdsl.models.files.wire import WireError
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, read_as_input

GRAPH_MEMBER = "tensorflow_inception_graph.pb"
"""The frozen graph inside `inception5h.zip`."""

DIGEST_KEY = "tensors_sha256"
"""Metadata key under which a written file states the SHA-256 of its tensors."""

_MAX_GRAPH_BYTES = 512 << 20  # the published graph has 54 MB
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)
_AGAIN = "fetch it again: a download that stopped half-way looks like this"


def read_weights(path: Path, backbone: Backbone) -> dict[str, FloatArray]:
    """Every weight of `backbone`, from any of the files that are understood.

    Raises:
        InputError: no such file, an unknown or damaged one, or tensors that are missing, unexpected
            (but for a GraphDef, whose auxiliary heads are passed over), meant by two names, of a
            wrong shape or type, or not finite: one message with the names.
    """
    if not path.exists():
        raise InputError(f"there is no weight file {path}")
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is neither a file nor a folder", help="check the path")
    read_as_input(path)
    try:
        tensors = _sorted(path, backbone)
        weights = tensors.read()
    except WireError as error:
        raise InputError(f"{path} is damaged", why=str(error), help=_AGAIN) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=str(error)) from error
    broken = [name for name, values in weights.items() if not np.isfinite(values).all()]
    if broken:
        raise InputError(
            f"{path} holds values that are not finite, in {listed(broken)}", help=_AGAIN
        )
    return weights


def read_arrays(path: Path) -> dict[str, FloatArray]:
    """Every array of a `.safetensors` or `.npz` file, float32.

    Raises:
        InputError: no such file, an unknown or damaged one, or arrays that are no real numbers.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    read_as_input(path)
    stored = read_npz(path) if path.suffix.lower() == ".npz" else _read_safetensors(path)
    strange = [name for name, one in stored.items() if not one.dtype.startswith(("float", "int"))]
    if strange:
        raise InputError(f"{path} holds arrays that are no real numbers: {listed(strange)}")
    return {name: np.asarray(one.read(), np.float32) for name, one in stored.items()}


def write_weights(
    path: Path, weights: Mapping[str, FloatArray], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as safetensors, whole or not at all, with the digest of the tensors.

    Raises:
        InputError: the file cannot be written, for instance because the disk is full.
    """
    arrays = {name: np.ascontiguousarray(values, np.float32) for name, values in weights.items()}
    notes = {**(metadata or {}), DIGEST_KEY: tensors_digest(arrays)}
    try:
        with atomic_path(path) as temporary:
            save_file(arrays, temporary, notes)
            _sort_metadata(temporary)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be written", why=str(error)) from error


def _sort_metadata(path: Path) -> None:
    """Write the metadata in order: safetensors has none, and equal files would differ."""
    with path.open("r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        file.seek(8)
        file.write(text.ljust(length))


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file.

    Raises:
        InputError: the file is no safetensors file.
    """
    with _safetensors(path) as file:
        return dict(file.metadata() or {})


def tensors_digest(weights: Mapping[str, FloatArray]) -> str:
    """SHA-256 over names, shapes and little-endian values in order of name.

    It does not depend on the file format or its metadata.
    """
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name], "<f4")
        digest.update(f"{name} {list(values.shape)}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()


def _sorted(path: Path, backbone: Backbone) -> Named:
    """The tensors of a file under the layers that they belong to.

    Raises:
        InputError: they are not all that the backbone needs, or more.
    """
    tensors = Named(backbone)
    graph = path.suffix.lower() in (".zip", ".pb")  # it may hold more than the backbone needs
    turned = path.suffix.lower() == ".onnx"
    tensors.sort(_open(path, backbone), turned=turned, extras_allowed=graph)
    if tensors.faults:
        raise InputError(
            f"{path} does not hold the weights of {backbone.name}",
            why="; ".join(tensors.faults),
            help=f"give weights of {backbone.name}, or name the model that they belong to",
        )
    return tensors


def _open(path: Path, backbone: Backbone) -> dict[str, Stored]:
    """The tensors of a file."""
    if path.is_dir():
        from circuitdsl.models.files.hdf5 import read_dump  # h5py loads only where it is needed

        return read_dump(path, backbone.parameter_shapes)
    match path.suffix.lower():
        case ".safetensors":
            return _read_safetensors(path)
        case ".npz":
            return read_npz(path)
        case ".zip":
            return read_graphdef(_graph_in_zip(path), f"{GRAPH_MEMBER} in {path}")
        case ".pb" | ".onnx" as suffix:
            if path.stat().st_size > _MAX_GRAPH_BYTES:
                raise InputError(f"{path} is too large to be the weights of {backbone.name}")
            read = read_graphdef if suffix == ".pb" else read_onnx
            return read(path.read_bytes(), str(path))
        case _:
            raise InputError(
                f"{path} is no weight file that is known here",
                help="give a .safetensors, .npz, .onnx, a frozen graph (.pb, inception5h.zip), "
                "or the folder of the HDF5 dump",
            )


def _safetensors(path: Path) -> Any:
    try:
        return safe_open(path, "numpy")
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is no safetensors file, or is damaged", why=str(error), help=_AGAIN
        ) from error


def _read_safetensors(path: Path) -> dict[str, Stored]:
    names = {"F32": "float32", "F16": "float16", "F64": "float64", "BF16": "bfloat16"}
    stored: dict[str, Stored] = {}
    with _safetensors(path) as file:
        for name in file.keys():  # noqa: SIM118 (no mapping: it cannot be iterated)
            part = file.get_slice(name)
            dtype = names.get(part.get_dtype() or "", "of another type")
            stored[name] = Stored(tuple(part.get_shape()), dtype, partial(_tensor, path, name))
    return stored


def _tensor(path: Path, name: str) -> FloatArray:
    with _safetensors(path) as file:
        return file.get_tensor(name)


def _graph_in_zip(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(GRAPH_MEMBER)
            if member.file_size > _MAX_GRAPH_BYTES:
                raise InputError(f"{GRAPH_MEMBER} in {path} is too large to be this network's")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"{GRAPH_MEMBER} in {path} is compressed in an unusual way")
            return archive.read(GRAPH_MEMBER)
    except KeyError as error:
        raise InputError(f"{path} holds no {GRAPH_MEMBER}") from error
    except _BAD_ZIP as error:
        raise InputError(
            f"{path} is no zip archive, or is damaged", why=str(error), help=_AGAIN
        ) from error
