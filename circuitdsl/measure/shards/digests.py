"""A digest of what a job is given, by which a store of shards tells it from others.

In: networks, circuits, arrays, names, numbers, and functions with those given. Out: SHA-256, the
same in every process; where something was written in a text does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np
from jax import Array

from circuitdsl.measure.passes import Pass
from circuitdsl.measure.units import Subject
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork


def digest_of(value: object) -> str:
    """SHA-256 of a value, in hexadecimal."""
    return _Told({}).digest(value)


@dataclass(frozen=True)
class _Told:
    """What a value says, part by part.

    Attributes:
        networks: The digest of each network by its identity: many passes share one.
    """

    networks: dict[int, str]

    def digest(self, value: object) -> str:
        digest = hashlib.sha256()
        for part in self.parts(value):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.hexdigest()

    def of_network(self, network: Network | HandwrittenNetwork) -> str:
        if id(network) not in self.networks:
            self.networks[id(network)] = self.digest(_told(network))
        return self.networks[id(network)]

    def parts(self, value: Any) -> Iterator[bytes]:
        match value:
            case Network() | HandwrittenNetwork():
                yield self.of_network(value).encode()
            case partial() | Pass() | Subject():
                yield from self.several(_told(value))
            case np.ndarray() | Array():
                array = np.ascontiguousarray(value)
                yield f"{array.dtype.str} {array.shape}".encode()
                yield array.tobytes()
            case Mapping():
                yield from self.several(sorted(value.items(), key=lambda item: str(item[0])))
            case AnySet():
                yield from self.several(sorted(value, key=str))
            case str() | bytes():
                yield repr(value).encode()
            case Sequence():
                yield from self.several(value)
            case _ if is_dataclass(value) and not isinstance(value, type):
                yield type(value).__qualname__.encode()
                for field in fields(value):
                    if field.name != "span":
                        yield from self.parts(getattr(value, field.name))
            case _:
                yield repr(value).encode()

    def several(self, values: Sequence[Any]) -> Iterator[bytes]:
        yield f"{len(values)} values".encode()
        for value in values:
            yield from self.parts(value)


def _told(value: Any) -> Sequence[Any]:
    """What says all of a function with what it is given, of a pass, of a network."""
    match value:
        case partial():
            name = f"{value.func.__module__}.{value.func.__qualname__}"
            return name, value.args, value.keywords
        case Pass() | Subject():
            return (value.made_by,)
        case HandwrittenNetwork():
            return value.circuit, value.arrays, value.given
        case _:
            # an edited network has the weights of the one it came from
            return value.digest, getattr(value, "steps", ())
