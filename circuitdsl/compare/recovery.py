"""How much of a circuit's work hand-written units do.

In: a trained network, some of its units, hand-written units in their place, images. Out:
`Recovery`: for each measure `(spliced - removed) / (intact - removed)`, against removal to zero and
to the mean, with a paired bootstrap interval over images.

Beside it stand two controls, made in the same way: the same hand-written members dealt anew among
the units, where these have different members, and members with random kernels of the same norm.
What a control recovers is what any units would that fire about as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.compare.identity import Identity
from circuitdsl.compare.outputs import (
    INTACT,
    outcomes,
)
from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.baselines import matched_splice, means
from circuitdsl.editing.controls import random_kernels, shuffled_members
from circuitdsl.editing.select import Units
from circuitdsl.editing.verbs import Ablate
from circuitdsl.ir.edits.script import GainRule
from circuitdsl.ir.expect import Measured
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.agreeing.bootstrap import interval, resampled
from circuitdsl.measure.passes import Pass, State, fold, remade
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.showing import Shown

Floats = NDArray[np.float64]
PerBlock = Mapping[str, Floats]
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
        shuffled: The share that the same members recover, dealt anew among the units; NaN where all
            units have the same member.
        random: The share that units with random kernels recover; likewise.
    """

    measure: str
    against: Removal
    value: float
    ci: tuple[float, float]
    shuffled: float
    random: float

    def record(self) -> dict[str, Any]:
        """The share as JSON has it."""
        return {**vars(self), "ci": list(self.ci)}


OF_RECOVERIES: dict[str, Callable[[Recovered], float]] = {
    "recovered": lambda share: share.value,
    "shuffled": lambda share: share.shuffled,
    "random": lambda share: share.random,
}
"""The evaluation of each measure of recoveries (`ir.tables.measures`)."""


@dataclass(frozen=True)
class Recovery(Shown):
    """What a splice recovers.

    Attributes:
        shares: Every measure against every removal.
        n: Images scored.
        means: Each measure of `intact`, `zero`, `mean`, `spliced`, `shuffled` and `random`.
        calibrated_on: Images that gains and means are from.
        units: The units replaced.
        silent: Hand-written stand-ins that never fired while gains were matched.
        skipped: Files that are no images, and why.
        identity: Which network, units and photographs it is of.
    """

    shares: tuple[Recovered, ...]
    n: int
    means: Mapping[str, Mapping[str, float]]
    calibrated_on: int
    units: tuple[str, ...]
    silent: int
    skipped: tuple[tuple[str, str], ...] = ()
    identity: Identity | None = None

    def record(self) -> dict[str, Any]:
        """The recovery as JSON has it."""
        found: dict[str, Any] = {} if self.identity is None else self.identity.record()
        found |= {"recovery": [share.record() for share in self.shares], "n": self.n}
        for name in (INTACT, *REMOVALS, SPLICED):
            found[name] = dict(self.means[name])
        return found

    def worth(self, measured: Measured, measure: str) -> float:
        """The value of a measure of recoveries, against removal to zero.

        Args:
            measured: The measure.
            measure: Of outputs, where the measure names none.
        """
        return OF_RECOVERIES[measured.name](self.share(measured.of or measure))

    def share(self, measure: str, against: Removal = "zero") -> Recovered:
        """One of the shares."""
        return next(s for s in self.shares if (s.measure, s.against) == (measure, against))


@dataclass(frozen=True, eq=False)
class Study:
    """The edited networks that a recovery compares.

    Attributes:
        network: The trained network.
        units: The units replaced.
        edits: `zero`, `mean`, `spliced`, `random`, and `shuffled` where that is something else.
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
    calibration: Iterable[Batch],
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
        calibration: The calibration images, which are looked at once.
        rule: By which gains are matched (`edit.baselines.matched_splice`).
        seed: The seed of the controls.

    Raises:
        InputError: what does not fit, or no images.
    """
    dealt = shuffled_members(members, seed)
    noise = random_kernels(hand, family, seed)
    average = means(network, units)
    splices = {
        name: matched_splice(network, units, source, family, members=chosen, rule=rule)
        for name, source, chosen in (
            (SPLICED, hand, members),
            (SHUFFLED, hand, dealt),
            (RANDOM, noise, members),
        )
        if name != SHUFFLED or len(set(members)) > 1
    }
    seen = 0

    def count(images: int) -> None:
        nonlocal seen
        seen = images

    states = fold([average, *splices.values()], calibration, count)
    steps = {
        name: one.finish(state)
        for (name, one), state in zip(splices.items(), states[1:], strict=True)
    }
    edits = {
        "zero": edit(network, [Ablate(units)]),
        "mean": edit(network, [Ablate(units, average.finish(states[0]))]),
    }
    edits |= {name: edit(network, [step]) for name, step in steps.items()}
    silent = sum(gain == 0 for gain in steps[SPLICED].hand.gain)
    return Study(network, units, edits, seen, silent)


@remade
def recovery(prepared: Study, outputs: Mapping[str, int], seed: int = 0) -> Pass[Recovery]:
    """Measure what a splice recovers, on images none of which is one of the calibration images.

    Args:
        prepared: The networks compared.
        outputs: The output of each class of images (`measure.classes.outputs_of`).
        seed: The seed of the bootstrap.
    """
    measured = outcomes(prepared.network, prepared.edits, outputs)

    def finish(state: State) -> Recovery:
        result = measured.finish(state)
        return Recovery(
            shares=shares_of({name: result.of(name) for name in result.names}, result.count, seed),
            n=result.images,
            means={name: result.means(name) for name in result.names},
            calibrated_on=prepared.calibrated_on,
            units=prepared.units.names,
            silent=prepared.silent,
        )

    return Pass(measured.init, measured.step, measured.merge, finish, measured.needs)


def shares_of(
    measured: Mapping[str, PerBlock], count: Floats, seed: int = 0
) -> tuple[Recovered, ...]:
    """Every measure against every removal.

    Args:
        measured: The sums over blocks of images of each measure, for `intact`, `zero`, `mean` and
            `spliced`, and for those of `shuffled` and `random` that there are.
        count: The images of each block.
        seed: The seed of the bootstrap.
    """
    weights = resampled(len(count), seed)
    return tuple(
        _share(measured, measure, against, weights) for against in REMOVALS for measure in OUTPUTS
    )


def _share(
    measured: Mapping[str, PerBlock], measure: str, against: Removal, weights: Floats
) -> Recovered:
    def of(name: str) -> Floats:
        return measured[name][measure]

    intact, removed = of(INTACT), of(against)

    def share(name: str) -> float:
        if name not in measured:
            return float("nan")
        return float(_ratio(of(name).sum() - removed.sum(), intact.sum() - removed.sum()))

    samples = _ratio(weights @ (of(SPLICED) - removed), weights @ (intact - removed))
    return Recovered(
        measure, against, share(SPLICED), interval(samples), share(SHUFFLED), share(RANDOM)
    )


def _ratio(over: ArrayLike, under: ArrayLike) -> Floats:
    over, under = np.asarray(over, np.float64), np.asarray(under, np.float64)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=np.abs(under) > 1e-12)
