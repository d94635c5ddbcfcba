"""Which members of a family a spot of activity is on, however the scene is turned.

In: a family of trained units and a spot. Out: members by their index.
"""

from __future__ import annotations

from math import remainder

from circuitdsl.ir.circuit import Family
from circuitdsl.ir.expressions import Number
from circuitdsl.ir.members.angles import apart_deg
from circuitdsl.ir.members.axes import PERIOD_DEG, STEP_DEG, Axis
from circuitdsl.ir.stimuli import Spot

_PLACES = 1e5
"""Steps in a degree within which angles are looked up."""


def has_members(family: Family, spot: Spot) -> bool:
    """Whether the family has what a spot is on."""
    return all(_index(family.axis(name), value) is not None for name, value in spot.members)


def can_turn(family: Family, turn_deg: float) -> bool:
    """Whether a turn of the plane leads from every member of a family to one."""
    axis = family.rotation
    if axis is None:
        return True
    if axis.at_deg is None:
        return abs(remainder(turn_deg, axis.period_deg / axis.count)) < STEP_DEG
    count = round(axis.period_deg * _PLACES)
    places = {round(angle * _PLACES) % count for angle in axis.at_deg}
    places |= {(place + step) % count for place in places for step in (-1, 1)}
    return all(round((angle + turn_deg) * _PLACES) % count in places for angle in axis.at_deg)


def members_of(family: Family, spot: Spot) -> tuple[int, ...]:
    """The members that a spot is on before it is turned."""
    names = [axis.name for axis in family.axes]
    numbers = {names.index(name): _index(family.axis(name), value) for name, value in spot.members}
    return tuple(
        index
        for index, orbit in enumerate(family.orbits)
        if any(all(member[axis] == at for axis, at in numbers.items()) for member in orbit)
    )


def _index(axis: Axis | None, value: Number) -> int | None:
    """The place along an axis that a value picks; None where there is none."""
    if axis is None or (value.unit == "angle") != (axis.kind in PERIOD_DEG):
        return None
    if value.unit != "angle":
        return int(value.value) if value.value in range(axis.count) else None
    away = [apart_deg(own, value.value, axis.period_deg) for own in axis.angles_deg]
    return away.index(min(away)) if min(away) < STEP_DEG else None
