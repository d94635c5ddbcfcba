"""Weights at single points of the plane, as a check of symmetry needs them.

In: a connection that fits its ends, and the defaults of the dials. Out: the continuous weight from
one unit to another at a point, before it is averaged over taps and normed. What circuits run on is
made by the compiler; this is for judging a text, in plain numbers and without its libraries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.connections.geometry import shape_values, value_of
from circuitdsl.ir.circuit import Axis, Family, ProfileTerm, Tune
from circuitdsl.ir.symmetry import FramePart, frame_parts

Element = tuple[int, ...]
Values = Mapping[str, tuple[float, ...]]

_POINTS = 25
_NEAR_PX = 1e-9


@dataclass(frozen=True)
class SampledKernel:
    """The weights of one connection.

    Attributes:
        joined: The connection.
        dials: A value for each dial.
        tap_px: Pixels from one tap to the next.
    """

    joined: Joined
    dials: Mapping[str, float]
    tap_px: float

    def weight(self, a: Element, b: Element, x: float, y: float) -> float:
        """The weight from source element `a` to target element `b` at (x, y), y up, in px."""
        turn, mirror, dilation = self._parts
        angle = math.radians(self._value(turn, a, b))
        size = 2.0 ** self._value(dilation, a, b)
        x, y = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
        mirrored = self._value(mirror, a, b) == 1.0
        x, y = (-x if mirrored else x) / size, y / size
        phase = self.joined.target.acting("phase")
        phase_deg = 0.0 if phase is None else _along(self.joined.target, b, phase)
        everywhere = 1.0
        along: list[Tune] = []
        for tune in self.joined.wiring.tunes:
            if tune.frame == "tangent":
                along.append(tune)
            else:
                direction = math.degrees(math.atan2(y, x)) if tune.frame == "radial" else 0.0
                everywhere *= self._tuned(tune, a, b, mirrored, direction)
        if everywhere == 0:
            return 0.0
        total = 0.0
        for weight, name, values in self._terms:
            for height, direction in _heights(name, values, x, y, phase_deg):
                factor = weight * height
                for tune in along:
                    factor *= self._tuned(tune, a, b, mirrored, direction)
                total += factor
        return everywhere * total

    def hue_factors(self, b: Element) -> tuple[float, float]:
        """What the hue axis makes of the colour: its part along the colour, and across."""
        hue = self.joined.target.acting("hue")
        colour = self.joined.wiring.colour
        turned = self.joined.source is None and colour is not None and colour.kind != "luma"
        if hue is None or not turned:
            return 1.0, 0.0
        angle = math.radians(_along(self.joined.target, b, hue))
        return math.cos(angle), math.sin(angle)

    @cached_property
    def _known(self) -> dict[tuple[str, Element, Element, float], float]:
        """Profiles that were asked for: most are, at every point."""
        return {}

    @cached_property
    def _terms(self) -> list[tuple[float, str, Values]]:
        place = self.joined.wiring.place
        terms: list[tuple[float, str, Values]] = []
        for term in () if place is None else place.terms:
            values = shape_values(term.shape, self.dials, self.tap_px)
            weight = value_of(term.weight, self.dials, self.tap_px)
            if values is not None and weight is not None:
                terms.append((weight, term.shape.name, values))
        return terms

    @cached_property
    def _parts(self) -> tuple[FramePart | None, FramePart | None, FramePart | None]:
        wiring = self.joined.wiring
        summed = frozenset(wiring.over or ()) - {tune.axis for tune in wiring.tunes}
        source = () if self.joined.source is None else self.joined.source.axes
        return frame_parts(source, self.joined.target.axes, summed)

    def _value(self, part: FramePart | None, a: Element, b: Element) -> float:
        if part is None:
            return 0.0
        if part.of_source and self.joined.source is not None:
            return _along(self.joined.source, a, part.axis)
        return _along(self.joined.target, b, part.axis)

    def _tuned(
        self, tune: Tune, a: Element, b: Element, mirrored: bool, direction_deg: float
    ) -> float:
        key = (tune.axis, a, b, direction_deg)
        if key not in self._known:
            self._known[key] = self._profiled(tune, a, b, mirrored, direction_deg)
        return self._known[key]

    def _profiled(
        self, tune: Tune, a: Element, b: Element, mirrored: bool, direction_deg: float
    ) -> float:
        source, target = self.joined.source, self.joined.target
        own = None if source is None else source.axis(tune.axis)
        if source is None or own is None:
            return 1.0
        other = target.axis(tune.axis)
        delta = _along(source, a, own) - (0.0 if other is None else _along(target, b, other))
        if own.turns_plane and mirrored:
            delta = -delta
        period = min(axis.period_deg for axis in (own, other) if axis is not None)
        same = other is not None and _index(source, a, own) == _index(target, b, other)
        return sum(
            (value_of(term.weight, self.dials, self.tap_px) or 0.0)
            * self._profile(term, delta - direction_deg, period, same)
            for term in tune.terms
        )

    def _profile(self, term: ProfileTerm, x: float, period: float, same: bool) -> float:
        if term.name in ("equal", "same", "other"):
            return float(same != (term.name == "other"))
        if term.name == "constant":
            return 1.0
        given = {k: value_of(v, self.dials, self.tap_px) for k, v in term.arguments}
        width, around = given.get("width") or 1.0, given.get("around") or 0.0
        if term.name == "octaves":
            return 2.0 ** -((2.0 * (x - around) / width) ** 2)
        square = math.sin(math.pi * (x - around) / period) ** 2
        return 2.0 ** -(square / max(math.sin(math.pi * width / (2 * period)) ** 2, _NEAR_PX))


def _index(family: Family, element: Element, axis: Axis) -> int:
    return element[[own.name for own in family.axes].index(axis.name)]


def _along(family: Family, element: Element, axis: Axis) -> float:
    return axis.values[_index(family, element, axis)]


def _heights(
    name: str, values: Values, x: float, y: float, phase_deg: float
) -> list[tuple[float, float]]:
    """The height of each point of a shape at (x, y), and the direction of the shape there."""
    width = next((values[key][0] for key in ("width", "sigma") if key in values), 1.0)
    if name == "dot":
        return [(float(math.hypot(x, y) < _NEAR_PX), 0.0)]
    if name == "ring":
        return [(_gauss(math.hypot(x, y) - values["radius"][0], width), 0.0)]
    if name == "half":
        return [(x / width * _gauss(math.hypot(x, y), width), 0.0)]
    if name == "gabor":
        turn = 2 * math.pi * y / values["wavelength"][0]
        turn += math.radians(phase_deg + values["phase"][0])
        envelope = _gauss(x, values["length"][0]) * _gauss(y, width)
        return [(envelope * math.cos(turn), 0.0)]
    x, y = x - values["at"][0], y - values["at"][1]
    if name == "blob":
        return [(_gauss(math.hypot(x, y), width), 0.0)]
    steps = [(index + 0.5) / _POINTS - 0.5 for index in range(_POINTS)]
    if name == "bar":
        ends = [(step * values["length"][0], 0.0, 0.0) for step in steps]
    else:
        radius = values["radius"][0]
        turns = [step * values["span"][0] / radius for step in steps]
        ends = [(radius * math.sin(t), radius * (1 - math.cos(t)), math.degrees(t)) for t in turns]
    return [(_gauss(math.hypot(x - p, y - q), width) / _POINTS, d) for p, q, d in ends]


def _gauss(distance: float, width: float) -> float:
    return math.exp(-((distance / width) ** 2) / 2)
