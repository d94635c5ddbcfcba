"""Group actions: where a turn of the plane takes the members of a family.

In: a family and an element of the group. Out: permutations of its members, and the elements that
two families have in common. A member is the family's feature after its action A; the element g
takes it to the member whose action is g A, so turning by t takes the angle of a `rot` or `orient`
axis to that angle plus t. An `orient` axis repeats after half a turn, where a carrier's phase
changes its sign, since `cos(-x + phase) = cos(x - phase)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from circuitdsl.ir.circuit import Axis, Family

_SAME_DEG = 1e-6
"""Angles nearer to one another than this are one angle."""


@dataclass(frozen=True)
class Element:
    """An element of the group.

    Attributes:
        turn_deg: Counter-clockwise turn of the plane, in [0, 360).
    """

    turn_deg: float = 0.0

    @property
    def keeps_taps(self) -> bool:
        """Whether it maps a square grid of taps to itself: quarter turns do."""
        return _near(self.turn_deg, 90.0 * round(self.turn_deg / 90.0))

    @property
    def is_identity(self) -> bool:
        """Whether it leaves everything where it is."""
        return _near(self.turn_deg % 360.0, 0.0)

    def __str__(self) -> str:
        return f"{self.turn_deg:g}deg"


def permutation(family: Family, element: Element) -> tuple[int, ...] | None:
    """The index of the member that each member goes to; None where it goes to none."""
    place = {element: index for index, orbit in enumerate(family.orbits) for element in orbit}
    found: list[int] = []
    for member in family.members:
        moved = _moved(family, member, element)
        if moved is None:
            return None
        found.append(place[moved])
    return tuple(found)


def common_elements(families: Iterable[Family]) -> tuple[Element, ...]:
    """The elements, other than the identity, that take every family's members to members.

    Families that nothing turns put up with any element; where all are such, there is none to speak
    of.
    """
    turning = [family for family in families if family.rotation is not None]
    if not turning:
        return ()
    first = turning[0].rotation
    if first is None:
        return ()
    turns = {round((angle - first.angles_deg[0]) % 360.0, 9) for angle in first.angles_deg}
    if first.kind == "orient":
        turns |= {round((turn + 180.0) % 360.0, 9) for turn in turns}
    elements = (Element(turn) for turn in sorted(turns))
    return tuple(
        element
        for element in elements
        if not element.is_identity and all(permutation(f, element) is not None for f in turning)
    )


def _moved(family: Family, member: tuple[int, ...], element: Element) -> tuple[int, ...] | None:
    moved = list(member)
    halves = 0
    for number, axis in enumerate(family.axes):
        if axis is not family.rotation:
            continue
        angle = axis.angles_deg[member[number]] + element.turn_deg
        at = _index_at(axis, angle)
        if at is None:
            return None
        moved[number] = at
        halves = round((angle - axis.angles_deg[at]) / 180.0) if axis.kind == "orient" else 0
    if halves % 2:
        for number, axis in enumerate(family.axes):
            if axis.kind == "phase":
                at = _index_at(axis, -axis.angles_deg[member[number]])
                if at is None:
                    return None
                moved[number] = at
    return tuple(moved)


def _index_at(axis: Axis, angle_deg: float) -> int | None:
    """The index along an axis of the member at an angle."""
    for index, own in enumerate(axis.angles_deg):
        if _near(math.remainder(angle_deg - own, axis.period_deg), 0.0):
            return index
    return None


def _near(a: float, b: float) -> bool:
    return abs(a - b) < _SAME_DEG
