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

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import blocks_of, merge_blocks, no_blocks
from circuitdsl.measure.agreeing.choosing import Pair, every_pair
from circuitdsl.measure.agreeing.directions import Along, Moments
from circuitdsl.measure.agreeing.matching import RANDOM, Figure, figures, pair_products
from circuitdsl.measure.agreeing.on_stimuli import OnStimuli
from circuitdsl.measure.agreeing.side_by_side import Meeting
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

    def record(self, model: str) -> dict[str, Any]:
        """The match as JSON has it."""
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
                "random": figure.random,
                "wrong_pairs": figure.wrong_pairs,
            },
        }


@remade
def choosing(meeting: Meeting, most: int) -> Pass[tuple[Pair, ...]]:
    """The pass that chooses units and members.

    Args:
        meeting: The families and layers.
        most: How many units of each layer for each family, at most; the best come first.
    """
    agreeing = every_pair(meeting)

    def finish(state: State) -> tuple[Pair, ...]:
        r = agreeing.finish(state)
        return tuple(
            pair
            for family in meeting.families
            for layer in meeting.layers
            for pair in _best(meeting, r, family, layer, most)
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
        seed: Of the bootstrap.
    """
    member_at = {member: at for at, member in enumerate(meeting.members)}
    unit_at = {unit: at for at, unit in enumerate(meeting.units)}
    columns = [
        np.array(
            [member_at[pair.family, number] for pair, number in zip(pairs, chosen, strict=True)]
        )
        for chosen in zip(*((pair.member, *pair.randoms) for pair in pairs), strict=True)
    ]
    places = np.array([unit_at[pair.layer, pair.unit] for pair in pairs])
    variables = RANDOM + len(columns) - 1

    def init() -> State:
        return no_blocks(len(pairs), variables, variables)

    def step(state: State, shown: Shown) -> State:
        x = meeting.of_members(shown, columns)
        energy = meeting.energy(shown)
        around = jnp.stack([energy[pair.layer] for pair in pairs], axis=-1)
        products = pair_products(x, meeting.of_units(shown, places), around, shown.count)
        return merge(state, blocks_of(shown.batch.places, shown.real(products)))

    def merge(a: State, b: State) -> State:
        return merge_blocks(a, b, BLOCKS)

    def finish(state: State) -> tuple[Match, ...]:
        circuit = meeting.contender.networks[0].circuit
        return tuple(
            Match(
                circuit=meeting.contender.name,
                family=pair.family,
                member=circuit.by_name[pair.family].member_name(pair.member),
                layer=pair.layer,
                unit=pair.unit,
                figure=figure,
            )
            for pair, figure in zip(pairs, figures(state["sums"], seed), strict=True)
        )

    return Pass(init, step, merge, finish, meeting.needs)
