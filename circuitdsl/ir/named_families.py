"""A family by its name, for whoever names one.

In: a circuit and a name. Out: the family, or one message for all who ask.
"""

from __future__ import annotations

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
