"""Shapes and profiles that the compiler builds in: functions without a body in the library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import not_fixed, out_of_range
from circuitdsl.checking.values.arithmetic import is_unframed
from circuitdsl.checking.values.kinds import Point, Profile, Value
from circuitdsl.ir.algebra import combine, negate
from circuitdsl.ir.circuit import RECTIFIED, ProfileTerm, Shape, Template, TemplateTerm
from circuitdsl.ir.expressions import ONE, ZERO_ANGLE, Number, Scalar, dials_of
from circuitdsl.ir.members.axes import MOST_MEMBERS
from circuitdsl.ir.tables.profiles import PROFILES, finest
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

FINEST = "finest"
"""The function that says how narrow a bump may be."""


def primitive(
    function: nodes.Function, values: dict[str, Value | None], span: Span, analysis: Analysis
) -> Value | None:
    """What a function of the compiler gives: a shape, a profile, one made into another, an angle.

    Args:
        function: The function of the library.
        values: Its arguments, none faulty.
        span: Where it is called.
        analysis: Where to report.
    """
    name = function.name.text
    if name in SHAPES:
        shape = Shape(name, tuple(_argument(key, value) for key, value in values.items()), span)
        return Template((TemplateTerm(ONE, shape),), span)
    if name in PROFILES:
        plain = tuple((key, cast("Scalar", value)) for key, value in values.items())
        return Profile((ProfileTerm(ONE, name, plain, span),))
    if name == FINEST:
        return _finest(function, values, span, analysis)
    numbers = iter(values.values())
    if name == RECTIFIED:
        return _rectified(cast("Profile", next(numbers)), span, analysis)
    template = cast("Template", next(numbers))
    angles = [cast("Scalar", angle) for angle in numbers]
    terms = (
        replace(term, shape=_turned(term.shape, angles[0]) if angles else _mirrored(term.shape))
        for term in template.terms
    )
    return Template(tuple(terms), span)


def _finest(
    function: nodes.Function, values: dict[str, Value | None], span: Span, analysis: Analysis
) -> Number | None:
    """The narrowest bump that members sample well enough, an angle."""
    numbers: dict[str, float] = {}
    for name, value in values.items():
        what = f"`{name}` of `{function.name.text}()`"
        if isinstance(value, Number):
            numbers[name] = value.value
            continue
        dials = dials_of(cast("Scalar", value))
        if dials:
            not_fixed(analysis, what, min(dials), span)
        return None
    members, period = numbers["members"], numbers["period"]
    if not 0 < period <= 360:
        what, requirement = f"`period` of `{FINEST}()`", "above 0deg and up to 360deg"
        out_of_range(analysis, what, requirement, span, got=f"{period:g}deg")
        return None
    width = finest(int(members), period) if 2 <= members <= MOST_MEMBERS else None
    if width is None:
        requirement = f"from 4 to {MOST_MEMBERS:,}"
        out_of_range(analysis, f"`members` of `{FINEST}()`", requirement, span, got=f"{members:g}")
        return None
    return Number(width, "angle", span)


def _argument(name: str, value: Value | None) -> tuple[str, Scalar | tuple[Scalar, ...]]:
    return name, value.items if isinstance(value, Point) else cast("Scalar", value)


def _rectified(profile: Profile, span: Span, analysis: Analysis) -> Profile | None:
    if not is_unframed(profile, span, analysis):
        return None
    return Profile((ProfileTerm(ONE, RECTIFIED, (), span, profile.terms),))


def _turned(shape: Shape, angle: Scalar) -> Shape:
    """The shape turned further; one that looks the same then is left as it is."""
    if SHAPES[shape.name].is_round(dict(shape.arguments)):
        return shape
    turn = combine("+", shape.turn, angle)
    if isinstance(turn, Number):
        turn = replace(turn, value=turn.value % 360.0)
    return replace(shape, turn=turn if turn != ZERO_ANGLE else ZERO_ANGLE)


def _mirrored(shape: Shape) -> Shape:
    """The mirror image along the tangent, y to -y, of arguments that change their sign."""
    across = SHAPES[shape.name].across

    def image(value: Scalar | tuple[Scalar, ...]) -> Scalar | tuple[Scalar, ...]:
        return (value[0], negate(value[1])) if isinstance(value, tuple) else negate(value)

    arguments: Iterable[tuple[str, Scalar | tuple[Scalar, ...]]] = (
        (name, image(value) if name in across else value) for name, value in shape.arguments
    )
    turn = negate(shape.turn)
    if isinstance(turn, Number):
        turn = replace(turn, value=turn.value % 360.0)
    return replace(shape, arguments=tuple(arguments), turn=turn)


def moved(value: Value, span: Span) -> Value:
    """The value with its parts placed where the user wrote them, not inside the library."""
    if isinstance(value, Profile):
        return replace(value, terms=tuple(_moved(term, span) for term in value.terms))
    if isinstance(value, Template):
        terms = (TemplateTerm(t.weight, replace(t.shape, span=span)) for t in value.terms)
        return Template(tuple(terms), span)
    if isinstance(value, Point):
        return Point(tuple(replace(item, span=span) for item in value.items))
    return replace(value, span=span)


def _moved(term: ProfileTerm, span: Span) -> ProfileTerm:
    return replace(term, span=span, inner=tuple(_moved(inner, span) for inner in term.inner))
