"""Scores of two sides: responses to figures of trained, edited or hand-written units, compared.

In: a script's score, and what its edits are carried out with. Out: `SideScore`: every measure of
the sides (`ir.tables.measures`) that the score has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.identity import Identity, identity_of
from circuitdsl.compare.score import pearson
from circuitdsl.editing.resolve import Lowering
from circuitdsl.ir.edits import script as ir
from circuitdsl.ir.expect import Measured
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.tunings.tuning import Tuning, response_grid, tuning_of
from circuitdsl.measure.units import Subject, handwritten, trained
from circuitdsl.models.written.handwritten import build

Floats = NDArray[np.floating[Any]]
LEFT, RIGHT = "left", "right"


@dataclass(frozen=True, eq=False)
class Shown:
    """A side that figures were shown to.

    Attributes:
        names: Its units.
        responses: `[size, angle, contrast, unit]`.
        angles_deg: Of the figures.
        period_deg: The turn after which the figures are the same.
    """

    names: tuple[str, ...]
    responses: Floats
    angles_deg: tuple[float, ...]
    period_deg: float

    @cached_property
    def tunings(self) -> tuple[Tuning, ...]:
        """The tuning of each unit."""
        return tuning_of(self.responses, self.angles_deg, self.period_deg)


OF_A_SIDE: dict[str, Callable[[Shown], float]] = {
    "echo": lambda side: float(np.mean([tuning.echo for tuning in side.tunings])),
}
"""The evaluation of each measure of one side."""

OF_PAIRS: dict[str, Callable[[Shown, Shown], float]] = {
    "correlation": lambda left, right: float(
        np.mean(
            [
                pearson(left.responses[..., index], right.responses[..., index])
                for index in range(left.responses.shape[-1])
            ]
        )
    ),
}
"""The evaluation of each measure of pairs of a left and a right unit."""


@dataclass(frozen=True, eq=False)
class SideScore:
    """Responses to figures, compared.

    Attributes:
        name: The score.
        sides: `left`, and where there is another side `right`.
        identity: Which network, units and photographs it is of.
    """

    name: str
    sides: Mapping[str, Shown]
    identity: Identity

    def units(self, side: str) -> tuple[str, ...]:
        """The names of a side's units; none where there is no such side."""
        return self.sides[side].names if side in self.sides else ()

    def worth(self, measured: Measured) -> float:
        """The value of a measure."""
        if measured.name in OF_PAIRS:
            return OF_PAIRS[measured.name](self.sides[LEFT], self.sides[RIGHT])
        return OF_A_SIDE[measured.name](self.sides[measured.of])

    @cached_property
    def measured(self) -> dict[str, float]:
        """Every measure that the sides have: `echo(left)`, `correlation`."""
        values = {
            f"{name}({side})": value(shown)
            for name, value in OF_A_SIDE.items()
            for side, shown in self.sides.items()
        }
        if len({shown.responses.shape for shown in self.sides.values()}) == 1 < len(self.sides):
            pair = self.sides[LEFT], self.sides[RIGHT]
            values |= {name: value(*pair) for name, value in OF_PAIRS.items()}
        return values

    def record(self) -> dict[str, Any]:
        """The result as JSON has it."""
        units = {side: list(self.units(side)) for side in (LEFT, RIGHT)}
        return self.identity.record() | {"name": self.name, **units, **self.measured}


def compare_sides(lowering: Lowering, score: ir.TuningScore) -> SideScore:
    """Show figures to the sides of a score.

    Args:
        lowering: What edits are carried out with, photographs included.
        score: The score.

    Raises:
        DiagnosticError: a family cannot be calibrated, or a splice finds no partner for a unit.
        InputError: a step or a set of figures does not fit.
    """
    lowering.progress(f"showing figures: {score.name}")
    sides = {LEFT: score.left} | ({} if score.right is None else {RIGHT: score.right})
    shown = {name: _shown(lowering, side, score.using) for name, side in sides.items()}
    units = [name for side in shown.values() for name in side.names]
    return SideScore(score.name, shown, identity_of(lowering, ir.sets_in(score), units, {}))


def _shown(lowering: Lowering, side: ir.Side, using: str | None) -> Shown:
    if isinstance(side, ir.HandSide):
        network = calibrate(build(side.hand.circuit, given=lowering.network))
        subject: Subject = handwritten(network, side.hand.family).only(side.members)
        figures, px = lowering.grid(using, subject.layer)
        responses = response_grid(subject, figures, px)
        return Shown(subject.names, responses, figures.angles_deg, figures.period_deg)
    units = lowering.units(side.units)
    network = lowering.network if side.edit is None else lowering.edited(side.edit)
    figures, px = lowering.grid(using, units.branches[0])
    responses = np.zeros((*figures.shape, len(units)))
    for branch in units.branches:
        subject = trained(network, branch, units.channels(branch))
        figures, px = lowering.grid(using, branch)
        responses[..., list(units.positions(branch))] = response_grid(subject, figures, px)
    return Shown(units.names, responses, figures.angles_deg, figures.period_deg)
