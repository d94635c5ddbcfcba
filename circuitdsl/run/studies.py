"""Verbs on trained networks and photographs: recovery, sweep; and the study behind effect.

In: a model, units by name or a family found by tuning, folders of images. Out: sweeps, effects and
recoveries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from circuitdsl.editing.sweep import (
    Table,
    attribution,
    in_pairs,
    one_by_one,
    rank_correlation,
)
from circuitdsl.editing.sweep import sweep as ablations
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.placing import place_members
from circuitdsl.ir.script import GainRule
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.find import find_family
from circuitdsl.measure.passes import run
from circuitdsl.models.handwritten import HandwrittenNetwork, build
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO, class_names, labels
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.batches import SIZE, mirrored
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint, split
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text

Floats = NDArray[np.float64]
Placing = Literal["placed", "nearest"]
Grouping = Literal["unit", "pair", "group"]
Ablation = Literal["zero", "mean"]

CALIBRATION = 100
"""Images that a folder gives up for calibration, where there is none of its own."""

SAMPLE = 24
"""Units that first-order attribution is held against the exact sweep on."""


def found_units(network: Network, layer: str, count: int, model: str | None = None) -> Units:
    """The best curve detectors of a layer with the angles they prefer, in order of those.

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
    mirror: bool,
    draws: int,
    seed: int,
    progress: Progress,
) -> Effect:
    """What an edit does on labelled photographs.

    Args:
        edited: The edited network.
        found: The photographs.
        mirror: Also show each image's mirror image.
        draws: How often random units are drawn for the control.
        seed: Of the draws and the bootstrap.
        progress: Told what is being done.

    Raises:
        InputError: images of classes that are not known.
    """
    backbone = edited.backbone
    average = None
    if edited.plan.units:
        progress("taking the mean of every channel")
        layers = sorted(edited.plan.units)
        average = run(channel_means(edited.network, layers), found.batches_for(backbone, SIZE))
    total = len(found.paths) * (2 if mirror else 1)
    batches = (
        mirrored(found.batches_for(backbone, SIZE // 2))
        if mirror
        else found.batches_for(backbone, SIZE)
    )
    measured = effect(
        edited,
        outputs_of(map(found.label, found.paths), labels(edited.name)),
        class_names(edited.name),
        means=average,
        draws=draws,
        seed=seed,
    )
    result = run(measured, batches, lambda seen: progress(f"photographs: {seen} of {total}"))
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
    progress(f"finding the curve family of {name}")
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
    outputs = outputs_of(map(to_score.label, to_score.paths), labels(name))
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


@dataclass(frozen=True, eq=False)
class Approximation:
    """A sweep by first-order attribution.

    Attributes:
        names: The units.
        images: How many images it is over.
        changes: What ablating each unit would change the cross-entropy by, `[unit]`.
        sample: Units that were also ablated exactly.
        spearman: The rank correlation with the exact changes of those.
        skipped: Files that are no images, and why.
    """

    names: tuple[str, ...]
    images: int
    changes: Floats
    sample: int
    spearman: float
    skipped: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The changes as CSV."""
        rows = zip(self.names, self.changes.tolist(), strict=True)
        lines = [f"{name},{self.images},{change!r}" for name, change in rows]
        return "\n".join(["units,images,cross_entropy_change", *lines]) + "\n"


def sweep(
    model: str | Network,
    units: str | Sequence[str],
    images: Path | str,
    path: Path | str,
    *,
    weights: Path | str | None = None,
    ablate: Ablation = "zero",
    by: Grouping = "unit",
    approx: bool = False,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Table | Approximation:
    """Ablate units of a model in turn: one by one, in pairs, or in groups.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Which units (`editing.select`).
        images: Labelled photographs, one sub-folder for each class.
        path: The CSV file; an unfinished one is resumed.
        weights: A weight file, instead of the model's own.
        ablate: To zero, or to each unit's mean over the same images.
        by: One unit at a time, two, or all that one entry of `units` names.
        approx: All units at once by first-order attribution, with the exact sweep of a sample.
        limit: How many images at most, spread evenly.
        seed: Of the sample.
        progress: Told what is being done.

    Raises:
        InputError: what is asked for is not there, or the file is another sweep's.
        OSError: the file can't be written.
    """
    if approx and by != "unit":
        raise InputError("attribution is of single units", help=f"leave out --by {by}, or --approx")
    network = opened_network(model, weights)
    name, target = network.name, Path(path)
    found = open_images(Path(images), limit)
    if approx:
        return _approximate(
            network, units, found, target, ablate=ablate, seed=seed, progress=progress
        )
    chosen = select(network.backbone, units)
    sets = _sets(network, units, by)
    average = _means(network, chosen, found, ablate, progress)
    total = len(found.paths)
    table = ablations(
        network,
        sets,
        found.batches_for(network.backbone, SIZE),
        outputs_of(map(found.label, found.paths), labels(name)),
        target,
        means=average,
        about={"model": name, "ablate": ablate, "images": _digest(found)},
        progress=lambda seen: progress(f"{len(sets)} ablations; photographs: {seen} of {total}"),
    )
    return replace(table, skipped=found.left_out)


def _approximate(
    network: Network,
    units: str | Sequence[str],
    found: ImageSet,
    target: Path,
    *,
    ablate: Ablation,
    seed: int,
    progress: Progress,
) -> Approximation:
    """All units at once by first-order attribution, and how well that ranks some of them.

    The exact sweep of the sample goes into a file beside the target, whose name ends in
    `.sample.csv`.
    """
    name = network.name
    chosen = select(network.backbone, units)
    average = _means(network, chosen, found, ablate, progress)
    backbone, total = network.backbone, len(found.paths)
    outputs = outputs_of(map(found.label, found.paths), labels(name))
    changes = run(
        attribution(network, chosen, outputs, average),
        found.batches_for(backbone, SIZE),
        lambda seen: progress(f"attribution; photographs: {seen} of {total}"),
    )
    count = min(SAMPLE, len(chosen))
    drawn = np.sort(np.random.default_rng(seed).permutation(len(chosen))[:count])
    sample = Units(chosen.backbone, tuple(chosen.places[index] for index in drawn))
    exact = ablations(
        network,
        one_by_one(sample),
        found.batches_for(backbone, SIZE),
        outputs,
        target.with_suffix(".sample.csv"),
        means=average,
        about={"model": name, "ablate": ablate, "images": _digest(found)},
        progress=lambda seen: progress(f"exact sample; photographs: {seen} of {total}"),
    )
    spearman = rank_correlation(changes[drawn], exact.change("cross_entropy"))
    result = Approximation(chosen.names, exact.images, changes, count, spearman, found.left_out)
    write_text(target, result.text())
    return result


def _sets(network: Network, units: str | Sequence[str], by: Grouping) -> tuple[Units, ...]:
    if by == "group":
        named = [units] if isinstance(units, str) else units
        return tuple(select(network.backbone, name) for name in named)
    chosen = select(network.backbone, units)
    return one_by_one(chosen) if by == "unit" else in_pairs(chosen)


def _means(
    network: Network, units: Units, images: ImageSet, ablate: Ablation, progress: Progress
) -> dict[str, Floats] | None:
    if ablate == "zero":
        return None
    if ablate != "mean":
        raise InputError(f"units are not ablated to `{ablate}`", help="zero, or mean")
    progress("taking the mean of every channel")
    batches = images.batches_for(network.backbone, SIZE)
    return run(channel_means(network, units.branches), batches)


def _digest(images: ImageSet) -> str:
    """A digest of the images' names and sizes."""
    lines = [
        f"{path.relative_to(images.folder).as_posix()} {path.stat().st_size}"
        for path in images.paths
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
