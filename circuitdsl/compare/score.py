"""The score of a hand-written family against a trained network's own.

In: a circuit, a trained network, a finder, images. Out: `Comparison`: unit by unit, how alike the
two are on the finder's figure (preferred angle, width, echo, the whole response grid) and, position
by position, on natural images; where published grids are given, also how alike those are.

The network's family is found by its tuning (`measure.tunings.find`). A hand-written family is a
continuous function of its angle, so by default its members are placed at the originals' preferred
angles; left as written, each original is paired with the member nearest in angle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.angles import difference_deg
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.agreeing.agreement import Agreement, agreement
from circuitdsl.measure.agreeing.pairing import nearest_pairs
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.finders import USUAL, Finder
from circuitdsl.measure.passes import Dealt, run
from circuitdsl.measure.tunings.find import FoundUnit, find_family
from circuitdsl.measure.tunings.published import GridScores, PublishedGrids, score_grids
from circuitdsl.measure.tunings.tuning import Grid, Tuning, response_grid, tuning_of
from circuitdsl.measure.units import Subject, handwritten, trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.showing import Shown

Members = Literal["placed", "as-written"]


@dataclass(frozen=True)
class UnitScore:
    """One hand-written unit beside the trained one that it stands for.

    Attributes:
        hand: The member, as the language writes it.
        original: The trained unit, such as `mixed3b:379`.
        hand_tuning: The member's tuning to the finder's figure.
        original_tuning: The trained unit's tuning to the same stimuli.
        tuning_r: Correlation of their responses over radii, angles and contrasts.
        natural_r: Correlation of their activations over all positions of all images.
        natural_r_ci: Its bootstrap 95 % interval over images.
        period_deg: The turn after which the figure is the same.
    """

    hand: str
    original: str
    hand_tuning: Tuning
    original_tuning: Tuning
    tuning_r: float
    natural_r: float
    natural_r_ci: tuple[float, float]
    period_deg: float = 360.0

    @property
    def preferred_error_deg(self) -> float:
        """How far apart the preferred angles are, in degrees."""
        angles_deg = self.hand_tuning.preferred_deg, self.original_tuning.preferred_deg
        return angle_error_deg(*angles_deg, self.period_deg)

    def record(self) -> dict[str, Any]:
        """The unit as JSON has it; angle, width and echo are the hand-written unit's."""
        return {
            "hand": self.hand,
            "original": self.original,
            "preferred_deg": self.hand_tuning.preferred_deg,
            "preferred_error_deg": self.preferred_error_deg,
            "fwhm_deg": self.hand_tuning.fwhm_deg,
            "echo": self.hand_tuning.echo,
            "tuning_r": self.tuning_r,
            "natural_r": self.natural_r,
            "natural_r_ci": list(self.natural_r_ci),
        }


