"""The verb edit, and the scores of a script.

In: a file with `edit` and `score` blocks, a model, folders of photographs. Out: edited networks,
recoveries, tunings, and whether the file's expectations hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, overload

from circuitdsl.compare.expect import Outcome
from circuitdsl.compare.identity import identity_of
from circuitdsl.compare.recovery import Recovery, Study, recovery
from circuitdsl.compare.sides import SideScore, compare_sides
from circuitdsl.editing import verbs
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.apply import edit as apply
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.controls import softened
from circuitdsl.editing.resolve import Lowering
from circuitdsl.ir.edits import script as ir
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.measure.shards import Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.models.registry import AUTO
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.engines import counted
from circuitdsl.run.opening.inputs import (
    Given,
    opened,
    photographs_of,
    prepared,
    shared,
)
from circuitdsl.stimuli.photographs import Cut
from circuitdsl.text.diagnostics import Diagnostic, InputError


@dataclass(frozen=True)
class Scored:
    """What the scores of a script came to.

    Attributes:
        model: The network's name.
        recoveries: By the name of the score.
        tunings: The comparisons of responses to figures.
        outcomes: What became of every expectation.
    """

    model: str
    recoveries: Mapping[str, Recovery]
    tunings: tuple[SideScore, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Diagnostic, ...]:
        """The expectations that do not hold."""
        return tuple(outcome.diagnostic for outcome in self.outcomes if not outcome.holds)

    def record(self) -> dict[str, Any]:
        """The first recovery as JSON has it, and every score by name where there are several."""
        scores = {name: found.record() for name, found in self.recoveries.items()}
        scores |= {found.name: found.record() for found in self.tunings}
        first = next((found.record() for found in self.recoveries.values()), {})
        return first if len(scores) == len(self.recoveries) == 1 else first | {"scores": scores}


@overload
def edit(source: Network, steps: Sequence[verbs.Step]) -> EditedNetwork: ...


@overload
def edit(
    source: Path | str,
    steps: str | None = None,
    *,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    calibration: Path | str | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> EditedNetwork: ...


def edit(
    source: Network | Path | str,
    steps: Sequence[verbs.Step] | str | None = None,
    *,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    calibration: Path | str | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> EditedNetwork:
    """A network with an edit: one of a file, or steps made in Python.

    The network that is edited stays as it is.

    Args:
        source: The file, or a network.
        steps: The edit of the file, which may be left out if it has one; or the steps to apply to
            the network (`circuitdsl.editing`).
        model: For a file, a model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        images: Photographs, part of which is set aside to calibrate on.
        calibration: Photographs to calibrate on.
        seed: The seed of random draws; by default that of the file.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors, or a splice finds no partner for a unit.
        InputError: something else does not exist or does not fit.
    """
    if isinstance(source, Network):
        if steps is None or isinstance(steps, str):
            raise InputError("a network is edited by steps", help="give a list: [Ablate(units)]")
        return apply(source, steps)
    if not (steps is None or isinstance(steps, str)):
        raise InputError("the edits of a file go by their names", help="name one of them")
    given = Given.of(
        model=model, weights=weights, images=images, calibration=calibration, limit=None, seed=seed
    )
    lowering, chosen, _ = prepared(source, steps, given, progress)
    return lowering.edited(chosen)


def script_scores(script: ir.Script, given: Given, progress: Progress = silent) -> Scored:
    """The scores of a script.

    Raises:
        DiagnosticError: a splice finds no partner for a unit.
        InputError: something that is needed is not there or does not fit.
    """
    model, lowering = opened(script, given, progress)
    recoveries: dict[str, Recovery] = {}
    tunings: list[SideScore] = []
    outcomes: list[Outcome] = []
    for score in script.scores:
        if isinstance(score, ir.RecoveryScore):
            found = _recovery(lowering, score, given)
            recoveries[score.name] = found
            worth = partial(found.worth, measure=score.measure)
        else:
            compared = _tuning(lowering, score, given)
            tunings.append(compared)
            worth = compared.worth
        outcomes += [Outcome(score.name, expect.judge(worth)) for expect in score.expectations]
    return Scored(model, recoveries, tuple(tunings), tuple(outcomes))


# ---- recovery


def _recovery(lowering: Lowering, score: ir.RecoveryScore, given: Given) -> Recovery:
    script = lowering.script
    steps = (*script.steps(score.removed), *script.steps(score.spliced))
    using = script.images[score.using]
    scored = using if isinstance(using, ir.Photographs) else None
    seed = score.seed if given.seed is None else given.seed
    chosen = replace(given, seed=given.seed if given.seed is not None else score.seed or None)
    to_score, sets = shared(chosen, photographs_of(script, steps), scored)
    if to_score is None:
        raise InputError(
            f"`{score.name}` is scored on the photographs `{score.using}`, and none were given",
            help="give --images DIR",
        )
    sets_of_units = [units for step in steps for units in ir.unit_sets(step)]
    ready = replace(lowering.shown_to(sets, sets_of_units), seed=seed)
    networks = _study(ready, score)
    total = len(to_score.paths)
    outputs = outputs_of(to_score.labels, labels_of(lowering.network))
    reading = Reading(
        to_score, Shape(Cut.of(lowering.network.backbone)), given.engine.stage(score.name)
    )
    result = run(
        recovery(networks, outputs, seed), reading, counted("photographs", total, lowering.progress)
    )
    identity = identity_of(ready, sets_of_units, networks.units.names, {score.using: to_score})
    return replace(result, skipped=to_score.left_out, identity=identity)


def _study(lowering: Lowering, score: ir.RecoveryScore) -> Study:
    """The networks that a recovery compares."""
    network, script = lowering.network, lowering.script
    spliced = next(s for s in script.steps(score.spliced) if isinstance(s, verbs.Splice))
    removed = [
        verbs.Ablate(step.units) if isinstance(step, verbs.Ablate) else step
        for step in lowering.steps(score.removed)
    ]
    units = lowering.units(spliced.units)
    layers = sorted({branch for s in removed for branch in _branches(s)})
    lowering.progress("taking the mean of every channel")
    average = run(channel_means(network, layers), lowering.shown(spliced.hand.images, units))
    edits = {
        "zero": apply(network, removed),
        "mean": apply(network, softened(removed, average) or removed),
    }
    variants = lowering.variants(score.spliced)
    own = next(s for s in variants["spliced"].steps if isinstance(s, verbs.Splice))
    silent_units = sum(gain == 0 for gain in own.hand.gain)
    images = script.images[spliced.hand.images]
    counted = lowering.images.get(images.name)
    count = 0 if counted is None else len(counted.paths)
    return Study(network, units, {**edits, **variants}, count, silent_units)


def _branches(step: verbs.Step) -> tuple[str, ...]:
    return step.units.branches if isinstance(step, verbs.Ablate) else ()


# ---- tuning


def _tuning(lowering: Lowering, score: ir.TuningScore, given: Given) -> SideScore:
    sides = [side for side in (score.left, score.right) if side is not None]
    edits = [s.edit for s in sides if isinstance(s, ir.TrainedSide) and s.edit is not None]
    steps = [step for name in edits for step in lowering.script.steps(name)]
    compared = ir.sets_in(score)
    _, sets = shared(given, photographs_of(lowering.script, steps, compared), None)
    units = [chosen for step in steps for chosen in ir.unit_sets(step)]
    return compare_sides(lowering.shown_to(sets, [*units, *compared]), score)
