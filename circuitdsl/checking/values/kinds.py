"""Kinds of values, and the conversion of a value to the type that a place needs.

In: values of the evaluator and the name of a type. Out: the value as that type, or a diagnostic.
None stands for a value about which something was reported already; nothing more is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import unknown, wrong_type
from circuitdsl.ir.circuit import Frame, ProfileTerm, Template
from circuitdsl.ir.edits.script import UnitSet
from circuitdsl.ir.expressions import (
    LENGTHS,
    Apply,
    DialValue,
    Number,
    Scalar,
    ScalarUnit,
    type_name,
)
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

TYPES = ("real", "int", "length", "angle", "point", "template", "profile")
"""Types that a declaration can name."""

SCALAR_TYPES = ("real", "int", "length", "angle")
"""Types of dials and of the formals of motifs."""


@dataclass(frozen=True)
class Point:
    """A place in the plane: two lengths."""

    items: tuple[Scalar, ...]


@dataclass(frozen=True)
class Profile:
    """A profile before it stands at an axis."""

    terms: tuple[ProfileTerm, ...]
    frame: Frame | None = None


Value = Number | DialValue | Apply | Point | Template | Profile | UnitSet

_UNITS: dict[str, ScalarUnit] = {
    "": "real",
    "px": "px",
    "tap": "tap",
    "deg": "angle",
    "rad": "angle",
    "turn": "angle",
    "pct": "real",
}
_PER_UNIT = {"rad": 57.29577951308232, "turn": 360.0, "pct": 0.01}


def literal(value: float, unit: str, span: Span) -> Number:
    """A number as it is written; angles become degrees, percentages fractions."""
    return Number(value * _PER_UNIT[unit] if unit in _PER_UNIT else value, _UNITS[unit], span)


LARGEST = 1e30
"""Numbers beyond this would not survive single precision."""


def is_scalar(value: Value) -> bool:
    """Whether the value is a number, with or without a unit."""
    return isinstance(value, Number | DialValue | Apply)


def described(value: Value) -> str:
    """The kind of a value, in words."""
    if isinstance(value, Point):
        return "a point"
    if isinstance(value, Template):
        return "a template"
    if isinstance(value, Profile):
        return "a profile"
    if isinstance(value, UnitSet):
        return "units of a network"
    return described_type(value.unit)


def described_type(type_: str) -> str:
    """A type, in words."""
    return {
        "real": "a plain number",
        "int": "a whole number",
        "px": "a length (px)",
        "tap": "a length (tap)",
        "length": "a length",
        "angle": "an angle",
        "point": "a point",
        "template": "a template",
        "profile": "a profile",
    }[type_]


def as_type(value: Value, type_: str, span: Span, what: str, analysis: Analysis) -> Value | None:
    """The value as a type, or None after reporting E302.

    Args:
        value: What was written.
        type_: One of `TYPES`.
        span: Where it was written.
        what: What it is for, as a message names it.
        analysis: Where to report.
    """
    if type_ in SCALAR_TYPES and is_scalar(value):
        scalar = cast("Scalar", value)
        if _fits(scalar, type_):
            return scalar
    elif (type_ == "point" and isinstance(value, Point)) or (
        type_ == "template" and isinstance(value, Template)
    ):
        return value
    elif type_ == "profile":
        profile = as_profile(value, span)
        if profile is not None:
            return profile
    kind = described(value)
    help_ = ""
    if is_scalar(value) and cast("Scalar", value).unit == "real":
        unit = {"length": "px", "angle": "deg"}.get(type_)
        help_ = f"Give the number its unit, such as `{span.text}{unit}`." if unit else ""
        if unit and not (span.text[:1].isdigit() and isinstance(value, Number)):
            help_ = f"A number with the unit `{unit}` stands here."
    wrong_type(analysis, what, described_type(type_), span, got=kind, help=help_)
    return None


def _fits(scalar: Scalar, type_: str) -> bool:
    if type_ == "length":
        return scalar.unit in LENGTHS
    if type_ == "angle":
        return scalar.unit == "angle"
    if scalar.unit not in ("real", "int"):
        return False
    if type_ == "int" and isinstance(scalar, Number):
        return float(scalar.value).is_integer()
    return True


def as_profile(value: Value, span: Span) -> Profile | None:
    """A profile, which a plain number is too: the constant one."""
    if isinstance(value, Profile):
        return value
    if isinstance(value, Number | DialValue | Apply) and value.unit in ("real", "int"):
        return Profile((ProfileTerm(value, "constant", (), span),))
    return None


def named_type(name: nodes.Name, known: tuple[str, ...], analysis: Analysis) -> str | None:
    """The type that a declaration names."""
    if name.text in known:
        return name.text
    if name.text in _UNITS:
        message = f"`{name.text}` is a unit, not a type"
        analysis.error("E201", message, name.span, help=f"Write `{type_name(_UNITS[name.text])}`.")
    else:
        unknown(analysis, "type", name.text, known, name.span, table=True)
    return None
