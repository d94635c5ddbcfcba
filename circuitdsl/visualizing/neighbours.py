"""The units that a unit reads, and those that read it, by expanded weights.

In: a trained network and a unit. Out: `Neighbour`s, strongest first. A weight through a 1x1
bottleneck is expanded: the bottleneck's weight times the kernel's, summed over the bottleneck, its
activation function left out (`editing.plan.expanded_weights`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.plan import expanded_weights
from circuitdsl.editing.select import Route, Units, edges
from circuitdsl.ir.backbones import Backbone
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A unit on the other end of some weights.

    Attributes:
        unit: Its name.
        kernel: The weights, `[height, width]`; `[height, width, 3]` from the image.
    """

    unit: str
    kernel: Floats

    @property
    def magnitude(self) -> float:
        """The sum of the weights' magnitudes."""
        return float(np.abs(self.kernel).sum())

    @property
    def total(self) -> float:
        """The sum of the weights: above 0 where the one excites the other."""
        return float(self.kernel.sum())


def read_by(network: Network, unit: Units) -> tuple[Neighbour, ...]:
    """What one unit reads: every unit of the layer before, or the image.

    Args:
        network: The network.
        unit: One unit.
    """
    backbone, ((branch, channel),) = network.backbone, unit.places
    if backbone.by_name[branch].kind != "conv":
        return ()
    route = _route_into(backbone, branch)
    weights = expanded_weights(backbone, network.params, route)[..., channel]
    if route.read == "input":
        return (Neighbour("input", weights),)
    named = [
        Neighbour(backbone.unit_name(layer.name, at), weights[..., start + at])
        for layer, start in backbone.carriers(route.read)
        for at in range(layer.width)
    ]
    return _strongest_first(named)


def readers_of(network: Network, unit: Units) -> tuple[Neighbour, ...]:
    """Every unit that reads one unit with nothing but pools and bottlenecks in between.

    Args:
        network: The network.
        unit: One unit.
    """
    return _strongest_first(_readers(network, unit))


def _readers(network: Network, unit: Units) -> Iterator[Neighbour]:
    backbone = network.backbone
    for layer in backbone.layers:
        if layer.kind != "conv" or layer.bottleneck:
            continue
        whole = Units(backbone, tuple((layer.name, at) for at in range(layer.width)))
        try:
            found = edges(unit, whole)
        except InputError:  # no weights go from the one to the other
            continue
        (route,), ((column,),) = found.routes, found.columns
        weights = expanded_weights(backbone, network.params, route)[..., column, :]
        for at in range(layer.width):
            yield Neighbour(backbone.unit_name(layer.name, at), weights[..., at])


def _strongest_first(neighbours: Iterator[Neighbour] | list[Neighbour]) -> tuple[Neighbour, ...]:
    return tuple(sorted(neighbours, key=lambda one: -one.magnitude))


def _route_into(backbone: Backbone, branch: str) -> Route:
    """How the weights into a convolution go, its bottleneck expanded."""
    first = backbone.by_name[backbone.by_name[branch].inputs[0]]
    if first.bottleneck:
        return Route(branch, first.inputs[0], first.name)
    return Route(branch, first.name, None)
