"""Units of a trained network that a hand-written family is put in the place of, and its members.

In: a circuit, a family of it, a network, photographs. Out: `StandingIn`. Units of a family that a
finder looks for are found by their tuning. Those of any other family, with whatever axes or none,
are the ones that agree best with its members on some of the photographs, which nothing else uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from circuitdsl.compare.recovery import SPLICED_UNITS
from circuitdsl.compare.score import block_of, scored_family
from circuitdsl.editing.baselines import NEAREST, nearest_members
from circuitdsl.editing.select import Units, select
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.placing import place_members
from circuitdsl.measure.agreeing.choosing import choose_units
from circuitdsl.measure.agreeing.side_by_side import Contender
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.finders import USUAL, Finder, finder_of
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.run.comparing.families import FEWEST, MOST, layers_searched
from circuitdsl.run.networks import Progress
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import InputError

Pairing = Literal["placed", "nearest", "agreement"]

_SAME_SIZE = "hand-written maps take the place of trained ones position by position"


@dataclass(frozen=True, eq=False)
class StandingIn:
    """Hand-written members in the place of trained units.

    Attributes:
        units: The trained units.
        hand: The circuit, built and calibrated.
        members: For each unit, the number of the member that stands in for it.
        calibration: The photographs that are left to match gains on.
        chosen_on: The photographs that chose units and members; None where tuning did.
    """

    units: Units
    hand: HandwrittenNetwork
    members: tuple[int, ...]
    calibration: ImageSet
    chosen_on: ImageSet | None = None


def standing_in(
    circuit: Circuit,
    family: Family,
    network: Network,
    calibration: ImageSet,
    *,
    layers: Sequence[str] = (),
    count: int | None = None,
    pairing: Pairing | None = None,
    within_deg: float = NEAREST,
    seed: int = 0,
    progress: Progress,
) -> StandingIn:
    """Find the units that a family stands in for, and the member for each.

    Args:
        circuit: The circuit.
        family: The family.
        network: The trained network.
        calibration: Photographs; half of them choose units where agreement does.
        layers: Where units are looked for by agreement; by default as `score` does.
        count: How many units; by default 14 that a finder finds, or as many by agreement as a score
            has.
        pairing: `placed` at the angles that found units prefer, the `nearest` in angle as written,
            or those that agree best; by default placed if a finder looks for the family's units,
            else by agreement.
        within_deg: How far from its unit's angle a nearest member may be, in degrees.
        seed: Of the draw of the photographs that choose.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such layer, no unit that fits, too few photographs, or members are to be
            paired by angles that the family does not have.
    """
    finder = finder_of(circuit, family)
    if pairing == "agreement" or (pairing is None and finder is None):
        return _agreeing(
            circuit,
            family,
            network,
            calibration,
            layers=layers,
            count=count,
            seed=seed,
            progress=progress,
        )
    sought = finder or USUAL
    scored_family(circuit, family.name, sought)
    layer = block_of(network, family.layer)
    progress(f"finding the units of {family.name} in {network.name}")
    units = found_units(
        network, layer, SPLICED_UNITS if count is None else count, network.name, sought
    )
    if pairing == "nearest":
        told = family.axes[0]
        pairs = nearest_members(told.angles_deg, units, within_deg, told.period_deg)
        return StandingIn(units, calibrate(build(circuit, given=network)), pairs, calibration)
    placed = place_members(circuit, family.name, units.angles_deg or ())
    hand = calibrate(build(placed, given=network))
    return StandingIn(units, hand, tuple(range(len(units))), calibration)


def found_units(
    network: Network, layer: str, count: int, model: str | None = None, finder: Finder = USUAL
) -> Units:
    """The best units of a layer by their tuning, with the angles they prefer, in order of those.

    Raises:
        InputError: no such layer, nothing in it fires for the figure, or a count below 1.
    """
    best = find_family(network, layer, model, finder=finder).best(count)
    units = select(network.backbone, [f"{layer}:{unit.unit}" for unit in best])
    return units.at_angles([unit.tuning.preferred_deg for unit in best])


def _agreeing(
    circuit: Circuit,
    family: Family,
    network: Network,
    calibration: ImageSet,
    *,
    layers: Sequence[str],
    count: int | None,
    seed: int,
    progress: Progress,
) -> StandingIn:
    """Units and members that agree best on half of the photographs."""
    searched = _on_the_same_grid(
        circuit, family, network, layers_searched(circuit, family.name, network, layers)
    )
    # of another seed than the draw that set these photographs aside
    first, second = split(calibration, len(calibration.paths) // 2, seed + 1)
    hand = calibrate(build(circuit, given=network))
    total = len(first.paths)
    chosen = choose_units(
        Contender(family.name, (hand,), (family.name,)),
        network,
        searched,
        first.batches_for(network.backbone, SIZE),
        count=min(max(family.size, FEWEST), MOST) if count is None else count,
        progress=lambda seen: progress(f"choosing units: {seen} of {total} photographs"),
    )
    units = select(network.backbone, [f"{chosen.layer}:{pair.unit}" for pair in chosen.pairs])
    members = tuple(pair.member for pair in chosen.pairs)
    return StandingIn(units, hand, members, second, first)


def _on_the_same_grid(
    circuit: Circuit, family: Family, network: Network, searched: Sequence[str]
) -> tuple[str, ...]:
    """The layers whose maps have as many positions as the family's.

    Raises:
        InputError: none of them has.
    """
    side = network.backbone.input_px
    own = circuit.backbone.geometry.sampling(family.layer, side).size
    sizes = {name: network.backbone.sampling(name, side).size for name in searched}
    fitting = tuple(name for name, size in sizes.items() if size == own)
    if not fitting:
        listed = ", ".join(f"{name} has {size}x{size}" for name, size in sizes.items())
        raise InputError(
            f"`{family.name}` cannot stand in for units of {network.name}: "
            f"its maps have {own}x{own} positions, and {listed}",
            why=_SAME_SIZE,
            help="name a layer of that size, or write the family at another layer",
        )
    return fitting
