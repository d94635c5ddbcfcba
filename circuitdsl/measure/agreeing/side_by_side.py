"""Hand-written families and layers of a trained network side by side, grid by grid.

In: circuits, a trained network, layers. Out: `Meeting`s: for each circuit, and for each two grids
of positions that its families and the layers lie on, the maps of both at the same pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Sampling
from circuitdsl.measure.agreeing.common_grid import CommonGrid, brought_onto, common_grid
from circuitdsl.measure.agreeing.energy import contrast_energy
from circuitdsl.measure.passes import Need, Shown
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contender:
    """A circuit that is held against a trained network.

    Attributes:
        name: What to call it.
        networks: The circuit itself, and then circuits of random kernels.
        families: The families that are looked at.
    """

    name: str
    networks: tuple[HandwrittenNetwork, ...]
    families: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Meeting:
    """Families of a circuit and layers of a network, each of which lie on one grid.

    Attributes:
        contender: The circuit.
        families: Its families, and how many members each has, in the order of the maps' last axis.
        network: The trained network.
        layers: Layers of it, and how many units each has, in that order.
        fields_px: The receptive field of each layer.
        grid: The positions that both have.
    """

    contender: Contender
    families: Mapping[str, int]
    network: Network
    layers: Mapping[str, int]
    fields_px: Mapping[str, int]
    grid: CommonGrid

    @property
    def needs(self) -> tuple[Need, ...]:
        """What has to be computed for each batch."""
        names = tuple(self.families)
        written = tuple(Need(network, names) for network in self.contender.networks)
        return (Need(self.network, tuple(self.layers)), *written)

    @cached_property
    def members(self) -> tuple[tuple[str, int], ...]:
        """The family and the number in it of each member."""
        return _numbered(self.families)

    @cached_property
    def units(self) -> tuple[tuple[str, int], ...]:
        """The layer and the number in it of each unit."""
        return _numbered(self.layers)

    def of_members(self, shown: Shown, chosen: Sequence[Places] | None = None) -> Array:
        """The members' maps, `[circuit, batch, side, side, member]`.

        Args:
            shown: A batch.
            chosen: For each circuit the places of some members, in their order; by default all.
        """
        circuits = [
            jnp.concatenate([shown.of(network)[name] for name in self.families], axis=-1)
            for network in self.contender.networks
        ]
        if chosen is not None:
            circuits = [maps[..., at] for maps, at in zip(circuits, chosen, strict=True)]
        return jnp.stack([brought_onto(maps, self.grid.left) for maps in circuits])

    def of_units(self, shown: Shown, chosen: Places | None = None) -> Array:
        """The units' maps, `[batch, side, side, unit]`; of some, in their order, or all."""
        values = shown.of(self.network)
        maps = jnp.concatenate([values[name] for name in self.layers], axis=-1)
        return brought_onto(maps if chosen is None else maps[..., chosen], self.grid.right)

    def energy(self, shown: Shown) -> dict[str, Array]:
        """The contrast energy at the scale of each layer, `[batch, side, side]`."""
        at_px = self.grid.at_px
        by_field = {
            field: contrast_energy(shown.images, at_px, field)[..., 0]
            for field in set(self.fields_px.values())
        }
        return {layer: by_field[field] for layer, field in self.fields_px.items()}


def meetings(
    contender: Contender, network: Network, layers: Sequence[str], side: int
) -> tuple[Meeting, ...]:
    """Every family of a circuit against every layer of a network.

    Args:
        contender: The circuit.
        network: The trained network.
        layers: Convolutions or blocks of it.
        side: Of the images, in pixels.
    """
    circuit, backbone = contender.networks[0].circuit, network.backbone
    written = circuit.backbone.geometry
    families = {
        name: written.sampling(circuit.by_name[name].layer, side) for name in contender.families
    }
    trained = {name: backbone.sampling(name, side) for name in layers}
    return tuple(
        Meeting(
            contender,
            {name: circuit.by_name[name].size for name in left},
            network,
            {name: backbone.by_name[name].width for name in right},
            {name: trained[name].receptive_field for name in right},
            common_grid(families[left[0]], trained[right[0]]),
        )
        for left in _by_grid(families)
        for right in _by_grid(trained)
    )


def _by_grid(samplings: Mapping[str, Sampling]) -> list[list[str]]:
    """The names whose maps have the same positions, together."""
    grids: dict[tuple[float, float, int], list[str]] = {}
    for name, at in samplings.items():
        grids.setdefault((at.stride, at.offset, at.size), []).append(name)
    return list(grids.values())


def _numbered(sizes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, number) for name, size in sizes.items() for number in range(size))
