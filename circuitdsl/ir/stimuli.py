"""Stimulus sets: what a `stimulus` declaration says.

In: nothing; the checker builds them. Out: frozen values: a generator's name, its settings, and for
`activity` the parts that families of trained units are made to respond by.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from circuitdsl.ir.expressions import Number, ScalarUnit
from circuitdsl.text.source import NOWHERE, Span

ACTIVITY = "activity"
"""The generator that draws no images, but says how units of a trained network respond."""


@dataclass(frozen=True)
class Setting:
    """A list of values of one stimulus parameter."""

    values: tuple[float, ...]
    unit: ScalarUnit


@dataclass(frozen=True)
class Spot:
    """Responses of a family in one place.

    Attributes:
        family: A family of trained units.
        at_px: Where, seen from the neuron in the middle: to the right and up.
        weight: How strong.
        members: Which members, by axis: an angle, or the number along the axis; along axes that are
            not named, all.
    """

    family: str
    at_px: tuple[float, float] = (0.0, 0.0)
    weight: float = 1.0
    members: tuple[tuple[str, Number], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Part:
    """Spots that come and go together.

    Attributes:
        name: Its name among the settings of the set.
        spots: The spots.
        levels: Their common factor in each image; lists are crossed with those of other settings.
    """

    name: str
    spots: tuple[Spot, ...]
    levels: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class Stimulus:
    """A set of synthetic images: a generator's name and its settings.

    Attributes:
        name: Its name.
        generator: A key of `GENERATORS`.
        settings: Those that the text gives.
        parts: Of `activity`, what responds.
    """

    name: str
    generator: str
    settings: tuple[tuple[str, Setting], ...]
    parts: tuple[Part, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def values(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """The values of a setting, or the default where the text does not say."""
        return next((s.values for key, s in self.settings if key == name), default)


@dataclass(frozen=True)
class Calibration:
    """`calibrate`: a gain and an offset, one pair for the whole family.

    They make the mean peak response to the preferred stimulus of `one` 1, and the given quantile
    of the responses to `zero` 0 (both before ReLU).
    """

    one: str
    zero: str
    quantile: float
    span: Span = field(default=NOWHERE, compare=False, repr=False)
