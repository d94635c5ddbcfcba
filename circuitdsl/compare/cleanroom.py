"""How much of a trained network still works when hand-written units take the places of its own.

In: a trained network, its covered units with the members that stand for them, photographs. Out:
`Cleanroom`: the share of the cross-entropy lost by removing those units that the members recover,
`(replaced - removed) / (intact - removed)` as in `recovery.py`, layer by layer, for the first
layers together, and for all of them, with what is not covered intact or removed as well.

Three controls are fitted in the same way and replace all the same units: the members dealt out anew
among the units of a layer, so that families change; other members of the same families; members of
circuits of permuted kernels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.compare.outputs import INTACT
from circuitdsl.compare.recovery import RANDOM, SHUFFLED, SPLICED, PerBlock, Recovered, shares_of
from circuitdsl.editing.logits import measure
from circuitdsl.editing.replacing import Seat, Seating, Variant, logits_of, needs_of
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.agreeing.bootstrap import blocks_of, images_in, merge_blocks, no_blocks
from circuitdsl.measure.classes import right_outputs
from circuitdsl.measure.passes import Need, Pass, Shown, State, remade
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]

PERMUTED = "permuted"
"""The control whose members are dealt out among the units of a layer."""

CONTROLS = (PERMUTED, SHUFFLED, RANDOM)

CROSS_ENTROPY = "cross_entropy"

ALL = "all"


@dataclass(frozen=True)
class Part:
    """What replacing some units recovers.

    Attributes:
        name: The layer, the last of the first layers, or what happens to the units not covered.
        replaced: The number of units replaced.
        units: The number of units of those layers.
        shares: Every measure of outputs against removal to zero and to the mean.
    """

    name: str
    replaced: int
    units: int
    shares: tuple[Recovered, ...]

    def share(self, against: str, of: str = CROSS_ENTROPY) -> Recovered:
        """What is recovered of a measure against one removal."""
        return next(s for s in self.shares if (s.measure, s.against) == (of, against))

    def record(self) -> dict[str, Any]:
        """The part as JSON has it."""
        zero, mean = self.share("zero"), self.share("mean")
        return {
            "replaced": self.replaced,
            "units": self.units,
            "recovered": {"zero": zero.value, "mean": mean.value},
            "recovered_ci": {"zero": list(zero.ci), "mean": list(mean.ci)},
            "top1_recovered": {
                against: self.share(against, "top1").value for against in ("zero", "mean")
            },
        }


@dataclass(frozen=True)
class Cleanroom:
    """What hand-written units recover of a network's work.

    Attributes:
        layers: Each layer alone.
        first: The first layers together, by the last of them.
        alone: All layers, with what is not covered removed as well, in the way of the removal.
        controls: All layers with each control in the places of the units.
        images: The photographs scored.
        means: Each measure of outputs of each network.
    """

    layers: tuple[Part, ...]
    first: tuple[Part, ...]
    alone: Part
    controls: Mapping[str, Part]
    images: int
    means: Mapping[str, Mapping[str, float]]

    @property
    def all(self) -> Part:
        """All layers at once."""
        return self.first[-1]

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            "images": self.images,
            "layers": [{"layer": part.name, **part.record()} for part in self.layers],
            "first": [{"through": part.name, **part.record()} for part in self.first],
            "alone": self.alone.record(),
            "all": {
                **self.all.record(),
                **{
                    name: {against: part.share(against).value for against in ("zero", "mean")}
                    for name, part in self.controls.items()
                },
            },
            "outputs": {name: dict(values) for name, values in self.means.items()},
        }


@dataclass(frozen=True, eq=False)
class Room:
    """A trained network with members fitted to all of its covered units.

    Attributes:
        network: The trained network.
        layers: The layers, in order.
        seatings: The members under `SPLICED`, those of the controls under their names.
        means: The mean of every channel, by convolution.
    """

    network: Network
    layers: tuple[str, ...]
    seatings: Mapping[str, Seating]
    means: Mapping[str, Floats]

    @property
    def branches(self) -> tuple[str, ...]:
        """The convolutions of all layers."""
        return branches_of(self.network, self.layers)

    def variant(self, layers: Sequence[str], to: str | None, *, rest: str | None = None) -> Variant:
        """The covered units of some layers changed.

        Args:
            layers: The layers.
            to: `zero`, `mean`, or None for the members.
            rest: The same of all units that are not covered; None where they stay.
        """
        replaced: dict[str, Floats] = {}
        kept: dict[str, Floats] = {}
        held: dict[str, Floats] = {}
        inside = set(branches_of(self.network, layers))
        for branch, seats in self.seatings[SPLICED].seats.items():
            width = self.network.backbone.by_name[branch].width
            covered = np.zeros(width, bool)
            if branch in inside:
                covered[[seat.channel for seat in seats]] = True
            average = np.asarray(self.means[branch])
            nothing = np.zeros(width)
            of_covered = average if to == "mean" else nothing
            of_rest = average if rest == "mean" else nothing
            held[branch] = np.where(covered, of_covered, nothing if rest is None else of_rest)
            kept[branch] = nothing if rest is not None else (~covered).astype(np.float64)
            taken = branch in inside and to is None
            replaced[branch] = np.full(len(seats), float(taken))
        return Variant(replaced, kept, held)

    def covered(self, layer: str) -> int:
        """The number of a layer's units that are replaced."""
        inside = branches_of(self.network, (layer,))
        return sum(len(self.seatings[SPLICED].seats[branch]) for branch in inside)

    def units(self, layer: str) -> int:
        """The number of a layer's units."""
        return self.network.backbone.by_name[layer].width


