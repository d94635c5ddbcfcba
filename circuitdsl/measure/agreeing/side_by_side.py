"""Hand-written families and layers of a trained network side by side, grid by grid.

In: circuits, a trained network, layers. Out: `Meeting`s: for each circuit, and for each two grids
of positions that its families and the layers lie on, the maps of both at the same pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jax import Array

from circuitdsl.ir.backbones import Sampling
from circuitdsl.measure.agreeing.common_grid import CommonGrid, common_grid
from circuitdsl.measure.passes import Need, Shown
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork


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

    def of_members(self, shown: Shown) -> list[Array]:
        """The maps of all families, those of the circuit first and then of each random one.

        Returns:
            `[batch, height, width, member]` each, at the positions of their own layers.
        """
        circuits = [shown.of(network) for network in self.contender.networks]
        return [maps[name] for maps in circuits for name in self.families]

    def of_units(self, shown: Shown) -> list[Array]:
        """The maps of all layers, `[batch, height, width, unit]` each, at their own positions."""
        values = shown.of(self.network)
        return [values[name] for name in self.layers]


@dataclass(frozen=True, eq=False)
class Gathering:
    """Meetings with the same layers at the same positions, whose maps are looked at together.

    Attributes:
        meetings: At least one; their circuits have as many random ones.
    """

    meetings: tuple[Meeting, ...]

    @property
    def grid(self) -> CommonGrid:
        """The positions that all have."""
        return self.meetings[0].grid

    @property
    def needs(self) -> tuple[Need, ...]:
        """What has to be computed for each batch."""
        return tuple(need for meeting in self.meetings for need in meeting.needs)

    def thinned(self, most: int) -> Gathering:
        """The same at every few of the positions: no more than `most` along a side."""
        grid = self.grid.thinned(most)
        return Gathering(tuple(replace(meeting, grid=grid) for meeting in self.meetings))

    def of_members(self, shown: Shown) -> list[Array]:
        """The maps of all families of each meeting in its turn."""
        return [maps for meeting in self.meetings for maps in meeting.of_members(shown)]

    def of_units(self, shown: Shown) -> list[Array]:
        """The maps of all layers."""
        return self.meetings[0].of_units(shown)


def gathered(meetings: Iterable[Meeting]) -> tuple[Gathering, ...]:
    """Some meetings in groups whose maps may be looked at together."""
    groups: dict[tuple[int, tuple[str, ...], CommonGrid], list[Meeting]] = {}
    for meeting in meetings:
        key = id(meeting.network), tuple(meeting.layers), meeting.grid
        groups.setdefault(key, []).append(meeting)
    return tuple(Gathering(tuple(group)) for group in groups.values())


def meetings(
    contender: Contender, network: Network, layers: Sequence[str], side: int
) -> tuple[Meeting, ...]:
    """Every family of a circuit against every layer of a network.

    Args:
        contender: The circuit.
        network: The trained network.
        layers: Convolutions or blocks of it.
        side: The side of the images, in pixels.
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
