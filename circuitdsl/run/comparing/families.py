"""`score` of any family: units found by agreement on half of the images, figures of the other half.

In: a circuit, a model, a folder of photographs. Out: a `FamilyComparison`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from circuitdsl.compare.families import (
    FamilyComparison,
    measure_pairs,
    member_scores,
)
from circuitdsl.compare.score import block_of, end_family
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.named_sets import named_sets
from circuitdsl.measure.agreeing.choosing import choose_units
from circuitdsl.measure.passes import Dealt
from circuitdsl.measure.shards import IN_PROCESS, Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.pipeline import BATCH
from circuitdsl.run.comparing.matching import DRAWS, contender_of, reads_units, searched_in
from circuitdsl.run.networks import DRAWN_SCENES, Progress, drawn_scenes, opened_network, silent
from circuitdsl.stimuli.batches import Batch, batches_of
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import InputError

FEWEST, MOST = 4, 10
"""Units that a family is scored against, where the caller does not say: one for each member, but
no fewer and no more than these."""


@dataclass(frozen=True)
class Halves:
    """Images in two halves.

    Attributes:
        source: Where they come from, for people to read.
        choosing: Gives those that units are chosen on.
        measuring: Gives those that figures are of.
        sets: The two sets of photographs; none of drawn scenes.
    """

    source: str
    choosing: Callable[[], Iterable[Batch] | Dealt]
    measuring: Callable[[], Iterable[Batch] | Dealt]
    sets: tuple[ImageSet, ...] = ()

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Files that turned out to be no images, and why."""
        return tuple(pair for half in self.sets for pair in half.left_out)

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the photographs of each half."""
        return {
            name: half.names
            for name, half in zip(("chosen_on", "measured_on"), self.sets, strict=False)
        }


def compare_family(
    circuit: Circuit,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    family: str | None = None,
    layers: Sequence[str] = (),
    units: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    file: str = "circuit",
    engine: Engine = IN_PROCESS,
    progress: Progress = silent,
) -> FamilyComparison:
    """Score a family of any kind against the units of any network that agree with it.

    Args:
        circuit: The circuit.
        model: A model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; without one, scenes are drawn that no network has seen.
        limit: How many images at most; half of them choose units.
        family: The hand-written family; by default the last one that no connection reads.
        layers: The layers that are searched; by default the block of the family's own layer in a
            network of the circuit's geometry, and else every convolution and block.
        units: How many units; by default one for each member, but at least 4 and at most 10.
        draws: Random circuits that the circuit is held against.
        seed: The seed of the split, the random circuits and the bootstrap.
        file: What to call the circuit.
        engine: Who goes through the photographs.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a family cannot be calibrated.
        InputError: something else that was asked for does not exist or does not fit.
    """
    written = end_family(circuit, family)
    network = opened_network(model, weights)
    check_written(circuit, written, network)
    searched = layers_searched(circuit, written.name, network, layers)
    count = min(max(written.size, FEWEST), MOST) if units is None else units
    shown = halves(images, limit, network.backbone, seed, engine=engine, progress=progress)
    progress(f"building {file}")
    contender = contender_of(
        file, circuit, network, families=(written.name,), draws=draws, seed=seed
    )

    def report(what: str) -> Callable[[int], None]:
        return lambda seen: progress(f"{what}: {seen} images of {shown.source}")

    choosing = report(f"looking for `{written.name}` in {network.name}")
    chosen = choose_units(
        contender, network, searched, shown.choosing(), count=count, progress=choosing
    )
    measured = measure_pairs(chosen, shown.measuring(), seed, report("comparing activations"))
    progress("comparing responses to stimuli")
    return FamilyComparison(
        file=file,
        model=network.name,
        weights=network.digest,
        family=written.name,
        members=written.size,
        layer=chosen.layer,
        searched=searched,
        images=measured.images,
        chosen_on=chosen.images,
        images_from=shown.source,
        sets=tuple(one.name for one in named_sets(circuit, written)),
        units=member_scores(chosen, measured.rows),
        natural_r_ci=measured.natural_r_ci,
        photographs=shown.names,
        skipped=shown.skipped,
    )


def halves(
    images: Path | str | None,
    limit: int | None,
    backbone: Backbone,
    seed: int,
    *,
    engine: Engine = IN_PROCESS,
    progress: Progress = silent,
) -> Halves:
    """Photographs, or scenes drawn where there are none, in two halves.

    Raises:
        InputError: no such folder, or fewer than two images.
    """
    side = backbone.input_px
    if images is not None:
        every = open_images(Path(images), limit)
        shape = Shape(Cut(side), BATCH)
        first, second = split(every, len(every.paths) // 2, seed)
        return Halves(
            str(images),
            lambda: Reading(first, shape, engine.stage("choosing")),
            lambda: Reading(second, shape, engine.stage("measuring")),
            (first, second),
        )
    count = DRAWN_SCENES if limit is None else limit
    if count < 2:
        raise InputError(
            "units are chosen on one half of the images and measured on the other",
            why=f"{count} image has no two halves",
            help="raise --limit",
        )
    drawn = np.concatenate([np.asarray(part) for part in drawn_scenes(count, side, progress)])

    def part(start: int, end: int) -> Iterable[Batch]:
        return batches_of(drawn[at : min(at + BATCH, end)] for at in range(start, end, BATCH))

    return Halves(
        "drawn scenes (no photographs were given)",
        lambda: part(0, count // 2),
        lambda: part(count // 2, count),
    )


def layers_searched(
    circuit: Circuit, family: str | None, network: Network, layers: Sequence[str]
) -> tuple[str, ...]:
    """The layers in which units are looked for by agreement.

    Args:
        circuit: The circuit.
        family: The family; by default the last one.
        network: The trained network.
        layers: Those that the caller chose; by default the block of the family's own layer in a
            network of the circuit's geometry, and else every convolution and block.

    Raises:
        InputError: no such family or layer.
    """
    own: tuple[str, ...] = ()
    if circuit.backbone.geometry == network.backbone:
        own = (block_of(network, end_family(circuit, family).layer),)
    return searched_in(network.backbone, layers or own)


def check_written(circuit: Circuit, written: Family, network: Network) -> None:
    """Refuse a family of trained units, and a circuit that reads units of another network.

    Raises:
        InputError: saying which.
    """
    if written.units is not None:
        raise InputError(
            f"`{written.name}` is no hand-written family: it stands for units of a network",
            help="name a family that connections end at",
        )
    if reads_units(circuit) and circuit.backbone.geometry != network.backbone:
        raise InputError(
            f"the circuit reads units of {circuit.backbone.geometry.name} by their numbers",
            why=f"{network.name} is of another architecture",
            help="score it against a network of its own",
        )
