"""Group actions: where turning, mirroring and recolouring takes the members of a family.

In: a family and an element of the group. Out: permutations of its members, and the elements that
some families have in common. A member is the family's feature after its action A; the element g
takes it to the member whose action is g A. So a turn by t takes the angle of a `rot` or `orient`
axis to that angle plus t, a mirror takes an angle to its opposite and left to right, a turn of hues
moves along a `hue` axis, and a dilation along a `scale` axis, whose last members have no partner.
An `orient` axis repeats after half a turn, where a carrier's phase changes its sign, since
`cos(-x + phase) = cos(x - phase)`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from circuitdsl.ir.circuit import Family
from circuitdsl.ir.members.angles import cos_sin_deg
from circuitdsl.ir.members.axes import STEP_DEG, Axis

Mirrors = Mapping[str, float]
"""How a mirror acts on families that turn but have no `flip` axis: `symmetry.mirror_deg`."""

_NONE: Mirrors = {}


@dataclass(frozen=True)
class Element:
    """An element of the group: first the mirror, then the turns.

    Attributes:
        turn_deg: Counter-clockwise turn of the plane, in [0, 360).
        mirror: Whether the plane is mirrored first, x to -x.
        hue_deg: Turn of all hues about grey, in [0, 360).
        dilation: How many times as large everything becomes.
    """

    turn_deg: float = 0.0
    mirror: bool = False
    hue_deg: float = 0.0
    dilation: float = 1.0

    @property
    def keeps_taps(self) -> bool:
        """Whether it maps a square grid of taps to itself: quarter turns and mirrors do."""
        quarters = _near(self.turn_deg, 90.0 * round(self.turn_deg / 90.0))
        return quarters and self.dilation == 1.0

    @property
    def recolouring(self) -> tuple[tuple[float, float, float], ...]:
        """What it does to red, green and blue: a turn about grey, as rows of a matrix."""
        cosine, sine = cos_sin_deg(self.hue_deg)
        own, one = (1 + 2 * cosine) / 3, (1 - cosine) / 3
        less, more = one - sine / math.sqrt(3), one + sine / math.sqrt(3)
        return (own, less, more), (more, own, less), (less, more, own)

    def after(self, first: Element) -> Element:
        """What doing `first`, then this one, comes to."""
        turn = first.turn_deg if not self.mirror else -first.turn_deg
        return Element(
            round((turn + self.turn_deg) % 360.0, 9) % 360.0,
            mirror=self.mirror != first.mirror,
            hue_deg=round((self.hue_deg + first.hue_deg) % 360.0, 9) % 360.0,
            dilation=self.dilation * first.dilation,
        )

    def __str__(self) -> str:
        parts = [f"{self.turn_deg:g}deg"] if self.turn_deg else []
        parts += ["mirror"] if self.mirror else []
        parts += [f"hue {self.hue_deg:g}deg"] if self.hue_deg else []
        parts += [f"{self.dilation:g}x"] if self.dilation != 1.0 else []
        return " ".join(parts) or "identity"


def permutation(
    family: Family, element: Element, mirrors: Mirrors = _NONE
) -> tuple[int, ...] | None:
    """The index of the member that each member goes to; None where one goes to none."""
    places = partners(family, element, mirrors)
    whole = tuple(index for index in places if index is not None)
    return whole if len(whole) == len(places) else None


def partners(family: Family, element: Element, mirrors: Mirrors = _NONE) -> tuple[int | None, ...]:
    """The index of the member that each member goes to, None for those that go to none."""
    return _partners(family, element, mirrors.get(family.name, 0.0))


@lru_cache(maxsize=4096)
def _partners(family: Family, element: Element, mirror_deg: float) -> tuple[int | None, ...]:
    place = {member: index for index, orbit in enumerate(family.orbits) for member in orbit}
    flips = family.acting("flip") is not None
    along = [_goals(axis, element, flips=flips, mirror_deg=mirror_deg) for axis in family.axes]
    negated = [
        [axis.find(-angle) for angle in axis.angles_deg] if axis.kind == "phase" else None
        for axis in family.axes
    ]

    def goal(member: tuple[int, ...]) -> int | None:
        steps = [goals[index] for goals, index in zip(along, member, strict=True)]
        moved = [at for at, _ in steps]
        # half a turn takes a member of an `orient` axis to itself, its phase negated
        if sum(halves for _, halves in steps) % 2:
            for number, phases in enumerate(negated):
                if phases is not None:
                    moved[number] = phases[member[number]]
        places = tuple(index for index in moved if index is not None)
        return place[places] if len(places) == len(moved) else None

    return tuple(map(goal, family.members))


def dilations(families: Iterable[Family]) -> tuple[Element, ...]:
    """The dilations that take some members of every family with a `scale` axis to others.

    Families without that axis put up with any.
    """
    axes = [axis for family in families if (axis := family.acting("scale")) is not None]
    ratios = {axis.ratio or 1.0 for axis in axes}
    if len(ratios) != 1:
        return ()
    steps = range(1, min(axis.count for axis in axes))
    (ratio,) = ratios
    return tuple(Element(dilation=ratio**step) for step in steps)


def common_elements(
    families: Iterable[Family], mirrors: Mirrors = _NONE, most: int | None = None
) -> tuple[Element, ...]:
    """The elements, other than the identity, that take every family's members to members.

    Turns where a family turns, mirrored or not where one has a `flip` axis, and turns of hues.
    Families without such an axis put up with any element; where all do, there is none to speak of.

    Args:
        families: The families.
        mirrors: The axis of each one's mirror, in degrees.
        most: Look at no more than about so many, spread evenly, besides those that map a grid of
            taps to itself.
    """
    several = list(families)

    def shared(element: Element) -> bool:
        return all(permutation(family, element, mirrors) is not None for family in several)

    every = tuple(_candidates(several))
    apart = 1 if most is None else -(-len(every) // max(most, 1))
    candidates = (each for at, each in enumerate(every) if at % apart == 0 or each.keeps_taps)
    return tuple(element for element in candidates if shared(element))


def count_elements(families: Iterable[Family]) -> int:
    """The number of elements that `common_elements` looks at if nothing bounds it."""
    return sum(1 for _ in _candidates(list(families)))


def _candidates(families: list[Family]) -> Iterator[Element]:
    turning = [axis for family in families if (axis := family.rotation) is not None]
    turns = [0.0] if not turning else _turns(turning[0])
    flips = any(family.acting("flip") is not None for family in families)
    for turn in turns:
        if turn:
            yield Element(turn)
        if flips:
            yield Element(turn, mirror=True)
    coloured = [axis for family in families if (axis := family.acting("hue")) is not None]
    if coloured:
        yield from (Element(hue_deg=hue) for hue in _turns(coloured[0]) if hue)


def _turns(axis: Axis) -> list[float]:
    """Turns by which a member of the axis comes to stand where another stood, 0 first."""
    turns = {round((angle - axis.angles_deg[0]) % 360.0, 9) for angle in axis.angles_deg}
    if axis.kind == "orient":
        turns |= {round((turn + 180.0) % 360.0, 9) for turn in turns}
    return sorted(turns)


def _goals(
    axis: Axis, element: Element, *, flips: bool, mirror_deg: float
) -> list[tuple[int | None, int]]:
    """Where each index of an axis goes, and by how many half turns beyond the angle there."""
    here = range(axis.count)
    if axis.kind == "flip" and element.mirror:
        return [(1 - index, 0) for index in here]
    if axis.kind == "scale" and element.dilation != 1.0:
        return [(_dilated(axis, index, element.dilation), 0) for index in here]
    if axis.kind == "hue":
        return [(axis.find(angle + element.hue_deg), 0) for angle in axis.angles_deg]
    if not axis.turns_plane:
        return [(index, 0) for index in here]
    goals: list[tuple[int | None, int]] = []
    for own in axis.angles_deg:
        mirrored = -own if flips else mirror_deg - own
        angle = (mirrored if element.mirror else own) + element.turn_deg
        at = axis.find(angle)
        halves = 0
        if at is not None and axis.kind == "orient":
            halves = round((angle - axis.angles_deg[at]) / 180.0)
        goals.append((at, halves))
    return goals


def _dilated(axis: Axis, index: int, dilation: float) -> int | None:
    """The index along a `scale` axis of the member that is larger by a dilation."""
    octaves = axis.values[index] + math.log2(dilation)
    return next((i for i, own in enumerate(axis.values) if _near(own, octaves)), None)


def _near(a: float, b: float) -> bool:
    return abs(a - b) < STEP_DEG
