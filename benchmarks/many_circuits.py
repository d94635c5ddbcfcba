"""Many circuits against the same trained units, which are looked at once.

In: a trained network's family, photographs to match gains on and others to score on, published
grids. Out: a `Yardstick`, which gives any circuit its `Standing`: the agreement on photographs, the
error of the preferred angle, the response grids, and what splicing the units in recovers.

Whatever does not depend on the circuit is computed once: what the trained network makes of every
photograph, whole, without the units, and with their means in their place. The figures are those of
`score_circuit` and of `recovery`, but that what is spliced into is kept in half precision.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compare.outputs import INTACT
from circuitdsl.compare.recovery import (
    SHUFFLED,
    SPLICED,
    SPLICED_UNITS,
    PerBlock,
    Recovered,
    shares_of,
)
from circuitdsl.compare.score import angle_error_deg
from circuitdsl.editing.baselines import solved_gains
from circuitdsl.editing.controls import shuffled_members
from circuitdsl.editing.logits import measure
from circuitdsl.fitting.evidence import BATCH, Photographs, Rest, record
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.agreeing.agreement import bootstrap, correlation, moments, moments_by_border
from circuitdsl.measure.agreeing.bootstrap import blocks_of
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.measure.tunings.published import PublishedGrids, score_members
from circuitdsl.measure.tunings.tuning import response_grid, tuning_of
from circuitdsl.measure.units import Subject, handwritten, trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.photographs import ImageSet

Floats = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Standing:
    """How a circuit does.

    Attributes:
        natural_r: Mean correlation over units on photographs.
        natural_r_ci: Its bootstrap 95 % interval over images.
        preferred_error_deg: Mean error of the preferred angle.
        grids: Means against the published grids, as in `GridScores.mean`; empty without any.
        shares: What splicing the units in recovers.
        natural_by_unit: Correlation of each unit.
        natural_by_border: Mean correlation over units of the positions at 0, 1, 2, 3, and 4 or more
            from the border.
    """

    natural_r: float
    natural_r_ci: tuple[float, float]
    preferred_error_deg: float
    grids: Mapping[str, float]
    shares: tuple[Recovered, ...]
    natural_by_unit: tuple[float, ...] = ()
    natural_by_border: tuple[float, ...] = ()

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            **vars(self),
            "natural_r_ci": list(self.natural_r_ci),
            "shares": [share.record() for share in self.shares],
        }


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Trained units that circuits are held against.

    Attributes:
        found: The family that they are the best of.
        rest: The units, best first, and what comes after them.
        compared: How many of them are compared; all are replaced where units are spliced in.
        calibration: Photographs to match gains on.
        test: Photographs to score on, none of them one of those.
        right: The output that each of `test` should have.
        published: Response grids to compare with too, or None.
    """

    found: FoundFamily
    rest: Rest
    compared: int
    calibration: Photographs
    test: Photographs
    right: NDArray[np.int32]
    published: PublishedGrids | None = None

    @property
    def preferred_deg(self) -> tuple[float, ...]:
        """The angles that the units prefer."""
        best = self.found.units[: len(self.rest.units)]
        return tuple(unit.tuning.preferred_deg for unit in best)

    def held(
        self,
        circuit: Circuit,
        family: str,
        *,
        silent: Collection[str] = (),
        rough: bool = False,
        progress: Progress = lambda stage: None,
    ) -> Standing:
        """How a circuit does.

        Args:
            circuit: The circuit.
            family: Which of its families.
            silent: Connections whose kernels are set to zero, which takes no new program.
            rough: Show a sixteenth of the published circles.
            progress: Told what is being done.

        Raises:
            DiagnosticError: a family cannot be calibrated.
        """
        published = self.published
        if published is not None and rough:
            published = published.thinned()
        circles = () if published is None else published.preferred_deg
        angles = (*self.preferred_deg, *circles)
        network = build(place_members(circuit, family, angles), given=self.rest.network)
        zeros = {name: jnp.zeros_like(network.arrays[name]) for name in silent}
        hand = handwritten(calibrate(network.with_weights(zeros)), family)
        replaced = len(self.preferred_deg)
        progress("tuning")
        grid = self.found.grid
        tunings = tuning_of(response_grid(hand.only(range(self.compared)), grid), grid.tangent_deg)
        errors = [
            angle_error_deg(tuning.preferred_deg, wanted)
            for tuning, wanted in zip(tunings, self.preferred_deg, strict=False)
        ]
        grids: dict[str, float] = {}
        if published is not None:
            progress("published grids")
            grids = score_members(hand.only(range(replaced, len(angles))), published).mean
        natural, rings, outcomes = self._on_photographs(hand.only(range(replaced)), progress)
        agreement = bootstrap(blocks_of(np.arange(len(natural)), natural[:, : self.compared]))
        shares = shares_of({**self.without, **outcomes}, np.ones(len(self.test)))
        by_border = correlation(rings[:, : self.compared]).mean(axis=1)
        return Standing(
            fmean(agreement.r),
            agreement.mean_ci,
            fmean(errors),
            grids,
            shares,
            agreement.r,
            tuple(by_border.tolist()),
        )

    @cached_property
    def without(self) -> dict[str, PerBlock]:
        """The outcomes of the network whole, without the units, and with their means."""
        average = self.calibration.targets.mean(axis=(0, 1, 2))
        constants = {"zero": np.zeros_like(average), "mean": average}
        found: dict[str, list[Floats]] = {name: [] for name in (INTACT, *constants)}
        for at, count in self._batches(self.test):
            targets = self.test.targets[at]
            for name, parts in found.items():
                maps = (
                    targets if name == INTACT else np.broadcast_to(constants[name], targets.shape)
                )
                parts.append(self._outcomes(at, jnp.asarray(maps))[:count])
        return {name: _by_measure(parts) for name, parts in found.items()}

    def _on_photographs(
        self, hand: Subject, progress: Progress
    ) -> tuple[Floats, Floats, dict[str, PerBlock]]:
        """Moments against the trained units, and what splices come to.

        Of each test image over all positions, and of all of them by distance from the border.
        """
        dealt = self._dealt()
        members = {SPLICED: np.arange(len(dealt)), SHUFFLED: dealt}
        sums: dict[str, Floats] = {name: np.zeros((len(dealt), 5)) for name in members}
        progress("gains")
        for at, count in self._batches(self.calibration):
            maps, said = hand.maps(_pixels(self.calibration, at)), self.calibration.targets[at]
            for name, chosen in members.items():
                part = moments(maps[..., chosen], said)[:count]
                sums[name] += part.sum(axis=0)
        gains: dict[str, tuple[Floats, Floats]] = {}
        for name, total in sums.items():
            gains[name] = solved_gains(total / len(self.calibration), "linear")
        natural: list[Floats] = []
        rings: list[Floats] = []
        found: dict[str, list[Floats]] = {name: [] for name in members}
        for at, count in self._batches(self.test):
            maps = hand.maps(_pixels(self.test, at))
            said = self.test.targets[at]
            natural.append(moments(maps, said)[:count])
            rings.append(moments_by_border(maps, said)[:count])
            for name, chosen in members.items():
                gain, offset = (part.astype(np.float32) for part in gains[name])
                spliced = maps[..., chosen] * gain + offset
                found[name].append(self._outcomes(at, spliced)[:count])
            progress(f"photographs: {at[0] + count} of {len(self.test)}")
        by_border = np.concatenate(rings).mean(axis=0)
        return (
            np.concatenate(natural),
            by_border,
            {name: _by_measure(part) for name, part in found.items()},
        )

    def _dealt(self) -> NDArray[np.int64]:
        """The members with their angles shuffled, as recoveries shuffle them."""
        by_angle = np.argsort(self.preferred_deg)
        dealt = np.empty_like(by_angle)
        dealt[by_angle] = by_angle[np.asarray(shuffled_members(range(len(by_angle)), 0))]
        return dealt

    def _batches(self, photographs: Photographs) -> list[tuple[NDArray[np.int64], int]]:
        """Places of each batch and how many of them count: the last is filled up."""
        last = len(photographs) - 1
        starts = range(0, len(photographs), BATCH)
        return [
            (np.minimum(np.arange(start, start + BATCH), last), min(BATCH, last + 1 - start))
            for start in starts
        ]

    def _outcomes(self, at: NDArray[np.int64], maps: Array) -> Floats:
        """The measures `[image, measure]` with some maps in the units' place."""
        values, log_p = self.test.layer_values, self.test.log_p
        if values is None or log_p is None:
            raise ValueError("the test photographs were recorded without what comes after")
        logits = self.rest.compiled(self.rest.network.params, values[at], maps)
        return np.asarray(_measure(logits, log_p[at], self.right[at]), np.float64)


