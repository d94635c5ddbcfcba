"""What activations are replaced by: means over images, recordings, hand-written units.

In: a network, units, and batches of RGB images `[batch, height, width, 3]`. Out: the constants,
maps and gains that steps take (`verbs.py`). Sums run in float64, one batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.plan import expanded_weights
from circuitdsl.editing.select import Edges, Units
from circuitdsl.editing.verbs import Splice, StandIns
from circuitdsl.ir.script import GainRule
from circuitdsl.models.handwritten import HandwrittenNetwork
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

NEAREST = 180.0
"""A limit within which any angle matches another."""


def activations_of(network: Network, units: Units, images: ArrayLike) -> Array:
    """The units' activations, `[batch, height, width, unit]`, in their order.

    Raises:
        InputError: the units lie on grids of different sizes.
    """
    values = network.activations(images, units.branches)
    shapes = {name: value.shape[1:3] for name, value in values.items()}
    if len(set(shapes.values())) > 1:
        shown = ", ".join(f"{name} is {a}x{b}" for name, (a, b) in shapes.items())
        raise InputError("units of layers of different sizes cannot be put together", why=shown)
    columns = [values[branch][..., channel] for branch, channel in units.places]
    return jnp.stack(columns, axis=-1)


def means(network: Network, units: Units, batches: Iterable[ArrayLike]) -> tuple[float, ...]:
    """Each unit's mean activation over all positions of all images.

    Raises:
        InputError: there are no images.
    """
    total = np.zeros(len(units))
    count = 0
    for images in batches:
        values = network.activations(images, units.branches)
        sums = {
            name: np.asarray(v.mean(axis=(1, 2)), np.float64).sum(axis=0)
            for name, v in values.items()
        }
        total += [sums[branch][channel] for branch, channel in units.places]
        count += len(np.asarray(images))
    if not count:
        raise InputError("a mean over no images was asked for")
    return tuple((total / count).tolist())


def recorded(
    network: Network, units: Units, batches: Iterable[ArrayLike], most: int = 64
) -> NDArray[np.float32]:
    """The units' activations on some images, for `Patch`, `[image, height, width, unit]`.

    Args:
        network: The network.
        units: The units.
        batches: The images.
        most: Images that are kept at most, the first ones.

    Raises:
        InputError: there are no images, or the units lie on grids of different sizes.
    """
    kept: list[NDArray[np.float32]] = []
    count = 0
    for images in batches:
        part = np.asarray(activations_of(network, units, images))[: most - count]
        kept.append(part)
        count += len(part)
        if count >= most:
            break
    if not kept:
        raise InputError("activations on no images were asked for")
    return np.concatenate(kept)


def nearest_members(
    members_deg: Sequence[float], units: Units, within_deg: float = NEAREST
) -> tuple[int, ...]:
    """For each trained unit the hand-written member whose preferred angle is nearest.

    Args:
        members_deg: The members' preferred angles.
        units: The trained units, with theirs.
        within_deg: How far apart the two may be.

    Raises:
        InputError: the units' angles are not known, or a unit has no member near enough.
    """
    if units.angles_deg is None:
        raise InputError(
            "the angles that the trained units prefer are not known, so nothing can be matched",
            help="select the units of a found family, or give them angles",
        )
    apart = np.subtract.outer(np.asarray(units.angles_deg), np.asarray(members_deg))
    distance = np.abs((apart + 180.0) % 360.0 - 180.0)
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
    batches: Iterable[ArrayLike],
    rule: GainRule = "linear",
) -> Splice[Units, StandIns]:
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
        batches: The calibration images.
        rule: See above.

    Raises:
        InputError: there are no images, the grids differ, or there is no such rule.
    """
    moments = np.zeros((5, len(units)))
    count = 0
    for images in batches:
        x = hand.activations(images, [family])[family][..., np.asarray(members)]
        y = activations_of(network, units, images)
        if x.shape != y.shape:
            raise InputError(
                f"`{family}` is {x.shape[1]}x{x.shape[2]}, and the units that it is spliced into "
                f"are {y.shape[1]}x{y.shape[2]}"
            )
        parts = (x, y, x * x, x * y, y * y)
        sums = [np.asarray(part.mean(axis=(1, 2)), np.float64).sum(axis=0) for part in parts]
        moments += np.stack(sums)
        count += len(x)
    if not count:
        raise InputError("gains cannot be matched on no images")
    gain, offset = solved_gains(moments / count, rule)
    gains = tuple(gain.tolist()), tuple(offset.tolist())
    return Splice(units, StandIns(hand, family, tuple(members), *gains))


def solved_gains(moments: Floats, rule: GainRule) -> tuple[Floats, Floats]:
    """Gains and offsets of hand-written units x in the place of trained ones y.

    Args:
        moments: The means of x, y, x x, x y, y y, `[5, unit]`.
        rule: See `matched_splice`.

    Raises:
        InputError: there is no such rule.
    """
    x, y, xx, xy, yy = moments
    if rule == "linear":
        gain = _ratio(xy - x * y, xx - x * x)
        return gain, y - gain * x
    if rule not in ("rms", "mean"):
        raise InputError(f"there is no rule `{rule}` to match gains by", help="rms, mean, linear")
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
    weights = expanded_weights(network.params, route)
    return weights[:, :, list(columns)][..., list(edges.target.channels(route.target))]
