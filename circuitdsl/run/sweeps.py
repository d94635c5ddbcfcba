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

from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.select import Units, select
from circuitdsl.editing.sweep import (
    Table,
    attribution,
    in_pairs,
    one_by_one,
    rank_correlation,
)
from circuitdsl.editing.sweep import sweep as ablations
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import ImageSet, open_images
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
    target = Path(path)
    found = open_images(Path(images), limit)
    with held(target):
        if approx:
            return _approximate(
                network, units, found, target, ablate=ablate, seed=seed, progress=progress
            )
        return _exact(network, units, found, target, ablate=ablate, by=by, progress=progress)


def _exact(
    network: Network,
    units: str | Sequence[str],
    found: ImageSet,
    target: Path,
    *,
    ablate: Ablation,
    by: Grouping,
    progress: Progress,
) -> Table:
    """Each set of units ablated in turn."""
    name = network.name
    chosen = select(network.backbone, units)
    sets = _sets(network, units, by)
    average = _means(network, chosen, found, ablate, progress)
    total = len(found.paths)
    table = ablations(
        network,
        sets,
        found.batches_for(network.backbone, SIZE),
        outputs_of(map(found.label, found.paths), labels_of(network)),
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
    outputs = outputs_of(map(found.label, found.paths), labels_of(network))
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
    return hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()
