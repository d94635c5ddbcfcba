"""Arguments of shapes and profiles, as the tables of both declare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from circuitdsl.ir.expressions import Number, Scalar

ORIGIN = (Number(0.0, "px"), Number(0.0, "px"))
"""The middle of a template."""


@dataclass(frozen=True)
class Argument:
    """An argument of a shape or a profile.

    Attributes:
        name: As a call names it.
        type: What it is.
        default: What it is where a call leaves it out; None if a call must say.
        legal: `positive` for what is divided by or measured along, `nonzero` for a radius that has
            a sign, else `any`.
        usual: Sizes that tests draw it from: lengths in taps, octaves, degrees. None for lengths
            that reach as far as the kernel does.
    """

    name: str
    type: Literal["real", "length", "angle", "point"]
    default: Scalar | tuple[Scalar, Scalar] | None = None
    legal: Literal["any", "positive", "nonzero"] = "any"
    usual: tuple[float, float] | None = None
