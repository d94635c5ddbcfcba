"""Which units of a trained network go with which members of hand-written families.

In: families beside layers of a network, photographs. Out: the agreement of every member with every
unit, and the units that agree best. What states a figure is measured on other photographs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.matching import choice_sums, correlations
from circuitdsl.measure.agreeing.pairing import agreeing_pairs
from circuitdsl.measure.agreeing.side_by_side import (
    Contender,
    Gathering,
    Meeting,
    gathered,
    meetings,
)
from circuitdsl.measure.passes import Dealt, Pass, Shown, State, fold, remade, total
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Pair:
    """A unit, and the member that agrees best with it.

    Attributes:
        family: The member's family.
        member: Its number in the family.
        layer: The unit's layer.
        unit: Its number in the layer.
        randoms: The number of the best member of the same family in each random circuit.
    """

    family: str
    member: int
    layer: str
    unit: int
    randoms: tuple[int, ...]


@dataclass(frozen=True)
class Chosen:
    """Units of one layer that agree with members of one family.

    Attributes:
        meeting: The family beside layers of the network.
        layer: The layer.
        pairs: Members and units, best first.
        agreement: The mean agreement of the pairs where they were chosen.
        images: On how many images.
    """

    meeting: Meeting
    layer: str
    pairs: tuple[Pair, ...]
    agreement: float
    images: int


@remade
def every_pair(gathering: Gathering) -> Pass[tuple[NDArray[np.float64], ...]]:
    """The pass that correlates every member with every unit, `[circuit, member, unit]`.

    It finishes to an array for each of the meetings.
    """
    sizes = [
        (len(meeting.contender.networks), len(meeting.members)) for meeting in gathering.meetings
    ]
    members = sum(circuits * count for circuits, count in sizes)
    units = len(gathering.meetings[0].units)

    def init() -> State:
        return {
            "count": np.zeros(()),
            "x": np.zeros(members),
            "xx": np.zeros(members),
            "y": np.zeros(units),
            "yy": np.zeros(units),
            "xy": np.zeros((members, units)),
        }

    def step(state: State, shown: Shown) -> State:
        real = (jnp.arange(len(shown.images)) < shown.count).astype(jnp.float32)
        sums = choice_sums(
            gathering.of_members(shown), gathering.of_units(shown), real, gathering.grid
        )
        return total(state, {name: np.asarray(part, np.float64) for name, part in sums.items()})

    def finish(state: State) -> tuple[NDArray[np.float64], ...]:
        ends = np.cumsum([circuits * count for circuits, count in sizes])[:-1]
        parts = np.split(correlations(state), ends)
        return tuple(part.reshape(*size, units) for part, size in zip(parts, sizes, strict=True))

    return Pass(init, step, total, finish, gathering.needs)


def choose_units(
    contender: Contender,
    network: Network,
    layers: Sequence[str],
    batches: Iterable[Batch] | Dealt,
    *,
    count: int,
    progress: Callable[[int], None] = lambda seen: None,
) -> Chosen:
    """The units that agree best with the members of a family, in the layer where they do most.

    Args:
        contender: A circuit of which one family is looked at.
        network: The trained network.
        layers: The layers that are searched.
        batches: Images.
        count: How many units, at most.
        progress: Told how many images have been seen.

    Raises:
        InputError: no unit agrees with any member, or there are no images.
    """
    family = contender.families[0]
    sides = gathered(meetings(contender, network, layers, network.backbone.input_px))
    passes = [every_pair(gathering) for gathering in sides]
    seen: list[int] = [0]

    def count_images(images: int) -> None:
        seen[0] = images
        progress(images)

    states = fold(passes, batches, count_images)
    best: Chosen | None = None
    for meeting, r in _agreeing(sides, passes, states):
        for layer in meeting.layers:
            of_layer = r[:, :, [at for at, (name, _) in enumerate(meeting.units) if name == layer]]
            matched = agreeing_pairs(of_layer[0], count)
            pairs = tuple(
                Pair(family, member, layer, unit, tuple(of_layer[1:, :, unit].argmax(1).tolist()))
                for member, unit in matched
            )
            agreement = fmean(of_layer[0][pair] for pair in matched) if matched else 0.0
            if pairs and (best is None or agreement > best.agreement):
                best = Chosen(meeting, layer, pairs, float(agreement), seen[0])
    if best is None:
        raise InputError(
            f"no unit of {', '.join(layers)} in {network.name} agrees with `{family}`",
            why="every correlation with a member is 0 or less",
            help="search other layers, or show more photographs",
        )
    return best


def agreeing_members(
    contender: Contender,
    network: Network,
    places: Sequence[tuple[str, int]],
    batches: Iterable[Batch] | Dealt,
    progress: Callable[[int], None] = lambda seen: None,
) -> tuple[tuple[int, float], ...]:
    """The member of a family that agrees best with each of some units, and how well.

    Args:
        contender: A circuit of which one family is looked at.
        network: The trained network.
        places: The layer of each unit, and its number there.
        batches: Images.
        progress: Told how many images have been seen.

    Raises:
        InputError: there are no images.
    """
    layers = tuple(dict.fromkeys(layer for layer, _ in places))
    sides = gathered(meetings(contender, network, layers, network.backbone.input_px))
    passes = [every_pair(gathering) for gathering in sides]
    states = fold(passes, batches, progress)
    found: dict[tuple[str, int], tuple[int, float]] = {}
    for meeting, r in _agreeing(sides, passes, states):
        best = r[0].argmax(axis=0)
        for at, unit in enumerate(meeting.units):
            found[unit] = int(best[at]), float(r[0, best[at], at])
    return tuple(found[place] for place in places)


def _agreeing(
    gatherings: Sequence[Gathering],
    passes: Sequence[Pass[tuple[NDArray[np.float64], ...]]],
    states: Sequence[State],
) -> Iterator[tuple[Meeting, NDArray[np.float64]]]:
    """Every meeting with the correlations of its members and units."""
    for gathering, one, state in zip(gatherings, passes, states, strict=True):
        yield from zip(gathering.meetings, one.finish(state), strict=True)
