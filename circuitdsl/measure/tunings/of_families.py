"""Measures of a family: figures of its responses to a stimulus set (`ir.tables.measures`).

In: a network of a circuit, a family, a set, settings that choose images of it. Out: a number.
The set is shown around the neuron in the middle, whose responses are measured. Measures of tuning
are taken from the curve of responses over the angles of the set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Family, Stimulus
from circuitdsl.ir.members.angles import difference_deg
from circuitdsl.ir.members.frames import followed, frame_of, in_image
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.measure.responses import answers, where_shown
from circuitdsl.measure.tunings.tuning import Tuning, tuning_along
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.drawing.canvas import Canvas
from circuitdsl.stimuli.render import rows

Floats = NDArray[np.float64]

_ANGLE_DEG = 1e-3
"""Angles that differ by less are equally near."""

_CLOSE = 1e-4
"""Values that differ by less are one, in float32."""


@dataclass(frozen=True, eq=False)
class Answered:
    """A family's responses to a set, and which of its images count.

    Attributes:
        family: The family.
        stimulus: The set.
        responses: Of the central neurons to every image, `[images, members]`.
        settings: Which images count, by setting.
    """

    family: Family
    stimulus: Stimulus
    responses: Floats
    settings: Mapping[str, float]

    @cached_property
    def table(self) -> dict[str, NDArray[np.float32]]:
        """The value of each setting for each image."""
        return rows(self.stimulus)

    @property
    def period_deg(self) -> float:
        """The angle after which the family and the set repeat."""
        axis = self.family.rotation
        orient = axis is not None and axis.kind == "orient"
        return 180.0 if orient or self.stimulus.generator == "lines" else 360.0

    @property
    def angles_deg(self) -> list[float] | None:
        """The angle of each member, in a family that turns."""
        axis = self.family.rotation
        if axis is None:
            return None
        at = self.family.axes.index(axis)
        return [axis.angles_deg[member[at]] for member in self.family.members]

    def counting(self, *, turned: bool) -> NDArray[np.bool_]:
        """Which images count for which member, `[images, members]`.

        Settings that the family has an axis for count in the frame of each member. Of angles, the
        nearest that there are count.

        Args:
            turned: Whether only those at the angle count that the settings say.
        """
        axes, members = self.family.axes, self.family.members
        kept = np.ones(self.responses.shape, np.bool_)
        near: list[tuple[NDArray[np.float64], float]] = []
        for name, value in self.settings.items():
            frame = frame_of(self.stimulus, name)
            if frame == "turn" and not turned:
                continue
            wanted = np.array(
                [in_image(self.stimulus, name, value, axes, member) for member in members]
            )
            off = self.table[name][:, None] - wanted
            follows = followed(self.stimulus, name, axes) is not None
            if follows and frame in ("turn", "hue"):
                period = self.period_deg if frame == "turn" else 360.0
                near.append((np.abs((off + period / 2) % period - period / 2), _ANGLE_DEG))
            else:
                kept &= np.abs(off) <= _CLOSE * np.maximum(1.0, np.abs(wanted))
        for away, within in near:
            least = np.where(kept, away, np.inf).min(axis=0)
            kept &= away <= least + within
        return kept

    @cached_property
    def peaks(self) -> Floats:
        """The largest response of each member among the images that count for it, `[members]`."""
        return np.where(self.counting(turned=True), self.responses, -np.inf).max(axis=0)

    @cached_property
    def curves(self) -> tuple[tuple[float, ...], Floats]:
        """The tuning of each member over one period.

        Returns:
            Angles stretched to a full circle, and responses `[angles, members]`.
        """
        kept = self.counting(turned=False)
        turned = np.round(self.table["th"].astype(np.float64) % self.period_deg, 6)
        steps = np.unique(turned)
        curves = np.stack(
            [
                self.responses[turned == step].mean(axis=0, where=kept[turned == step])
                for step in steps
            ]
        )
        return tuple(float(step) * 360.0 / self.period_deg for step in steps), curves

    @cached_property
    def tunings(self) -> list[Tuning]:
        """The tuning of each member, its angles stretched to a full circle."""
        angles, curves = self.curves
        return [tuning_along(curves[:, member], angles) for member in range(curves.shape[1])]


Evaluation = Callable[[Answered], float]
Figures = Callable[[Answered], Floats]

OF_FAMILIES: dict[str, Evaluation] = {}
"""The evaluation of each measure that is legal for families."""

OF_MEMBERS: dict[str, Figures] = {}
"""What each of these measures is made of: a figure of every member, `[members]`."""


def measure(together: Callable[[Floats], Any]) -> Callable[[Figures], Figures]:
    """Register the figures of members as what the measure of that name is made of.

    Args:
        together: Makes one number of `[members]`.
    """

    def register(figures: Figures) -> Figures:
        OF_MEMBERS[figures.__name__] = figures
        OF_FAMILIES[figures.__name__] = lambda answered: float(together(figures(answered)))
        return figures

    return register


def _relative_range(peaks: Floats) -> float:
    """The range over the mean; NaN if there is no response."""
    mean = peaks.mean()
    return float(np.ptp(peaks) / mean) if mean > 0 else float("nan")


@measure(np.mean)
def response(answered: Answered) -> Floats:
    """The largest response."""
    return answered.peaks


@measure(_relative_range)
def spread(answered: Answered) -> Floats:
    """The largest response, of which the measure is the range over the mean."""
    return answered.peaks


@measure(np.max)
def preferred_error(answered: Answered) -> Floats:
    """The angle between a member's own and the one that it prefers, in degrees."""
    period = answered.period_deg
    return np.array(
        [
            abs(difference_deg(tuning.preferred_deg * period / 360.0, own, period))
            for tuning, own in zip(answered.tunings, answered.angles_deg or (), strict=True)
        ]
    )