def branches_of(network: Network, layers: Sequence[str]) -> tuple[str, ...]:
    """The convolutions of some layers, in order."""
    return tuple(
        branch.name for layer in layers for branch in network.backbone.branch_layers(layer)
    )


@remade
def living(room: Room, outputs: Mapping[str, int], seed: int = 0) -> Pass[Cleanroom]:
    """The pass that measures what the network's outputs are with hand-written units in it.

    Args:
        room: The network and the members.
        outputs: The output of each class of images (`measure.classes.outputs_of`).
        seed: The seed of the bootstrap.
    """
    variants = _variants(room)
    names = (INTACT, *variants)
    seats = [
        seat
        for fitted in room.seatings.values()
        for of_branch in fitted.seats.values()
        for seat in of_branch
    ]
    network, last = room.network, room.network.backbone.classifier

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        right = jnp.asarray(right_outputs(shown.batch, outputs))
        maps = {
            name: fitted.maps(shown, network.backbone) for name, fitted in room.seatings.items()
        }
        logits = [values[last]]
        for which, variant in variants.values():
            changes = variant.changes(room.seatings[which].seats, maps[which])
            logits.append(logits_of(network, values["input"], changes))
        judged = [shown.real(_judge(one, values[last], right)) for one in logits]
        return merge_blocks(state, blocks_of(shown.batch.places, np.stack(judged, axis=1)))

    return Pass(
        init=lambda: no_blocks(len(names), len(OUTPUTS)),
        step=step,
        merge=merge_blocks,
        finish=lambda state: _finished(room, names, state, seed),
        needs=(Need(network, ("input", last)), *needs_of(seats)),
    )


_judge = jax.jit(measure)

_Named = dict[str, tuple[str, Variant]]
"""By name, which seating a variant takes its members from, and the variant."""


