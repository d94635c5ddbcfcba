"""Strategies for the parts of a circuit: axes, templates, profiles, norms and colours.

Whatever is drawn fits what it is drawn for, as the checker has it: shapes lie within their kernels,
profiles suit their axes. Numbers are drawn so that they print short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import ceil, floor

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from circuitdsl.ir.circuit import (
    RECTIFIED,
    Colour,
    Family,
    Frame,
    Norm,
    ProfileTerm,
    Shape,
    Template,
    TemplateTerm,
    Tune,
)
from circuitdsl.ir.expressions import Number, ScalarUnit
from circuitdsl.ir.members.axes import PERIOD_DEG, Axis, AxisKind
from circuitdsl.ir.tables.arguments import ORIGIN, Argument
from circuitdsl.ir.tables.profiles import PROFILES
from circuitdsl.ir.tables.shapes import SHAPES, ShapeRow

_NAMES: dict[AxisKind, tuple[str, ...]] = {
    "rot": ("th", "th", "psi"),
    "orient": ("th", "th", "psi"),
    "flip": ("side",),
    "hue": ("h", "h", "tint"),
    "phase": ("ph",),
    "scale": ("r",),
    "cases": ("u", "u", "v"),
}
"""Names of axes. Families of one name may have it in common; under two names it is summed over."""

_KINDS: tuple[AxisKind, ...] = tuple(_NAMES)

_STEPS = 20
"""Decimals that are drawn are multiples of one over this."""


def number(value: float, unit: ScalarUnit = "real") -> Number:
    """A number of the language."""
    return Number(value, unit)


def numbers(low: float, high: float) -> SearchStrategy[float]:
    """Decimals that print short, so that failing programs can be read; one at least."""
    least = ceil(round(low * _STEPS, 6))
    most = max(floor(round(high * _STEPS, 6)), least)
    return st.integers(least, most).map(lambda n: n / _STEPS)


def lengths(low_tap: float, high_tap: float) -> SearchStrategy[Number]:
    """Lengths in taps."""
    return numbers(low_tap, high_tap).map(lambda value: number(value, "tap"))


def angles(period_deg: float = 360.0) -> SearchStrategy[float]:
    """Multiples of half a degree."""
    return st.integers(0, round(2 * period_deg) - 1).map(lambda n: n / 2)


# ---- axes


@st.composite
def axes(draw: DrawFn, most: int = 16, like: tuple[Axis, ...] = ()) -> tuple[Axis, ...]:
    """Axes of every kind in any order, with `most` members in all, some as `like` has them."""
    candidates = [axis for axis in like if draw(st.booleans())]
    count = draw(st.sampled_from((0, 1, 1, 2) if candidates else (0, 1, 1, 2, 2, 3, 4)))
    kinds: list[AxisKind] = []
    for _ in range(count):
        kinds.append(draw(st.sampled_from(_KINDS)))
    if any(axis.turns_plane for axis in candidates) and draw(st.booleans()):
        kinds.insert(0, "flip")  # mirrors of what turns, which chance rarely brings together
    closed = "orient" in (*kinds, *(axis.kind for axis in candidates))
    candidates += [draw(_axis(kind, min(most, 6), closed)) for kind in kinds]
    chain: list[Axis] = []
    for one in candidates:
        turning = one.turns_plane and any(axis.turns_plane for axis in chain)
        is_there = any(axis.name == one.name for axis in chain)
        again = one.kind != "cases" and any(axis.kind == one.kind for axis in chain)
        if one.count <= most and not (turning or is_there or again):
            chain.append(one)
            most //= one.count
    if any(axis.kind == "orient" for axis in chain):
        chain = [axis for axis in chain if axis.kind != "phase" or _closed(axis)]
    return tuple(chain)


def _closed(phases: Axis) -> bool:
    """Whether the negative of every phase is there, too."""
    return {-angle % 360.0 for angle in phases.angles_deg} == set(phases.angles_deg)


@st.composite
def _axis(draw: DrawFn, kind: AxisKind, most: int, closed: bool) -> Axis:
    """An axis of some kind; its phases are closed under change of sign if they must be."""
    name = draw(st.sampled_from(_NAMES[kind]))
    if kind == "flip":
        return Axis(name, kind, 2)
    if kind in PERIOD_DEG and draw(st.integers(0, 2)) == 0:
        period = PERIOD_DEG[kind]
        at = draw(st.lists(angles(period), min_size=1, max_size=max(most, 1), unique=True))
        if kind == "phase" and closed:
            at = sorted(
                {turn for angle in at[: max(most // 2, 1)] for turn in (angle, -angle % 360)}
            )
        return Axis(name, kind, len(at), tuple(at))
    count = draw(st.integers(1 if kind == "cases" else 2, max(most, 2)))
    if kind == "scale":
        return Axis(name, kind, min(count, 3), ratio=draw(st.sampled_from((1.25, 1.5, 2.0))))
    return Axis(name, kind, count)


def turns(
    drawn: tuple[Axis, ...], like: Family | None = None
) -> SearchStrategy[tuple[tuple[str, float], ...]]:
    """What `identify` may turn of some evenly spaced axes: one of them, or two by half a turn.

    If it can be, it is what `like` says.
    """
    if like is not None and like.identify:
        bound_axes = [axis for axis in like.axes if axis.name in dict(like.identify)]
        if set(bound_axes) <= set(drawn):
            return st.just(like.identify)
    even = [a for a in drawn if a.kind in ("rot", "orient", "hue") and a.at_deg is None]
    elements = [
        ((axis.name, index * PERIOD_DEG[axis.kind] / axis.count),)
        for axis in even
        for index in range(1, axis.count)
    ]
    halves = [axis for axis in even if axis.kind != "orient" and axis.count % 2 == 0]
    if len(halves) == 2:
        elements += [tuple((axis.name, 180.0) for axis in halves)] * 2
    return st.sampled_from(elements) if elements else st.just(())


def bound(family: Family, *kinds: AxisKind) -> bool:
    """Whether the family's `identify` turns its axis of one of some kinds."""
    axis = family.acting(*kinds)
    return axis is not None and axis.name in dict(family.identify)


