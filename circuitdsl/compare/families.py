"""The score of any hand-written family against a trained network's units, in the family's terms.

In: a circuit, a trained network, two halves of some photographs. Out: `FamilyComparison`: members
beside units, how well they agree on photographs, and what both prefer along the family's axes of
the stimuli that the family names.

Units are chosen by their agreement with members on the first half, the layer too where several are
searched; the figures are of the second half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.match import Match, measuring
from circuitdsl.compare.score import pearson
from circuitdsl.ir.named_sets import named_sets
from circuitdsl.measure.agreeing.bootstrap import images_in
from circuitdsl.measure.agreeing.choosing import Chosen
from circuitdsl.measure.agreeing.matching import Figure, mean_r
from circuitdsl.measure.passes import Dealt, fold
from circuitdsl.measure.tunings.along_axes import AxisTuning, followed, responses_of, tunings
from circuitdsl.measure.tunings.of_families import responses_to
from circuitdsl.measure.units import trained
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.showing import Shown

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MemberScore:
    """A member beside a unit.

    Attributes:
        hand: The member, as the language writes it.
        original: The unit, such as `mixed3a:62`.
        figure: How well the two agree on photographs, beside the controls.
        tuning_r: Correlation of their responses to the stimuli that the family names; NaN where it
            names none.
        hand_axes: The member's tuning along each axis that the family's own stimuli follow.
        original_axes: The unit's.
        rivals: By each other set that the family names, the highest response to it over that to the
            family's own set, of the member and of the unit.
    """

    hand: str
    original: str
    figure: Figure
    tuning_r: float = nan
    hand_axes: tuple[AxisTuning, ...] = ()
    original_axes: tuple[AxisTuning, ...] = ()
    rivals: tuple[tuple[str, float, float], ...] = ()

    def record(self) -> dict[str, Any]:
        """The pair as JSON has it."""
        figure = self.figure
        return {
            "hand": self.hand,
            "original": self.original,
            "natural_r": figure.r,
            "natural_r_ci": list(figure.r_ci),
            "partial_r": figure.partial_r,
            "partial_r_ci": list(figure.partial_r_ci),
            "controls": {
                "energy": figure.energy,
                "random": figure.random,
                "wrong_pairs": figure.wrong_pairs,
            },
            "tuning_r": None if isnan(self.tuning_r) else self.tuning_r,
            "axes": [
                {"hand": hand.record(), "original": original.record()}
                for hand, original in zip(self.hand_axes, self.original_axes, strict=True)
            ],
            "rivals": {
                name: {"hand": hand, "original": original} for name, hand, original in self.rivals
            },
        }


@dataclass(frozen=True)
class FamilyComparison(Shown):
    """A hand-written family scored against units of a trained network.

    Attributes:
        file: The circuit's file.
        model: The trained network's name.
        weights: The digest of its weights.
        family: The hand-written family's name.
        members: How many members it has.
        layer: The layer that the units are in.
        searched: The layers that the best was chosen from.
        images: How many images the figures are of.
        chosen_on: How many other images chose layer, units and members.
        images_from: Where they came from, for people to read.
        sets: The stimulus sets that the family names, its own first.
        units: The pairs, in order of the members.
        natural_r_ci: The bootstrap 95 % interval of the mean natural correlation.
        photographs: The names of the images, `chosen_on` and `measured_on`; none of drawn scenes.
        skipped: Image files that could not be read, and why.
    """

    file: str
    model: str
    weights: str
    family: str
    members: int
    layer: str
    searched: tuple[str, ...]
    images: int
    chosen_on: int
    images_from: str
    sets: tuple[str, ...]
    units: tuple[MemberScore, ...]
    natural_r_ci: tuple[float, float]
    photographs: Mapping[str, tuple[str, ...]]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def axes(self) -> tuple[AxisTuning, ...]:
        """The axes that the pairs are tuned along, as the first member is."""
        return self.units[0].hand_axes

    @property
    def mean(self) -> dict[str, float]:
        """The means over pairs."""
        figures = [unit.figure for unit in self.units]
        return {
            "natural_r": fmean(figure.r for figure in figures),
            "partial_r": fmean(figure.partial_r for figure in figures),
            "energy": fmean(figure.energy for figure in figures),
            "random": fmean(figure.random for figure in figures),
            "wrong_pairs": fmean(figure.wrong_pairs for figure in figures),
        }

    @property
    def of_kind(self) -> bool:
        """Whether units agree with members more than with any control, by the ends of an interval.

        Where they do not, no family of this kind was found.
        """
        mean = self.mean
        return self.natural_r_ci[0] > max(mean["energy"], mean["random"], mean["wrong_pairs"])

    def record(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        return {
            "file": self.file,
            "model": self.model,
            "weights": self.weights,
            "family": self.family,
            "layer": self.layer,
            "searched": list(self.searched),
            "units_chosen_by": "agreement",
            "of_kind": self.of_kind,
            "chosen_on": self.chosen_on,
            "images": self.images,
            "photographs": {name: list(names) for name, names in self.photographs.items()},
            "stimuli": list(self.sets),
            "units": [unit.record() for unit in self.units],
            "mean": self.mean,
            "natural_r_ci": list(self.natural_r_ci),
        }


@dataclass(frozen=True)
class Measured:
    """What chosen pairs come to on other images.

    Attributes:
        rows: Each pair's figures.
        natural_r_ci: The interval of the mean agreement.
        images: The number of images.
    """

    rows: tuple[Match, ...]
    natural_r_ci: tuple[float, float]
    images: int


def measure_pairs(
    chosen: Chosen,
    batches: Iterable[Batch] | Dealt,
    seed: int = 0,
    progress: Callable[[int], None] = lambda seen: None,
) -> Measured:
    """The figures of chosen pairs on images that did not choose them.

    Raises:
        InputError: there are no images.
    """
    one = measuring(chosen.meeting, chosen.pairs, seed)
    (state,) = fold([one], batches, progress)
    return Measured(one.finish(state), mean_r(state["sums"], seed)[1], images_in(state))


def member_scores(chosen: Chosen, rows: Sequence[Match]) -> tuple[MemberScore, ...]:
    """Pairs with their tuning to the stimuli that their family names, in order of the members.

    Args:
        chosen: The pairs.
        rows: Their figures, in the same order.
    """
    hand = chosen.meeting.contender.networks[0]
    family = hand.circuit.by_name[chosen.pairs[0].family]
    members = [pair.member for pair in chosen.pairs]
    units = [pair.unit for pair in chosen.pairs]
    sets = named_sets(hand.circuit, family)
    subject = trained(chosen.meeting.network, chosen.layer, units)
    answers = [
        (responses_to(hand, family, one)[:, members], responses_of(subject, one)) for one in sets
    ]
    along = followed(family, sets[0]) if sets else ()
    none = ((),) * len(rows)
    axes = [tunings(side, sets[0], along) for side in answers[0]] if sets else [none, none]
    scores = [
        MemberScore(
            hand=row.member,
            original=f"{row.layer}:{row.unit}",
            figure=row.figure,
            tuning_r=_tuning_r(answers, place),
            hand_axes=axes[0][place],
            original_axes=axes[1][place],
            rivals=tuple(
                (
                    one.name,
                    _over_own(answers, 0, at, place),
                    _over_own(answers, 1, at, place),
                )
                for at, one in enumerate(sets)
                if at
            ),
        )
        for place, row in enumerate(rows)
    ]
    order = sorted(range(len(rows)), key=lambda at: (members[at], -rows[at].figure.r))
    return tuple(scores[at] for at in order)


def _tuning_r(answers: Sequence[tuple[Floats, Floats]], place: int) -> float:
    if not answers:
        return nan
    sides = [np.concatenate([pair[side][:, place] for pair in answers]) for side in (0, 1)]
    return pearson(*sides)


def _over_own(answers: Sequence[tuple[Floats, Floats]], side: int, at: int, place: int) -> float:
    """The highest response to a set over that to the family's own; NaN if it has none to that."""
    own = float(answers[0][side][:, place].max())
    return float(answers[at][side][:, place].max()) / own if own > 0 else nan
