"""Putting scalar expressions together: constants are folded, units follow.

In: scalars whose units agree (the caller has made sure). Out: the one spelling that equal
expressions share, so that circuits compare by meaning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from circuitdsl.ir.expressions import Apply, DialValue, Number, Operation, Scalar, ScalarUnit
from circuitdsl.text.source import NOWHERE, Span

LENGTHS = ("px", "tap")


def negate(scalar: Scalar, span: Span = NOWHERE) -> Scalar:
    """`-x`; a sign before a number becomes part of it, and two signs cancel."""
    if isinstance(scalar, Number):
        return Number(0.0 - scalar.value, scalar.unit, span)
    if isinstance(scalar, Apply) and scalar.operation == "neg":
        return scalar.arguments[0]
    return Apply("neg", (scalar,), scalar.unit, span)


def combine(operation: Operation, left: Scalar, right: Scalar, span: Span = NOWHERE) -> Scalar:
    """`left OPERATION right`.

    Raises:
        ArithmeticError: constants that cannot be combined: a division by zero, an overflow, a root
            of a negative number.
    """
    unit = _unit(operation, left.unit, right.unit)
    if isinstance(left, Number) and isinstance(right, Number):
        # pixels and taps become comparable only where a connection gives taps a size
        mixed = left.unit != right.unit and left.unit in LENGTHS and right.unit in LENGTHS
        if not mixed:
            return Number(_compute(operation, left.value, right.value), unit, span)
    if operation == "*" and is_number(left, 1.0):
        return right
    if operation in ("*", "/") and is_number(right, 1.0):
        return left
    return Apply(operation, (left, right), unit, span)


def is_number(scalar: Scalar, value: float) -> bool:
    """Whether the expression is this plain number."""
    return isinstance(scalar, Number) and scalar.unit == "real" and scalar.value == value


def nodes_of(scalar: Scalar) -> Iterator[Scalar]:
    """Every part of an expression, itself included, without recursion."""
    pending = [scalar]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, Apply):
            pending.extend(part.arguments)


def has_taps(scalar: Scalar) -> bool:
    """Whether the value depends on the size of a tap."""
    return any(
        isinstance(part, Number | DialValue) and part.unit == "tap" for part in nodes_of(scalar)
    )


def _unit(operation: Operation, left: ScalarUnit, right: ScalarUnit) -> ScalarUnit:
    if operation in ("+", "-"):
        if left in LENGTHS:
            return "px" if "px" in (left, right) else "tap"
        return "angle" if left == "angle" else "real"
    if operation == "*":
        return _measured(right) if _measured(left) == "real" else left
    if operation == "/":
        return _measured(left) if _measured(right) == "real" else "real"
    return "real"


def _measured(unit: ScalarUnit) -> ScalarUnit:
    return "real" if unit == "int" else unit


def _compute(operation: Operation, left: float, right: float) -> float:
    if operation == "+":
        value: float = left + right
    elif operation == "-":
        value = left - right
    elif operation == "*":
        value = left * right
    elif operation == "/":
        value = left / right
    else:
        power = left**right
        if isinstance(power, complex):
            raise ArithmeticError("a root of a negative number")
        value = power
    if not math.isfinite(value):
        raise OverflowError("the result is too large")
    return value