def _joined(family: Family, axis: Axis) -> bool:
    """Whether the family's `identify` joins members along an axis; half turns join phases."""
    return axis.name in dict(family.identify) or (axis.kind == "phase" and bound(family, "orient"))


# ---- templates


@dataclass(frozen=True)
class Room:
    """What a template may reach.

    Attributes:
        taps: From the centre of the kernel to its edge, less where members are dilated.
        alone: Whether the kernel is of one tap.
    """

    taps: float
    alone: bool

    def points(self) -> SearchStrategy[tuple[Number, ...]]:
        """The origin, or a point halfway to the edge."""
        along = lengths(-self.taps / 2, self.taps / 2)
        return st.just(ORIGIN) | st.tuples(along, along)

    def shape(self, name: str, centred: bool = False) -> SearchStrategy[Shape]:
        """The shape of that name with random arguments; at the origin, if so asked.

        Some are turned within their template, if they look another way then.
        """
        return _shape(self, name, centred)

    def argument(
        self, argument: Argument, centred: bool
    ) -> SearchStrategy[Number] | SearchStrategy[tuple[Number, ...]]:
        """A random value of an argument."""
        if argument.type == "point":
            return st.just(ORIGIN) if centred else self.points()
        if argument.type == "angle":
            return angles().map(lambda angle: number(angle, "angle"))
        low, high = argument.usual or (0.05, self.taps)
        sizes = lengths(low, high)
        return sizes | lengths(-high, -low) if argument.legal == "nonzero" else sizes


@cache
def _shape(room: Room, name: str, centred: bool) -> SearchStrategy[Shape]:
    # made once: Hypothesis takes longer to look through a new strategy than to draw from it
    row = SHAPES[name]
    arguments = st.tuples(*(room.argument(argument, centred) for argument in row.arguments))
    names = [argument.name for argument in row.arguments]
    shapes = arguments.map(lambda values: Shape(name, tuple(zip(names, values, strict=True))))
    if centred or row.round == "always":
        return shapes
    return st.builds(_turned, shapes, st.sampled_from((0.0, 0.0, 0.0, 0.0, 30.0, 90.0, 245.0)))


def _turned(shape: Shape, turn_deg: float) -> Shape:
    """The shape turned, as far as it stays within its room and is another one then."""
    arguments = dict(shape.arguments)
    if SHAPES[shape.name].is_round(arguments):
        turn_deg = 0.0
    elif arguments.get("at", ORIGIN) != ORIGIN:
        turn_deg = 90.0 if turn_deg else 0.0
    return replace(shape, turn=number(turn_deg, "angle"))


def named(accepts: Callable[[ShapeRow], bool]) -> tuple[str, ...]:
    """The shapes of which something holds."""
    return tuple(name for name, row in SHAPES.items() if accepts(row))


