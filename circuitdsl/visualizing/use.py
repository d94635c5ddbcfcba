"""What units are for: who reads them on photographs, and where a hand-written unit differs.

In: units of a trained network, a hand-written family beside them. Out: passes over photographs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.baselines import in_order
from circuitdsl.editing.select import Units
from circuitdsl.measure.examples import Example
from circuitdsl.measure.passes import Need, Pass, Shown, State, total
from circuitdsl.measure.recording import recording
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

LITTLE = 0.1
"""Of a unit's largest answer; a unit that answers less, within a position, does not answer."""


def attribution(network: Network, units: Units, readers: str) -> Pass[Floats]:
    """What units contribute to those of a later layer, `[unit, reader]`.

    The mean over photographs of the sum over positions of the reader's derivative by the unit's
    activation, times that activation: the change of the reader's sum, to first order, if the unit
    were silenced, with its sign turned. An edited network is asked about its own activations.

    Args:
        network: A trained network, or an edited one.
        units: Units of one block.
        readers: A later layer with positions.

    Raises:
        InputError: the units are of several layers.
    """
    blocks = [units.backbone.block_of(branch) for branch, _ in units.places]
    if len({block for block, _ in blocks}) != 1:
        raise InputError(
            "units of several layers have no readers in common", help="name one layer's"
        )
    block = blocks[0][0]
    pairs = zip(blocks, units.places, strict=True)
    channels = [start + channel for (_, start), (_, channel) in pairs]
    width = units.backbone.by_name[readers].width

    def init() -> State:
        return {"sum": np.zeros((len(units), width)), "images": np.zeros(())}

    def step(state: State, shown: Shown) -> State:
        maps = shown.of(network)[block]
        image = network.prepared(shown.images)  # which spliced units on the way would read

        def answers(values: Array) -> Array:
            given = {"input": image, block: values}
            return network.resume(given, [readers])[readers].sum(axis=(1, 2))

        _, moved = jax.linearize(answers, maps)
        rows = [
            shown.real(moved(jnp.zeros_like(maps).at[..., one].set(maps[..., one]))).sum(axis=0)
            for one in channels
        ]
        return total(state, {"sum": np.stack(rows), "images": np.array(float(shown.count))})

    def finish(state: State) -> Floats:
        return state["sum"] / state["images"]

    return Pass(init, step, total, finish, (Need(network, (block,)),))


@dataclass(frozen=True, eq=False)
class Differences:
    """Photographs that one of two units answers, and the other does not.

    Attributes:
        unit: The trained unit.
        member: The hand-written one.
        unit_alone: Where the trained unit answers most of all that the other does not answer.
        member_alone: The other way round.
    """

    unit: str
    member: str
    unit_alone: tuple[Example, ...]
    member_alone: tuple[Example, ...]


def differences(
    network: Network,
    units: Units,
    hand: HandwrittenNetwork,
    family: str,
    members: Sequence[int],
    *,
    most: int = 9,
) -> Pass[tuple[Differences, ...]]:
    """The pass that finds where units and hand-written members differ.

    It keeps eight numbers of each photograph and pair.

    Args:
        network: The trained network.
        units: Its units.
        hand: The hand-written network.
        family: The family in it.
        members: For each unit, the member beside it.
        most: Photographs of each kind.

    Raises:
        InputError: in a step, where the grids differ.
    """

    def kept(shown: Shown) -> Mapping[str, NDArray[np.float64]]:
        trained = in_order(units, shown.of(network))
        written = shown.of(hand)[family][..., np.asarray(members)]
        if trained.shape != written.shape:
            raise InputError(
                f"`{family}` is {written.shape[1]}x{written.shape[2]}, and the units beside it are "
                f"{trained.shape[1]}x{trained.shape[2]}",
                help="give units of the family's own layer",
            )
        values = (*_meeting(trained, written), *_meeting(written, trained))
        names = ("own", "other", "row", "column")
        return {
            f"{side}.{name}": shown.real(value)
            for (side, name), value in zip(
                ((side, name) for side in ("unit", "member") for name in names), values, strict=True
            )
        } | {"place": shown.batch.places.astype(np.float64)}

    needs = (Need(network, units.branches), Need(hand, (family,)))
    recorded = recording(kept, needs)

    def finish(state: State) -> tuple[Differences, ...]:
        arrays = recorded.finish(state)
        named = hand.circuit.by_name[family]
        return tuple(
            Differences(
                name,
                named.member_name(member),
                _alone(arrays, ("unit", "member"), at, most),
                _alone(arrays, ("member", "unit"), at, most),
            )
            for at, (name, member) in enumerate(zip(units.names, members, strict=True))
        )

    return Pass(recorded.init, recorded.step, recorded.merge, finish, needs)


@jax.jit
def _meeting(own: Array, other: Array) -> tuple[Array, Array, Array, Array]:
    """The strongest position of one, and the other's largest answer within a position of it."""
    around = jax.lax.reduce_window(other, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 1, 1, 1), "SAME")
    width = own.shape[2]
    flat, beside = (maps.reshape(len(own), -1, own.shape[-1]) for maps in (own, around))
    place = flat.argmax(axis=1)
    there = jnp.take_along_axis(beside, place[:, None], axis=1)[:, 0]
    return flat.max(axis=1), there, place // width, place % width


def _alone(
    arrays: Mapping[str, Floats], sides: tuple[str, str], at: int, most: int
) -> tuple[Example, ...]:
    """The strongest places of one side that the other does not answer."""
    side, against = sides
    own, other = arrays[f"{side}.own"][:, at], arrays[f"{side}.other"][:, at]
    silent = other <= LITTLE * arrays[f"{against}.own"][:, at].max()
    worth = np.where(silent & (own > 0), own, -np.inf)
    best = [one for one in np.argsort(-worth, kind="stable")[:most] if np.isfinite(worth[one])]
    rows, columns = arrays[f"{side}.row"][:, at], arrays[f"{side}.column"][:, at]
    return tuple(
        Example(int(arrays["place"][one]), int(rows[one]), int(columns[one]), float(own[one]))
        for one in best
    )
