"""Members at other angles: Circuit -> Circuit with one family's rotation axis placed anew.

A family is a continuous function of its angle, so its members may stand wherever a comparison
wants them, for example at the preferred angles of a trained network's units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from circuitdsl.ir.circuit import Axis, Circuit


def place_members(circuit: Circuit, family: str, angles_deg: Sequence[float]) -> Circuit:
    """The circuit with the members of `family` at the given angles.

    Args:
        circuit: Any circuit.
        family: A family with a `rot` or `orient` axis.
        angles_deg: One angle per new member, in the language's convention.

    Raises:
        ValueError: the circuit has no such family, or nothing in it turns the plane.
    """
    old = circuit.by_name.get(family)
    if old is None or old.rotation is None:
        raise ValueError(f"{family} is no family with a rot or orient axis")

    def placed(axis: Axis) -> Axis:
        if axis is not old.rotation:
            return axis
        return replace(axis, count=len(angles_deg), at_deg=tuple(map(float, angles_deg)))

    new = replace(old, axes=tuple(map(placed, old.axes)))
    families = tuple(new if member is old else member for member in circuit.families)
    return replace(circuit, families=families)
