"""`match`: which units of trained networks respond as hand-written families do.

In: circuit files, models, a folder of photographs. Out: `Matches`, one for each network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuitdsl.compare.match import Match
from circuitdsl.compare.on_stimuli import with_stimuli
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.agreeing.random_circuits import permuted_kernels
from circuitdsl.measure.agreeing.side_by_side import Contender
from circuitdsl.models.network import Network
from circuitdsl.models.written.given import at_home, check_given
from circuitdsl.pipeline import compared, handwritten, read
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.run.opening.engines import engine_of
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import InputError, listed, suggestion
from circuitdsl.text.showing import Shown

UNITS = 4
"""Units of each layer that are listed for each family."""

DRAWS = 2
"""Random circuits that each circuit is held against."""


@dataclass(frozen=True)
class Matches(Shown):
    """What agrees in one network.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        images: The number of photographs that the figures are of.
        chosen_on: The number of other photographs that chose units and members.
        photographs: The names of both: `chosen_on` and `measured_on`.
        rows: By circuit, family and layer, the units that agree best first.
        draws: The number of random circuits; with none, `random` of a row says nothing.
        skipped: Image files that could not be read, and why.
        left_out: Circuits that read units of another network.
    """

    model: str
    weights: str
    images: int
    chosen_on: int
    photographs: Mapping[str, tuple[str, ...]]
    rows: tuple[Match, ...]
    draws: int = DRAWS
    skipped: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


def record(results: Sequence[Matches]) -> dict[str, Any]:
    """The matches of some networks as JSON has them."""
    photographs = results[0].photographs
    return {
        "images": min(result.images for result in results),
        "weights": {result.model: result.weights for result in results},
        "photographs": {purpose: list(names) for purpose, names in photographs.items()},
        "rows": [
            row.record(result.model, drawn=result.draws > 0)
            for result in results
            for row in result.rows
        ],
    }


def match(
    files: Sequence[Path | str],
    models: Sequence[str | Network],
    images: Path | str,
    *,
    families: Sequence[str] = (),
    layers: Sequence[str] = (),
    units: int = UNITS,
    draws: int = DRAWS,
    limit: int | None = None,
    seed: int = 0,
    directions: bool = False,
    stimuli: bool = False,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> tuple[Matches, ...]:
    """Find the units of some networks that respond as members of hand-written families do.

    Half of the photographs chooses units and members; the figures are of the other half.

    Args:
        files: Circuit files.
        models: Models of the registry, `auto`, or networks.
        images: A folder of photographs.
        families: Only these families; by default all.
        layers: Only these layers of the networks; by default every convolution and block.
        units: The number of units of each layer that are listed for each family.
        draws: The number of random circuits that each circuit is compared with.
        limit: The largest number of photographs, spread evenly over the folder.
        seed: The seed of the split, the random circuits and the bootstrap.
        directions: Also find the direction of each layer that agrees best with the member of the
            best unit, and measure on the other half what it adds to that unit.
        stimuli: Also measure how well units and members agree on the stimuli that the family names.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, family or layer, or no photographs; or every circuit reads units
            of a network other than the only one.
        DiagnosticError: a file is faulty, or a family cannot be calibrated.
    """
    engine = engine_of(workers, store, ray)
    circuits = {Path(file).stem: read(file) for file in files}
    _check_families(circuits, families)
    photographs = open_images(Path(images), limit)
    halves = split(photographs, len(photographs.paths) // 2, seed)
    results: list[Matches] = []
    for model in models:
        network = opened_network(model)
        searched = searched_in(network.backbone, layers)
        fitting = {
            title: circuit for title, circuit in circuits.items() if at_home(circuit, network)
        }
        if not fitting and len(models) == 1:
            # nothing is left to match: the reason is the answer
            check_given(next(iter(circuits.values())), network)
        contenders = [
            contender_of(title, circuit, network, families=families, draws=draws, seed=seed)
            for title, circuit in fitting.items()
        ]
        progress(f"{network.name}: {len(searched)} layers")
        rows = compared(
            contenders,
            network,
            searched,
            halves,
            units=units,
            seed=seed,
            directions=directions,
            engine=engine.stage(network.name),
            progress=progress,
        )
        in_order = _in_order(rows, circuits, network.backbone)
        if stimuli:
            progress(f"{network.name}: showing the families' own stimuli")
            written = {contender.name: contender.networks[0] for contender in contenders}
            in_order = with_stimuli(in_order, written, network, seed)
        results.append(
            Matches(
                model=network.name,
                weights=network.digest,
                images=len(halves[1].paths) - len(halves[1].skipped),
                chosen_on=len(halves[0].paths) - len(halves[0].skipped),
                photographs={"chosen_on": halves[0].names, "measured_on": halves[1].names},
                rows=in_order,
                draws=draws,
                skipped=tuple(
                    (str(path), why) for half in halves for path, why in half.skipped.items()
                ),
                left_out=tuple(title for title in circuits if title not in fitting),
            )
        )
    return tuple(results)


def searched_layers(backbone: Backbone) -> tuple[str, ...]:
    """The layers of an architecture whose units are looked at: blocks, and other convolutions.

    Branches of a block are looked at as part of it; layers that only narrow what another reads, and
    layers without positions, are not looked at.
    """
    names: list[str] = []
    for layer in backbone.layers:
        joined = any(reader.kind == "concat" for reader in backbone.readers(layer.name))
        units = layer.kind == "concat" or (layer.has_units and layer.activation != "none")
        if units and not joined and not layer.bottleneck:
            names.append(layer.name)
    return tuple(names)


def searched_in(backbone: Backbone, layers: Sequence[str]) -> tuple[str, ...]:
    """The layers that a caller chose, by whatever name; by default all that are looked at.

    Raises:
        InputError: no such layer, or one whose units have no place in the image; or a text in place
            of a list.
    """
    listed(layers, "layers")
    names = tuple(backbone.called(name) for name in layers) or searched_layers(backbone)
    for name in names:
        if name not in backbone.by_name or not backbone.by_name[name].has_positions:
            near = suggestion(name, searched_layers(backbone))
            raise InputError(
                f"{backbone.name} has no layer `{name}` with units that have a place in the image",
                help=near or f"its layers are {', '.join(searched_layers(backbone))}",
            )
    return names


def _check_families(circuits: Mapping[str, Circuit], families: Sequence[str]) -> None:
    listed(families, "families")
    names = {family.name for circuit in circuits.values() for family in circuit.families}
    for name in families:
        if name not in names:
            raise InputError(
                f"no circuit has a family `{name}`",
                help=suggestion(name, names) or f"their families are {', '.join(sorted(names))}",
            )


def reads_units(circuit: Circuit) -> bool:
    """Whether some family of a circuit stands for units of a trained network."""
    return any(family.units is not None for family in circuit.families)


def contender_of(
    title: str,
    circuit: Circuit,
    network: Network,
    *,
    families: Sequence[str],
    draws: int,
    seed: int,
) -> Contender:
    """A circuit beside random ones; its families that are written, not taken from a network."""
    given = network if reads_units(circuit) else None
    hand = handwritten(circuit, given=given)
    randoms = [permuted_kernels(hand, seed * draws + draw) for draw in range(draws)]
    written = tuple(
        family.name
        for family in circuit.families
        if family.units is None and (not families or family.name in families)
    )
    return Contender(title, (hand, *randoms), written)


def _in_order(
    rows: Sequence[Match], circuits: Mapping[str, Circuit], backbone: Backbone
) -> tuple[Match, ...]:
    """By circuit, family and layer as they are declared; the best figure first."""
    family_place = {
        (title, family.name): (number, at)
        for number, (title, circuit) in enumerate(circuits.items())
        for at, family in enumerate(circuit.families)
    }

    def place(row: Match) -> tuple[tuple[int, int], int, float]:
        return (
            family_place[row.circuit, row.family],
            backbone.order[row.layer],
            -row.figure.r,
        )

    return tuple(sorted(rows, key=place))
