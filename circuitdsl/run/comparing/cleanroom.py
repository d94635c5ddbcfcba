"""`cleanroom`: a trained network with hand-written units in the places of all covered ones.

In: circuit files or a folder of them, a model, the last layer, photographs. Out: `CleanroomResult`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuitdsl.compare.cleanroom import (
    PERMUTED,
    Cleanroom,
    Room,
    branches_of,
    dealt,
    living,
    turned,
)
from circuitdsl.compare.coverage import Counterpart, Place
from circuitdsl.compare.recovery import RANDOM, SHUFFLED, SPLICED
from circuitdsl.editing.alone import CleanroomNetwork
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.replacing import Member, Seat, Seating, seating
from circuitdsl.measure.agreeing.side_by_side import Contender
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import fold, run
from circuitdsl.measure.shards import Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.run.circuits import circuit_files
from circuitdsl.run.comparing.coverage import (
    BATCH,
    calibrated_networks,
    contenders_of,
    counterparts_of,
    halves,
    written_circuits,
)
from circuitdsl.run.comparing.matching import searched_in, searched_layers
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.engines import class_list, engine_of
from circuitdsl.stimuli.photographs import Cut
from circuitdsl.text.diagnostics import InputError

THRESHOLD = 0.5
"""The correlation from which a unit is replaced, unless another is asked for."""


@dataclass(frozen=True, eq=False)
class CleanroomResult:
    """What hand-written units recover, and of which photographs.

    Attributes:
        model: The network's name.
        through: The last layer whose units are replaced.
        threshold: The correlation from which a unit is replaced.
        calibrated_on: The number of photographs that chose members, gains and offsets.
        cleanroom: The figures.
        room: The network and the members.
        skipped: Image files that could not be read, and why.
        left_out: Circuits that read units of a trained network.
    """

    model: str
    through: str
    threshold: float
    calibrated_on: int
    cleanroom: Cleanroom
    room: Room
    skipped: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def alone(self) -> CleanroomNetwork:
        """The hand-written units as one network that runs alone."""
        return CleanroomNetwork(self.room.network.backbone, self.room.seatings[SPLICED])

    def record(self) -> dict[str, Any]:
        """The result as JSON has it."""
        return {
            "model": self.model,
            "through": self.through,
            "threshold": self.threshold,
            "calibrated_on": self.calibrated_on,
            **self.cleanroom.record(),
        }


def cleanroom(
    files: Path | str | Sequence[Path | str],
    images: Path | str,
    *,
    model: str | Network,
    through: str,
    calibration: Path | str | None = None,
    threshold: float = THRESHOLD,
    limit: int | None = None,
    seed: int = 0,
    classes: Path | str | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> CleanroomResult:
    """Replace every covered unit up to a layer by its hand-written member, all at once.

    Which units are covered, by which members, with what gains and offsets, follows from the
    calibration photographs alone. The members read the image through hand-written units only.

    Args:
        files: Circuit files, or a folder of them.
        images: Labelled photographs to score on, one sub-folder for each class; half of them
            calibrate if there are no others.
        model: A model of the registry, `auto`, or a network.
        through: The last layer whose units are replaced.
        calibration: Photographs to calibrate on, none of them in `images`.
        threshold: The correlation from which a unit is covered (`compare.coverage`).
        limit: The largest number of photographs of each folder, spread evenly over it.
        seed: The seed of the split, the controls and the bootstrap.
        classes: A file with one label on each line, for images whose classes are numbers.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a file is faulty, or a family cannot be calibrated.
        InputError: no such model or layer, no circuits, no photographs or such of unknown
            classes, or no unit that is covered.
    """
    engine = engine_of(workers, store, ray)
    network = opened_network(model)
    circuits, left_out = written_circuits(circuit_files(files, sub_folders=False))
    first, second = halves(images, calibration, limit, seed, class_list(classes))
    outputs = outputs_of(second.labels, labels_of(network))
    layers = layers_through(network, through)
    contenders = contenders_of(calibrated_networks(circuits, progress), 1, seed)
    counterparts = counterparts_of(
        contenders,
        network,
        layers,
        (first, first),
        seed=seed,
        engine=engine,
        progress=progress,
    )
    covered = {place: row for place, row in counterparts.items() if row.covered(threshold)}
    if not covered:
        raise InputError(
            f"no unit up to {layers[-1]} is covered at {threshold:g}",
            help="lower --threshold, or see `circuitdsl coverage`",
        )
    shape = Shape(Cut.of(network.backbone), BATCH)
    room = furnished(
        network,
        layers,
        contenders,
        covered,
        Reading(first, shape, engine.stage("fitting")),
        seed=seed,
        progress=progress,
    )
    total = len(second.paths)
    result = run(
        living(room, outputs, seed),
        Reading(second, shape, engine.stage("scoring")),
        lambda seen: progress(f"scoring: {seen} of {total} photographs"),
    )
    return CleanroomResult(
        model=network.name,
        through=layers[-1],
        threshold=threshold,
        calibrated_on=len(first.paths) - len(first.skipped),
        cleanroom=result,
        room=room,
        skipped=(*first.left_out, *second.left_out),
        left_out=left_out,
    )


def layers_through(network: Network, last: str) -> tuple[str, ...]:
    """The layers of a network up to one of them.

    Raises:
        InputError: no such layer.
    """
    (name,) = searched_in(network.backbone, [last])
    order = network.backbone.order
    return tuple(one for one in searched_layers(network.backbone) if order[one] <= order[name])


def furnished(
    network: Network,
    layers: tuple[str, ...],
    contenders: Sequence[Contender],
    covered: Mapping[Place, Counterpart],
    reading: Reading,
    *,
    seed: int,
    progress: Progress,
) -> Room:
    """The members of all covered units and of the controls, fitted on some photographs."""
    branches = branches_of(network, layers)
    seats = seats_of(network, contenders, covered)
    kinds = {
        SPLICED: seats,
        PERMUTED: dealt(seats, seed),
        SHUFFLED: turned(seats, seed),
        RANDOM: seats_of(network, contenders, covered, random=True),
    }
    fits = {name: seating(network, of_kind, branches) for name, of_kind in kinds.items()}
    average = channel_means(network, branches)
    states = fold(
        [average, *fits.values()],
        reading,
        lambda seen: progress(f"fitting gains: {seen} of {len(reading.images)} photographs"),
    )
    seatings: dict[str, Seating] = {
        name: one.finish(state) for (name, one), state in zip(fits.items(), states[1:], strict=True)
    }
    return Room(network, layers, seatings, average.finish(states[0]))


def seats_of(
    network: Network,
    contenders: Sequence[Contender],
    covered: Mapping[Place, Counterpart],
    *,
    random: bool = False,
) -> tuple[Seat, ...]:
    """The covered units with their members, or with those of a circuit of permuted kernels."""
    networks = {one.name: one.networks[1 if random else 0] for one in contenders}
    seats: list[Seat] = []
    for (layer, unit), row in covered.items():
        branch, channel = network.backbone.branch_of(layer, unit)
        number = row.randoms[0] if random else row.number
        seats.append(
            Seat(layer, branch, channel, Member(networks[row.circuit], row.family, number))
        )
    return tuple(seats)
