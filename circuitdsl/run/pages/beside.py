"""What a report asks of a family and the trained units beside it, family by family.

In: a circuit, a trained network, a comparison of the two. Out: `Wiring` and `Grids`, or the reason
why there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.score import Comparison
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.stimuli import ACTIVITY
from circuitdsl.measure.finders import finder_of
from circuitdsl.models.network import Network
from circuitdsl.pipeline import handwritten
from circuitdsl.run.comparing.matching import reads_units
from circuitdsl.run.comparing.scores import score
from circuitdsl.run.networks import Progress, find
from circuitdsl.run.opening.asking import NO_MODEL, Asking, Lacking
from circuitdsl.run.pages.drawing import Portrait
from circuitdsl.run.pages.pairs import Placed, Wiring, given, placed, sources_of, tuned, wiring
from circuitdsl.run.seeing.grids import Grids, of_family, of_units, sides_of
from circuitdsl.visualizing.tuning import sets_of, varied

MOST_SOURCES = 10
"""Units that are looked for beside each family that a family reads."""


def wiring_beside(
    asking: Asking,
    drawn: Portrait,
    name: str,
    network: Network | None,
    comparison: Comparison | FamilyComparison | Lacking,
    *,
    common: Mapping[str, Any],
) -> Wiring | Lacking:
    """The units beside a family, with the units beside each family that it reads."""
    if network is None:
        return Lacking(NO_MODEL)
    if isinstance(comparison, Lacking):
        return comparison
    circuit = drawn.circuit
    family = circuit.by_name[name]
    targets = placed(family, comparison)
    sides: dict[str, tuple[Family, tuple[Placed, ...] | Lacking]] = {}
    for source in sources_of(circuit, name):
        sides[source.name] = (
            source,
            asking.ask(
                f"looking for units beside `{source.name}`, which `{name}` reads",
                lambda source=source: _beside(
                    circuit, network, family, source, progress=asking.progress, common=common
                ),
            ),
        )
    return asking.ask(
        f"kernels into the units beside `{name}`",
        lambda: wiring(network, family, targets, sides, drawn.wires),
    )


def grids_beside(
    asking: Asking,
    circuit: Circuit,
    name: str,
    network: Network | None,
    comparison: Comparison | FamilyComparison | Lacking,
) -> tuple[Grids, Grids] | Lacking:
    """Members and units on the first set that the family names and that varies two settings."""
    if network is None:
        return Lacking(NO_MODEL)
    if isinstance(comparison, Lacking):
        return comparison
    family = circuit.by_name[name]
    images = (one for one in sets_of(circuit, family) if one.generator != ACTIVITY)
    stimulus = next((one for one in images if len(varied(one)) > 1), None)
    pairs = placed(family, comparison)
    if stimulus is None or not pairs:
        return Lacking("No images that the family names vary two settings.")
    sides = sides_of(stimulus, None, None)

    def measured() -> tuple[Grids, Grids]:
        given = network if reads_units(circuit) else None
        hand = of_family(handwritten(circuit, given=given), name, stimulus, sides)
        members = [one.member for one in pairs]
        beside = replace(
            hand,
            units=tuple(hand.units[one] for one in members),
            responses=hand.responses[..., members],
        )
        block = pairs[0].unit.rpartition(":")[0]
        return beside, of_units(network, block, [one.number for one in pairs], stimulus, sides)

    return asking.ask(f"showing {stimulus.name} to `{name}` and to units", measured)


def _beside(
    circuit: Circuit,
    network: Network,
    family: Family,
    source: Family,
    *,
    progress: Progress,
    common: Mapping[str, Any],
) -> tuple[Placed, ...]:
    """The trained units beside a family that another reads.

    They are its own if it is made of trained units; those that the reader's finder finds, if it
    turns as the reader does; or else those that agree with its members.
    """
    if source.units is not None:
        return given(source)
    finder = finder_of(circuit, family)
    axis = source.rotation
    if finder is not None and axis is not None and axis.kind == finder.axis:
        block, _ = network.backbone.block_of(source.layer)
        found = find(finder.name, network, block, progress=progress)
        return tuned(source, found, min(source.size, MOST_SOURCES))
    beside = score(
        circuit,
        network,
        family=source.name,
        units=min(source.size, MOST_SOURCES),
        progress=progress,
        **common,
    )
    return placed(source, beside)
