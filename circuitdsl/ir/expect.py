"""Expectations: `expect LEFT COMPARISON RIGHT` over linear forms of measures.

In: nothing; the checker builds them. Out: frozen values. A side is a sum of terms, each a number,
a number times a measure, or a number times the ratio of two measures. What a measure is worth is
the caller's matter: of a family, of a score, of an edit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Any, Literal

from circuitdsl.ir.tables.measures import Unit
from circuitdsl.text.source import NOWHERE, Span

Comparison = Literal["<", "<=", ">", ">=", "==", "!="]

COMPARE: dict[Comparison, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Measured:
    """A measure of something.

    Attributes:
        name: Of the measure (`ir.tables.measures`).
        of: A stimulus set, `left` or `right`, or a measure of outputs; empty where the measure
            needs nothing more.
        settings: Which images of the set count, by setting. Settings that the family has an axis
            for count in the frame of each member.
    """

    name: str
    of: str = ""
    settings: tuple[tuple[str, float], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Term:
    """A number, perhaps times a measure, perhaps over another; angles are in degrees."""

    weight: float
    measure: Measured | None = None
    over: Measured | None = None

    @property
    def measures(self) -> tuple[Measured, ...]:
        """The measures of the term."""
        return tuple(measure for measure in (self.measure, self.over) if measure is not None)

    def value(self, worth: Callable[[Measured], float]) -> float:
        """The value of the term; NaN for a ratio to nothing."""
        value = self.weight * (1.0 if self.measure is None else worth(self.measure))
        if self.over is None:
            return value
        under = worth(self.over)
        return value / under if under != 0 else nan


Form = tuple[Term, ...]
"""A linear form: the sum of its terms."""


@dataclass(frozen=True)
class Expect:
    """`expect LEFT COMPARISON RIGHT`; each side is the sum of its terms."""

    left: Form
    comparison: Comparison
    right: Form
    unit: Unit = "real"
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def measures(self) -> Iterator[Measured]:
        """Every measure of both sides, each once, in order."""
        terms = (*self.left, *self.right)
        yield from dict.fromkeys(measure for term in terms for measure in term.measures)

    def judge(self, worth: Callable[[Measured], float]) -> Judgement:
        """Evaluate both sides.

        Args:
            worth: Gives the value of a measure.
        """
        values = {measure: worth(measure) for measure in self.measures}
        left, right = (
            sum(term.value(values.__getitem__) for term in side) for side in (self.left, self.right)
        )
        return Judgement(self, left, right, tuple(values.items()))


@dataclass(frozen=True)
class Judgement:
    """What became of an expectation.

    Attributes:
        expect: The expectation.
        left: The value of its left side, plain or in degrees.
        right: The value of its right side.
        values: Every measure with its value.
    """

    expect: Expect
    left: float
    right: float
    values: tuple[tuple[Measured, float], ...]

    @property
    def holds(self) -> bool:
        """Whether the claim is true; no claim is true of a side without a value."""
        if isnan(self.left) or isnan(self.right):
            return False
        return bool(COMPARE[self.expect.comparison](self.left, self.right))
