"""How much of a circuit's work hand-written units do.

In: a trained network, some of its units, hand-written units in their place, images. Out:
`Recovery`: for each measure `(spliced - removed) / (intact - removed)`, against removal to zero and
to the mean, with a paired bootstrap interval over images.

Beside it stand two controls, made in the same way: the same hand-written units with their angles
shuffled, and units with random kernels of the same norm. What a control recovers is what any units
would that fire about as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.compare.outputs import (
    INTACT,
    Labelled,
    interval,
    outcomes,
    resampled,
)
from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.baselines import matched_splice, means
from circuitdsl.editing.controls import random_kernels, shuffled_members
from circuitdsl.editing.logits import MEASURES, Measure
from circuitdsl.editing.select import Units
from circuitdsl.editing.verbs import Ablate
from circuitdsl.ir.script import GainRule
from circuitdsl.models.handwritten import HandwrittenNetwork
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]
PerImage = Mapping[Measure, Floats]
Removal = Literal["zero", "mean"]

REMOVALS: tuple[Removal, ...] = ("zero", "mean")
SPLICED_UNITS = 14
"""Units of a trained family that are replaced, best first, unless another number is asked for."""

SPLICED, SHUFFLED, RANDOM = "spliced", "shuffled", "random"


@dataclass(frozen=True)
class Recovered:
    """One measure against one removal.

    Attributes:
        measure: What was measured.
        against: The removal.
        value: The share that is recovered; NaN where removal changes nothing.
        ci: Its interval.
        shuffled: The share that the same units with shuffled angles recover; NaN if not measured.
        random: The share that units with random kernels recover; likewise.
    """

    measure: Measure
    against: Removal
    value: float
    ci: tuple[float, float]
    shuffled: float
    random: float

    def record(self) -> dict[str, Any]:
        """The share as JSON has it."""
        return {**vars(self), "ci": list(self.ci)}


@dataclass(frozen=True)
class Recovery:
    """What a splice recovers.

    Attributes:
        shares: Every measure against every removal.
        n: Images scored.
        means: Each measure of `intact`, `zero`, `mean`, `spliced`, `shuffled` and `random`.
        calibrated_on: Images that gains and means are from.
        units: The units replaced.
        silent: Hand-written stand-ins that never fired while gains were matched.
    """

    shares: tuple[Recovered, ...]
    n: int
    means: Mapping[str, Mapping[str, float]]
    calibrated_on: int
    units: tuple[str, ...]
    silent: int

    def record(self) -> dict[str, Any]:
        """The recovery as JSON has it."""
        found: dict[str, Any] = {"recovery": [share.record() for share in self.shares], "n": self.n}
        for name in (INTACT, *REMOVALS, SPLICED):
            found[name] = dict(self.means[name])
        return found

    def share(self, measure: Measure, against: Removal = "zero") -> Recovered:
        """One of the shares."""
        return next(s for s in self.shares if (s.measure, s.against) == (measure, against))


@dataclass(frozen=True, eq=False)
class Study:
    """The edited networks that a recovery compares.

    Attributes:
        network: The trained network.
        units: The units replaced.
        edits: `zero`, `mean`, `spliced`, `shuffled` and `random`.
        calibrated_on: Images that gains and means are from.
        silent: Stand-ins that never fire on those images.
    """

    network: Network
    units: Units
    edits: Mapping[str, EditedNetwork]
    calibrated_on: int
    silent: int


def study(
    network: Network,
    units: Units,
    hand: HandwrittenNetwork,
    family: str,
    *,
    members: Sequence[int],
    calibration: Callable[[], Iterable[ArrayLike]],
    rule: GainRule = "linear",
    seed: int = 0,
) -> Study:
    """Build what a recovery compares, gains and means from the calibration images.

    Args:
        network: The trained network.
        units: The units to replace.
        hand: The hand-written network.
        family: The family in it.
        members: For each unit, the member that stands in for it.
        calibration: Gives batches of the calibration images, each time it is called.
        rule: By which gains are matched (`edit.baselines.matched_splice`).
        seed: Of the controls.

    Raises:
        InputError: what does not fit, or no images.
    """
    seen = 0

    def counted() -> Iterable[ArrayLike]:
        nonlocal seen
        for batch in calibration():
            seen += len(np.asarray(batch))
            yield batch

    average = means(network, units, counted())
    dealt = shuffled_members(members, seed)
    noise = random_kernels(hand, family, seed)
    splices = {
        name: matched_splice(
            network, units, source, family, members=chosen, batches=calibration(), rule=rule
        )
        for name, source, chosen in (
            (SPLICED, hand, members),
            (SHUFFLED, hand, dealt),
            (RANDOM, noise, members),
        )
    }
    edits = {
        "zero": edit(network, [Ablate(units)]),
        "mean": edit(network, [Ablate(units, average)]),
    }
    edits |= {name: edit(network, [splice]) for name, splice in splices.items()}
    silent = sum(gain == 0 for gain in splices[SPLICED].hand.gain)
    return Study(network, units, edits, seen, silent)


def recovery(
    prepared: Study,
    batches: Iterable[Labelled],
    seed: int = 0,
    progress: Callable[[int], None] = lambda seen: None,
) -> Recovery:
    """Measure what a splice recovers.

    Args:
        prepared: The networks compared.
        batches: Labelled images, none of them one of the calibration images.
        seed: Of the bootstrap.
        progress: Told how many images have been seen.

    Raises:
        InputError: there are no images.
    """
    found, names = outcomes(prepared.network, prepared.edits, batches, progress)
    per_image = {name: each.per_image for name, each in found.items()}
    return Recovery(
        shares=shares_of(per_image, len(names), seed),
        n=len(names),
        means={name: found[name].means for name in found},
        calibrated_on=prepared.calibrated_on,
        units=prepared.units.names,
        silent=prepared.silent,
    )


def shares_of(found: Mapping[str, PerImage], count: int, seed: int = 0) -> tuple[Recovered, ...]:
    """Every measure against every removal.

    Args:
        found: Each measure of each image, for `intact`, `zero`, `mean` and `spliced`, and for
            those of `shuffled` and `random` that there are.
        count: How many images.
        seed: Of the bootstrap.
    """
    weights = resampled(count, seed)
    return tuple(_share(found, m, against, weights) for against in REMOVALS for m in MEASURES)


def _share(
    found: Mapping[str, PerImage], measure: Measure, against: Removal, weights: Floats
) -> Recovered:
    def of(name: str) -> Floats:
        return found[name][measure]

    intact, removed = of(INTACT), of(against)

    def share(name: str) -> float:
        if name not in found:
            return float("nan")
        return float(_ratio(of(name).mean() - removed.mean(), intact.mean() - removed.mean()))

    samples = _ratio(weights @ (of(SPLICED) - removed), weights @ (intact - removed))
    return Recovered(
        measure, against, share(SPLICED), interval(samples), share(SHUFFLED), share(RANDOM)
    )


def _ratio(over: ArrayLike, under: ArrayLike) -> Floats:
    over, under = np.asarray(over, np.float64), np.asarray(under, np.float64)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=np.abs(under) > 1e-12)
