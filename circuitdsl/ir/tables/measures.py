"""Measures: what can be claimed, scored, fitted and reported, in one table.

In: nothing. Out: `MEASURES`. A row says what a measure is called, its unit, and where it is legal
with which argument. The package that has what a measure is taken from registers its evaluation
under the same name: `measure.tunings.of_families` for families, `compare.sides` and
`compare.recovery` for scores, `editing.logits` for outputs, `fitting.measures` for fits; an edit's
`count` needs no weights and is evaluated by the checker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["real", "angle"]

Place = Literal["family", "edit", "sides", "recovery", "outputs", "fit"]
"""Where a measure is legal: `expect` lines of families, of edits, of scores of two sides and of
recoveries; results over labelled photographs; the sum that a fit maximises."""

Evidence = Literal["photographs", "outputs", "published", "figures"]
"""What a fit shows to units to take a measure: photographs; photographs, and what the rest of the
network makes of them; published figures; those by which a finder found the units."""

Argument = Literal["none", "pairs", "set", "angles", "side", "outputs"]
"""What stands in the brackets: nothing; nothing, but the block has a left and a right; a stimulus
set and settings that choose images of it; the same for a set that shows every angle; `left` or
`right`; perhaps a measure of outputs."""


@dataclass(frozen=True)
class Measure:
    """A row of the table.

    Attributes:
        name: What texts and records call it.
        doc: What it is, in one line.
        places: Where it is legal, and what stands in the brackets there.
        unit: `angle` is in degrees.
        evidence: What a fit needs, to maximise it.
    """

    name: str
    doc: str
    places: Mapping[Place, Argument]
    unit: Unit = "real"
    evidence: Evidence = "photographs"


MEASURES: tuple[Measure, ...] = (
    Measure(
        "response",
        "the mean over members of the largest response among the images of the set",
        {"family": "set"},
    ),
    Measure("spread", "the range of these over the members, over their mean", {"family": "set"}),
    Measure(
        "preferred_error",
        "the largest angle between a member's own and the one that it prefers",
        {"family": "angles"},
        "angle",
    ),
    Measure(
        "fwhm",
        "the mean width of the tuning curves at half of their height, an angle",
        {"family": "angles"},
        "angle",
    ),
    Measure(
        "selectivity",
        "the mean over members of 1 minus the circular variance of the tuning curve",
        {"family": "angles"},
    ),
    Measure(
        "echo",
        "the largest response within 60° of the opposite angle, over the maximum",
        {"family": "angles", "sides": "side"},
    ),
    Measure(
        "correlation",
        "the correlation of all responses of left and right, the mean over pairs",
        {"sides": "pairs"},
    ),
    Measure(
        "recovered",
        "the share of the loss by removal that a splice recovers",
        {"recovery": "outputs", "fit": "none"},
        evidence="outputs",
    ),
    Measure(
        "shuffled",
        "the share that the same members recover, dealt anew among the units",
        {"recovery": "outputs"},
    ),
    Measure(
        "random",
        "the share that members with random kernels recover",
        {"recovery": "outputs"},
    ),
    Measure("count", "the number of units, or of edges, that steps are about", {"edit": "none"}),
    Measure(
        "top1",
        "whether the best output is right",
        {"outputs": "none"},
    ),
    Measure(
        "top5",
        "whether one of the best five outputs is right",
        {"outputs": "none"},
    ),
    Measure(
        "cross_entropy",
        "minus the log probability of the right output, in nats",
        {"outputs": "none"},
    ),
    Measure(
        "kl",
        "the Kullback-Leibler divergence from the intact network's outputs, in nats",
        {"outputs": "none"},
    ),
    Measure(
        "natural",
        "the correlation with the trained units on photographs, position by position",
        {"fit": "none"},
    ),
    Measure(
        "grid",
        "the correlation with published response grids",
        {"fit": "none"},
        evidence="published",
    ),
    Measure(
        "tuning",
        "the correlation with the trained units over the figures by which they were found",
        {"fit": "none"},
        evidence="figures",
    ),
)

BY_NAME = {measure.name: measure for measure in MEASURES}


def legal(place: Place) -> dict[str, Measure]:
    """The measures that are legal in a place, by name."""
    return {measure.name: measure for measure in MEASURES if place in measure.places}


OUTPUTS = tuple(legal("outputs"))
"""Measures of a network's outputs on labelled photographs, in the order of tables."""
