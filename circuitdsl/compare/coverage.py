"""Which share of a trained network's units hand-written families stand for.

In: hand-written networks, a trained network, photographs. Out: `LayerCoverage`s: for every unit of
every layer the best member of any family, and how well the two agree.

Some photographs choose the member of each unit; the figures are of others. A unit is *covered* at a
threshold if its correlation with the member reaches it and is above what contrast energy alone and
the same circuit with random kernels reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.match import measuring
from circuitdsl.measure.agreeing.choosing import Pair
from circuitdsl.measure.agreeing.matching import Figure
from circuitdsl.measure.agreeing.side_by_side import Meeting
from circuitdsl.measure.passes import Pass, State, remade
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]
Place = tuple[str, int]
"""A layer, and the number of a unit in it."""

THRESHOLDS = (0.5, 0.7)
"""Correlations from which a unit counts as covered, unless others are asked for."""

CURVE = tuple(round(0.05 * step, 2) for step in range(2, 20))
"""Thresholds of the curve."""


@dataclass(frozen=True)
class Counterpart:
    """A unit, and the hand-written member that responds most like it.

    Attributes:
        layer: The unit's layer.
        unit: Its number in it.
        circuit: The contender that has the member.
        family: The member's family there; "" if no member agrees at all.
        number: The member's number in the family.
        randoms: The number of the best member of the same family in each random circuit.
        member: The member, as the language writes it.
        chosen_r: The correlation on the photographs that chose it.
        figure: The figures on other photographs.
    """

    layer: str
    unit: int
    circuit: str
    family: str
    number: int
    randoms: tuple[int, ...]
    member: str
    chosen_r: float
    figure: Figure

    @classmethod
    def none(cls, layer: str, unit: int) -> Counterpart:
        """A unit that no member agrees with at all."""
        nothing = Figure(0.0, (0.0, 0.0), 0.0, (0.0, 0.0), 0.0, 0.0, 0.0)
        return cls(layer, unit, "", "", 0, (), "", 0.0, nothing)

    def covered(self, threshold: float) -> bool:
        """Whether the member stands for the unit."""
        plainer = max(abs(self.figure.energy), self.figure.random)
        return self.figure.r >= threshold and self.figure.r > plainer

    def record(self) -> dict[str, Any]:
        """The unit's row as JSON has it."""
        figure = self.figure
        return {
            "unit": self.unit,
            "family": self.family,
            "member": self.member,
            "r": figure.r,
            "r_ci": list(figure.r_ci),
            "partial_r": figure.partial_r,
            "chosen_r": self.chosen_r,
            "controls": {
                "energy": figure.energy,
                "random": figure.random,
                "wrong_pairs": figure.wrong_pairs,
            },
        }


@dataclass(frozen=True)
class LayerCoverage:
    """How much of a layer is covered.

    Attributes:
        layer: The layer.
        rows: One for each unit, in their order.
    """

    layer: str
    rows: tuple[Counterpart, ...]

    @property
    def mean_best_r(self) -> float:
        """The mean over units of the correlation with the chosen member."""
        return float(np.mean([row.figure.r for row in self.rows]))

    def share(self, threshold: float) -> float:
        """The share of units that are covered."""
        return sum(row.covered(threshold) for row in self.rows) / len(self.rows)

    def families(self, threshold: float) -> dict[str, float]:
        """The share of the layer's units that each family covers, the largest first."""
        shares: dict[str, float] = {}
        for row in self.rows:
            if row.covered(threshold):
                shares[row.family] = shares.get(row.family, 0.0) + 1 / len(self.rows)
        return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))

    def record(self, thresholds: Sequence[float]) -> dict[str, Any]:
        """The layer as JSON has it."""
        return {
            "layer": self.layer,
            "units": len(self.rows),
            "covered": {f"{threshold:g}": self.share(threshold) for threshold in thresholds},
            "mean_best_r": self.mean_best_r,
            "curve": {f"{threshold:g}": self.share(threshold) for threshold in CURVE},
            "families": self.families(thresholds[0]),
            "rows": [row.record() for row in self.rows],
        }


@dataclass(frozen=True, eq=False)
class Choice:
    """The member that was chosen for a unit.

    Attributes:
        meeting: Where the two meet.
        pair: Both, and the best members of the same family in random circuits.
        r: Their correlation on the photographs that chose.
        plainer: What the best member of random circuits reaches there, in the mean.
    """

    meeting: Meeting
    pair: Pair
    r: float
    plainer: float


def chosen(meetings: Sequence[Meeting], agreeing: Sequence[Floats]) -> dict[Place, Choice]:
    """The best member of any family for every unit, by layer and number.

    A unit is left out if no member's correlation with it is above 0.

    Args:
        meetings: Every family beside every layer.
        agreeing: Of each meeting, the correlations `[circuit, member, unit]`.
    """
    best: dict[Place, Choice] = {}
    for meeting, r in zip(meetings, agreeing, strict=True):
        family_at = {
            family: [at for at, (name, _) in enumerate(meeting.members) if name == family]
            for family in meeting.families
        }
        members = r[0].argmax(axis=0)
        for at, place in enumerate(meeting.units):
            member = int(members[at])
            value = float(r[0, member, at])
            if value <= 0 or (place in best and best[place].r >= value):
                continue
            family, number = meeting.members[member]
            others = r[1:, family_at[family], at]
            pair = Pair(family, number, *place, tuple(others.argmax(axis=1).tolist()))
            plainer = float(others.max(axis=1).mean()) if len(others) else 0.0
            best[place] = Choice(meeting, pair, value, plainer)
    return best


def covering(choices: Mapping[Place, Choice], seed: int) -> list[Pass[dict[Place, Counterpart]]]:
    """The passes that measure every chosen pair, one for each meeting that has some.

    Args:
        choices: By layer and unit.
        seed: The seed of the bootstrap.
    """
    groups: dict[Meeting, list[Place]] = {}
    for place, choice in choices.items():
        groups.setdefault(choice.meeting, []).append(place)
    return [
        _covering(
            meeting,
            [choices[place].pair for place in places],
            [choices[place].r for place in places],
            seed,
        )
        for meeting, places in groups.items()
    ]


@remade
def _covering(
    meeting: Meeting, pairs: Sequence[Pair], chosen_r: Sequence[float], seed: int
) -> Pass[dict[Place, Counterpart]]:
    measures = measuring(meeting, pairs, seed)

    def finish(state: State) -> dict[Place, Counterpart]:
        return {
            (match.layer, match.unit): Counterpart(
                layer=match.layer,
                unit=match.unit,
                circuit=match.circuit,
                family=match.family,
                number=pair.member,
                randoms=pair.randoms,
                member=match.member,
                chosen_r=r,
                figure=match.figure,
            )
            for pair, r, match in zip(pairs, chosen_r, measures.finish(state), strict=True)
        }

    return Pass(measures.init, measures.step, measures.merge, finish, measures.needs)


def by_layer(
    network: Network, layers: Sequence[str], counterparts: Mapping[Place, Counterpart]
) -> tuple[LayerCoverage, ...]:
    """Every unit of some layers in its place, those that no member agrees with too."""
    widths = {layer: network.backbone.by_name[layer].width for layer in layers}
    return tuple(
        LayerCoverage(
            layer,
            tuple(
                counterparts.get((layer, unit)) or Counterpart.none(layer, unit)
                for unit in range(width)
            ),
        )
        for layer, width in widths.items()
    )
