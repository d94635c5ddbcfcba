"""Scalar expressions: what a number in a circuit may be.

They stay symbolic until lowering, so that a kernel is a differentiable function of the dials. Every
node knows its unit; the checker has made sure that units agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from circuitdsl.text.source import NOWHERE, Span

ScalarUnit = Literal["real", "int", "px", "tap", "length", "angle"]
"""`angle` is in degrees. `px` and `tap` are units of lengths and may be added; `length` is the unit
of sums of both, and of formals of motifs, which may be bound to either."""

LENGTHS = ("px", "tap", "length")
"""The units of lengths."""


def type_name(unit: ScalarUnit) -> str:
    """The type that the language gives to what has a unit."""
    return "length" if unit in LENGTHS else unit


Operation = Literal["+", "-", "*", "/", "^", "neg", "abs", "max", "min"]

CALLED: tuple[Operation, ...] = ("abs", "max", "min")
"""Operations that the language writes as calls."""


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float
    unit: ScalarUnit = "real"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Dial:
    """A dial: a named number with a unit, a default and a legal range.

    A motif's formal with a range is a dial `USE.FORMAL` of each use that gives it a number.

    Attributes:
        name: Unique within the circuit.
        unit: Of the default and of the range.
        default: Where it stands.
        low: The lower end of its range; None without one.
        high: The upper end.
        free: Whether a fit may turn it.
        span: Its declaration; for a dial of a use, what the use gives.
        set_at: Where another file set it.
    """

    name: str
    unit: ScalarUnit
    default: float
    low: float | None = None
    high: float | None = None
    free: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    set_at: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class DialValue:
    """A reference to a dial of the circuit, or to a formal of the motif around it."""

    name: str
    unit: ScalarUnit
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Apply:
    """An operation on one or two scalars."""

    operation: Operation
    arguments: tuple[Scalar, ...]
    unit: ScalarUnit
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Scalar = Number | DialValue | Apply


def _extreme(of_numbers: Callable[..., Any], of_arrays: str, left: Any, right: Any) -> Any:
    """The larger or the smaller value; equal arrays pass half of a gradient each."""
    for value in (left, right):
        if hasattr(value, "__array_namespace__"):
            return getattr(value.__array_namespace__(), of_arrays)(left, right)
    return of_numbers(left, right)


_COMPUTE: dict[Operation, Callable[..., Any]] = {
    "neg": operator.neg,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "abs": abs,
    "max": partial(_extreme, max, "maximum"),
    "min": partial(_extreme, min, "minimum"),
}

ZERO = Number(0.0)
ONE = Number(1.0)
ZERO_ANGLE = Number(0.0, "angle")


def evaluate(expression: Scalar, dials: Mapping[str, Any], tap_px: float = float("nan")) -> Any:
    """The value of an expression: lengths in pixels, angles in degrees.

    Args:
        expression: What to evaluate.
        dials: A value for each dial named, as a float or an array; arrays may be traced.
        tap_px: Pixels from one tap to the next where the expression stands.

    Raises:
        KeyError: a dial has no value.
    """
    if isinstance(expression, Number):
        return expression.value * tap_px if expression.unit == "tap" else expression.value
    if isinstance(expression, DialValue):
        value = dials[expression.name]
        return value * tap_px if expression.unit == "tap" else value
    values = [evaluate(argument, dials, tap_px) for argument in expression.arguments]
    return _COMPUTE[expression.operation](*values)


def substitute(expression: Scalar, bindings: Mapping[str, Scalar]) -> Scalar:
    """The expression with the named dials replaced; other dials stay."""
    if isinstance(expression, DialValue):
        return bindings.get(expression.name, expression)
    if isinstance(expression, Apply):
        arguments = tuple(substitute(argument, bindings) for argument in expression.arguments)
        return Apply(expression.operation, arguments, expression.unit, expression.span)
    return expression


def dials_of(expression: Scalar) -> frozenset[str]:
    """The names of the dials that an expression reads."""
    if isinstance(expression, DialValue):
        return frozenset((expression.name,))
    if isinstance(expression, Apply):
        return frozenset[str]().union(*(dials_of(argument) for argument in expression.arguments))
    return frozenset()
