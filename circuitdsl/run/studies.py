"""The verb recovery, and the study behind effect.

In: a model, a family found by tuning, folders of images. Out: effects and recoveries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.checking.load import load
from circuitdsl.compare.effect import Effect, effect
from circuitdsl.compare.recovery import SPLICED_UNITS, Recovery, study
from circuitdsl.compare.recovery import recovery as measure_recovery
from circuitdsl.compare.score import block_of, scored_family
from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.baselines import NEAREST, channel_means, nearest_members
from circuitdsl.editing.select import Units, select
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.placing import place_members
from circuitdsl.ir.script import GainRule
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.find import find_family
from circuitdsl.measure.passes import run
from circuitdsl.measure.shards import Engine, Reading, Shape
from circuitdsl.models.handwritten import HandwrittenNetwork, build
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import class_names_of, labels_of
from circuitdsl.models.registry import AUTO
from circuitdsl.run.engines import counted
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint, split

Floats = NDArray[np.float64]
Placing = Literal["placed", "nearest"]

CALIBRATION = 100
"""Images that a folder gives up for calibration, where there is none of its own."""


def found_units(network: Network, layer: str, count: int, model: str | None = None) -> Units:
    """The best units of a layer by their tuning, with the angles they prefer, in order of those.

    Raises:
        InputError: no such layer, nothing in it fires for a circle, or a count below 1.
    """
    best = find_family(network, layer, model).best(count)
    units = select(network.backbone, [f"{layer}:{unit.unit}" for unit in best])
    return units.at_angles([unit.tuning.preferred_deg for unit in best])


def effect_on(
    edited: EditedNetwork,
    found: ImageSet,
    *,
    beside: Mapping[str, EditedNetwork],
    mirror: bool,
    draws: int,
    seed: int,
    engine: Engine,
    progress: Progress,
) -> Effect:
    """What an edit does on labelled photographs.

    Args:
        edited: The edited network.
        found: The photographs.
        beside: Controls of the edit's own kind, by name.
        mirror: Also show each image's mirror image.
        draws: How often random units are drawn for the control.
        seed: Of the draws and the bootstrap.
        engine: Who goes through the photographs.
        progress: Told what is being done.

    Raises:
        InputError: images of classes that are not known.
    """
    cut, average = Cut.of(edited.backbone), None
    if edited.plan.units:
        layers = sorted(edited.plan.units)
        average = run(
            channel_means(edited.network, layers),
            Reading(found, Shape(cut), engine.stage("means")),
            counted("the mean of every channel; photographs", len(found), progress),
        )
    measured = effect(
        edited,
        outputs_of(found.labels, labels_of(edited)),
        class_names_of(edited),
        means=average,
        beside=beside,
        draws=draws,
        seed=seed,
    )
    reading = Reading(found, Shape(cut, mirror=mirror), engine.stage("effect"))
    total = len(found) * (2 if mirror else 1)
    result = run(measured, reading, counted("photographs", total, progress))
    return replace(result, skipped=found.left_out)


def recovery(
    source: Path | str | Circuit,
    images: Path | str,
    *,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    family: str | None = None,
    units: int = SPLICED_UNITS,
    members: Placing = "placed",
    within_deg: float = NEAREST,
    rule: GainRule = "linear",
    seed: int = 0,
    progress: Progress = silent,
) -> Recovery:
    """How much of a trained family's work a circuit's family does in its place.

    Args:
        source: The circuit, or its file.
        images: Labelled photographs to score on, one sub-folder for each class.
        model: A model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        calibration: Photographs to match gains on; otherwise some of `images` are set aside.
        limit: How many of `images` at most.
        family: The hand-written family; by default the last one.
        units: How many of the trained family's units are replaced, best first.
        members: `placed` at the angles that the units prefer, or the `nearest` as written.
        within_deg: How far from its unit's angle a member may be, as written.
        rule: By which gains are matched (`edit.baselines.matched_splice`).
        seed: Of the split, the controls and the bootstrap.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors.
        InputError: anything else that was asked for is not there or does not fit.
    """
    circuit = source if isinstance(source, Circuit) else load(source)
    network = opened_network(model, weights)
    name = network.name
    to_calibrate, to_score = image_sets(
        Path(images), None if calibration is None else Path(calibration), limit, seed
    )
    written = scored_family(circuit, family)
    progress(f"finding the units of {written.name} in {name}")
    chosen = found_units(network, block_of(network, written.layer), units, name)
    hand, pairs = _standing_in(
        circuit, written, chosen, network, members=members, within_deg=within_deg
    )
    progress("building the circuit and matching gains")
    backbone, total = network.backbone, len(to_score.paths)
    prepared = study(
        network,
        chosen,
        hand,
        written.name,
        members=pairs,
        calibration=to_calibrate.batches_for(backbone, SIZE),
        rule=rule,
        seed=seed,
    )
    outputs = outputs_of(to_score.labels, labels_of(network))
    result = run(
        measure_recovery(prepared, outputs, seed),
        to_score.batches_for(backbone, SIZE),
        lambda n: progress(f"photographs: {n} of {total}"),
    )
    return replace(result, skipped=to_calibrate.left_out + to_score.left_out)


def _standing_in(
    circuit: Circuit,
    family: Family,
    units: Units,
    network: Network,
    *,
    members: Placing,
    within_deg: float,
) -> tuple[HandwrittenNetwork, Sequence[int]]:
    """The circuit built and calibrated, and the member that stands in for each unit."""
    if members == "placed":
        placed = place_members(circuit, family.name, units.angles_deg or ())
        return calibrate(build(placed, given=network)), range(len(units))
    pairs = nearest_members(family.axes[0].angles_deg, units, within_deg)
    return calibrate(build(circuit, given=network)), pairs


def image_sets(
    images: Path,
    calibration: Path | None,
    limit: int | None,
    seed: int,
) -> tuple[ImageSet, ImageSet]:
    """Images to calibrate on and images to score on, without any in common.

    Args:
        images: A folder to score on, part of which is set aside if there is no other.
        calibration: A folder to calibrate on.
        limit: How many of `images` at most.
        seed: Of the split.

    Raises:
        InputError: too few images, or an image that is in both folders.
    """
    found = open_images(images, limit)
    if calibration is None:
        return split(found, count_aside(found), seed)
    own = open_images(calibration)
    check_disjoint(own, found)
    return own, found


def count_aside(images: ImageSet, count: int | None = None) -> int:
    """The number of images of a folder to set aside: `count`, else a third, at most 100."""
    return min(CALIBRATION, max(1, len(images.paths) // 3)) if count is None else count
