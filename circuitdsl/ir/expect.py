"""What a circuit claims about itself: `expect` lines of families.

In: nothing; the checker builds them. Out: frozen values. A claim compares two sides, each a sum of
numbers and of numbers times measures; a measure is taken from a family's responses to a stimulus
set.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

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

MeasureName = Literal["response", "spread", "preferred_error", "fwhm", "echo"]
MeasureUnit = Literal["real", "angle"]

MEASURES: dict[MeasureName, MeasureUnit] = {
    "response": "real",
    "spread": "real",
    "preferred_error": "angle",
    "fwhm": "angle",
    "echo": "real",
}
"""The unit of each measure."""

OF_TUNING: tuple[MeasureName, ...] = ("preferred_error", "fwhm", "echo")
"""Measures of the curve of responses over the angles of a set."""


@dataclass(frozen=True)
class Measure:
    """A figure of a family's responses.

    Attributes:
        name: A key of `MEASURES`.
        stimulus: The set that is shown.
        settings: Which images of the set count, by setting. `th` counts from the angle of each
            member of a family that turns.
    """

    name: MeasureName
    stimulus: str
    settings: tuple[tuple[str, float], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class ClaimTerm:
    """A number times a measure, or a number alone (degrees, if it is an angle)."""

    weight: float
    measure: Measure | None = None


@dataclass(frozen=True)
class Expectation:
    """`expect LEFT COMPARISON RIGHT`; each side is the sum of its terms."""

    left: tuple[ClaimTerm, ...]
    comparison: str
    right: tuple[ClaimTerm, ...]
    unit: MeasureUnit = "real"
    span: Span = field(default=NOWHERE, compare=False, repr=False)