@st.composite
def templates(draw: DrawFn, names: tuple[str, ...], room: Room, centred: bool = False) -> Template:
    """One to three weighted shapes of those names."""
    count = draw(st.integers(1, 3))
    weights = [1.0, *(draw(st.sampled_from((1.0, -0.5, 0.7, -1.2))) for _ in range(count - 1))]
    shapes = [draw(room.shape(draw(st.sampled_from(names)), centred)) for _ in weights]
    terms = zip(weights, shapes, strict=True)
    return Template(tuple(TemplateTerm(number(weight), shape) for weight, shape in terms))


# ---- profiles


@st.composite
def _peaks(draw: DrawFn, axis: Axis) -> tuple[ProfileTerm, ...]:
    """Functions of the difference: one to three peaks, where the axis has any, and a constant."""
    terms: list[ProfileTerm] = []
    count = draw(st.integers(1, 3))
    for weight in (1.0, -0.4, 0.6)[:count] if axis.kind in (*PERIOD_DEG, "scale") else ():
        name, unit = ("octaves", "real") if axis.kind == "scale" else ("bump", "angle")
        peak = tuple(
            (argument.name, number(draw(numbers(*(argument.usual or (0, 1)))), unit))
            for argument in PROFILES[name].arguments
        )
        terms.append(ProfileTerm(number(weight), name, peak))
    if not terms or draw(st.booleans()):
        low = -0.5 if terms else 0.5
        terms.append(ProfileTerm(number(draw(numbers(low, 1))), "constant"))
    if draw(st.integers(0, 3)) == 0:
        rectified = ProfileTerm(number(1.0), RECTIFIED, inner=tuple(terms))
        return rectified, ProfileTerm(number(draw(numbers(0.1, 0.5))), "constant")
    return tuple(terms)


@st.composite
def _pairs(draw: DrawFn, axis: Axis) -> tuple[ProfileTerm, ...]:
    """Functions of whether members are the same."""
    if (axis.count == 2 or axis.kind == "cases") and draw(st.booleans()):
        rivalry = number(-draw(numbers(0.2, 1)))
        return ProfileTerm(number(1.0), "same"), ProfileTerm(rivalry, "other")
    return (ProfileTerm(number(1.0), "equal"),)


@st.composite
def tunes(draw: DrawFn, source: Family, target: Family, place: Template) -> tuple[Tune, ...]:
    """A profile for every shared axis, and for some of those that are summed over."""
    shapes = [SHAPES[term.shape.name] for term in place.terms]
    # members of both ends that `identify` joins by the same turns are joined by a profile, too
    alike = source.identify == target.identify
    chain: list[Tune] = []
    for axis in source.axes:
        other = target.axis(axis.name)
        if other is None and draw(st.booleans()):
            continue
        if other is not None and _joined(target, axis) and not (alike and axis.kind != "phase"):
            same = ProfileTerm(number(draw(numbers(0.5, 1))), "constant")
            chain.append(Tune(axis.name, (same,)))
            continue
        pairs = other is not None and (axis.kind, axis.values) == (other.kind, other.values)
        if pairs and draw(st.integers(0, 2)) == 0:
            chain.append(Tune(axis.name, draw(_pairs(axis))))
            continue
        frames: tuple[Frame, ...] = ("frame", "field")
        if axis.turns_plane:
            # seen from a member that `identify` turns, only shared angles stay where they are
            if all(row.extended for row in shapes) and (
                other is not None or not bound(target, "rot", "orient")
            ):
                frames = (*frames, "radial", "radial")
            if all(row.directed for row in shapes):
                frames = (*frames, "tangent", "tangent")
        chain.append(Tune(axis.name, draw(_peaks(axis)), draw(st.sampled_from(frames))))
    return tuple(chain)


# ---- the rest


@st.composite
def norms(draw: DrawFn) -> Norm | None:
    """Any norm, or none."""
    kind = draw(st.sampled_from(("none", "l1", "l2", "mass", None)))
    if kind == "mass":
        return Norm(kind, number(draw(numbers(0.2, 2))), number(draw(numbers(0, 2))))
    return None if kind is None else Norm(kind)


@st.composite
def colours(draw: DrawFn, kinds: tuple[str, ...] = ("luma", "hue", "opponent")) -> Colour:
    """What is read of the image."""
    kind = draw(st.sampled_from(kinds))
    angle = draw(angles())
    if kind == "luma":
        return Colour("luma")
    if kind == "hue":
        return Colour("hue", number(angle, "angle"))
    against = (angle + draw(st.integers(30, 330))) % 360.0
    return Colour("opponent", number(angle, "angle"), number(against, "angle"))