def make_yardstick(
    network: Network,
    found: FoundFamily,
    labels: tuple[str, ...],
    photographs: tuple[ImageSet, ImageSet],
    published: PublishedGrids | None = None,
    *,
    compared: int = 10,
    replaced: int = SPLICED_UNITS,
    progress: Progress = lambda stage: None,
) -> Yardstick:
    """Look at trained units, once.

    Args:
        network: The trained network.
        found: Its family.
        labels: What image folders call each of its outputs.
        photographs: To match gains on, and to score on.
        published: Response grids, to compare with too.
        compared: How many of the family's units, best first, to compare with.
        replaced: How many to replace.
        progress: Told what is being done.

    Raises:
        InputError: an image whose class is not known, or none at all.
    """
    numbers = tuple(unit.unit for unit in found.units[: max(compared, replaced)])
    rest = Rest(network, found.layer, numbers)
    originals = trained(network, found.layer, numbers)
    side = network.backbone.input_px
    progress("showing the photographs to the trained units")
    to_match, to_score = photographs
    calibration, test = record(to_match, originals, side), record(to_score, originals, side, rest)
    folders = [to_score.label(path) for path in test.paths]
    outputs = outputs_of(folders, labels)
    right = np.array([outputs[folder] for folder in folders], np.int32)
    return Yardstick(found, rest, compared, calibration, test, right, published)


@jax.jit
def _measure(logits: Array, intact: Array, right: Array) -> Array:
    return measure(logits, intact, right)


def _pixels(photographs: Photographs, at: NDArray[np.int64]) -> Array:
    return jnp.asarray(photographs.images[at], jnp.float32)


def _by_measure(parts: list[Floats]) -> PerBlock:
    columns = np.concatenate(parts).T
    return dict(zip(OUTPUTS, columns, strict=True))
