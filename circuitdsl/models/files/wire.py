"""The wire format of protobuf messages, as far as weight files need it.

In: bytes. Out: fields: a number, a wire type, and a number or bytes. Every length is checked
against what is there, so arbitrary bytes end in a `WireError`.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MAX_DIMENSIONS = 8  # kernels have 4; more is no weight


MOST_FIELDS = 1_000_000
"""Fields that are read of one file; the published graphs have some thousands."""


class WireError(ValueError):
    """The bytes are no protobuf message of the expected kind."""


class Budget:
    """The fields that may still be read of one file."""

    def __init__(self) -> None:
        self.left = MOST_FIELDS

    def spend(self) -> None:
        """Count one field.

        Raises:
            WireError: there were too many.
        """
        self.left -= 1
        if self.left < 0:
            raise WireError(f"more than {MOST_FIELDS:,} fields, which no network has")


def message_of(value: int | memoryview) -> memoryview:
    """The bytes of a field that must hold some.

    Raises:
        WireError: it holds a number.
    """
    if isinstance(value, int):
        raise WireError("a number where a message should be")
    return value


def fields(data: memoryview, budget: Budget) -> Iterator[tuple[int, int, int | memoryview]]:
    """The fields of a message: number, wire type, and a number or the bytes.

    Raises:
        WireError: the bytes are no message, or the file has too many fields.
    """
    at = 0
    while at < len(data):
        budget.spend()
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("field number 0")
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = varint(data, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"wire type {kind}")
        if length > len(data) - at:
            raise WireError(f"a field of {length} bytes where {len(data) - at} are left")
        yield number, kind, data[at : at + length]
        at += length


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """A base-128 number at an offset, and the offset after it.

    Raises:
        WireError: the bytes end inside it, or it is too long.
    """
    value = 0
    for place in range(10):
        if at + place >= len(data):
            raise WireError("the data end inside a number")
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise WireError("a number of more than 64 bits")
