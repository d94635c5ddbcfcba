"""Shapes and profiles that the compiler builds in: functions without a body in the library."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from circuitdsl.checking.values.kinds import Point, Profile, Value
from circuitdsl.ir.circuit import ProfileTerm, Shape, Template, TemplateTerm
from circuitdsl.ir.expressions import ONE, Scalar
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span


def primitive(function: nodes.Function, values: dict[str, Value | None], span: Span) -> Value:
    """A shape or a profile that the compiler knows."""
    arguments: list[tuple[str, Scalar | tuple[Scalar, ...]]] = []
    for name, value in values.items():
        arguments.append((name, value.items if isinstance(value, Point) else cast("Scalar", value)))
    kind = "" if function.unit is None else function.unit.text
    if kind == "profile":
        plain = cast("tuple[tuple[str, Scalar], ...]", tuple(arguments))
        return Profile((ProfileTerm(ONE, function.name.text, plain, span),))
    shape = Shape(function.name.text, tuple(arguments), span)
    return Template((TemplateTerm(ONE, shape),), span)


def moved(value: Value, span: Span) -> Value:
    """The value with its parts placed where the user wrote them, not inside the library."""
    if isinstance(value, Profile):
        return replace(value, terms=tuple(replace(term, span=span) for term in value.terms))
    if isinstance(value, Template):
        terms = (TemplateTerm(t.weight, replace(t.shape, span=span)) for t in value.terms)
        return Template(tuple(terms), span)
    if isinstance(value, Point):
        return Point(tuple(replace(item, span=span) for item in value.items))
    return replace(value, span=span)
