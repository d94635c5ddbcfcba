"""Which dials a circuit reads."""

from __future__ import annotations

from collections.abc import Iterator

from circuitdsl.ir.circuit import Circuit, ProfileTerm, Wiring
from circuitdsl.ir.expressions import Scalar, dials_of


def dials_used(circuit: Circuit) -> frozenset[str]:
    """The names of the dials that a circuit's families, connections and motifs read."""
    names: set[str] = set()
    for family in circuit.families:
        names |= dials_of(family.gain)
        if family.bias is not None:
            names |= dials_of(family.bias)
        for coordinate in family.centre or ():
            names |= dials_of(coordinate)
    for normalisation in circuit.normalisations:
        names |= dials_of(normalisation.floor)
    for connection in circuit.connections:
        names |= wiring_dials(connection.wiring)
        if connection.motif is not None:
            for _, value in connection.motif.bindings:
                names |= dials_of(value)
    for motif in circuit.motifs:
        inner = wiring_dials(motif.wiring) - {formal.name for formal in motif.formals}
        for formal in motif.formals:
            if formal.default is not None:
                inner |= dials_of(formal.default)
        names |= inner
    return frozenset(names)


def wiring_dials(wiring: Wiring) -> frozenset[str]:
    """The names of the dials, or formals, that a wiring reads."""
    return frozenset[str]().union(*map(dials_of, wiring_scalars(wiring)))


def wiring_scalars(wiring: Wiring) -> Iterator[Scalar]:
    """Every scalar expression of a wiring."""
    for term in wiring.place.terms if wiring.place is not None else ():
        yield term.weight
        for _, argument in term.shape.arguments:
            if isinstance(argument, tuple):
                yield from argument
            else:
                yield argument
        yield term.shape.turn
    for tune in wiring.tunes:
        yield from profile_scalars(tune.terms)
    if wiring.colour is not None:
        yield wiring.colour.hue_deg
        yield wiring.colour.against_deg
    if wiring.norm is not None:
        yield wiring.norm.mass
        yield wiring.norm.balance
    for scalar in (wiring.dc, wiring.gain):
        if scalar is not None:
            yield scalar


def profile_scalars(terms: tuple[ProfileTerm, ...]) -> Iterator[Scalar]:
    """Every scalar expression of a profile."""
    for term in terms:
        yield term.weight
        for _, value in term.arguments:
            yield value
        yield from profile_scalars(term.inner)
