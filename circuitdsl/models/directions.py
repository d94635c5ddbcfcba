"""Networks in which directions are units.

In: a network and directions of its layers. Out: a network that gives the same, with a layer of one
unit for each direction: whatever can be done to a unit can be done along it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.backbones.directions import Direction, with_directions
from circuitdsl.models.files.stored import FloatArray
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError


def directed(network: Network, directions: Sequence[Direction]) -> Network:
    """A network with directions among its units.

    Raises:
        InputError: a layer that has no channels with a place in the image, a unit that it does not
            have, a name that is taken, or a direction of length 0.
    """
    for at, direction in enumerate(directions):
        _check(network, direction, {earlier.name for earlier in directions[:at]})
    backbone = with_directions(network.backbone, directions)
    weights = _weights(network.backbone, directions)
    return Network(backbone, {**network.params, **weights}, name=network.name)


def _check(network: Network, direction: Direction, taken: set[str]) -> None:
    backbone, name = network.backbone, direction.name
    row = backbone.by_name.get(direction.layer)
    if row is None or not row.has_positions or row.kind == "input":
        raise InputError(
            f"`{direction.layer}` of {backbone.name} has no directions",
            help=f"name a convolution, or a block such as {backbone.example_block}",
        )
    wrong = [unit for unit, _ in direction.terms if not 0 <= unit < row.width]
    if wrong:
        raise InputError(f"{row.name} has {row.width} units, and `{name}` names {wrong[0]}")
    if taken.union(backbone.by_name).intersection((*direction.layers, name)):
        raise InputError(f"{backbone.name} has a layer `{name}` already", help="choose another")
    if not _vector(direction, row.width).any():
        raise InputError(f"`{name}` has the length 0", help="give weights that differ from 0")


def _vector(direction: Direction, width: int) -> FloatArray:
    """A direction over all channels of its layer, of length 1; 0 where it has no length."""
    vector = np.zeros(width)
    for unit, weight in direction.terms:
        vector[unit] += weight
    return (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)


def _weights(backbone: Backbone, directions: Sequence[Direction]) -> Mapping[str, FloatArray]:
    """The weights of the layers that stand for directions."""
    weights: dict[str, FloatArray] = {}
    for direction in directions:
        width = backbone.by_name[direction.layer].width
        vector = _vector(direction, width)
        read, before, inwards, outwards, _ = direction.layers
        for name, kernel in (
            (read, vector[:, None]),
            (before, vector[:, None]),
            (inwards, vector[None]),
            (outwards, -vector[None]),
        ):
            weights[f"{name}_w"] = kernel[None, None]
            weights[f"{name}_b"] = np.zeros(kernel.shape[-1], np.float32)
    return weights
