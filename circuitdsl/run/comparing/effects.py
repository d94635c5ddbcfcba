"""The verb effect: what one edit, or each edit of a file, does to a trained network.

In: a file of edits or an edited network, a folder of labelled images. Out: effects, by the names of
the edits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from circuitdsl.checking.load import load_script
from circuitdsl.compare.effect import Effect
from circuitdsl.compare.effect import effect as measure_effect
from circuitdsl.compare.identity import Identity, identity_of
from circuitdsl.editing import verbs
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.resolve import Lowering
from circuitdsl.ir.edits import script as ir
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import fold, run
from circuitdsl.measure.shards import Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import class_names_of, labels_of
from circuitdsl.models.registry import AUTO
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.engines import class_list, counted, engine_of
from circuitdsl.run.opening.inputs import Given, opened, prepared, shown_for
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subject:
    """An edited network whose effect is measured.

    Attributes:
        edited: The edited network.
        beside: Controls of the edit's own kind, by name.
    """

    edited: EditedNetwork
    beside: Mapping[str, EditedNetwork]


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
    classes: Path | str | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> Effect:
    """Measure what an edit does to a trained network on labelled photographs, with controls.

    Args:
        source: The file of the edit, or an edited network.
        images: Photographs, in one sub-folder for each class.
        edit: The edit of the file; may be left out if it has one.
        model: For a file, a model of the registry, `auto`, or a network.
        weights: For a file, a weight file, instead of the model's own.
        calibration: For a file, photographs to calibrate on; else some of `images` are set aside.
        limit: The largest number of photographs, spread evenly over the folder.
        mirror: Also show each photograph's mirror image.
        draws: The number of random draws of units for the control.
        seed: The seed of splits, controls and intervals; by default that of the file, or 0.
        classes: A file with one label on each line, for images whose classes are numbers.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors, or a splice finds no partner for a unit.
        InputError: something else does not exist or does not fit.
    """
    if isinstance(source, EditedNetwork):
        shown = open_images(Path(images), limit, class_list(classes))
        (result,) = _measured(
            [Subject(source, {})],
            shown,
            mirror=mirror,
            draws=draws,
            seed=seed or 0,
            engine=engine_of(workers, store, ray),
            progress=progress,
        )
        identity = Identity(
            source.name,
            source.network.digest,
            _acted_on(source),
            photographs={"shown": shown.names},
        )
        return replace(result, identity=identity)
    given = Given.of(
        model=model,
        weights=weights,
        images=images,
        calibration=calibration,
        limit=limit,
        seed=seed,
        classes=class_list(classes),
        engine=engine_of(workers, store, ray),
    )
    lowering, name, scored = prepared(source, edit, given, progress)
    return _effects({name: (lowering, scored)}, given, mirror, draws, progress)[name]


def effects(
    source: Path | str,
    images: Path | str,
    *,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    mirror: bool = False,
    draws: int = 3,
    seed: int | None = None,
    classes: Path | str | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> dict[str, Effect]:
    """What each edit of a file does.

    Edits that are measured on the same photographs share one run of the intact network.

    Args:
        source: The file.
        images: Photographs, in one sub-folder for each class.
        model: A model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        calibration: Photographs to calibrate on; else some of `images` are set aside.
        limit: The largest number of photographs, spread evenly over the folder.
        mirror: Also show each photograph's mirror image.
        draws: The number of random draws of units for the control.
        seed: The seed of splits, controls and intervals; by default that of the file, or 0.
        classes: A file with one label on each line, for images whose classes are numbers.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Returns:
        The effects by the names of the edits, in the order of the file.

    Raises:
        DiagnosticError: the file has errors, or a splice finds no partner for a unit.
        InputError: the file has no edits; or see `effect`.
    """
    script = load_script(source)
    if not script.edits:
        raise InputError(f"{source} has no edits", help="declare `edit NAME on MODEL { ... }`")
    given = Given.of(
        model=model,
        weights=weights,
        images=images,
        calibration=calibration,
        limit=limit,
        seed=seed,
        classes=class_list(classes),
        engine=engine_of(workers, store, ray),
    )
    _, lowering = opened(script, given, progress)
    ready = {edit.name: shown_for(lowering, edit.name, given) for edit in script.edits}
    return _effects(ready, given, mirror, draws, progress)


def _effects(
    ready: Mapping[str, tuple[Lowering, ImageSet | None]],
    given: Given,
    mirror: bool,
    draws: int,
    progress: Progress,
) -> dict[str, Effect]:
    """The effects of edits of one script, each with the photographs to measure it on."""
    alike: dict[tuple[Path, ...], tuple[ImageSet, list[str]]] = {}
    for name, (_, scored) in ready.items():
        if scored is None:
            raise InputError("photographs are needed to see an effect on", help="give --images DIR")
        alike.setdefault(tuple(scored.paths), (scored, []))[1].append(name)
    results: dict[str, Effect] = {}
    for shown, names in alike.values():
        subjects: list[Subject] = []
        for name in names:
            edited, *controls = ready[name][0].variants(name).items()
            beside = {f"{variant} members": control for variant, control in controls}
            subjects.append(Subject(edited[1], beside))
        measured = _measured(
            subjects,
            shown,
            mirror=mirror,
            draws=draws,
            seed=ready[names[0]][0].seed,
            engine=given.engine if len(alike) == 1 else given.engine.stage(names[0]),
            progress=progress,
        )
        for name, subject, result in zip(names, subjects, measured, strict=True):
            own = ready[name][0]
            sets = [units for step in own.script.steps(name) for units in ir.unit_sets(step)]
            identity = identity_of(own, sets, _acted_on(subject.edited), {"shown": shown})
            results[name] = replace(result, identity=identity)
    return {name: results[name] for name in ready}


def _acted_on(edited: EditedNetwork) -> tuple[str, ...]:
    """The units that an edit acts on."""
    sets = [units for step in edited.steps for units in verbs.units_of(step)]
    return tuple(dict.fromkeys(name for units in sets for name in units.names))


def _measured(
    subjects: Sequence[Subject],
    found: ImageSet,
    *,
    mirror: bool,
    draws: int,
    seed: int,
    engine: Engine,
    progress: Progress,
) -> list[Effect]:
    """What edits of one network do on labelled photographs; the intact network runs once for all.

    Args:
        subjects: At least one edited network, all made from the same one.
        found: The photographs.
        mirror: Also show each image's mirror image.
        draws: The number of random draws of units for the control.
        seed: The seed of the draws and the bootstrap.
        engine: Who goes through the photographs.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: images of classes that are not known.
    """
    network, cut = subjects[0].edited.network, Cut.of(subjects[0].edited.backbone)
    layers = sorted({layer for subject in subjects for layer in subject.edited.plan.units})
    average: Mapping[str, Floats] = {}
    if layers:
        average = run(
            channel_means(network, layers),
            Reading(found, Shape(cut), engine.stage("means")),
            counted("the mean of every channel; photographs", len(found), progress),
        )
    measured = [
        measure_effect(
            subject.edited,
            outputs_of(found.labels, labels_of(subject.edited)),
            class_names_of(subject.edited),
            means=average if subject.edited.plan.units else None,
            beside=subject.beside,
            draws=draws,
            seed=seed,
        )
        for subject in subjects
    ]
    reading = Reading(found, Shape(cut, mirror=mirror), engine.stage("effect"))
    total = len(found) * (2 if mirror else 1)
    states = fold(measured, reading, counted("photographs", total, progress))
    return [
        replace(one.finish(state), skipped=found.left_out)
        for one, state in zip(measured, states, strict=True)
    ]
