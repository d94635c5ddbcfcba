"""The verb recovery.

In: a model, a hand-written family, folders of images. Out: recoveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from circuitdsl.checking.load import load
from circuitdsl.compare.recovery import Recovery, study
from circuitdsl.compare.recovery import recovery as measure_recovery
from circuitdsl.compare.score import end_family
from circuitdsl.editing.baselines import NEAREST
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.edits.script import GainRule
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.models.registry import AUTO
from circuitdsl.run.comparing.families import check_written
from circuitdsl.run.comparing.standing_in import Pairing, standing_in
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint, split

Floats = NDArray[np.float64]

CALIBRATION = 100
"""Images that a folder gives up for calibration, where there is none of its own."""


def recovery(
    source: Path | str | Circuit,
    images: Path | str,
    *,
    model: str | Network = AUTO,
    weights: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    family: str | None = None,
    layers: Sequence[str] = (),
    units: int | None = None,
    members: Pairing | None = None,
    within_deg: float = NEAREST,
    rule: GainRule = "linear",
    seed: int = 0,
    progress: Progress = silent,
) -> Recovery:
    """Measure how much of the work of trained units a hand-written family does in their place.

    The units of a family that a finder looks for are found by their tuning; those of any other
    family by agreement with its members, on photographs that match no gain and score nothing.

    Args:
        source: The circuit, or its file.
        images: Labelled photographs to score on, one sub-folder for each class.
        model: A model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        calibration: Photographs to choose units and match gains on; otherwise some of `images` are
            set aside.
        limit: The largest number of `images`.
        family: The hand-written family; by default the last one.
        layers: Where units are looked for by agreement; by default in the block of the family's own
            layer, or in all layers of a network of another geometry that have as many positions.
        units: How many trained units are replaced, best first; by default 14 that a finder found,
            or one for each member, at least 4 and at most 10, by agreement.
        members: `placed` at the angles that found units prefer, the `nearest` of those written, or
            those in `agreement` with the units; by default placed where a finder looks for the
            family's units, else in agreement.
        within_deg: How far from its unit's angle the nearest member may be, in degrees.
        rule: By which gains are matched (`edit.baselines.matched_splice`).
        seed: The seed of the splits, the controls and the bootstrap.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors.
        InputError: something else that was asked for does not exist or does not fit.
    """
    circuit = source if isinstance(source, Circuit) else load(source)
    written = end_family(circuit, family)
    network = opened_network(model, weights)
    check_written(circuit, written, network)
    to_calibrate, to_score = image_sets(
        Path(images), None if calibration is None else Path(calibration), limit, seed
    )
    chosen = standing_in(
        circuit,
        written,
        network,
        to_calibrate,
        layers=layers,
        count=units,
        pairing=members,
        within_deg=within_deg,
        seed=seed,
        progress=progress,
    )
    progress("matching gains")
    backbone, total = network.backbone, len(to_score.paths)
    prepared = study(
        network,
        chosen.units,
        chosen.hand,
        written.name,
        members=chosen.members,
        calibration=chosen.calibration.batches_for(backbone, SIZE),
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
        limit: The largest number of `images`.
        seed: The seed of the split.

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
