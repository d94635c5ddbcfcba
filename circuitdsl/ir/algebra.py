"""Putting scalar expressions together: constants are folded, units follow.

In: scalars whose units agree (the caller has made sure). Out: the one spelling that equal
expressions share, so that circuits compare by meaning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from circuitdsl.ir.expressions import (
    LENGTHS,
    Apply,
    DialValue,
    Number,
    Operation,
    Scalar,
    ScalarUnit,
)
from circuitdsl.text.source import NOWHERE, Span


def negate(scalar: Scalar, span: Span = NOWHERE) -> Scalar:
    """`-x`; a sign before a number becomes part of it, and two signs cancel."""
    if isinstance(scalar, Number):
        return Number(0.0 - scalar.value, scalar.unit, span)
    negated = _negated(scalar)
    if negated is not None:
        return negated
    return Apply("neg", (scalar,), scalar.unit, span)


def absolute(scalar: Scalar, span: Span = NOWHERE) -> Scalar:
    """`abs(x)`; a sign within it makes no difference, nor does a second `abs`."""
    if isinstance(scalar, Number):
        return Number(abs(scalar.value), scalar.unit, span)
    inner = _negated(scalar)
    if inner is not None:
        return absolute(inner, span)
    if isinstance(scalar, Apply) and scalar.operation == "abs":
        return scalar
    return Apply("abs", (scalar,), scalar.unit, span)


def combine(operation: Operation, left: Scalar, right: Scalar, span: Span = NOWHERE) -> Scalar:
    """`left OPERATION right`, or `OPERATION(left, right)` for `min` and `max`.

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
    neutral = _neutral(operation, left, right, span)
    return Apply(operation, (left, right), unit, span) if neutral is None else neutral


def _neutral(operation: Operation, left: Scalar, right: Scalar, span: Span) -> Scalar | None:
    """The one spelling of a sum with zero, a product with 1 or -1, and of a sign within a sum."""
    if operation in ("min", "max"):
        return left if left == right else None
    if operation in ("+", "-"):
        return _plain_sum(operation, left, right, span)
    if operation == "*" and is_number(left, 1.0):
        return right
    if operation == "*" and is_number(left, -1.0):
        return negate(right, span)
    if operation in ("*", "/") and isinstance(right, Number) and right.unit == "real":
        return {1.0: left, -1.0: negate(left, span)}.get(right.value)
    return None


def _plain_sum(operation: Operation, left: Scalar, right: Scalar, span: Span) -> Scalar | None:
    if is_zero(right):
        return left
    if is_zero(left):
        return right if operation == "+" else negate(right, span)
    opposite = _negated(right)
    if isinstance(right, Number) and right.value < 0:
        opposite = negate(right)
    if opposite is None:
        return None
    return combine("-" if operation == "+" else "+", left, opposite, span)


def _negated(scalar: Scalar) -> Scalar | None:
    """What an expression is the negative of, if it is written as one."""
    if isinstance(scalar, Apply) and scalar.operation == "neg":
        return scalar.arguments[0]
    return None


def is_zero(scalar: Scalar) -> bool:
    """Whether the expression is nothing, whatever its unit."""
    return isinstance(scalar, Number) and scalar.value == 0


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
    if operation in ("+", "-", "min", "max"):
        if left in LENGTHS:
            return left if left == right else "length"
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
    elif operation in ("min", "max"):
        value = min(left, right) if operation == "min" else max(left, right)
    else:
        power = left**right
        if isinstance(power, complex):
            raise ArithmeticError("a root of a negative number")
        value = power
    if not math.isfinite(value):
        raise OverflowError("the result is too large")
    return value
