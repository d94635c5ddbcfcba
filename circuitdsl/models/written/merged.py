"""Several hand-written networks as one: what they have in common is computed once.

In: hand-written networks by the names of their files. Out: one network for each architecture that
has every family of them. Files that import each other hold the same families several times; two
families are one where their kernels, gains, biases, normalisations and sources are the same.

The merged circuit holds families, connections and normalisations by name alone: its numbers are
arrays, and it can be run and saved, but not lowered anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import (
    INPUT,
    BackboneUse,
    Circuit,
    Connection,
    Family,
    Normalisation,
    Wiring,
)
from circuitdsl.ir.expressions import ONE
from circuitdsl.ir.named_families import narrowed
from circuitdsl.models.written.arrays import array_shapes
from circuitdsl.models.written.handwritten import HandwrittenNetwork

Floats = NDArray[np.float32]

_ALIKE = 1e-5
"""Arrays that differ by no more of their largest entry are the same but for rounding."""


@dataclass(frozen=True, eq=False)
class Merged:
    """Several circuits as one network.

    Attributes:
        network: The network.
        origins: By merged family, the file that declares it and the family's name there.
    """

    network: HandwrittenNetwork
    origins: Mapping[str, tuple[str, str]]


def merged(networks: Mapping[str, HandwrittenNetwork]) -> tuple[Merged, ...]:
    """Networks of one architecture as one.

    A circuit with the backbone's own local response normalisation stays by itself: there every
    channel of a layer takes part in its neighbours.

    Args:
        networks: By title, such as the file's name; none of them reads units of a trained network.
    """
    groups: dict[object, _Merging] = {}
    for title, network in networks.items():
        use = network.circuit.backbone
        key = (use.architecture, use.input_px, title if use.normalisation == "lrn" else "")
        groups.setdefault(key, _Merging(use)).take(title, network)
    return tuple(group.result() for group in groups.values())


def reduced(network: HandwrittenNetwork, families: Sequence[str]) -> HandwrittenNetwork:
    """A network with some of its families, and those that they need, alone."""
    kept = narrowed(network.circuit, families)
    shapes = array_shapes(kept)
    arrays = {name: value for name, value in network.arrays.items() if name in shapes}
    return HandwrittenNetwork(kept, arrays)


def without_copies(network: HandwrittenNetwork) -> HandwrittenNetwork:
    """A network that gives the same, in which nothing is computed twice.

    Of families that are one (see above), all but the first are read by nothing, and so are computed
    only if they are asked for. A circuit that reads units of a trained network stays as it is.
    """
    circuit = network.circuit
    if circuit.backbone.normalisation == "lrn" or any(one.units for one in circuit.families):
        return network
    names = _Merging(circuit.backbone).take("", network)
    first: dict[str, str] = {}
    for own, one in names.items():
        first.setdefault(one, own)
    read = {own: first[one] for own, one in names.items()}
    linked = replace(
        circuit,
        connections=tuple(replace(one, source=read[one.source]) for one in circuit.connections),
        normalisations=tuple(
            replace(one, pool=tuple(read[name] for name in one.pool))
            for one in circuit.normalisations
        ),
    )
    return HandwrittenNetwork(linked, network.arrays)


@dataclass(frozen=True, eq=False)
class _Sum:
    """What a family is before its ReLU.

    Attributes:
        layer: Its layer.
        size: How many members it has.
        sources: The merged families that it reads, or the image.
        arrays: Its kernels, one for each source, then gain and bias.
    """

    layer: str
    size: int
    sources: tuple[str, ...]
    arrays: tuple[Floats, ...]

    def same_as(self, other: _Sum) -> bool:
        """Whether two families are one before normalisation."""
        return (self.layer, self.size, self.sources) == (
            other.layer,
            other.size,
            other.sources,
        ) and _alike(self.arrays, other.arrays)


@dataclass(frozen=True, eq=False)
class _Divisor:
    """What a family is divided by after its ReLU: window, floor, and what takes part in it."""

    window: int
    floor: Floats
    pool: tuple[int | str, ...]

    def same_as(self, other: _Divisor | None) -> bool:
        """Whether two normalisations are one."""
        return (
            other is not None
            and (self.window, self.pool) == (other.window, other.pool)
            and _alike((self.floor,), (other.floor,))
        )


@dataclass(eq=False)
class _Merging:
    """Families gathered so far."""

    use: BackboneUse
    sums: list[_Sum] = field(default_factory=list[_Sum])
    families: dict[str, Family] = field(default_factory=dict[str, Family])
    sum_of: dict[str, int] = field(default_factory=dict[str, int])
    divisors: dict[str, _Divisor | None] = field(default_factory=dict[str, "_Divisor | None"])
    normalisations: list[Normalisation] = field(default_factory=list[Normalisation])
    origins: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def take(self, title: str, network: HandwrittenNetwork) -> Mapping[str, str]:
        """Add a circuit's families, those that are there already left out.

        Returns:
            The merged name of each family, and of the image.
        """
        circuit = network.circuit
        arrays = {name: np.asarray(value, np.float32) for name, value in network.arrays.items()}
        names: dict[str, str] = {INPUT: INPUT}
        layers: dict[str, list[Family]] = {}
        for family in circuit.layers_in_order:
            layers.setdefault(family.layer, []).append(family)
        for together in layers.values():
            sums = {family.name: self.sum(circuit, arrays, family, names) for family in together}
            for family in together:
                divisor = _divisor(circuit, arrays, family, sums, names)
                names[family.name] = self.placed(title, family, sums[family.name], divisor)
            for family in together:
                self.normalise(circuit, family.name, names)
        return names

    def sum(
        self, circuit: Circuit, arrays: Mapping[str, Floats], family: Family, names: dict[str, str]
    ) -> int:
        """The number of a family's sum; a new one where there is none like it."""
        into = circuit.into(family.name)
        one = _Sum(
            family.layer,
            family.size,
            tuple(names[connection.source] for connection in into),
            (
                *(arrays[connection.name] for connection in into),
                arrays[f"{family.name}.gain"],
                arrays[f"{family.name}.bias"],
            ),
        )
        for number, earlier in enumerate(self.sums):
            if earlier.same_as(one):
                return number
        self.sums.append(one)
        return len(self.sums) - 1

    def placed(self, title: str, family: Family, number: int, divisor: _Divisor | None) -> str:
        """The merged name of a family."""
        for name, own in self.sum_of.items():
            known = self.divisors[name]
            same = known is None if divisor is None else divisor.same_as(known)
            if own == number and same:
                return name
        prefix, _, own_name = family.name.rpartition(".")
        path = family.span.source.path
        origin = (path.stem if prefix and path is not None else title, own_name)
        name = ".".join(origin)
        copy = 1
        while name in self.families:  # such as the same file with other settings
            name = f"{title}{copy if copy > 1 else ''}.{own_name}"
            copy += 1
        self.families[name] = replace(
            family, name=name, gain=ONE, bias=None, calibrate=None, expectations=(), centre=None
        )
        self.sum_of[name], self.divisors[name], self.origins[name] = number, divisor, origin
        return name

    def normalise(self, circuit: Circuit, family: str, names: Mapping[str, str]) -> None:
        """Write a new family's normalisation by the merged names."""
        target = names[family]
        known = {normalisation.family for normalisation in self.normalisations}
        for one in circuit.normalisations:
            if one.family == family and target not in known:
                pool = tuple(names[name] for name in one.pool)
                self.normalisations.append(replace(one, family=target, pool=pool))

    def result(self) -> Merged:
        """The network of all families."""
        connections: list[Connection] = []
        arrays: dict[str, Floats] = {}
        for name in self.families:
            own = self.sums[self.sum_of[name]]
            *kernels, gain, bias = own.arrays
            for number, (source, kernel) in enumerate(zip(own.sources, kernels, strict=True)):
                connection = f"{source}->{name} {number}"
                connections.append(Connection(source, name, connection, Wiring()))
                arrays[connection] = kernel
            arrays |= {f"{name}.gain": gain, f"{name}.bias": bias}
            divisor = self.divisors[name]
            if divisor is not None:
                arrays[f"{name}.floor"] = divisor.floor
        circuit = Circuit(
            doc="",
            backbone=self.use,
            families=tuple(self.families.values()),
            connections=tuple(connections),
            normalisations=tuple(self.normalisations),
        )
        return Merged(HandwrittenNetwork(circuit, arrays), self.origins)


def _divisor(
    circuit: Circuit,
    arrays: Mapping[str, Floats],
    family: Family,
    sums: Mapping[str, int],
    names: Mapping[str, str],
) -> _Divisor | None:
    """What a family is divided by; families of its own layer count before they are normalised."""
    for one in circuit.normalisations:
        if one.family == family.name:
            pool = tuple(sums[name] if name in sums else names[name] for name in one.pool)
            return _Divisor(one.window, arrays[f"{family.name}.floor"], pool)
    return None


def _alike(left: tuple[Floats, ...], right: tuple[Floats, ...]) -> bool:
    if [array.shape for array in left] != [array.shape for array in right]:
        return False
    return all(
        np.allclose(a, b, rtol=0, atol=_ALIKE * float(np.abs(a).max(initial=1e-30)))
        for a, b in zip(left, right, strict=True)
    )
