"""The whole pipeline on one page: text -> Circuit -> weights -> network -> comparison.

Each stage is one function, and each arrow one call. What users call (`run/`) goes through here, and
whoever wants to follow a `.circ` file through the package starts here: `checking` turns text into
a `Circuit`, `lowering` a circuit into weights, `models` weights into a network, `measure` and
`compare` two networks and photographs into figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jax.typing import ArrayLike

from circuitdsl.checking.load import load
from circuitdsl.compare.match import Match, choosing, measuring_all, with_directions
from circuitdsl.ir.circuit import Circuit
from circuitdsl.lowering.weights import Weights, lower
from circuitdsl.measure.agreeing.directions import moments
from circuitdsl.measure.agreeing.side_by_side import Contender, gathered, meetings
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.passes import fold
from circuitdsl.measure.shards import IN_PROCESS, Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.written.given import Given
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.photographs import Cut, ImageSet

BATCH = 8
"""Photographs at a time: the maps of many families at once take room."""

POSITIONS = 28
"""Positions along a side of a photograph by which units are chosen, at most."""


def read(file: Path | str) -> Circuit:
    """Text to circuit: parsed, checked, every name resolved.

    Raises:
        DiagnosticError: everything that is wrong with the file.
        InputError: the file can't be read.
    """
    return load(file)


def lowered(circuit: Circuit, settings: Mapping[str, ArrayLike] | None = None) -> Weights:
    """Circuit to weights: its arrays by name, kernels `[height, width, in, out]`.

    Raises:
        InputError: an unknown dial, or a setting outside its range.
    """
    return lower(circuit)(settings)


def handwritten(
    circuit: Circuit,
    settings: Mapping[str, ArrayLike] | None = None,
    given: Given | None = None,
) -> HandwrittenNetwork:
    """Weights to network: a circuit that runs, each family calibrated as it says.

    Raises:
        DiagnosticError: a family cannot be calibrated.
        InputError: see `lowered`; or trained units that were not given.
    """
    return calibrate(HandwrittenNetwork(circuit, lowered(circuit, settings), given))


def compared(
    contenders: Sequence[Contender],
    network: Network,
    layers: Sequence[str],
    halves: tuple[ImageSet, ImageSet],
    *,
    units: int,
    seed: int,
    directions: bool = False,
    engine: Engine = IN_PROCESS,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Match, ...]:
    """Networks to comparison: which trained units respond as hand-written members do.

    Args:
        contenders: Hand-written networks, each beside random ones.
        network: The trained network.
        layers: Layers of it.
        halves: Photographs that choose units and members, and others that the figures are of.
        units: The number of units of each layer that are measured for each family.
        seed: The seed of the bootstrap.
        directions: Whether the best direction of each layer is looked for, too.
        engine: Who goes through the photographs.
        progress: Called with a line of text when a stage begins.
    """
    side = network.backbone.input_px
    gatherings = gathered(
        meeting
        for contender in contenders
        if contender.families
        for meeting in meetings(contender, network, layers, side)
    )
    pairings = [meeting for gathering in gatherings for meeting in gathering.meetings]

    def report(what: str, half: ImageSet) -> Callable[[int], None]:
        total = len(half.paths)
        return lambda seen: progress(f"{network.name}, {what}: {seen} of {total} photographs")

    shape = Shape(Cut(side), BATCH)
    first, second = halves
    choices = [choosing(gathering.thinned(POSITIONS), units) for gathering in gatherings]
    scouts = [moments(pairing) for pairing in pairings if directions]
    states = fold(
        [*choices, *scouts],
        Reading(first, shape, engine.stage("choosing")),
        report("choosing units", first),
    )
    chosen = [
        (gathering, one.finish(state))
        for gathering, one, state in zip(gatherings, choices, states, strict=False)
    ]
    kept = [(gathering, pairs) for gathering, pairs in chosen if any(pairs)]
    if not kept:
        return ()
    measures = [measuring_all(gathering, pairs, seed) for gathering, pairs in kept]
    others = fold(
        [*measures, *scouts],
        Reading(second, shape, engine.stage("measuring")),
        report("measuring", second),
    )
    rows = {
        pairing: of_pairing
        for (gathering, _), one, state in zip(kept, measures, others, strict=False)
        for pairing, of_pairing in zip(gathering.meetings, one.finish(state), strict=True)
    }
    if directions:
        sides = zip(scouts, states[len(choices) :], others[len(measures) :], strict=True)
        found = dict(zip(pairings, sides, strict=True))
        rows = {
            pairing: with_directions(
                of_pairing, pairing, *map(found[pairing][0].finish, found[pairing][1:])
            )
            for pairing, of_pairing in rows.items()
        }
    return tuple(row for of_pairing in rows.values() for row in of_pairing)
