"""A row of the tables of settings: what a setting of a stimulus set is.

In: nothing. Out: `SettingKind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from circuitdsl.ir.expressions import ScalarUnit

Frame = Literal["turn", "flip", "scale", "hue"]
"""What a member's frame does to a setting: turn it, mirror it, dilate it, turn its colour."""


@dataclass(frozen=True)
class SettingKind:
    """One setting of a generator.

    Attributes:
        unit: Its unit; lengths in pixels, angles in degrees.
        default: Its values where the text does not say.
        many: Whether a list is legal.
        low: The least legal value.
        high: The greatest legal value.
        nonzero: Whether 0 is refused.
        doc: What it means, for documentation and messages.
        words: What its values are called, if they are no numbers; a value is a word's place.
        optional: Whether a set may be without it.
        frame: The axis in whose frame a measure counts it.
    """

    unit: ScalarUnit
    default: tuple[float, ...]
    doc: str
    many: bool = False
    low: float = 0.0
    high: float = float("inf")
    nonzero: bool = False
    words: tuple[str, ...] = ()
    optional: bool = False
    frame: Frame | None = None
