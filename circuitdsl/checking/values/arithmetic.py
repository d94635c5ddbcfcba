"""Sums, products and powers of values."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import no_value, too_many
from circuitdsl.checking.values.kinds import LARGEST, Point, Profile, Value, as_profile, described
from circuitdsl.ir.algebra import combine, negate, nodes_of
from circuitdsl.ir.circuit import ProfileTerm, Template, TemplateTerm
from circuitdsl.ir.edits.script import UnitSet
from circuitdsl.ir.expressions import LENGTHS, Apply, DialValue, Number, Operation, Scalar
from circuitdsl.text.source import Span

LARGEST_SCALAR = 100
"""Operations and operands of one scalar expression with its names written out."""

_ALIKE = ("+", "-", "min", "max")
"""Operations whose sides have the same unit."""

MOST_TERMS = 256
"""Terms of one template or profile."""


def negated(value: Value, span: Span, analysis: Analysis) -> Value | None:
    """`-value`."""
    if isinstance(value, Point):
        return Point(tuple(negate(item, span) for item in value.items))
    if isinstance(value, UnitSet):
        analysis.error("E301", "units of a network have no sign", span)
        return None
    if isinstance(value, Template):
        terms = tuple(TemplateTerm(negate(term.weight), term.shape) for term in value.terms)
        return Template(terms, span)
    if isinstance(value, Profile):
        if not is_unframed(value, span, analysis):
            return None
        return Profile(tuple(replace(term, weight=negate(term.weight)) for term in value.terms))
    return negate(value, span)


def combined(
    operator: str, left: Value, right: Value, span: Span, analysis: Analysis
) -> Value | None:
    """`left OPERATOR right`, or None after reporting why they cannot be combined.

    `min` and `max` are operators here, too.
    """
    if isinstance(left, Number | DialValue | Apply) and isinstance(
        right, Number | DialValue | Apply
    ):
        return _scalars(operator, left, right, span, analysis)
    if isinstance(left, Point) or isinstance(right, Point):
        return _points(operator, left, right, span, analysis)
    for value in (left, right):
        if isinstance(value, Profile) and not is_unframed(value, span, analysis):
            return None
    if isinstance(left, Profile) or isinstance(right, Profile):
        result = _profiles(operator, left, right, span)
    elif isinstance(left, Template) or isinstance(right, Template):
        result = _templates(operator, left, right, span)
    else:
        result = None
    if result is None:
        _cannot(operator, left, right, span, analysis)
        return None
    if len(result.terms) > MOST_TERMS:
        terms = f"{len(result.terms)} terms"
        too_many(analysis, described(result), terms, MOST_TERMS, span)
        return None
    return result


def _scalars(
    operator: str, left: Scalar, right: Scalar, span: Span, analysis: Analysis
) -> Scalar | None:
    kinds = {_kind(left), _kind(right)}
    if operator in _ALIKE:
        legal = len(kinds) == 1
    elif operator == "*":
        legal = "real" in kinds
    elif operator == "/":
        legal = len(kinds) == 1 or _kind(right) == "real"
    else:
        legal = kinds == {"real"}
    if not legal:
        _cannot(operator, left, right, span, analysis)
        return None
    try:
        result = combine(cast("Operation", operator), left, right, span)
    except ArithmeticError as error:
        why = "division by zero" if isinstance(error, ZeroDivisionError) else str(error)
        no_value(analysis, why, span)
        return None
    if isinstance(result, Number) and abs(result.value) > LARGEST:
        analysis.error("E113", "the result is too large a number", span)
        return None
    count = sum(1 for _ in nodes_of(result))
    if count > LARGEST_SCALAR:
        what, parts = "an expression with its names written out", f"{count} parts"
        help_ = "Simplify it, or make a part of it a dial."
        too_many(analysis, what, parts, LARGEST_SCALAR, span, help=help_)
        return None
    return result


def _points(
    operator: str, left: Value, right: Value, span: Span, analysis: Analysis
) -> Point | None:
    """A sum of points, coordinate by coordinate, or a point times a plain number."""
    point, factor = (left, right) if isinstance(left, Point) else (right, left)
    pairs: list[tuple[Scalar, Scalar]] = []
    if isinstance(left, Point) and isinstance(right, Point):
        if operator in ("+", "-"):
            pairs = list(zip(left.items, right.items, strict=True))
    elif isinstance(point, Point) and _is_factor(operator, factor, right):
        factor = cast("Scalar", factor)
        pairs = [(p, factor) if point is left else (factor, p) for p in point.items]
    if not pairs:
        _cannot(operator, left, right, span, analysis)
        return None
    items = [_scalars(operator, first, second, span, analysis) for first, second in pairs]
    return Point(tuple(item for item in items if item)) if all(items) else None


def _kind(scalar: Scalar) -> str:
    if scalar.unit in LENGTHS:
        return "length"
    return "angle" if scalar.unit == "angle" else "real"


def _templates(operator: str, left: Value, right: Value, span: Span) -> Template | None:
    if operator in "+-" and isinstance(left, Template) and isinstance(right, Template):
        added = right.terms
        if operator == "-":
            added = tuple(TemplateTerm(negate(term.weight), term.shape) for term in added)
        return Template(left.terms + added, span)
    template, factor = (left, right) if isinstance(left, Template) else (right, left)
    if not isinstance(template, Template) or not _is_factor(operator, factor, right):
        return None
    weights = tuple(
        _scaled(operator, term.weight, cast("Scalar", factor)) for term in template.terms
    )
    terms = zip(weights, template.terms, strict=True)
    return Template(tuple(TemplateTerm(weight, term.shape) for weight, term in terms), span)


def _profiles(operator: str, left: Value, right: Value, span: Span) -> Profile | None:
    if operator in "+-":
        first, second = as_profile(left, span), as_profile(right, span)
        if first is None or second is None:
            return None
        added = second.terms
        if operator == "-":
            added = tuple(replace(term, weight=negate(term.weight)) for term in added)
        return Profile(first.terms + added)
    profile, factor = (left, right) if isinstance(left, Profile) else (right, left)
    if not isinstance(profile, Profile) or not _is_factor(operator, factor, right):
        return None
    terms: list[ProfileTerm] = []
    for term in profile.terms:
        weight = _scaled(operator, term.weight, cast("Scalar", factor))
        terms.append(replace(term, weight=weight))
    return Profile(tuple(terms))


def _is_factor(operator: str, factor: Value, right: Value) -> bool:
    if not isinstance(factor, Number | DialValue | Apply) or factor.unit not in ("real", "int"):
        return False
    if operator == "/":
        return factor is right and not (isinstance(factor, Number) and factor.value == 0)
    return operator == "*"


def _scaled(operator: str, weight: Scalar, factor: Scalar) -> Scalar:
    if operator == "/":
        return combine("/", weight, factor)
    return combine("*", factor, weight)


def is_unframed(value: Profile, span: Span, analysis: Analysis) -> bool:
    """Whether a profile has no frame yet; one that has is reported."""
    if value.frame is None:
        return True
    analysis.error(
        "E307",
        f"`@ {value.frame}` belongs after the whole profile",
        span,
        help=f"Write `(...) @ {value.frame}`.",
    )
    return False


_VERBS = {
    "+": "cannot add {right} to {left}",
    "-": "cannot subtract {right} from {left}",
    "*": "cannot multiply {left} by {right}",
    "/": "cannot divide {left} by {right}",
    "^": "cannot raise {left} to the power of {right}",
    "min": "cannot compare {left} with {right}",
    "max": "cannot compare {left} with {right}",
}


def _cannot(operator: str, left: Value, right: Value, span: Span, analysis: Analysis) -> None:
    message = _VERBS[operator].format(left=_shown(left), right=_shown(right))
    analysis.error("E301", message, span, label=_reason(operator))


def _reason(operator: str) -> str:
    if operator in _ALIKE:
        return f"{'sums need' if operator in '+-' else f'`{operator}` needs'} like units"
    return "one side must be a plain number" if operator in "*/" else "both must be plain numbers"


def _shown(value: Value) -> str:
    if isinstance(value, Number | DialValue) and value.span.text and len(value.span.text) <= 20:
        return value.span.text
    return described(value)