def _variants(room: Room) -> _Named:
    found: _Named = {}
    scopes: dict[str, tuple[str, ...]] = {f"layer {layer}": (layer,) for layer in room.layers}
    for count in range(2, len(room.layers) + 1):
        scopes[f"first {room.layers[count - 1]}"] = room.layers[:count]
    for scope, layers in scopes.items():
        for removal in ("zero", "mean"):
            found[f"{scope} {removal}"] = SPLICED, room.variant(layers, removal)
        found[f"{scope} {SPLICED}"] = SPLICED, room.variant(layers, None)
    for removal in ("zero", "mean"):
        found[f"rest {removal}"] = SPLICED, room.variant(room.layers, removal, rest=removal)
        alone = room.variant(room.layers, None, rest=removal)
        found[f"rest {removal} {SPLICED}"] = SPLICED, alone
    for control in CONTROLS:
        if control in room.seatings:
            found[control] = control, room.variant(room.layers, None)
    return found


def _finished(room: Room, names: Sequence[str], state: State, seed: int) -> Cleanroom:
    count, sums = state["count"], state["sums"]
    measured: dict[str, PerBlock] = {
        name: dict(zip(OUTPUTS, sums[:, at].T, strict=True)) for at, name in enumerate(names)
    }

    def shares(roles: Mapping[str, str]) -> tuple[Recovered, ...]:
        taking_part = {role: measured[name] for role, name in roles.items()}
        return shares_of({INTACT: measured[INTACT], **taking_part}, count, seed)

    def part(name: str, layers: Sequence[str], of: tuple[Recovered, ...]) -> Part:
        replaced = sum(room.covered(layer) for layer in layers)
        return Part(name, replaced, sum(room.units(layer) for layer in layers), of)

    def of_scope(scope: str, layers: Sequence[str], spliced: str = "") -> Part:
        roles = {removal: f"{scope} {removal}" for removal in ("zero", "mean")}
        roles[SPLICED] = spliced or f"{scope} {SPLICED}"
        return part(scope.split(maxsplit=1)[1], layers, shares(roles))

    layers = room.layers
    scopes = [f"{'first' if number else 'layer'} {name}" for number, name in enumerate(layers)]
    alone: list[Recovered] = []
    for removal in ("zero", "mean"):
        roles = {"zero": "rest zero", "mean": "rest mean", SPLICED: f"rest {removal} {SPLICED}"}
        alone += [share for share in shares(roles) if share.against == removal]
    return Cleanroom(
        layers=tuple(of_scope(f"layer {layer}", (layer,)) for layer in layers),
        first=tuple(of_scope(scope, layers[: at + 1]) for at, scope in enumerate(scopes)),
        alone=part("alone", layers, tuple(alone)),
        controls={
            name: of_scope(scopes[-1], layers, name) for name in CONTROLS if name in room.seatings
        },
        images=images_in(state),
        means={
            name: {key: float(value.sum() / count.sum()) for key, value in values.items()}
            for name, values in measured.items()
        },
    )


def dealt(seats: Sequence[Seat], seed: int) -> tuple[Seat, ...]:
    """The members of each layer dealt out anew among its units.

    As few units as possible have a member of the family that they had.
    """
    generator = np.random.default_rng(seed)
    found = list(seats)
    for layer in dict.fromkeys(seat.layer for seat in seats):
        places = [place for place, seat in enumerate(seats) if seat.layer == layer]
        families = np.array([seats[place].member.family for place in places])
        orders = [generator.permutation(len(places)) for _ in range(_DEALS)]
        best = min(orders, key=lambda order: int((families[order] == families).sum()))
        for place, taken in zip(places, best.tolist(), strict=True):
            found[place] = replace(seats[place], member=seats[places[taken]].member)
    return tuple(found)


def turned(seats: Sequence[Seat], seed: int) -> tuple[Seat, ...]:
    """Another member of the same family for each unit, where the family has another."""
    generator = np.random.default_rng(seed)
    found: list[Seat] = []
    for seat in seats:
        size = seat.member.network.circuit.by_name[seat.member.family].size
        step = int(generator.integers(1, size)) if size > 1 else 0
        number = (seat.member.number + step) % size
        found.append(replace(seat, member=replace(seat.member, number=number)))
    return tuple(found)


_DEALS = 200
"""Permutations of which the best is taken."""
