"""Constants of a frozen TensorFlow GraphDef, without TensorFlow.

In: the bytes of a serialised `GraphDef`. Out: its float32 `Const` nodes by name. Only the handful
of fields that hold them are read (protobuf wire format; TensorFlow's `graph.proto`,
`node_def.proto`, `attr_value.proto`, `tensor.proto`, `tensor_shape.proto`), the rest is skipped.
Every length is checked against what is there, so arbitrary bytes end in an `InputError`, and no
array is made before its shape is known to be wanted.
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
)
from circuitdsl.text.diagnostics import InputError

# field numbers, by message
_GRAPH_NODE = 1
_NODE_NAME, _NODE_OP, _NODE_ATTR = 1, 2, 5
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_ATTR_TENSOR = 8
_TENSOR_DTYPE, _TENSOR_SHAPE, _TENSOR_CONTENT, _TENSOR_FLOATS = 1, 2, 4, 5
_SHAPE_DIM, _DIM_SIZE = 2, 1
_DT_FLOAT = 1


def read_graphdef(data: bytes, where: str) -> dict[str, Stored]:
    """The float32 constants of a serialised GraphDef, by node name.

    Args:
        data: The whole file.
        where: What messages call it.

    Raises:
        InputError: the bytes are no GraphDef.
    """
    try:
        constants = dict(_constants(memoryview(data)))
    except (WireError, UnicodeDecodeError) as error:
        raise InputError(
            f"{where} is no TensorFlow GraphDef, or is damaged",
            why=str(error),
            help="fetch it again: a download that stopped half-way looks like this",
        ) from error
    if not constants:
        raise InputError(
            f"{where} holds no float32 constants",
            why="weights are read from the Const nodes of a frozen graph",
            help="give a frozen GraphDef such as tensorflow_inception_graph.pb",
        )
    return constants


@dataclass(frozen=True)
class _Tensor:
    """A TensorProto's shape and where its values lie."""

    shape: tuple[int, ...]
    content: memoryview
    floats: bytes

    def read(self) -> FloatArray:
        """The values, as TensorFlow expands them: too few `float_val` repeat the last."""
        count = prod(self.shape)
        if len(self.content):
            if len(self.content) != 4 * count:
                raise WireError(f"{len(self.content)} bytes cannot be shape {list(self.shape)}")
            values = np.frombuffer(self.content, "<f4")
        else:
            values = np.frombuffer(self.floats, "<f4")
            if len(values) > count:
                raise WireError(f"{len(values)} values cannot be shape {list(self.shape)}")
            last = values[-1] if len(values) else np.float32(0)
            values = np.concatenate([values, np.full(count - len(values), last, np.float32)])
        return values.astype(np.float32).reshape(self.shape)


def _constants(graph: memoryview) -> Iterator[tuple[str, Stored]]:
    budget = Budget()
    for number, kind, node in fields(graph, budget):
        if (number, kind) != (_GRAPH_NODE, BYTES):
            continue
        name = operation = ""
        tensor = None
        for field, wire, value in fields(message_of(node), budget):
            if (field, wire) == (_NODE_NAME, BYTES):
                name = str(message_of(value), "utf-8")
            elif (field, wire) == (_NODE_OP, BYTES):
                operation = str(message_of(value), "utf-8")
            elif (field, wire) == (_NODE_ATTR, BYTES):
                tensor = _value_tensor(message_of(value), budget) or tensor
        if operation == "Const" and tensor is not None:
            yield name, Stored(tensor.shape, "float32", tensor.read)


def _value_tensor(entry: memoryview, budget: Budget) -> _Tensor | None:
    """The float32 tensor of a node's attribute `value`; None for any other attribute."""
    key = ""
    attribute = memoryview(b"")
    for number, kind, value in fields(entry, budget):
        if (number, kind) == (_ENTRY_KEY, BYTES):
            key = str(message_of(value), "utf-8")
        elif (number, kind) == (_ENTRY_VALUE, BYTES):
            attribute = message_of(value)
    if key != "value":
        return None
    for number, kind, value in fields(attribute, budget):
        if (number, kind) == (_ATTR_TENSOR, BYTES):
            return _tensor(message_of(value), budget)
    return None


def _tensor(message: memoryview, budget: Budget) -> _Tensor | None:
    dtype = 0
    shape: tuple[int, ...] = ()
    content = memoryview(b"")
    floats = bytearray()
    for number, kind, value in fields(message, budget):
        if (number, kind) == (_TENSOR_DTYPE, VARINT):
            dtype = value
        elif (number, kind) == (_TENSOR_SHAPE, BYTES):
            shape = _shape(message_of(value), budget)
        elif (number, kind) == (_TENSOR_CONTENT, BYTES):
            content = message_of(value)
        elif number == _TENSOR_FLOATS and kind in (BYTES, FIXED32):
            packed = message_of(value)
            if len(packed) % 4:
                raise WireError("a list of floats ends inside one")
            floats += packed
    if dtype != _DT_FLOAT:
        return None
    return _Tensor(shape, content, bytes(floats))


def _shape(message: memoryview, budget: Budget) -> tuple[int, ...]:
    sizes: list[int] = []
    for number, kind, dimension in fields(message, budget):
        if (number, kind) != (_SHAPE_DIM, BYTES):
            continue
        size = 0  # proto3 leaves a zero out
        for field, wire, value in fields(message_of(dimension), budget):
            if (field, wire) == (_DIM_SIZE, VARINT) and isinstance(value, int):
                size = value
        sizes.append(size)
        if len(sizes) > MAX_DIMENSIONS:
            raise WireError(f"a tensor of more than {MAX_DIMENSIONS} dimensions")
    return tuple(sizes)
