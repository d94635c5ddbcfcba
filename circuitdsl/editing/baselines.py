"""What activations are replaced by: means over images, recordings, hand-written units.

In: a network and units. Out: passes over photographs that give the constants, maps and gains that
steps take (`verbs.py`). Sums run in float64, one batch at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.plan import expanded_weights
from circuitdsl.editing.select import Edges, Units
from circuitdsl.editing.verbs import Splice, StandIns
from circuitdsl.ir.edits.script import GainRule
from circuitdsl.measure.agreeing.agreement import moments
from circuitdsl.measure.passes import Need, Pass, Shown, State, remade, total
from circuitdsl.measure.recording import recording
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

_IMAGES = " images"
"""The number of images in a state; no layer is called so."""

NEAREST = 180.0
"""A limit within which any angle matches another."""


def in_order(units: Units, values: Mapping[str, Array]) -> Array:
    """The units' activations `[batch, height, width, unit]`, from those of their convolutions.

    Raises:
        InputError: the units lie on grids of different sizes.
    """
    shapes = {name: values[name].shape[1:3] for name in units.branches}
    if len(set(shapes.values())) > 1:
        shown = ", ".join(f"{name} is {a}x{b}" for name, (a, b) in shapes.items())
        raise InputError("units of layers of different sizes cannot be put together", why=shown)
    columns = [values[branch][..., channel] for branch, channel in units.places]
    return jnp.stack(columns, axis=-1)


@remade
def channel_means(network: Network, layers: Sequence[str]) -> Pass[dict[str, Floats]]:
    """The mean activation of every channel of some convolutions, over positions and images."""

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        sums = {
            name: shown.real(jnp.mean(values[name], axis=(1, 2))).sum(axis=0) for name in layers
        }
        return total(state, {**sums, _IMAGES: np.array([shown.count])})

    widths = {name: network.backbone.by_name[name].width for name in layers}
    return Pass(
        init=lambda: {
            **{name: np.zeros(width) for name, width in widths.items()},
            _IMAGES: np.zeros(1, np.int64),
        },
        step=step,
        merge=total,
        finish=lambda state: {name: state[name] / state[_IMAGES] for name in layers},
        needs=(Need(network, tuple(layers)),),
    )


def means(network: Network, units: Units) -> Pass[tuple[float, ...]]:
    """Each unit's mean activation over all positions of all images."""
    channels = channel_means(network, units.branches)

    def finish(state: State) -> tuple[float, ...]:
        average = channels.finish(state)
        return tuple(float(average[branch][channel]) for branch, channel in units.places)

    return Pass(channels.init, channels.step, channels.merge, finish, channels.needs)


def recorded(network: Network, units: Units) -> Pass[NDArray[np.float32]]:
    """The units' activations on some images, for `Patch`, `[image, height, width, unit]`.

    Raises:
        InputError: in a step, where the units lie on grids of different sizes.
    """

    def kept(shown: Shown) -> dict[str, NDArray[np.float32]]:
        return {"maps": np.asarray(in_order(units, shown.of(network)))[: shown.count]}

    record = recording(kept, [Need(network, units.branches)])
    return Pass(
        record.init,
        record.step,
        record.merge,
        lambda state: record.finish(state)["maps"],
        record.needs,
    )


def nearest_members(
    members_deg: Sequence[float],
    units: Units,
    within_deg: float = NEAREST,
    period_deg: float = 360.0,
) -> tuple[int, ...]:
    """For each trained unit the hand-written member whose preferred angle is nearest.

    Args:
        members_deg: The members' preferred angles.
        units: The trained units, with theirs.
        within_deg: How far apart the two may be.
        period_deg: The turn after which the members' figures are the same: 180 for lines.

    Raises:
        InputError: the units' angles are not known, or a unit has no member near enough.
    """
    if units.angles_deg is None:
        raise InputError(
            "the angles that the trained units prefer are not known, so nothing can be matched",
            help="select the units of a found family, or give them angles",
        )
    apart = np.subtract.outer(np.asarray(units.angles_deg), np.asarray(members_deg))
    distance = np.abs((apart + period_deg / 2) % period_deg - period_deg / 2)
    members = distance.argmin(axis=1)
    for index, member in enumerate(members):
        if not distance[index, member] <= within_deg + 1e-9:
            raise InputError(
                f"nothing can be spliced in for {units.names[index]}: the nearest angle is "
                f"{distance[index, member]:.1f} degrees off, and the limit is {within_deg:g}",
                help="add members to the hand-written family, or widen the limit",
            )
    return tuple(members.tolist())


