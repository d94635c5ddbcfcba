"""The units of a trained network that a family is fitted to, and the members beside them.

In: a circuit, a network, photographs to fit on. Out: `Compared`. A family that a finder looks for
stands at the angles that the found units prefer. Units of any other family are those that agree
best with its members on the photographs to fit on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from circuitdsl.compare.families import Measured, measure_pairs
from circuitdsl.compare.score import block_of
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.measure.agreeing.choosing import Chosen, choose_units
from circuitdsl.measure.agreeing.common_grid import CommonGrid
from circuitdsl.measure.agreeing.side_by_side import Contender
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.finders import Finder
from circuitdsl.measure.tunings.find import FoundFamily, find_family
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import ImageSet

_POOL = 3
"""Units that are fitted to, for each that is reported: a fit may come to agree best with others."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Units of one layer, and the members beside them.

    Attributes:
        layer: The layer.
        units: Their numbers in it, best first.
        preferred_deg: The angles at which members stand; none for members as written.
        members: For each unit, the member as written; none for members at angles.
        grid: The positions that both have; None where the units' own are taken.
        found: The family that a finder found; None where agreement did.
        best: How many of the units a mean is over, those that agree best; 0 for all.
    """

    layer: str
    units: tuple[int, ...]
    preferred_deg: tuple[float, ...] = ()
    members: tuple[int, ...] = ()
    grid: CommonGrid | None = None
    found: FoundFamily | None = None
    best: int = 0


def by_tuning(network: Network, family: Family, finder: Finder, count: int) -> Compared:
    """The best units that a finder finds in the block of a family's own layer.

    Raises:
        InputError: the network has no such layer, or nothing in it fires for the figure.
    """
    layer = block_of(network, family.layer)
    found = find_family(network, layer, network.name, finder=finder)
    best = found.units[:count]
    angles = tuple(unit.tuning.preferred_deg for unit in best)
    return Compared(layer, tuple(unit.unit for unit in best), angles, found=found)


def by_agreement(
    circuit: Circuit,
    family: Family,
    network: Network,
    layers: Sequence[str],
    images: ImageSet,
    *,
    count: int,
    progress: Callable[[str], None],
) -> Compared:
    """The units that agree best with members as they are written, several for each of `count`.

    Raises:
        InputError: no unit of the layers agrees with any member, or there are no photographs.
    """
    chosen = _chosen(
        circuit, family, network, layers, images, count=count * _POOL, progress=progress
    )
    return Compared(
        chosen.layer,
        tuple(pair.unit for pair in chosen.pairs),
        members=tuple(pair.member for pair in chosen.pairs),
        grid=chosen.meeting.grid,
        best=count,
    )


@dataclass(frozen=True)
class Agreed:
    """How alike hand-written and trained units are on some photographs.

    Attributes:
        natural_r: Mean correlation over units, position by position.
        natural_r_ci: Its bootstrap 95 % interval over images.
        images: How many images.
        units: The trained units.
    """

    natural_r: float
    natural_r_ci: tuple[float, float]
    images: int
    units: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            "natural_r": self.natural_r,
            "natural_r_ci": list(self.natural_r_ci),
            "images": self.images,
            "units": list(self.units),
        }


def rated(
    circuit: Circuit,
    family: Family,
    network: Network,
    layer: str,
    halves: tuple[ImageSet, ImageSet],
    *,
    count: int,
    progress: Callable[[str], None],
) -> tuple[Agreed, Agreed]:
    """Choose units by agreement on one half of the photographs, and measure both halves.

    Args:
        circuit: The circuit, at the settings that are rated.
        family: The family.
        network: The trained network.
        layer: The layer of the units.
        halves: The photographs to fit on, which choose, and the others.
        count: How many units.
        progress: Called with a line of text when a stage begins.
    """
    chosen = _chosen(circuit, family, network, (layer,), halves[0], count=count, progress=progress)
    units = tuple(f"{layer}:{pair.unit}" for pair in chosen.pairs)
    train, test = (
        measure_pairs(chosen, half.batches(SIZE, network.backbone.input_px)) for half in halves
    )
    return _agreed(train, units), _agreed(test, units)


def _agreed(measured: Measured, units: tuple[str, ...]) -> Agreed:
    r = fmean(row.figure.r for row in measured.rows)
    return Agreed(r, measured.natural_r_ci, measured.images, units)


def _chosen(
    circuit: Circuit,
    family: Family,
    network: Network,
    layers: Sequence[str],
    images: ImageSet,
    *,
    count: int,
    progress: Callable[[str], None],
) -> Chosen:
    hand = calibrate(build(circuit, given=network))
    contender = Contender(family.name, (hand,), (family.name,))
    batches, total = images.batches(SIZE, network.backbone.input_px), len(images.paths)
    return choose_units(
        contender,
        network,
        layers,
        batches,
        count=count,
        progress=lambda seen: progress(f"choosing units: {seen} of {total} photographs"),
    )