@measure(np.mean)
def fwhm(answered: Answered) -> Floats:
    """The width of the tuning curve at half of its height, in degrees."""
    widths = np.array([tuning.fwhm_deg for tuning in answered.tunings])
    return widths * answered.period_deg / 360.0


@measure(np.mean)
def selectivity(answered: Answered) -> Floats:
    """`|sum r e^(i th)| / sum r`; NaN for members that do not respond."""
    angles, curves = answered.curves
    turned = np.exp(1j * np.deg2rad(angles)) @ curves
    total = curves.sum(axis=0)
    return np.divide(np.abs(turned), total, out=np.full(total.shape, np.nan), where=total > 0)


@measure(np.max)
def echo(answered: Answered) -> Floats:
    """The largest response around the opposite angle, over the maximum."""
    return np.array([tuning.echo for tuning in answered.tunings])


def responses_to(network: HandwrittenNetwork, family: Family, stimulus: Stimulus) -> Floats:
    """The central neurons' responses to every image of a set, `[images, members]`."""
    return responses_together(network, [family], stimulus)[family.name]


def responses_together(
    network: HandwrittenNetwork,
    families: Sequence[Family],
    stimulus: Stimulus,
    computed: Sequence[str] = (),
    progress: Callable[[int], None] = lambda shown: None,
) -> dict[str, Floats]:
    """The responses of several families' central neurons to every image of a set.

    Families that look at other points are shown the set's figures there.

    Args:
        network: A network of the circuit.
        families: Families of it.
        stimulus: What is shown.
        computed: Families that are computed for every image besides. Sets for which the same
            families are computed share a program, and compiling one for each takes longer. Those
            that read units of a trained network are passed over where there is none.
        progress: Told how many images the families that look at one point have been shown, after
            each batch.

    Returns:
        By family, `[images, members]`.

    Raises:
        InputError: a family needs units of a trained network, of which nothing is given, or the
            set shows photographs that are not there.
    """
    circuit = network.circuit
    if stimulus.generator != ACTIVITY and network.given is None:
        computed = [name for name in computed if not circuit.reads_units(name)]
    groups: dict[Canvas, list[Family]] = defaultdict(list)
    middle: dict[str, int] = {}
    for family in families:
        centre = where_shown(network, family, stimulus)
        groups[centre.canvas].append(family)
        middle[family.name] = centre.index
    responses: dict[str, Floats] = {}
    for together in groups.values():
        parts: dict[str, list[Floats]] = {family.name: [] for family in together}
        for maps in answers(network, together[0], stimulus, [*computed, *parts]):
            for name, part in parts.items():
                at = middle[name]
                # copies: a view of the middle would keep the maps of all images in memory
                part.append(maps[name][:, at, at].astype(np.float64))
            progress(sum(map(len, parts[together[0].name])))
        responses |= {name: np.concatenate(part) for name, part in parts.items()}
    return responses
