"""The arrays of a circuit: which there are, and of which shapes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike

from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.text.diagnostics import InputError, suggestion


def array_shapes(circuit: Circuit) -> dict[str, tuple[int, ...]]:
    """The shape of every array of a circuit, under its name."""
    layers = circuit.backbone.geometry.by_name
    shapes: dict[str, tuple[int, ...]] = {}
    for connection in circuit.connections:
        target = circuit.by_name[connection.target]
        source = 3 if connection.source == INPUT else circuit.by_name[connection.source].size
        side = layers[target.layer].kernel
        shapes[connection.name] = (side, side, source, target.size)
    shapes |= {f"{f.name}.{part}": () for f in circuit.families for part in ("gain", "bias")}
    return shapes | {f"{n.family}.floor": () for n in circuit.normalisations}


def check_weights(circuit: Circuit, weights: Mapping[str, ArrayLike]) -> None:
    """Refuse arrays that are not those of the circuit.

    Raises:
        InputError: naming the first array that is missing, unexpected, or of another shape.
    """
    shapes = array_shapes(circuit)
    for name in weights:
        if name not in shapes:
            raise InputError(f"the circuit has no array `{name}`", help=suggestion(name, shapes))
    for name, shape in shapes.items():
        if name not in weights:
            raise InputError(f"array `{name}` of shape {shape} is missing")
        if np.shape(weights[name]) != shape:
            found = np.shape(weights[name])
            raise InputError(f"array `{name}` must have shape {shape}; got {found}")
