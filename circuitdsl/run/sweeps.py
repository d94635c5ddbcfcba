"""The verb sweep: units of a trained network ablated in turn.

In: a model, units by name, labelled photographs. Out: a table of ablations, or what first-order
attribution says of them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.attribution import attribution, rank_correlation
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.select import Units, select
from circuitdsl.editing.sweep import (
    Table,
    in_pairs,
    one_by_one,
)
from circuitdsl.editing.sweep import sweep as ablations
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.measure.shards import Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.engines import class_list, counted, engine_of
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text
from circuitdsl.text.locks import held

Floats = NDArray[np.float64]
Grouping = Literal["unit", "pair", "group"]
Ablation = Literal["zero", "mean"]

SAMPLE = 24
"""Units that first-order attribution is held against the exact sweep on."""


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
    classes: Path | str | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
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
        limit: The largest number of images, spread evenly over the folder.
        seed: The seed of the sample.
        classes: A file with one label on each line, for images whose classes are numbers.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there. If several
            processes share the work, the default is `PATH.shards`, which is removed at the end.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: something that was asked for does not exist, or the file belongs to another
            sweep.
        OSError: the file can't be written.
    """
    if approx and by != "unit":
        raise InputError("attribution is of single units", help=f"leave out --by {by}, or --approx")
    network = opened_network(model, weights)
    target = Path(path)
    photographs = open_images(Path(images), limit, class_list(classes))
    shape = Shape(Cut.of(network.backbone))
    reading = Reading(photographs, shape, engine_of(workers, store, ray))
    with held(target):
        if approx:
            return _approximate(
                network, units, reading, target, ablate=ablate, seed=seed, progress=progress
            )
        return _exact(network, units, reading, target, ablate=ablate, by=by, progress=progress)


def _exact(
    network: Network,
    units: str | Sequence[str],
    reading: Reading,
    target: Path,
    *,
    ablate: Ablation,
    by: Grouping,
    progress: Progress,
) -> Table:
    """Each set of units ablated in turn."""
    chosen = select(network.backbone, units)
    sets = _sets(network, units, by)
    average = _means(network, chosen, reading, ablate, progress)
    images = reading.images
    table = ablations(
        network,
        sets,
        reading.stage("sweep"),
        outputs_of(images.labels, labels_of(network)),
        target,
        means=average,
        about={"model": network.name, "ablate": ablate, "images": _digest(images)},
        progress=counted(f"{len(sets)} ablations; photographs", len(images), progress),
    )
    return replace(table, skipped=images.left_out)


def _approximate(
    network: Network,
    units: str | Sequence[str],
    reading: Reading,
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
    chosen = select(network.backbone, units)
    average = _means(network, chosen, reading, ablate, progress)
    images = reading.images
    outputs = outputs_of(images.labels, labels_of(network))
    changes = run(
        attribution(network, chosen, outputs, average),
        reading.stage("attribution"),
        counted("attribution; photographs", len(images), progress),
    )
    count = min(SAMPLE, len(chosen))
    drawn = np.sort(np.random.default_rng(seed).permutation(len(chosen))[:count])
    sample = Units(chosen.backbone, tuple(chosen.places[index] for index in drawn))
    exact = ablations(
        network,
        one_by_one(sample),
        reading.stage("sample"),
        outputs,
        target.with_suffix(".sample.csv"),
        means=average,
        about={"model": network.name, "ablate": ablate, "images": _digest(images)},
        progress=counted("exact sample; photographs", len(images), progress),
    )
    spearman = rank_correlation(changes[drawn], exact.change("cross_entropy"))
    result = Approximation(chosen.names, exact.images, changes, count, spearman, images.left_out)
    write_text(target, result.text())
    return result


def _sets(network: Network, units: str | Sequence[str], by: Grouping) -> tuple[Units, ...]:
    if by == "group":
        named = [units] if isinstance(units, str) else units
        return tuple(select(network.backbone, name) for name in named)
    chosen = select(network.backbone, units)
    return one_by_one(chosen) if by == "unit" else in_pairs(chosen)


def _means(
    network: Network, units: Units, reading: Reading, ablate: Ablation, progress: Progress
) -> dict[str, Floats] | None:
    if ablate == "zero":
        return None
    if ablate != "mean":
        raise InputError(f"units are not ablated to `{ablate}`", help="zero, or mean")
    return run(
        channel_means(network, units.branches),
        reading.stage("means"),
        counted("the mean of every channel; photographs", len(reading.images), progress),
    )


def _digest(images: ImageSet) -> str:
    """A digest of the images' names and sizes."""
    return hashlib.sha256(os.fsencode("\n".join(images.listed(range(len(images)))))).hexdigest()
