"""The parts of a circuit, each left out in turn: what does it buy?

In: a circuit. Out: `Ablation` values, one for each family, connection, normalisation and centre.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from circuitdsl.ir.circuit import Circuit, Normalisation


@dataclass(frozen=True)
class Ablation:
    """A circuit without one of its parts.

    Attributes:
        left_out: The part.
        circuit: What is left.
        silent: Connections of it that carry nothing. A kernel of zeros does what leaving the
            connection out would do, and the circuit's programs stay the same.
    """

    left_out: str
    circuit: Circuit
    silent: tuple[str, ...] = ()


def ablations(circuit: Circuit, kept: str) -> Iterator[Ablation]:
    """A circuit without each of its parts.

    Normalisations by the same families over the same window are one part. A family goes with its
    connections, and no other is normalised by it any more; where nothing but one connection reads
    it, the two are one part.

    Args:
        circuit: The circuit.
        kept: The family that is looked at.
    """
    only: set[str] = set()
    for family in circuit.families:
        if family.name != kept:
            alone = _only_reader(circuit, family.name)
            only.update(alone)
            label = ", ".join((f"family {family.name}", *alone))
            yield Ablation(label, _without_family(circuit, family.name))
    for connection in circuit.connections:
        if connection.name not in only:
            yield Ablation(connection.name, circuit, (connection.name,))
    pools: dict[tuple[tuple[str, ...], int], list[Normalisation]] = {}
    for each in circuit.normalisations:
        pools.setdefault((tuple(sorted(each.pool)), each.window), []).append(each)
    for together in pools.values():
        rest = tuple(each for each in circuit.normalisations if each not in together)
        names = ", ".join(each.family for each in together)
        yield Ablation(f"normalise {names}", replace(circuit, normalisations=rest))
    for family in circuit.families:
        if family.centre is not None:
            rest = tuple(replace(f, centre=None) if f is family else f for f in circuit.families)
            yield Ablation(f"centre of {family.name}", replace(circuit, families=rest))


def _only_reader(circuit: Circuit, name: str) -> tuple[str, ...]:
    """The connection from a family, if nothing else reads it, nor is normalised by it."""
    readers = tuple(c.name for c in circuit.connections if c.source == name)
    others = any(name in n.pool for n in circuit.normalisations if n.family != name)
    return readers if len(readers) == 1 and not others else ()


def _without_family(circuit: Circuit, name: str) -> Circuit:
    normalisations = (
        replace(each, pool=tuple(other for other in each.pool if other != name))
        for each in circuit.normalisations
        if each.family != name
    )
    return replace(
        circuit,
        families=tuple(family for family in circuit.families if family.name != name),
        connections=tuple(c for c in circuit.connections if name not in (c.source, c.target)),
        normalisations=tuple(each for each in normalisations if each.pool),
    )
