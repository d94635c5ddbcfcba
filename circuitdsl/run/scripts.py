"""Verbs on edit scripts: edit, effect; and the scores of a script.

In: a file with `edit` and `score` blocks, a model, folders of photographs. Out: edited networks,
effects, recoveries, tunings, and whether the file's expectations hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.effect import Effect
from circuitdsl.compare.recovery import Recovery, Study, recovery
from circuitdsl.compare.score import pearson
from circuitdsl.editing import verbs
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.apply import edit as apply
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.controls import softened
from circuitdsl.editing.resolve import Lowering
from circuitdsl.ir import script as ir
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.measure.tuning import response_grid, tuning_of
from circuitdsl.measure.units import Subject, handwritten, trained
from circuitdsl.models.handwritten import build
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO, labels
from circuitdsl.run.inputs import Given, opened, photographs_of, prepared, shared
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.studies import effect_on
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import Diagnostic, InputError

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TuningResult:
    """Responses to curves, compared.

    Attributes:
        name: The score.
        left: Names of the units on the left.
        right: Those on the right, if there are any.
        measured: `echo(left)`, and where there is a right `echo(right)` and `correlation`.
    """

    name: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    measured: Mapping[str, float]

    def record(self) -> dict[str, Any]:
        """The result as JSON has it."""
        sides = {"left": list(self.left), "right": list(self.right)}
        return {"name": self.name, **sides, **self.measured}


@dataclass(frozen=True)
class Scored:
    """What the scores of a script came to.

    Attributes:
        model: The network's name.
        recoveries: By the name of the score.
        tunings: The comparisons of responses to curves.
        failed: The expectations that do not hold.
        held: How many hold.
    """

    model: str
    recoveries: Mapping[str, Recovery]
    tunings: tuple[TuningResult, ...]
    failed: tuple[Diagnostic, ...]
    held: int

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
        seed: Of draws; by default the file's own.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors, or a splice finds no partner for a unit.
        InputError: anything else that is not there or does not fit.
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


def effect(
    source: Path | str | EditedNetwork,
    images: Path | str,
    *,
    edit: str | None = None,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    mirror: bool = False,
    draws: int = 3,
    seed: int | None = None,
    progress: Progress = silent,
) -> Effect:
    """What an edit does to a trained network on labelled photographs, beside its controls.

    Args:
        source: The file of the edit, or an edited network.
        images: Photographs, in one sub-folder for each class.
        edit: The edit of the file; may be left out if it has one.
        model: For a file, a model of the registry, `auto`, or a network.
        weights: For a file, a weight file, instead of the model's own.
        calibration: For a file, photographs to calibrate on; else some of `images` are set aside.
        limit: How many photographs at most, spread evenly.
        mirror: Also show each photograph's mirror image.
        draws: How often random units are drawn for the control.
        seed: Of splits, controls and intervals; by default the file's own, or 0.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors, or a splice finds no partner for a unit.
        InputError: anything else that is not there or does not fit.
    """
    if isinstance(source, EditedNetwork):
        shown = open_images(Path(images), limit)
        return effect_on(
            source, shown, mirror=mirror, draws=draws, seed=seed or 0, progress=progress
        )
    given = Given.of(
        model=model,
        weights=weights,
        images=images,
        calibration=calibration,
        limit=limit,
        seed=seed,
    )
    lowering, chosen, scored = prepared(source, edit, given, progress)
    if scored is None:
        raise InputError("photographs are needed to see an effect on", help="give --images DIR")
    return effect_on(
        lowering.edited(chosen),
        scored,
        mirror=mirror,
        draws=draws,
        seed=lowering.seed,
        progress=progress,
    )


def script_scores(script: ir.Script, given: Given, progress: Progress = silent) -> Scored:
    """The scores of a script.

    Raises:
        DiagnosticError: a splice finds no partner for a unit.
        InputError: something that is needed is not there or does not fit.
    """
    model, lowering = opened(script, given, progress)
    recoveries: dict[str, Recovery] = {}
    tunings: list[TuningResult] = []
    failed: list[Diagnostic] = []
    for score in script.scores:
        if isinstance(score, ir.RecoveryScore):
            found = _recovery(lowering, score, given)
            recoveries[score.name] = found
            share = found.share(score.measure)
            measured = {
                "recovered": share.value,
                "shuffled": share.shuffled,
                "random": share.random,
            }
        else:
            tuned = _tuning(lowering, score, given)
            tunings.append(tuned)
            measured = {**tuned.measured, "echo": tuned.measured["echo(left)"]}
        failed += [_broken(claim, measured) for claim in score.claims if not claim.holds(measured)]
    total = sum(len(score.claims) for score in script.scores)
    return Scored(model, recoveries, tuple(tunings), tuple(failed), total - len(failed))


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
    ready = replace(lowering, images=sets, seed=seed)
    networks = _study(ready, score)
    total = len(to_score.paths)
    outputs = outputs_of(map(to_score.label, to_score.paths), labels(lowering.model))
    result = run(
        recovery(networks, outputs, seed),
        to_score.batches_for(lowering.network.backbone, SIZE),
        lambda seen: lowering.progress(f"photographs: {seen} of {total}"),
    )
    return replace(result, skipped=to_score.left_out)


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
    variants = {name: lowering.edited(score.spliced, name) for name in _VARIANTS}
    own = next(s for s in variants["spliced"].steps if isinstance(s, verbs.Splice))
    silent_units = sum(gain == 0 for gain in own.hand.gain)
    images = script.images[spliced.hand.images]
    counted = lowering.images.get(images.name)
    count = 0 if counted is None else len(counted.paths)
    return Study(network, units, {**edits, **variants}, count, silent_units)


_VARIANTS = ("spliced", "shuffled", "random")


def _branches(step: verbs.Step) -> tuple[str, ...]:
    return step.units.branches if isinstance(step, verbs.Ablate) else ()


# ---- tuning


def _tuning(lowering: Lowering, score: ir.TuningScore, given: Given) -> TuningResult:
    sides = [side for side in (score.left, score.right) if side is not None]
    edits = [s.edit for s in sides if isinstance(s, ir.TrainedSide) and s.edit is not None]
    steps = [step for name in edits for step in lowering.script.steps(name)]
    _, sets = shared(given, photographs_of(lowering.script, steps), None)
    ready = replace(lowering, images=sets)
    lowering.progress(f"showing circles: {score.name}")
    found = [_responses(ready, side, score.using) for side in sides]
    tunings = [tuning_of(responses, angles) for _, responses, angles in found]
    echoes = [float(np.mean([tuning.echo for tuning in side])) for side in tunings]
    measured = {"echo(left)": echoes[0]}
    if len(found) == 2:
        measured["echo(right)"] = echoes[1]
        left, right = found[0][1], found[1][1]
        if left.shape == right.shape:
            pairs = [pearson(left[..., i], right[..., i]) for i in range(left.shape[-1])]
            measured["correlation"] = float(np.mean(pairs))
    names = [each[0] for each in found]
    return TuningResult(score.name, names[0], names[1] if len(names) == 2 else (), measured)


def _responses(
    lowering: Lowering, side: ir.Side, using: str | None
) -> tuple[tuple[str, ...], Floats, tuple[float, ...]]:
    """Names, responses `[radius, angle, contrast, unit]`, and the angles."""
    if isinstance(side, ir.HandSide):
        network = calibrate(build(side.hand.circuit, given=lowering.network))
        subject: Subject = handwritten(network, side.hand.family).only(side.members)
        circles, px = lowering.grid(using, subject.layer)
        return subject.names, response_grid(subject, circles, px), circles.tangent_deg
    units = lowering.units(side.units)
    shown = lowering.network if side.edit is None else lowering.edited(side.edit)
    responses: Floats | None = None
    angles: tuple[float, ...] = ()
    for branch in units.branches:
        subject = trained(shown, branch, units.channels(branch))
        circles, px = lowering.grid(using, branch)
        part = response_grid(subject, circles, px)
        if responses is None:
            responses = np.zeros((*part.shape[:-1], len(units)))
            angles = circles.tangent_deg
        responses[..., list(units.positions(branch))] = part
    return units.names, np.zeros((1, 1, 1, 0)) if responses is None else responses, angles


def _broken(claim: ir.Claim, measured: Mapping[str, float]) -> Diagnostic:
    names = [name for name in measured if name in claim.span.text.replace(" ", "")]
    shown = ", ".join(f"{name} is {measured[name]:.3g}" for name in names)
    return Diagnostic("E901", f"`{claim.span.text}` does not hold: {shown}", claim.span)
