"""Units of several layers replaced at once by members of hand-written families.

In: a trained network, `Seat`s: units, and for each the member that takes its place. Out: what the
network gives with some of them replaced, `relu(gain * member + offset)`, and others held at a
constant. Members read the image through hand-written units only, so their maps are the same
whatever else is replaced; they are interpolated where their grid is another one.

Every variant of one set of seats has arrays of the same shapes, so that one compiled program
serves all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compiling import compiled
from circuitdsl.editing.apply import Changes, evaluate_edited
from circuitdsl.editing.plan import UnitChange
from circuitdsl.editing.rectified import rectified_fit
from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.agreeing.common_grid import brought_onto, onto_grid
from circuitdsl.measure.passes import Need, Pass, Shown, State, remade
from circuitdsl.measure.recording import recording
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork

Floats = NDArray[np.float64]

SAMPLED = 8
"""Positions along a side of each photograph by which gains are fitted, at least."""


@dataclass(frozen=True, eq=False)
class Member:
    """A member of a hand-written family.

    Attributes:
        network: The hand-written network.
        family: The family.
        number: The member's number in it.
    """

    network: HandwrittenNetwork
    family: str
    number: int


@dataclass(frozen=True, eq=False)
class Seat:
    """A unit of a trained network, and the member that takes its place.

    Attributes:
        layer: The layer or block that it is counted with.
        branch: Its convolution.
        channel: Its number there.
        member: The hand-written member.
    """

    layer: str
    branch: str
    channel: int
    member: Member


@dataclass(frozen=True, eq=False)
class Seating:
    """Members in the places of units, their gains and offsets fitted.

    Attributes:
        seats: By convolution.
        gain: Factor of each member, by convolution, `[seat]`.
        offset: Added before the ReLU, by convolution, `[seat]`.
    """

    seats: Mapping[str, tuple[Seat, ...]]
    gain: Mapping[str, Floats]
    offset: Mapping[str, Floats]

    def maps(self, shown: Shown, backbone: Backbone) -> dict[str, Array]:
        """What the members give in the places of the units, `[batch, height, width, seat]`."""
        return {
            branch: jax.nn.relu(
                member_maps(branch, seats, shown, backbone)
                * jnp.asarray(self.gain[branch], jnp.float32)
                + jnp.asarray(self.offset[branch], jnp.float32)
            )
            for branch, seats in self.seats.items()
        }


def by_branch(seats: Sequence[Seat], branches: Sequence[str]) -> dict[str, tuple[Seat, ...]]:
    """The seats of each convolution, in their order; none where no unit is replaced."""
    return {branch: tuple(seat for seat in seats if seat.branch == branch) for branch in branches}


def needs_of(seats: Sequence[Seat]) -> tuple[Need, ...]:
    """The families that the members of some seats are of."""
    families: dict[HandwrittenNetwork, dict[str, None]] = {}
    for seat in seats:
        families.setdefault(seat.member.network, {})[seat.member.family] = None
    return tuple(Need(network, tuple(names)) for network, names in families.items())


def member_maps(branch: str, seats: Sequence[Seat], shown: Shown, backbone: Backbone) -> Array:
    """The members' maps on the grid of their seats' convolution, `[batch, height, width, seat]`.

    Args:
        branch: A convolution of the trained network.
        seats: Its seats.
        shown: A batch, shown to the hand-written networks.
        backbone: Of the trained network.
    """
    side = shown.images.shape[1]
    there = backbone.sampling(branch, side)
    if not seats:
        return jnp.zeros((len(shown.images), there.size, there.size, 0))
    groups: dict[tuple[HandwrittenNetwork, str], list[int]] = {}
    for place, seat in enumerate(seats):
        groups.setdefault((seat.member.network, seat.member.family), []).append(place)
    parts: list[Array] = []
    for (network, family), places in groups.items():
        circuit = network.circuit
        here = circuit.backbone.geometry.sampling(circuit.by_name[family].layer, side)
        numbers = np.array([seats[place].member.number for place in places])
        maps = shown.of(network)[family][..., numbers]
        parts.append(brought_onto(maps, onto_grid(here, there)))
    order = np.argsort([place for places in groups.values() for place in places])
    return jnp.concatenate(parts, axis=-1)[..., order]


@remade
def seating(network: Network, seats: Sequence[Seat], branches: Sequence[str]) -> Pass[Seating]:
    """The pass that fits each member's gain and offset to its unit by least squares.

    The error is that of what stands in the unit's place, after the ReLU, at some of the positions
    of every photograph.

    Args:
        network: The trained network.
        seats: Units and members.
        branches: The convolutions that they are in, and perhaps others.
    """
    own = by_branch(seats, branches)

    def kept(shown: Shown) -> dict[str, NDArray[np.float32]]:
        values = shown.of(network)
        samples: dict[str, NDArray[np.float32]] = {}
        for branch, of_branch in own.items():
            channels = np.array([seat.channel for seat in of_branch], np.int64)
            x = member_maps(branch, of_branch, shown, network.backbone)
            y = values[branch][..., channels]
            samples[f"{branch} member"], samples[f"{branch} unit"] = (
                np.asarray(_sampled(part))[: shown.count] for part in (x, y)
            )
        return samples

    record = recording(kept, (Need(network, tuple(own)), *needs_of(seats)))

    def finish(state: State) -> Seating:
        samples = record.finish(state)
        fits = {
            branch: rectified_fit(
                *(np.concatenate(samples[f"{branch} {part}"]) for part in ("member", "unit"))
            )
            for branch in own
        }
        return Seating(
            own,
            {branch: gain for branch, (gain, _) in fits.items()},
            {branch: offset for branch, (_, offset) in fits.items()},
        )

    return Pass(record.init, record.step, record.merge, finish, record.needs)


def _sampled(maps: Array) -> Array:
    """Every few positions of maps, on a fixed grid, `[batch, position, unit]`."""
    step = max(maps.shape[1] // SAMPLED, 1)
    few = maps[:, step // 2 :: step, step // 2 :: step]
    return few.reshape(len(few), few.shape[1] * few.shape[2], few.shape[3])


@dataclass(frozen=True, eq=False)
class Variant:
    """What happens to the units of some convolutions.

    Attributes:
        replaced: Which seats are taken by their members, by convolution, `[seat]` of 0 and 1.
        kept: Which units stay as they are, by convolution, `[channel]` of 0 and 1.
        held: What units that are neither kept nor replaced are held at, by convolution,
            `[channel]`; 0 for the others.
    """

    replaced: Mapping[str, Floats]
    kept: Mapping[str, Floats]
    held: Mapping[str, Floats]

    def changes(self, seats: Mapping[str, tuple[Seat, ...]], maps: Mapping[str, Array]) -> Changes:
        """The variant as arrays.

        Args:
            seats: By convolution.
            maps: What the members give, by convolution, `[batch, height, width, seat]`.
        """
        units: dict[str, UnitChange] = {}
        for branch, of_branch in seats.items():
            placing = np.zeros((len(of_branch), len(self.kept[branch])), np.float32)
            channels = [seat.channel for seat in of_branch]
            placing[np.arange(len(channels)), channels] = self.replaced[branch]
            kept, held = (part[branch].astype(np.float32) for part in (self.kept, self.held))
            units[branch] = UnitChange(kept, held, placing)
        return Changes(units, {}, dict(maps))


def logits_of(network: Network, prepared: Array, changes: Changes) -> Array:
    """What a changed network's classifier gives, `[batch, class]`.

    Args:
        network: The trained network.
        prepared: The layer `input`, `[batch, height, width, 3]`.
        changes: See `Variant.changes`.
    """
    return _classified(network.backbone, network.params, prepared, changes)


@compiled(static=("backbone",))
def _classified(
    backbone: Backbone, params: dict[str, Array], prepared: Array, changes: Changes
) -> Array:
    last = backbone.classifier
    return evaluate_edited(backbone, params, {"input": prepared}, changes, (last,))[last]
