"""Tuning along a family's own axes: what a unit prefers of the stimuli that the family names.

In: responses to a stimulus set, of members or of trained units. Out: for each axis of the family
that a setting of the set follows, each unit's curve of responses and its figures. A `rot` or an
`orient` axis follows `th`, a `hue` axis follows `hue`, a `scale` axis follows a length.

A curve runs through the unit's highest response: along the other axes the settings stay where that
response is, and over settings that no axis follows (contrast, say) responses are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Family
from circuitdsl.ir.members.angles import difference_deg
from circuitdsl.ir.members.axes import Axis
from circuitdsl.ir.stimuli import Stimulus
from circuitdsl.measure.tunings.tuning import tuning_along
from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.batches import filled
from circuitdsl.stimuli.centre import central, fitting_side
from circuitdsl.stimuli.render import batches, centre_of, rows

Floats = NDArray[np.float64]

_ANGLES = {"rot": "th", "orient": "th", "hue": "hue"}
"""The setting that each kind of axis that counts angles follows."""

_LENGTHS = ("radius", "fine", "coarse", "length")
"""The settings that a `scale` axis may follow, the first one that varies."""

_LEAST = 4
"""Values of a setting that make a curve."""

_BATCH = 32


@dataclass(frozen=True)
class Followed:
    """An axis of a family and the setting of a set that goes along with it.

    Attributes:
        axis: The axis.
        setting: The setting.
        period_deg: After how many degrees both repeat; 0 for lengths, which do not.
    """

    axis: Axis
    setting: str
    period_deg: float


@dataclass(frozen=True)
class AxisTuning:
    """One unit's tuning along one axis.

    Attributes:
        axis: The axis' name.
        kind: Its kind.
        period_deg: Degrees after which the curve repeats; 0 along lengths.
        preferred: The preferred value, in degrees, or in octaves above 1 px; NaN for a unit that
            never responds.
        width: Full width at half of the maximum, in the same unit.
        rival: The largest response far from the preferred value, over the maximum: within a sixth
            of the period of the opposite value (the echo, along `rot`), or an octave away.
        values: Where the curve is taken.
        curve: Responses there.
    """

    axis: str
    kind: str
    period_deg: float
    preferred: float
    width: float
    rival: float
    values: tuple[float, ...]
    curve: tuple[float, ...]

    def error(self, other: AxisTuning) -> float:
        """How far apart two preferred values are; NaN where one has none."""
        if self.period_deg:
            return abs(difference_deg(self.preferred, other.preferred, self.period_deg))
        return abs(self.preferred - other.preferred)

    def record(self) -> dict[str, object]:
        """The tuning as JSON has it."""
        return {
            "axis": self.axis,
            "kind": self.kind,
            "unit": "deg" if self.period_deg else "octaves",
            "preferred": self.preferred,
            "width": self.width,
            "rival": self.rival,
            "values": list(self.values),
            "curve": list(self.curve),
        }


def followed(family: Family, stimulus: Stimulus) -> tuple[Followed, ...]:
    """The axes of a family along which a stimulus set varies."""
    table = rows(stimulus)
    pairs: list[Followed] = []
    for axis in family.axes:
        if axis.kind in _ANGLES and _ANGLES[axis.kind] in table:
            setting = _ANGLES[axis.kind]
            lines = stimulus.generator == "lines" and setting == "th"
            period = 180.0 if lines else axis.period_deg
            angles = np.unique(np.round(table[setting] % period, 4))
            even = len(angles) >= _LEAST and np.allclose(np.diff(angles), period / len(angles))
            if even:
                pairs.append(Followed(axis, setting, period))
        elif axis.kind == "scale":
            lengths = (name for name in _LENGTHS if len(np.unique(table.get(name, 0))) >= _LEAST)
            pairs += [Followed(axis, name, 0.0) for name in list(lengths)[:1]]
    return tuple(pairs)


def tunings(
    responses: Floats, stimulus: Stimulus, along: Sequence[Followed]
) -> tuple[tuple[AxisTuning, ...], ...]:
    """The tuning of every unit along every axis.

    Args:
        responses: To every image of the set, `[image, unit]`, not negative.
        stimulus: The set.
        along: The axes, from `followed`.

    Returns:
        By unit and axis.
    """
    if not along:
        return tuple(() for _ in range(responses.shape[1]))
    values, table = _table(responses, rows(stimulus), along)
    return tuple(_through_peak(table[..., unit], values, along) for unit in range(table.shape[-1]))


def _table(
    responses: Floats, settings: Mapping[str, NDArray[np.float32]], along: Sequence[Followed]
) -> tuple[list[Floats], Floats]:
    """Values along each axis, and the mean responses to them, `[axis..., unit]`."""
    values: list[Floats] = []
    places: list[NDArray[np.intp]] = []
    for one in along:
        setting = settings[one.setting].astype(np.float64)
        at = np.round(setting % one.period_deg, 4) if one.period_deg else np.log2(setting)
        levels, place = np.unique(at, return_inverse=True)
        values.append(levels)
        places.append(place)
    shape = tuple(len(levels) for levels in values)
    sums = np.zeros((*shape, responses.shape[1]))
    count = np.zeros(shape)
    np.add.at(sums, tuple(places), responses)
    np.add.at(count, tuple(places), 1)
    return values, sums / count[..., None]


def _through_peak(
    table: Floats, values: Sequence[Floats], along: Sequence[Followed]
) -> tuple[AxisTuning, ...]:
    peak = np.unravel_index(int(table.argmax()), table.shape)
    return tuple(
        _tuning(table[(*peak[:place], slice(None), *peak[place + 1 :])], values[place], one)
        for place, one in enumerate(along)
    )


def _tuning(curve: Floats, values: Floats, one: Followed) -> AxisTuning:
    if one.period_deg:
        # one period is stretched to a full circle
        tuning = tuning_along(curve, (values * 360.0 / one.period_deg).tolist())
        back = one.period_deg / 360.0
        preferred, width, rival = tuning.preferred_deg * back, tuning.fwhm_deg * back, tuning.echo
    else:
        preferred, width, rival = _of_lengths(curve, values)
    return AxisTuning(
        one.axis.name,
        one.axis.kind,
        one.period_deg,
        preferred,
        width,
        rival,
        tuple(values.tolist()),
        tuple(curve.tolist()),
    )


def _of_lengths(curve: Floats, octaves: Floats) -> tuple[float, float, float]:
    """The preferred length, the width and the rival, in octaves."""
    top = curve.max()
    if top <= 0:
        return nan, nan, 0.0
    above = np.maximum(curve - top / 2, 0)
    preferred = float(above @ octaves / above.sum())
    fine = np.linspace(octaves[0], octaves[-1], 1001)
    high = np.interp(fine, octaves, curve) >= top / 2
    width = float(high.mean() * (octaves[-1] - octaves[0]))
    away = np.abs(octaves - octaves[curve.argmax()]) >= 1
    return preferred, width, float(curve[away].max(initial=0.0) / top)


def responses_of(subject: Subject, stimulus: Stimulus) -> Floats:
    """The central neurons' responses to every image of a set, `[image, unit]`.

    The images are as large as the set says, or as the units' receptive field needs.
    """
    side = centre_of(stimulus, subject.backbone, subject.layer).canvas.side
    side = max(side, fitting_side(subject.backbone, subject.layer))
    centre = central(subject.backbone, subject.layer, side)
    parts: list[NDArray[np.float32]] = []
    for images in batches(stimulus, centre, _BATCH):
        whole = jnp.asarray(filled(np.asarray(images), _BATCH))
        parts.append(np.asarray(subject.neurons(whole, centre.index))[: len(images)])
    return np.concatenate(parts).astype(np.float64)
