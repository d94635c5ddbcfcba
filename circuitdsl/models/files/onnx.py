"""Initialisers of an ONNX model, without ONNX.

In: the bytes of a serialised `ModelProto`. Out: its floating-point initialisers by name
(`onnx.proto`: `ModelProto.graph`, `GraphProto.initializer`, `TensorProto`); the rest is skipped.
Kernels lie there as `[out, in, height, width]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from circuitdsl.models.files.stored import FloatArray, Stored
from circuitdsl.models.files.wire import (
    BYTES,
    FIXED32,
    MAX_DIMENSIONS,
    VARINT,
    Budget,
    WireError,
    fields,
    message_of,
    varint,
)
from circuitdsl.text.diagnostics import InputError

_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_DIMS, _DTYPE, _FLOATS, _NAME, _RAW, _LOCATION = 1, 2, 4, 8, 9, 14
_FLOAT = 1
_TYPES = {_FLOAT: "float32", 10: "float16", 11: "float64", 16: "bfloat16"}
"""The types that weights have; others are shapes and indices."""


def read_onnx(data: bytes, where: str) -> dict[str, Stored]:
    """The floating-point initialisers of a serialised model, by name.

    Args:
        data: The whole file.
        where: What messages call it.

    Raises:
        InputError: the bytes are no model, or its weights are in another file.
    """
    try:
        initialisers = dict(_initialisers(memoryview(data), where))
    except (WireError, UnicodeDecodeError) as error:
        raise InputError(f"{where} is no ONNX model, or is damaged", why=str(error)) from error
    if not initialisers:
        raise InputError(
            f"{where} holds no weights", why="they are read from the initialisers of an ONNX graph"
        )
    return initialisers


@dataclass(frozen=True)
class _Values:
    shape: tuple[int, ...]
    raw: memoryview
    floats: bytes

    def read(self) -> FloatArray:
        content = self.raw if len(self.raw) else self.floats
        if len(content) != 4 * prod(self.shape):
            raise WireError(f"{len(content)} bytes cannot be shape {list(self.shape)}")
        return np.frombuffer(content, "<f4").astype(np.float32).reshape(self.shape)


def _initialisers(model: memoryview, where: str) -> Iterator[tuple[str, Stored]]:
    budget = Budget()
    for number, kind, graph in fields(model, budget):
        if (number, kind) != (_MODEL_GRAPH, BYTES):
            continue
        for field, wire, tensor in fields(message_of(graph), budget):
            if (field, wire) == (_GRAPH_INITIALIZER, BYTES):
                yield from _tensor(message_of(tensor), where, budget)


def _tensor(message: memoryview, where: str, budget: Budget) -> Iterator[tuple[str, Stored]]:
    name, dtype, shape = "", 0, list[int]()
    raw, floats = memoryview(b""), bytearray()
    for number, kind, value in fields(message, budget):
        if number == _DIMS:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif (number, kind) == (_DTYPE, VARINT) and isinstance(value, int):
            dtype = value
        elif number == _FLOATS and kind in (BYTES, FIXED32):
            floats += message_of(value)
        elif (number, kind) == (_NAME, BYTES):
            name = str(message_of(value), "utf-8")
        elif (number, kind) == (_RAW, BYTES):
            raw = message_of(value)
        elif (number, kind, value) == (_LOCATION, VARINT, 1):
            raise InputError(
                f"the weights of {where} are in another file",
                why=f"`{name}` is stored outside the model",
                help="save the model with its weights inside",
            )
    if len(shape) > MAX_DIMENSIONS:
        raise WireError(f"a tensor of more than {MAX_DIMENSIONS} dimensions")
    if dtype in _TYPES:
        values = _Values(tuple(shape), raw, bytes(floats))
        yield name, Stored(values.shape, _TYPES[dtype], values.read)


def _packed(data: memoryview) -> list[int]:
    numbers: list[int] = []
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        numbers.append(value)
    return numbers