@dataclass(frozen=True)
class Comparison(Shown):
    """A hand-written family scored against a trained one.

    Attributes:
        file: The circuit's file.
        model: The trained network's name.
        images: How many images the natural correlation is over.
        images_from: Where they came from, for people to read.
        family: The hand-written family's name.
        layer: The layer that the trained family was found in.
        grid: The figures that both were shown.
        units: The pairs, in order of the originals' angles.
        natural_r_ci: The bootstrap 95 % interval of the mean natural correlation.
        skipped: Image files that could not be read, and why.
        grids: The family against published grids, if some were given.
        weights: The digest of the network's weights.
        of_kind: Whether the finder that found the units looks for families such as this one.
        finder: By which the units were found.
    """

    file: str
    model: str
    images: int
    images_from: str
    family: str
    layer: str
    grid: Grid
    units: tuple[UnitScore, ...]
    natural_r_ci: tuple[float, float]
    skipped: tuple[tuple[str, str], ...] = ()
    grids: GridScores | None = None
    weights: str = ""
    of_kind: bool = True
    finder: Finder = USUAL

    @property
    def mean(self) -> dict[str, float]:
        """The means over units."""
        return {
            "preferred_error_deg": fmean(unit.preferred_error_deg for unit in self.units),
            "echo": fmean(unit.hand_tuning.echo for unit in self.units),
            "tuning_r": fmean(unit.tuning_r for unit in self.units),
            "natural_r": fmean(unit.natural_r for unit in self.units),
        }

    def record(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        record: dict[str, Any] = {
            "file": self.file,
            "model": self.model,
            "weights": self.weights,
            "family": self.family,
            "layer": self.layer,
            "units_chosen_by": "tuning",
            "of_kind": self.of_kind,
            "images": self.images,
            "units": [unit.record() for unit in self.units],
            "mean": self.mean,
        }
        return record if self.grids is None else record | {"grids": self.grids.record()}


@dataclass(frozen=True)
class Images:
    """Natural images to compare on.

    Attributes:
        batches: The images.
        source: Where they come from, for people to read.
        skipped: Filled while reading: files that are no images, and why.
    """

    batches: Iterable[Batch] | Dealt
    source: str
    skipped: Mapping[Path, str] = field(default_factory=dict[Path, str])


def score_circuit(
    circuit: Circuit,
    network: Network,
    images: Images,
    *,
    file: str,
    model: str,
    family: str | None = None,
    members: Members = "placed",
    units: int = 10,
    seed: int = 0,
    published: PublishedGrids | None = None,
    finder: Finder = USUAL,
    progress: Callable[[str], None] = lambda stage: None,
) -> Comparison:
    """Score one family of a circuit against the family of a network's own.

    Args:
        circuit: The circuit.
        network: The trained network.
        images: Natural images.
        file: What to call the circuit.
        model: What to call the network.
        family: The hand-written family; by default the last one that no connection reads.
        members: `placed` at the originals' preferred angles, or `as-written`.
        units: How many of the network's units to compare with, best first.
        seed: The seed of the bootstrap.
        published: Grids of the original neurons, to compare with too.
        finder: By which the network's units are found.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: the circuit has no family that the finder looks for, the network no such layer
            or no such units.
        DiagnosticError: a family cannot be calibrated.
    """
    written = scored_family(circuit, family, finder)
    layer = block_of(network, written.layer)
    progress(f"finding the {finder.name} of {layer} in {model}")
    found = find_family(network, layer, model, finder=finder)
    progress(f"building {file}")
    best = found.best(units)
    hand, chosen = _paired(network, circuit, written, best, members)
    originals = trained(network, layer, [unit.unit for unit in chosen])
    progress(f"comparing responses to each {finder.figure}")
    grids = response_grid(hand, found.grid), found.responses[..., [unit.unit for unit in chosen]]
    progress(f"comparing activations on {images.source}")
    natural = run(
        agreement(hand, originals, seed),
        images.batches,
        lambda seen: progress(f"comparing activations: {seen} images of {images.source}"),
    )
    scores = None if published is None else score_grids(circuit, written, published, progress)
    return Comparison(
        file=file,
        model=model,
        images=natural.images,
        images_from=images.source,
        family=written.name,
        layer=layer,
        grid=found.grid,
        units=unit_scores(hand.names, originals.names, found.grid, grids, natural),
        natural_r_ci=natural.mean_ci,
        skipped=tuple((str(path), why) for path, why in images.skipped.items()),
        grids=scores,
        weights=network.digest,
        finder=finder,
    )


def unit_scores(
    hand: Sequence[str],
    originals: Sequence[str],
    grid: Grid,
    responses: tuple[NDArray[np.floating], NDArray[np.floating]],
    natural: Agreement,
) -> tuple[UnitScore, ...]:
    """The scores of pairs of units, the i-th of one beside the i-th of the other.

    Args:
        hand: Names of the hand-written units.
        originals: Names of the trained ones.
        grid: The stimuli.
        responses: Of both to the grid, `[radius, angle, contrast, unit]`.
        natural: Their agreement on natural images.
    """
    tunings = [tuning_of(part, grid.angles_deg, grid.period_deg) for part in responses]
    return tuple(
        UnitScore(
            hand=hand[index],
            original=originals[index],
            hand_tuning=tunings[0][index],
            original_tuning=tunings[1][index],
            tuning_r=pearson(responses[0][..., index], responses[1][..., index]),
            natural_r=natural.r[index],
            natural_r_ci=(natural.low[index], natural.high[index]),
            period_deg=grid.period_deg,
        )
        for index in range(len(hand))
    )


def end_family(circuit: Circuit, name: str | None = None) -> Family:
    """The family to score: the one named, or the last that no connection reads.

    Raises:
        InputError: no such family.
    """
    if name is not None:
        return named_family(circuit, name)
    read = {connection.source for connection in circuit.connections}
    fed = {connection.target for connection in circuit.connections}
    ends = [f for f in circuit.families if f.name in fed and f.name not in read]
    if not ends:
        raise InputError(
            "the circuit has no family to score",
            why="a family is scored if connections end at it and none reads it",
            help="add a connection, or name the family",
        )
    return ends[-1]


def scored_family(circuit: Circuit, name: str | None = None, finder: Finder = USUAL) -> Family:
    """The same family, held to what a finder looks for.

    Raises:
        InputError: no such family, or its members are not told apart by one axis of the finder's
            kind alone.
    """
    chosen = end_family(circuit, name)
    if [axis.kind for axis in chosen.axes] != [finder.axis]:
        raise InputError(
            f"`{chosen.name}` cannot be scored as a family of {finder.name}",
            why=f"{finder.name} are told apart by one `{finder.axis}` axis, and by no other",
            help=f"declare it as `family {chosen.name} [th: {finder.axis}(10)] at ...`, or name "
            "another",
        )
    return chosen


def block_of(network: Network, layer: str) -> str:
    """The inception block that a branch belongs to, in which its like is looked for.

    Raises:
        InputError: the network has no such layer.
    """
    known = network.backbone.by_name
    if layer not in known:
        raise InputError(
            f"{network.backbone.name} has no layer `{layer}`, which the circuit is written for",
            help="score it against a network that has",
        )
    blocks = (name for name, at in known.items() if at.kind == "concat" and layer in at.inputs)
    return next(blocks, layer)


def angle_error_deg(preferred_deg: float, other_deg: float, period_deg: float = 360.0) -> float:
    """How far apart two preferred angles are; the most there is for a unit that has none."""
    away = difference_deg(preferred_deg, other_deg, period_deg)
    return period_deg / 2 if np.isnan(away) else abs(away)


def pearson(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Correlation of two arrays of one shape; 0 if either never varies."""
    a = x.astype(np.float64).ravel() - x.mean(dtype=np.float64)
    b = y.astype(np.float64).ravel() - y.mean(dtype=np.float64)
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _paired(
    network: Network, circuit: Circuit, family: Family, best: Sequence[FoundUnit], members: Members
) -> tuple[Subject, list[FoundUnit]]:
    """Hand-written and trained units, the i-th beside the i-th."""
    angles = [unit.tuning.preferred_deg for unit in best]
    if members == "placed":
        circuit = place_members(circuit, family.name, angles)
        pairs = [(index, index) for index in range(len(best))]
    else:
        pairs = nearest_pairs(family.axes[0].angles_deg, angles, family.axes[0].period_deg)
    hand = handwritten(calibrate(build(circuit, given=network)), family.name)
    return hand.only([index for index, _ in pairs]), [best[index] for _, index in pairs]
