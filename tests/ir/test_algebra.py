"""Constants are folded, units follow, and values stay what they were."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuitdsl.ir.algebra import absolute, combine, has_taps, negate, nodes_of
from circuitdsl.ir.dials import dials_used
from circuitdsl.ir.expressions import Apply, DialValue, Number, Operation, Scalar, evaluate

A = DialValue("a", "real")
LENGTH = DialValue("l", "px")


@pytest.mark.parametrize(
    ("operation", "left", "right", "result"),
    [
        ("+", Number(1.0), Number(2.0), Number(3.0)),
        ("-", Number(8.0, "px"), Number(2.0, "px"), Number(6.0, "px")),
        ("*", Number(2.0), Number(8.0, "px"), Number(16.0, "px")),
        ("/", Number(8.0, "px"), Number(2.0, "px"), Number(4.0)),
        ("/", Number(8.0, "angle"), Number(2.0), Number(4.0, "angle")),
        ("^", Number(2.0), Number(-1.0), Number(0.5)),
        ("*", Number(1.0), A, A),
        ("*", A, Number(1.0), A),
        ("/", LENGTH, Number(1.0), LENGTH),
        ("*", Number(2.0, "int"), Number(3.0, "int"), Number(6.0)),
        ("-", Number(0.0, "px"), LENGTH, negate(LENGTH)),
        ("+", Number(0.0, "px"), LENGTH, LENGTH),
        ("-", LENGTH, Number(0.0, "tap"), LENGTH),
        ("-", A, negate(A), combine("+", A, A)),
        ("+", A, negate(A), combine("-", A, A)),
        ("+", A, Number(-2.0), combine("-", A, Number(2.0))),
        ("*", Number(-1.0), LENGTH, negate(LENGTH)),
        ("/", LENGTH, Number(-1.0), negate(LENGTH)),
        ("min", Number(3.0, "px"), Number(2.0, "px"), Number(2.0, "px")),
        ("max", Number(3.0), Number(-4.0), Number(3.0)),
        ("max", A, A, A),
    ],
)
def test_folding(operation: Operation, left: Scalar, right: Scalar, result: Scalar) -> None:
    assert combine(operation, left, right) == result


def test_pixels_and_taps_stay_apart_until_a_tap_has_a_size() -> None:
    mixed = combine("+", Number(3.0, "px"), Number(2.0, "tap"))
    assert isinstance(mixed, Apply)
    assert mixed.unit == "length"
    assert evaluate(mixed, {}, tap_px=4.0) == 11.0
    assert has_taps(mixed)
    assert not has_taps(LENGTH)


def test_absolute_values() -> None:
    assert absolute(Number(-2.0, "px")) == Number(2.0, "px")
    assert absolute(negate(A)) == absolute(A) == absolute(absolute(A))
    assert evaluate(absolute(A), {"a": -1.5}) == 1.5


def test_the_smaller_length_is_known_where_a_tap_has_a_size() -> None:
    smaller = combine("min", Number(3.0, "px"), Number(2.0, "tap"))
    assert smaller.unit == "length"
    assert evaluate(smaller, {}, tap_px=1.0) == 2.0
    assert evaluate(smaller, {}, tap_px=4.0) == 3.0


def test_signs() -> None:
    assert negate(Number(0.35)) == Number(-0.35)
    assert negate(negate(A)) == A
    assert math.copysign(1.0, negate(Number(0.0)).value) == 1.0


@pytest.mark.parametrize(
    ("operation", "left", "right"),
    [("/", 1.0, 0.0), ("^", 0.0, -1.0), ("^", -1.0, 0.5), ("^", 10.0, 400.0), ("*", 1e200, 1e200)],
)
def test_what_has_no_value_is_an_arithmetic_error(
    operation: Operation, left: float, right: float
) -> None:
    with pytest.raises(ArithmeticError):
        combine(operation, Number(left), Number(right))


@given(st.data())
def test_folding_does_not_change_values(data: st.DataObject) -> None:
    numbers = st.floats(0.5, 3.0)

    def draw(depth: int) -> tuple[Scalar, float]:
        if depth == 0 or data.draw(st.booleans()):
            value = data.draw(numbers)
            return (A, 1.7) if data.draw(st.booleans()) else (Number(value), value)
        operation = data.draw(st.sampled_from(("+", "-", "*", "neg", "abs", "min", "max")))
        left, left_value = draw(depth - 1)
        if operation == "neg":
            return negate(left), -left_value
        if operation == "abs":
            return absolute(left), abs(left_value)
        right, right_value = draw(depth - 1)
        value = {
            "+": left_value + right_value,
            "-": left_value - right_value,
            "*": left_value * right_value,
            "min": min(left_value, right_value),
            "max": max(left_value, right_value),
        }[operation]
        return combine(operation, left, right), value

    expression, value = draw(4)
    assert evaluate(expression, {"a": 1.7}) == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert any(part is expression for part in nodes_of(expression))


def test_dials_used_are_those_that_anything_reads() -> None:
    from corpus import GOLDEN

    from circuitdsl.checking import load

    circuit = load(GOLDEN / "curves_example.circ")
    assert dials_used(circuit) == {"wavelength", "bow", "radius", "opposed"}
