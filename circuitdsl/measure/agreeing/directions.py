"""The direction of a layer that goes best with a member of a hand-written family.

In: families beside layers of a network, photographs. Out: `Moments`, from which a direction of a
few units is found on some photographs, and what it is worth on others.

The direction is a ridge regression of the member's maps on the layer's. Units that carry most of it
are kept, and it is solved again for these alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.backbones.directions import USUAL_TERMS
from circuitdsl.measure.agreeing.common_grid import CommonGrid, brought_onto
from circuitdsl.measure.agreeing.matching import choice_sums
from circuitdsl.measure.agreeing.side_by_side import Meeting
from circuitdsl.measure.passes import Pass, Shown, State, remade, total

Floats = NDArray[np.float64]

PENALTY = 0.01
"""The ridge's penalty, as a share of the units' mean variance."""


@dataclass(frozen=True)
class Along:
    """A direction that goes with a member.

    Attributes:
        terms: Units of the layer and their weights, the heaviest first; the length is 1.
        r: Its correlation with the member, on photographs that it was not found on.
        adds: By how much that is more than the best unit's.
    """

    terms: tuple[tuple[int, float], ...]
    r: float
    adds: float


@dataclass(frozen=True, eq=False)
class Moments:
    """Variances and covariances of members and units over all positions of some photographs.

    Attributes:
        of_members: The variance of each member, `[member]`.
        between: Of each member and each unit, `[member, unit]`.
        of_units: For each layer, of its units, `[unit, unit]`.
        starts: For each layer, its first unit among all of `between`.
    """

    of_members: Floats
    between: Floats
    of_units: dict[str, Floats]
    starts: dict[str, int]

    def direction(
        self, layer: str, member: int, count: int = USUAL_TERMS
    ) -> tuple[tuple[int, float], ...]:
        """The units and weights of the best direction of a layer; () if none goes with the member.

        Args:
            layer: The layer.
            member: The member's place.
            count: How many units have a weight, at most.
        """
        variances, pull = self._of(layer, member)
        spread = np.sqrt(np.maximum(np.diag(variances), 0))
        penalty = PENALTY * float(np.mean(spread**2))
        if not penalty:
            return ()
        chosen = np.arange(len(pull))
        weights = _ridge(variances, pull, penalty)
        if count < len(pull):
            chosen = np.sort(np.argsort(-abs(weights * spread), kind="stable")[:count])
            weights = _ridge(variances[np.ix_(chosen, chosen)], pull[chosen], penalty)
        length = float(np.linalg.norm(weights))
        order = np.argsort(-abs(weights), kind="stable")
        return tuple((int(chosen[at]), float(weights[at]) / length) for at in order if weights[at])

    def correlation(self, layer: str, member: int, terms: tuple[tuple[int, float], ...]) -> float:
        """The correlation of a direction with a member; 0 where either never varies."""
        variances, pull = self._of(layer, member)
        weights = np.zeros(len(pull))
        for unit, weight in terms:
            weights[unit] = weight
        spread = float(weights @ variances @ weights) * float(self.of_members[member])
        return float(weights @ pull) / spread**0.5 if spread > 0 else 0.0

    def _of(self, layer: str, member: int) -> tuple[Floats, Floats]:
        variances, start = self.of_units[layer], self.starts[layer]
        return variances, self.between[member, start : start + len(variances)]


@remade
def moments(meeting: Meeting) -> Pass[Moments]:
    """The pass that takes moments of the members of a circuit and of all units of its meeting."""
    layers = dict(meeting.layers)
    ends = np.cumsum([*layers.values()]).tolist()
    starts = dict(zip(layers, [0, *ends[:-1]], strict=True))
    members, units = len(meeting.members), len(meeting.units)

    def init() -> State:
        return {
            "count": np.zeros(()),
            "x": np.zeros(members),
            "xx": np.zeros(members),
            "y": np.zeros(units),
            "xy": np.zeros((members, units)),
            **{f"yy {name}": np.zeros((width, width)) for name, width in layers.items()},
        }

    def step(state: State, shown: Shown) -> State:
        real = (jnp.arange(len(shown.images)) < shown.count).astype(jnp.float32)
        maps = meeting.of_units(shown)
        written = meeting.of_members(shown)[: len(meeting.families)]
        squares = {
            f"yy {name}": _squares(of_layer, real, meeting.grid)
            for name, of_layer in zip(layers, maps, strict=True)
        }
        sums = {**choice_sums(written, maps, real, meeting.grid), **squares}
        return total(state, {name: np.asarray(sums[name], np.float64) for name in state})

    def finish(state: State) -> Moments:
        n = max(float(state["count"]), 1.0)
        x, y = state["x"] / n, state["y"] / n
        return Moments(
            np.maximum(state["xx"] / n - x**2, 0),
            state["xy"] / n - x[:, None] * y,
            {
                name: state[f"yy {name}"] / n - np.outer(*(y[start : start + layers[name]],) * 2)
                for name, start in starts.items()
            },
            starts,
        )

    return Pass(init, step, total, finish, meeting.needs)


def _ridge(variances: Floats, pull: Floats, penalty: float) -> Floats:
    solved = np.linalg.solve(variances + penalty * np.eye(len(pull)), pull)
    return solved.astype(np.float64)


@partial(jax.jit, static_argnames="grid")
def _squares(y: Array, real: Array, grid: CommonGrid) -> Array:
    y = brought_onto(y, grid.right) * real[:, None, None, None]
    return jnp.einsum("bpqu,bpqv->uv", y, y, precision="highest")
