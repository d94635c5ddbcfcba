"""`coverage`: which share of a trained network's units hand-written families stand for.

In: circuit files or a folder of them, a model, photographs. Out: `Coverage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from circuitdsl.checking.load import check_path
from circuitdsl.compare.coverage import (
    THRESHOLDS,
    Counterpart,
    LayerCoverage,
    Place,
    by_layer,
    chosen,
    covering,
)
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.agreeing.choosing import every_pair
from circuitdsl.measure.agreeing.random_circuits import permuted_kernels
from circuitdsl.measure.agreeing.side_by_side import Contender, gathered, meetings
from circuitdsl.measure.passes import fold
from circuitdsl.measure.shards import IN_PROCESS, Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.models.written.merged import merged
from circuitdsl.pipeline import handwritten
from circuitdsl.run.circuits import circuit_files
from circuitdsl.run.comparing.matching import reads_units, searched_in, searched_layers
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.engines import engine_of
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.stimuli.split import check_disjoint, split
from circuitdsl.text.diagnostics import DiagnosticError, InputError

DRAWS = 1
"""Random circuits that all families are held against."""


BATCH = 2
"""Photographs at a time: the maps of thousands of members at once take room."""

POSITIONS = 28
"""Positions along a side of a photograph by which members are chosen, at most."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """How much of a network hand-written families cover.

    Attributes:
        model: The network's name.
        images: The number of photographs that the figures are of.
        chosen_on: The number of other photographs that chose the members.
        thresholds: The correlations from which a unit counts as covered.
        layers: One for each layer.
        members: The number of members of all families.
        network: The network.
        contenders: The hand-written networks.
        photographs: Those that the figures are of.
        skipped: Image files that could not be read, and why.
        left_out: Circuits that read units of a trained network.
    """

    model: str
    images: int
    chosen_on: int
    thresholds: tuple[float, ...]
    layers: tuple[LayerCoverage, ...]
    members: int
    network: Network = field(repr=False)
    contenders: tuple[Contender, ...] = field(repr=False)
    photographs: ImageSet = field(repr=False)
    skipped: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The coverage as JSON has it."""
        return {
            "model": self.model,
            "images": self.images,
            "chosen_on": self.chosen_on,
            "members": self.members,
            "layers": [layer.record(self.thresholds) for layer in self.layers],
        }


