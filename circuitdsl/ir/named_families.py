"""Families by their names, for whoever names some.

In: a circuit and names. Out: a family, or one message for all who ask; some families' circuit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.text.diagnostics import InputError, suggestion


def named_family(circuit: Circuit, name: str, title: str = "the circuit") -> Family:
    """A family of a circuit.

    Args:
        circuit: The circuit.
        name: The family's name.
        title: What a message calls the circuit, such as its file.

    Raises:
        InputError: the circuit has no such family.
    """
    families = circuit.by_name
    if name not in families:
        known = f"its families are: {', '.join(families)}" if families else "it has no family"
        raise InputError(
            f"{title} has no family `{name}`", help=suggestion(name, families) or known
        )
    return families[name]


def narrowed(circuit: Circuit, families: Iterable[str]) -> Circuit:
    """A circuit with some of its families, and those that they need, alone."""
    kept = frozenset[str]().union(*map(circuit.needs, families))
    return replace(
        circuit,
        families=tuple(one for one in circuit.families if one.name in kept),
        connections=tuple(one for one in circuit.connections if one.target in kept),
        normalisations=tuple(one for one in circuit.normalisations if one.family in kept),
    )
