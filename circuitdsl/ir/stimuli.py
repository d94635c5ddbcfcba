"""Stimulus sets: what a `stimulus` declaration says.

In: nothing; the checker builds them. Out: frozen values: a generator's name, its settings, for
`activity` the parts that families of trained units are made to respond by, for `strokes` the parts
of the figure, and the folder of photographs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from circuitdsl.ir.expressions import Number, ScalarUnit
from circuitdsl.text.source import NOWHERE, Span

ACTIVITY = "activity"
"""The generator that draws no images, but says how units of a trained network respond."""


STROKES = "strokes"
"""The generator of figures that a file composes of strokes."""

PHOTOGRAPHS = "photographs"
"""The generator that draws nothing, but shows the images of a folder."""


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
class Stroke:
    """A figure of the table in one place.

    Attributes:
        kind: A key of `FIGURES`.
        sizes: Its sizes, in their order: lengths in pixels, angles in degrees.
        at_px: Where, seen from the neuron in the middle: to the right and up.
        angle_deg: By how much it is turned about that point.
    """

    kind: str
    sizes: tuple[tuple[str, float], ...]
    at_px: tuple[float, float] = (0.0, 0.0)
    angle_deg: float = 0.0
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Part:
    """Spots or strokes that come and go together.

    Attributes:
        name: Its name among the settings of the set.
        spots: The spots of a set of activity.
        levels: Their common factor in each image; lists are crossed with those of other settings.
        strokes: The strokes of a set of strokes.
    """

    name: str
    spots: tuple[Spot, ...] = ()
    levels: tuple[float, ...] = (1.0,)
    strokes: tuple[Stroke, ...] = ()


@dataclass(frozen=True)
class Folder:
    """A folder of photographs.

    Attributes:
        text: Its path, as the file writes it.
        home: The folder that the path starts from.
    """

    text: str
    home: str = field(default="", compare=False, repr=False)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.home) / self.text


@dataclass(frozen=True)
class Stimulus:
    """A set of images: a generator's name and its settings.

    Attributes:
        name: Its name.
        generator: A key of `GENERATORS`.
        settings: Those that the text gives.
        parts: Of `activity`, what responds; of `strokes`, what is drawn.
        folder: Photographs that are shown, or that figures stand on.
    """

    name: str
    generator: str
    settings: tuple[tuple[str, Setting], ...]
    parts: tuple[Part, ...] = ()
    folder: Folder | None = None
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