def coverage(
    files: Path | str | Sequence[Path | str],
    images: Path | str,
    *,
    model: str | Network,
    calibration: Path | str | None = None,
    layers: Sequence[str] = (),
    thresholds: Sequence[float] = THRESHOLDS,
    draws: int = DRAWS,
    limit: int | None = None,
    seed: int = 0,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> Coverage:
    """Measure which share of a network's units hand-written families cover.

    Args:
        files: Circuit files, or a folder of them.
        images: Photographs that the figures are of; half of them choose if there are no others.
        model: A model of the registry, `auto`, or a network.
        calibration: Photographs that choose the member of each unit, none of them in `images`.
        layers: Layers of the network; by default those whose receptive field is no larger than that
            of the largest family.
        thresholds: Correlations from which a unit counts as covered.
        draws: The number of random circuits that all families are compared with.
        limit: The largest number of photographs of each folder, spread evenly over it.
        seed: The seed of the split, the random circuits and the bootstrap.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a file is faulty, or a family cannot be calibrated.
        InputError: no such model or layer, no circuits, or no photographs.
    """
    engine = engine_of(workers, store, ray)
    network = opened_network(model)
    circuits, left_out = written_circuits(circuit_files(files, sub_folders=False))
    first, second = halves(images, calibration, limit, seed)
    networks = calibrated_networks(circuits, progress)
    searched = (
        searched_in(network.backbone, layers)
        if layers
        else seen_layers(network.backbone, list(networks.values()))
    )
    contenders = contenders_of(networks, draws, seed)
    counterparts = counterparts_of(
        contenders, network, searched, (first, second), seed=seed, engine=engine, progress=progress
    )
    return Coverage(
        model=network.name,
        images=len(second.paths) - len(second.skipped),
        chosen_on=len(first.paths) - len(first.skipped),
        thresholds=tuple(thresholds),
        layers=by_layer(network, searched, counterparts),
        members=sum(
            family.size for one in contenders for family in one.networks[0].circuit.families
        ),
        network=network,
        contenders=contenders,
        photographs=second,
        skipped=(*first.left_out, *second.left_out),
        left_out=left_out,
    )


def written_circuits(files: Sequence[Path]) -> tuple[dict[str, Circuit], tuple[str, ...]]:
    """The circuits of some files by their stems, and those left out since they read trained units.

    Files without families, which others import, are passed over.

    Raises:
        DiagnosticError: a file is faulty.
        InputError: no file has a circuit, one can't be read, or two have one name.
    """
    circuits: dict[str, Circuit] = {}
    named: dict[str, Path] = {}
    left_out: list[str] = []
    for file in files:
        checked = check_path(file)
        if checked.errors:
            raise DiagnosticError(checked.diagnostics)
        if checked.circuit is None:
            continue
        if reads_units(checked.circuit):
            left_out.append(file.stem)
            continue
        if file.stem in circuits:
            raise InputError(
                f"two circuits are called `{file.stem}`",
                why=f"they lie in {named[file.stem]} and {file}",
                help="rename one of them",
            )
        circuits[file.stem], named[file.stem] = checked.circuit, file
    if not circuits:
        raise InputError("no file has families that read the image alone", help="name others")
    return circuits, tuple(left_out)


def calibrated_networks(
    circuits: dict[str, Circuit], progress: Progress
) -> dict[str, HandwrittenNetwork]:
    """Each circuit lowered and calibrated."""
    networks: dict[str, HandwrittenNetwork] = {}
    for title, circuit in circuits.items():
        progress(f"lowering {title}")
        networks[title] = handwritten(circuit)
    return networks


def contenders_of(
    networks: dict[str, HandwrittenNetwork], draws: int, seed: int
) -> tuple[Contender, ...]:
    """All circuits as one network for each architecture, beside random ones."""
    found: list[Contender] = []
    for one in merged(networks):
        randoms = (permuted_kernels(one.network, seed * draws + draw) for draw in range(draws))
        families = tuple(family.name for family in one.network.circuit.families)
        title = f"{one.network.backbone.name} {len(found)}"
        found.append(Contender(title, (one.network, *randoms), families))
    return tuple(found)


def seen_layers(backbone: Backbone, networks: Sequence[HandwrittenNetwork]) -> tuple[str, ...]:
    """The layers of a network that see no more of the image than the largest family."""
    field = max(
        network.backbone.sampling(family.layer).receptive_field
        for network in networks
        for family in network.circuit.families
    )
    layers = searched_layers(backbone)
    return tuple(name for name in layers if backbone.sampling(name).receptive_field <= field)


def halves(
    images: Path | str,
    calibration: Path | str | None,
    limit: int | None,
    seed: int,
    classes: Sequence[str] | None = None,
) -> tuple[ImageSet, ImageSet]:
    """Photographs that choose, and others that figures are of.

    Raises:
        InputError: no photographs, or one that is in both folders.
    """
    second = open_images(Path(images), limit, classes)
    if calibration is None:
        return split(second, len(second.paths) // 2, seed)
    first = open_images(Path(calibration), limit)
    check_disjoint(first, second)
    return first, second


def counterparts_of(
    contenders: Sequence[Contender],
    network: Network,
    layers: Sequence[str],
    sets: tuple[ImageSet, ImageSet],
    *,
    seed: int,
    engine: Engine = IN_PROCESS,
    progress: Progress,
) -> dict[Place, Counterpart]:
    """The chosen member of every unit with its figures, by layer and unit.

    The choice looks at every few positions of the photographs, the figures at all of them.
    """
    side = network.backbone.input_px
    gatherings = gathered(
        meeting for one in contenders for meeting in meetings(one, network, layers, side)
    )
    shape = Shape(Cut.of(network.backbone), BATCH)
    first, second = sets

    def report(what: str, half: ImageSet, seen: int) -> None:
        progress(f"{network.name}, {what}: {seen} of {len(half.paths)} photographs")

    passes = [every_pair(gathering.thinned(POSITIONS)) for gathering in gatherings]
    states = fold(
        passes,
        Reading(first, shape, engine.stage("choosing")),
        lambda seen: report("choosing members", first, seen),
    )
    together = [meeting for gathering in gatherings for meeting in gathering.meetings]
    agreeing = [r for one, state in zip(passes, states, strict=True) for r in one.finish(state)]
    measures = covering(chosen(together, agreeing), seed)
    if not measures:
        return {}
    states = fold(
        measures,
        Reading(second, shape, engine.stage("measuring")),
        lambda seen: report("measuring", second, seen),
    )
    counterparts: dict[Place, Counterpart] = {}
    for one, state in zip(measures, states, strict=True):
        counterparts |= one.finish(state)
    return counterparts