def matched_splice(
    network: Network,
    units: Units,
    hand: HandwrittenNetwork,
    family: str,
    *,
    members: Sequence[int],
    rule: GainRule = "linear",
) -> Pass[Splice[Units, StandIns]]:
    """A splice whose gains make hand-written units as strong as the trained ones.

    Over all positions of all calibration images, for each pair of units: `rms` gives both the same
    root mean square, `mean` the same mean; `linear` is the gain and the offset by which the
    hand-written unit predicts the trained one with the least squared error. A member that never
    fires has gain 0.

    Args:
        network: The trained network.
        units: Its units.
        hand: The hand-written network.
        family: The family in it.
        members: For each trained unit, the member that stands in for it.
        rule: See above.

    Raises:
        InputError: there is no such rule; in a step, where the grids differ.
    """
    if rule not in get_args(GainRule):
        raise InputError(f"there is no rule `{rule}` to match gains by", help="rms, mean, linear")

    def step(state: State, shown: Shown) -> State:
        x = shown.of(hand)[family][..., np.asarray(members)]
        y = in_order(units, shown.of(network))
        if x.shape != y.shape:
            raise InputError(
                f"`{family}` is {x.shape[1]}x{x.shape[2]}, and the units that it is spliced into "
                f"are {y.shape[1]}x{y.shape[2]}"
            )
        sums = moments(x, y)[: shown.count].sum(axis=0)
        return total(state, {"sums": sums, _IMAGES: np.array([shown.count])})

    def finish(state: State) -> Splice[Units, StandIns]:
        gain, offset = solved_gains(state["sums"] / state[_IMAGES], rule)
        pairs = tuple(gain.tolist()), tuple(offset.tolist())
        return Splice(units, StandIns(hand, family, tuple(members), *pairs))

    return Pass(
        init=lambda: {"sums": np.zeros((len(units), 5)), _IMAGES: np.zeros(1, np.int64)},
        step=step,
        merge=total,
        finish=finish,
        needs=(Need(hand, (family,)), Need(network, units.branches)),
    )


def solved_gains(pairs: Floats, rule: GainRule) -> tuple[Floats, Floats]:
    """Gains and offsets of hand-written units x in the place of trained ones y.

    Args:
        pairs: The means of x, y, x x, y y, x y, `[unit, 5]` (`measure.agreement.moments`).
        rule: See `matched_splice`.
    """
    x, y, xx, yy, xy = pairs.T
    if rule == "linear":
        gain = _ratio(xy - x * y, xx - x * x)
        return gain, y - gain * x
    gain = np.sqrt(_ratio(yy, xx)) if rule == "rms" else _ratio(y, x)
    return gain, np.zeros_like(gain)


def _ratio(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 1e-12)


def matched_kernels(
    kernel: ArrayLike, sources: Sequence[int], targets: Sequence[int], old: Floats
) -> Floats:
    """Hand-written weights in place of expanded ones, as strong as those for each target unit.

    Args:
        kernel: Of a connection, `[height, width, source member, target member]`.
        sources: For each source unit, the member that stands in for it.
        targets: For each target unit likewise.
        old: The weights replaced, `[height, width, source, target]`: each target unit's new ones
            get the root of the sum of squares that its old ones have.

    Raises:
        InputError: the kernels differ in size.
    """
    new = np.asarray(kernel, np.float64)
    if new.shape[:2] != old.shape[:2]:
        raise InputError(
            f"a {new.shape[0]}x{new.shape[1]} kernel cannot replace one of "
            f"{old.shape[0]}x{old.shape[1]}"
        )
    chosen = new[:, :, np.asarray(sources)][..., np.asarray(targets)]
    squares = (0, 1, 2)
    norms = np.sqrt(_ratio((old**2).sum(axis=squares), (chosen**2).sum(axis=squares)))
    return chosen * norms


def edge_weights(network: Network, edges: Edges) -> Floats:
    """The expanded weights of edges, `[height, width, source, target]`.

    Raises:
        InputError: the target units belong to several convolutions.
    """
    if len(edges.routes) != 1:
        raise InputError("expanded weights are those into units of one convolution")
    route, columns = edges.routes[0], edges.columns[0]
    weights = expanded_weights(network.backbone, network.params, route)
    return weights[:, :, list(columns)][..., list(edges.target.channels(route.target))]
