"""Which units of a trained network respond as the members of hand-written families do.

In: circuits, a trained network, photographs. Out: `Match`es: for each family and layer the units
that agree best with one of its members, over all positions of the photographs and in pixels of the
image, so that circuit and network need not share a geometry.

Units and members are chosen on some photographs, and the figures are of others. Beside each stand
the figures of what a sceptic would name instead: contrast around, a circuit of random kernels, the
member's responses to other photographs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import blocks_of, merge_blocks, no_blocks
from circuitdsl.measure.agreeing.choosing import Pair, every_pair
from circuitdsl.measure.agreeing.directions import Along, Moments
from circuitdsl.measure.agreeing.energy import contrast_energy
from circuitdsl.measure.agreeing.matching import (
    RANDOM,
    Figure,
    Pairs,
    Places,
    figures,
    pair_products,
)
from circuitdsl.measure.agreeing.on_stimuli import OnStimuli
from circuitdsl.measure.agreeing.side_by_side import Gathering, Meeting
from circuitdsl.measure.passes import Pass, Shown, State, remade

BLOCKS = 256
"""Blocks of images that an interval resamples."""


@dataclass(frozen=True)
class Match:
    """A unit that responds as a member does, and how much that says.

    Attributes:
        circuit: The circuit's name.
        family: The family.
        member: The member, as the language writes it.
        layer: The trained layer.
        unit: The unit's number in it.
        figure: How well the two agree, beside the controls.
        along: The best direction of the layer for that member, where it was looked for.
        stimuli: How well the two agree on the family's own stimuli, where these were shown.
    """

    circuit: str
    family: str
    member: str
    layer: str
    unit: int
    figure: Figure
    along: Along | None = None
    stimuli: OnStimuli | None = None

    def record(self, model: str, *, drawn: bool = True) -> dict[str, Any]:
        """The match as JSON has it; without random circuits that were drawn, null stands there."""
        figure, along = self.figure, self.along
        found: dict[str, Any] = {} if along is None else {"direction": asdict(along)}
        if self.stimuli is not None:
            found["stimuli"] = self.stimuli.record()
        return found | {
            "circuit": self.circuit,
            "family": self.family,
            "model": model,
            "layer": self.layer,
            "unit": self.unit,
            "member": self.member,
            "r": figure.r,
            "r_ci": list(figure.r_ci),
            "partial_r": figure.partial_r,
            "partial_r_ci": list(figure.partial_r_ci),
            "controls": {
                "energy": figure.energy,
                "random": figure.random if drawn else None,
                "wrong_pairs": figure.wrong_pairs,
            },
        }


@remade
def choosing(gathering: Gathering, most: int) -> Pass[tuple[tuple[Pair, ...], ...]]:
    """The pass that chooses units and members of each meeting.

    Args:
        gathering: The families and layers.
        most: How many units of each layer for each family, at most; the best come first.
    """
    agreeing = every_pair(gathering)

    def finish(state: State) -> tuple[tuple[Pair, ...], ...]:
        return tuple(
            tuple(
                pair
                for family in meeting.families
                for layer in meeting.layers
                for pair in _best(meeting, r, family, layer, most)
            )
            for meeting, r in zip(gathering.meetings, agreeing.finish(state), strict=True)
        )

    return Pass(agreeing.init, agreeing.step, agreeing.merge, finish, agreeing.needs)


def _best(
    meeting: Meeting, r: NDArray[np.float64], family: str, layer: str, most: int
) -> Iterable[Pair]:
    """The units of one layer that agree best with a member of one family, best first."""
    members = [at for at, (name, _) in enumerate(meeting.members) if name == family]
    units = [at for at, (name, _) in enumerate(meeting.units) if name == layer]
    part = r[:, members][:, :, units]
    member_of = part.argmax(axis=1)
    best = part.max(axis=1)[0]
    for unit in np.argsort(-best, kind="stable")[:most]:
        if best[unit] <= 0:
            return
        chosen = member_of[:, unit].tolist()
        yield Pair(family, chosen[0], layer, int(unit), tuple(chosen[1:]))


def with_directions(
    matches: Iterable[Match], meeting: Meeting, found_on: Moments, measured_on: Moments
) -> Iterator[Match]:
    """Matches with the best direction of each one's layer for its member.

    Args:
        matches: Of one meeting.
        meeting: The families and layers.
        found_on: Moments over the photographs that choose.
        measured_on: Moments over the others.
    """
    circuit = meeting.contender.networks[0].circuit
    place = {
        (name, circuit.by_name[name].member_name(number)): at
        for at, (name, number) in enumerate(meeting.members)
    }
    for match in matches:
        member = place[match.family, match.member]
        terms = found_on.direction(match.layer, member)
        if not terms:
            yield match
            continue
        r = measured_on.correlation(match.layer, member, terms)
        yield replace(match, along=Along(terms, r, r - match.figure.r))


@remade
def measuring(meeting: Meeting, pairs: Sequence[Pair], seed: int) -> Pass[tuple[Match, ...]]:
    """The pass that measures chosen pairs.

    Args:
        meeting: The families and layers that the pairs are of.
        pairs: At least one.
        seed: The seed of the bootstrap.
    """
    one = measuring_all(Gathering((meeting,)), (pairs,), seed)
    return Pass(one.init, one.step, one.merge, lambda state: one.finish(state)[0], one.needs)


@remade
def measuring_all(
    gathering: Gathering, chosen: Sequence[Sequence[Pair]], seed: int
) -> Pass[tuple[tuple[Match, ...], ...]]:
    """The pass that measures chosen pairs of several meetings, at least one pair in all.

    Args:
        gathering: The families and layers that the pairs are of.
        chosen: The pairs of each meeting.
        seed: The seed of the bootstrap.
    """
    first = gathering.meetings[0]
    circuits = range(len(first.contender.networks))
    pairs = [
        (meeting, pair)
        for meeting, of_meeting in zip(gathering.meetings, chosen, strict=True)
        for pair in of_meeting
    ]
    families = tuple(dict.fromkeys((meeting, pair.family) for meeting, pair in pairs))
    layers = tuple(first.layers)
    fields_px = tuple(dict.fromkeys(first.fields_px.values()))
    family_of = [families.index((meeting, pair.family)) for meeting, pair in pairs]
    members = [
        _places(
            family_of, [(pair.member, *pair.randoms)[circuit] for _, pair in pairs], len(families)
        )
        for circuit in circuits
    ]
    units = _places(
        [layers.index(pair.layer) for _, pair in pairs],
        [pair.unit for _, pair in pairs],
        len(layers),
    )
    places = Pairs(
        members=[of_families for of_families, _ in members],
        member=[of_pairs for _, of_pairs in members],
        units=units[0],
        unit=units[1],
        scale=np.array([fields_px.index(first.fields_px[pair.layer]) for _, pair in pairs]),
    )
    variables = RANDOM + len(circuits) - 1

    def init() -> State:
        return no_blocks(len(pairs), variables, variables)

    def step(state: State, shown: Shown) -> State:
        written = [
            [shown.of(meeting.contender.networks[circuit])[family] for meeting, family in families]
            for circuit in circuits
        ]
        products = pair_products(
            written,
            gathering.of_units(shown),
            contrast_energy(shown.images, gathering.grid.at_px, fields_px),
            places,
            count=shown.count,
            grid=gathering.grid,
        )
        return merge(state, blocks_of(shown.batch.places, shown.real(products)))

    def merge(a: State, b: State) -> State:
        return merge_blocks(a, b, BLOCKS)

    def finish(state: State) -> tuple[tuple[Match, ...], ...]:
        figure_of = dict(zip(pairs, figures(state["sums"], seed), strict=True))
        return tuple(
            tuple(_match(meeting, pair, figure_of[meeting, pair]) for pair in of_meeting)
            for meeting, of_meeting in zip(gathering.meetings, chosen, strict=True)
        )

    return Pass(init, step, merge, finish, gathering.needs)


def _places(
    groups: Sequence[int], numbers: Sequence[int], count: int
) -> tuple[list[Places], Places]:
    """The numbers of each group that occur, and the place of each pair's among them all.

    Args:
        groups: The family, or layer, of each pair.
        numbers: Its member, or unit, in it.
        count: How many groups there are.
    """
    of_pair, number = np.array(groups), np.array(numbers)
    occurring = [np.unique(number[of_pair == group]) for group in range(count)]
    starts = np.cumsum([0, *map(len, occurring)])
    places = [
        starts[group] + np.searchsorted(occurring[group], one)
        for group, one in zip(groups, numbers, strict=True)
    ]
    return occurring, np.array(places)


def _match(meeting: Meeting, pair: Pair, figure: Figure) -> Match:
    circuit = meeting.contender.networks[0].circuit
    return Match(
        circuit=meeting.contender.name,
        family=pair.family,
        member=circuit.by_name[pair.family].member_name(pair.member),
        layer=pair.layer,
        unit=pair.unit,
        figure=figure,
    )
