"""ONNX files written by hand, so that reader and writer differ."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def onnx(state: Mapping[str, np.ndarray], *, outside: bool = False) -> bytes:
    """A model with initialisers: the first as a list of floats, the others as raw bytes."""
    graph = b""
    for index, (name, values) in enumerate(state.items()):
        tensor = b"".join(b"\x08" + _varint(size) for size in values.shape)
        tensor += b"\x10\x01" + _field(8, name.encode())
        floats = values.astype("<f4").tobytes()
        tensor += _field(9 if index else 4, floats) + (b"\x70\x01" if outside else b"")
        graph += _field(5, tensor)
    shape = b"\x08\x02\x10\x07" + _field(8, b"shape") + _field(9, struct.pack("<2q", 1, -1))
    return b"\x08\x08" + _field(7, _field(5, shape) + graph)
