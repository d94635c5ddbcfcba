"""Axes: by which transformations the members of a family are related.

In: nothing; the checker or Python code builds them. Out: frozen values. Each kind of axis acts on
the plane, on colours or on carriers, or only counts.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, log2
from typing import Literal

from circuitdsl.ir.members.angles import apart_deg, even_deg
from circuitdsl.text.source import NOWHERE, Span

AxisKind = Literal["rot", "orient", "phase", "hue", "flip", "scale", "cases"]

PERIOD_DEG: dict[AxisKind, float] = {"rot": 360.0, "orient": 180.0, "phase": 360.0, "hue": 360.0}
"""Degrees after which the kinds that count angles repeat."""

STEP_DEG = 1e-6
"""Angles closer than this are one angle."""

MOST_MEMBERS = 4096
"""Members of one family."""

SIDES = ("left", "right")
"""The members of a `flip` axis; the right one is the mirror image."""


@dataclass(frozen=True)
class Axis:
    """One index of a family and the transformation that it counts.

    Attributes:
        name: Such as `th`.
        kind: `rot` and `orient` turn the plane, `flip` mirrors it (x to -x), `scale` dilates it;
            `phase` shifts the carrier, `hue` turns colours about grey; `cases` only counts.
        count: Number of members along the axis.
        at_deg: The members' angles where they are not spread evenly.
        at_family: Name of the imported family that `at_deg` was taken from, for printing.
        ratio: From one member of a `scale` axis to the next.
    """

    name: str
    kind: AxisKind
    count: int
    at_deg: tuple[float, ...] | None = None
    at_family: str | None = field(default=None, compare=False)
    ratio: float | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def period_deg(self) -> float:
        """Degrees after which the axis repeats; infinite for what counts no angles."""
        return PERIOD_DEG.get(self.kind, inf)

    @cached_property
    def angles_deg(self) -> tuple[float, ...]:
        """The angle of each member of an axis that counts angles."""
        period = PERIOD_DEG[self.kind]
        return self.at_deg if self.at_deg is not None else even_deg(self.count, period)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Where each member stands: degrees, octaves along `scale`, else its number."""
        if self.kind in PERIOD_DEG:
            return self.angles_deg
        step = log2(self.ratio or 1.0) if self.kind == "scale" else 1.0
        return tuple(step * index for index in range(self.count))

    @property
    def turns_plane(self) -> bool:
        """Whether the axis acts on the plane by rotation."""
        return self.kind in ("rot", "orient")

    @cached_property
    def _by_angle(self) -> list[tuple[float, int]]:
        """The members' angles within one period in rising order, each with its index."""
        angles = enumerate(self.angles_deg)
        return sorted((angle % self.period_deg, index) for index, angle in angles)

    def find(self, angle_deg: float) -> int | None:
        """The index of the member at an angle; None if there is none."""
        order = self._by_angle
        at = bisect_left(order, (angle_deg % self.period_deg, -1))
        near = (order[at % len(order)], order[at - 1])
        apart, index = min((apart_deg(own, angle_deg, self.period_deg), i) for own, i in near)
        return index if apart <= STEP_DEG else None

    def index_at(self, angle_deg: float) -> int:
        """The index of the member at an angle.

        Raises:
            ValueError: there is none.
        """
        index = self.find(angle_deg)
        if index is None:
            raise ValueError(f"{self.name} has no member at {angle_deg:g} degrees")
        return index

    def value_name(self, index: int) -> str:
        """Where a member stands, as a reader writes it: `36deg`, `left`, `1.5x`, `2`."""
        if self.kind == "flip":
            return SIDES[index]
        if self.kind == "cases":
            return str(index)
        if self.kind == "scale":
            return f"{2.0 ** self.values[index]:.4g}x"
        return f"{self.angles_deg[index]:g}deg"
