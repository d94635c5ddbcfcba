"""Which kernel entries of a connection are one number: members and taps -> columns.

In: the axes of two families and what a connection does along them. Out: a `Plan` of NumPy arrays,
the static half of lowering; no dial enters it.

A kernel entry depends on where its tap lies in the frame of its member, and on the differences
along the tuned axes. Members a quarter turn or a mirror apart see one grid of taps, so each
*column* (the taps of one template against one set of differences) is computed once and copied to
every pair of members that shares it. That is faster, and it makes kernels equivariant under quarter
turns and mirrors to the last bit, since equal entries are copies and not sums in another order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.members.angles import cos_sin_deg
from circuitdsl.ir.members.axes import Axis, AxisKind
from circuitdsl.ir.members.symmetry import FramePart, frame_parts

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

Members = tuple[tuple[int, ...], ...]
"""The index of each unit along each axis."""

_DIGITS = 9
"""Angles closer than 1e-9 degrees are one angle."""

CENTRE_PX = 1e-6
"""Nearer to the origin than this a point has no direction."""


@dataclass(frozen=True)
class Tuned:
    """What a connection does along one axis.

    Attributes:
        axis: The axis' name.
        period_deg: Degrees after which its differences repeat; infinite if they do not.
        continuous: Whether its profile reads the difference of the values.
        indexed: Whether its profile asks if the members' indices are equal.
        radial: Whether it is relative to the direction of each point.
    """

    axis: str
    period_deg: float
    continuous: bool
    indexed: bool
    radial: bool


@dataclass(frozen=True)
class End:
    """The units at one end of a connection.

    Attributes:
        axes: Axes of the family; none for the image.
        units: The index of each unit along each axis; None for every combination, in C order.
    """

    axes: tuple[Axis, ...] = ()
    units: Members | None = None

    @property
    def indices(self) -> NDArray[np.int64]:
        """The index of each unit along each axis, `[axes, units]`."""
        if self.units is not None:
            return np.asarray(self.units, np.int64).reshape(len(self.units), len(self.axes)).T
        counts = [axis.count for axis in self.axes]
        return np.indices(counts).reshape(len(counts), int(np.prod(counts)))

    @property
    def size(self) -> int:
        """Number of units."""
        return self.indices.shape[1] if self.axes else 1

    def along(self, name: str) -> NDArray[np.int64] | None:
        """The index of each unit along an axis; None without that axis."""
        names = [axis.name for axis in self.axes]
        return self.indices[names.index(name)] if name in names else None

    def values(self, name: str) -> NDArray[np.float64] | None:
        """Where each unit stands along an axis; None without that axis."""
        index = self.along(name)
        if index is None:
            return None
        axis = next(axis for axis in self.axes if axis.name == name)
        return np.asarray(axis.values, np.float64)[index]

    def has(self, *kinds: AxisKind) -> bool:
        """Whether there is an axis of one of some kinds."""
        return any(axis.kind in kinds for axis in self.axes)


@dataclass(frozen=True)
class Pairing:
    """Everything that decides which entries of a kernel are equal.

    Attributes:
        source: The units read.
        target: The units fed.
        tuned: The tuned axes.
        over: Source axes that are summed over.
        phased: Whether the template reads the target's phase.
        isotropic: Whether the template looks the same from every direction.
        kernel: Side of the kernel, in taps.
        tap_px: Pixels from one tap to the next.
        mirror_deg: See `ir.symmetry.mirror_deg`, of the source.
        displaced: Whether templates stand beside the middle of the kernel; see `Plan.aside`.
    """

    source: End
    target: End
    tuned: tuple[Tuned, ...]
    over: tuple[str, ...]
    phased: bool
    isotropic: bool
    kernel: int
    tap_px: float
    mirror_deg: float = 0.0
    displaced: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """The static arrays of one connection.

    A *turn* is a rotation of the template by less than a quarter, at one dilation; a *view* is a
    turn and a phase of the carrier. Where templates are displaced, quarter turns and mirrors do not
    map the taps that they stand among to themselves, and count as turns of their own. R turns, S
    views, U = k k taps, D columns per view.

    Attributes:
        turn: Cosine and sine of each turn, `[2, R]`.
        steps: Sub-samples of the taps along x, px over the dilation, left to right; along -y too,
            `[R, k, 3]`.
        x: Sub-samples in the template's frame, px, `[R, U, 9]`.
        y: The same, upwards.
        centre: 1 at the tap at the origin, else 0, `[U]`.
        radial_deg: Direction of each sub-sample in the template's frame, `[R, U, 9]`.
        off_centre: 1 where a sub-sample has a direction, else 0, `[R, U, 9]`.
        aside: What makes of a displacement in the image, px, that of each turn's template among the
            plain taps, px over the dilation, `[2, 2, R]`.
        turn_of: The turn of each view, `[S]`.
        carrier: Cosine and sine of the phase of each view, `[2, S]`.
        delta: Differences along each tuned axis, degrees (octaves along `scale`),
            `[tuned, S, D]`.
        equal: 1 where the members' indices agree, `[tuned, S, D]`.
        entries: For each kernel entry its place in `[S, U, D]`, flat; `[k, k, in, out]`.
        rows: For each different set of weights that a target member may have, the places of its
            columns in `[S, D]`, flat and sorted; `[rows, in]`.
        row_of: The row of each target member, `[out]`.
    """

    turn: Floats
    steps: Floats
    x: Floats
    y: Floats
    centre: Floats
    radial_deg: Floats
    off_centre: Floats
    aside: Floats
    turn_of: Indices
    carrier: Floats
    delta: Floats
    equal: Floats
    entries: Indices
    rows: Indices
    row_of: Indices


def plan_connection(pairing: Pairing) -> Plan:
    """Find the different columns of a connection's kernel.

    Raises:
        ValueError: a profile asks for equal indices along an axis that one family lacks.
    """
    frames = _frames(pairing)
    quarter, rest_deg = _quarter_turns(frames.angle_deg)
    own = pairing.displaced
    keys = [np.where(own, quarter, 0.0), np.where(own, frames.mirrored, 0.0)]
    views, view_of = _unique([rest_deg, frames.dilation, *keys, _phases(pairing)])
    turns, turn_of = np.unique(views[:, :-1], axis=0, return_inverse=True)
    deltas = [_differences(pairing, tuned, frames) for tuned in pairing.tuned]
    equals = [_agreements(pairing, tuned) for tuned in pairing.tuned]
    columns, column_of = _unique([view_of.astype(float), *deltas, *equals])
    view_of_column = columns[:, 0].astype(int)
    # columns are sorted by view, so a column's place within its view is its distance to the first
    first = np.searchsorted(view_of_column, np.arange(len(views)))
    place = np.arange(len(columns)) - first[view_of_column]
    depth = int(place.max()) + 1
    tables = np.zeros((2 * len(deltas), len(views), depth), np.float32)
    tables[:, view_of_column, place] = columns[:, 1:].T
    slot = view_of * depth + place[column_of]
    rows, row_of = np.unique(np.sort(slot, axis=0).T, axis=0, return_inverse=True)
    turn = _cos_sin(turns[:, 0])
    steps, x, y = _sub_samples(pairing, turn, turns[:, 1])
    return Plan(
        turn=turn.astype(np.float32),
        steps=steps.astype(np.float32),
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        centre=_centre(pairing.kernel),
        radial_deg=np.degrees(np.arctan2(y, x)).astype(np.float32),
        off_centre=(np.hypot(x, y) >= CENTRE_PX).astype(np.float32),
        aside=_aside(turns).astype(np.float32),
        turn_of=turn_of.reshape(-1).astype(np.int32),
        carrier=_cos_sin(views[:, -1]).astype(np.float32),
        delta=tables[: len(deltas)],
        equal=tables[len(deltas) :],
        entries=_entries(_taps(pairing.kernel, quarter, frames.mirrored), slot, depth),
        rows=rows.astype(np.int32),
        row_of=row_of.reshape(-1).astype(np.int32),
    )


def _cos_sin(angles_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine and sine of some angles, `[2, angles]`."""
    return np.asarray([cos_sin_deg(float(angle)) for angle in angles_deg]).T


@dataclass(frozen=True, eq=False)
class _Frames:
    """The frame of the template for each pair, `[in, out]` each.

    A mirrored frame that is turned by beta, seen in a mirror, is a plain one turned by -beta; so
    angles are those of plain frames, and the taps of mirrored ones are mirrored in the end.
    """

    angle_deg: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    dilation: NDArray[np.float64]


def _frames(pairing: Pairing) -> _Frames:
    shape = (pairing.source.size, pairing.target.size)
    profiled = {tuned.axis for tuned in pairing.tuned}
    summed = frozenset(name for name in pairing.over if name not in profiled)
    parts = frame_parts(pairing.source.axes, pairing.target.axes, summed)

    def values(part: FramePart | None) -> NDArray[np.float64]:
        if part is None:
            return np.zeros(shape)
        end = pairing.source if part.of_source else pairing.target
        found = end.values(part.axis.name)
        found = np.zeros(1) if found is None else found
        return np.broadcast_to(found[:, None] if part.of_source else found, shape)

    turn, mirror, dilation = parts
    angle_deg, mirrored = values(turn), values(mirror) == 1.0
    if turn is None and mirror is None and pairing.isotropic:
        # A template that looks the same from everywhere may be seen from the source's frame too,
        # where a radial profile is one function of all members: equal weights become copies.
        source = next((axis.name for axis in pairing.source.axes if axis.turns_plane), "")
        radial = any(tuned.radial for tuned in pairing.tuned if tuned.axis == source)
        angles = pairing.source.values(source) if radial else None
        if angles is not None:
            angle_deg = np.broadcast_to(angles[:, None], shape)
    return _Frames(np.where(mirrored, -angle_deg, angle_deg), mirrored, 2.0 ** values(dilation))


def _quarter_turns(
    angles_deg: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each angle as a number of quarter turns and a rest in [0, 90)."""
    turned = np.round(angles_deg % 360.0, _DIGITS)
    quarter = turned // 90.0
    return quarter.astype(np.int64) % 4, np.round(turned - 90.0 * quarter, _DIGITS)


def _phases(pairing: Pairing) -> NDArray[np.float64]:
    """The carrier's phase for each pair, degrees, `[in, out]`."""
    shape = (pairing.source.size, pairing.target.size)
    name = next((axis.name for axis in pairing.target.axes if axis.kind == "phase"), "")
    angles = pairing.target.values(name) if pairing.phased else None
    return np.broadcast_to(np.zeros(1) if angles is None else angles, shape)


def _differences(pairing: Pairing, tuned: Tuned, frames: _Frames) -> NDArray[np.float64]:
    """Value of the source minus that of the target along one axis, as the frame sees it.

    Wrapped, where the axis repeats; `[in, out]`.
    """
    shape = (pairing.source.size, pairing.target.size)
    source = pairing.source.values(tuned.axis)
    if not tuned.continuous or source is None:
        return np.zeros(shape)
    target = pairing.target.values(tuned.axis)
    delta = source[:, None] - (np.zeros(1) if target is None else target)
    delta = np.broadcast_to(delta, shape)
    if any(axis.name == tuned.axis and axis.turns_plane for axis in pairing.source.axes):
        flips = pairing.source.has("flip")
        delta = np.where(frames.mirrored, (0.0 if flips else pairing.mirror_deg) - delta, delta)
        if target is None and tuned.radial and not pairing.target.has("rot", "orient", "flip"):
            # in the frame of the source (see _frames) directions are measured from there
            delta = delta - np.where(frames.mirrored, 0.0, frames.angle_deg)
    if np.isinf(tuned.period_deg):
        return np.round(delta, _DIGITS)
    half = tuned.period_deg / 2
    return np.round((np.round(delta, _DIGITS) + half) % tuned.period_deg - half, _DIGITS)


def _agreements(pairing: Pairing, tuned: Tuned) -> NDArray[np.float64]:
    """1 where two members have the same index along one axis, `[in, out]`."""
    if not tuned.indexed:
        return np.zeros((pairing.source.size, pairing.target.size))
    source, target = pairing.source.along(tuned.axis), pairing.target.along(tuned.axis)
    if source is None or target is None:
        raise ValueError(f"equal indices along {tuned.axis} need that axis on both families")
    return (source[:, None] == target).astype(np.float64)


def _unique(
    keys: list[NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The different combinations of some keys, sorted, and which one each pair has `[in, out]`."""
    shape = keys[0].shape
    table = np.stack([np.broadcast_to(key, shape).reshape(-1) for key in keys], axis=1)
    values, inverse = np.unique(table, axis=0, return_inverse=True)
    return values, inverse.reshape(shape)


def _centre(kernel: int) -> Floats:
    taps = np.zeros(kernel * kernel, np.float32)
    taps[kernel * kernel // 2] = 1.0
    return taps


def _sub_samples(
    pairing: Pairing, turn: NDArray[np.float64], dilation: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The sub-samples of every tap in px of the template: along one axis, and turned back.

    `[R, k, 3]`, and x and y, `[R, U, 9]`.
    """
    kernel, tap_px = pairing.kernel, pairing.tap_px
    middles = np.arange(kernel) - (kernel - 1) / 2
    steps = (middles[:, None] + np.asarray([-1.0, 0.0, 1.0]) / 3) * tap_px
    shape = (kernel, kernel, 3, 3)
    x = np.broadcast_to(steps[None, :, None, :], shape).reshape(kernel * kernel, 9)
    y = np.broadcast_to(-steps[:, None, :, None], shape).reshape(kernel * kernel, 9)
    x, y = x / dilation[:, None, None], y / dilation[:, None, None]
    c, s = turn[:, :, None, None]
    return steps / dilation[:, None, None], c * x + s * y, c * y - s * x


def _aside(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of turns (rest, dilation, quarters, mirrored) what `Plan.aside` says, `[2, 2, R]`.

    An entry of a mirrored, turned member shows a tap of the plain template; so a displacement is
    turned back, and mirrored, as that tap was.
    """
    cosine, sine = _cos_sin(90.0 * turns[:, 2])
    sign = np.where(turns[:, 3] == 1.0, -1.0, 1.0)
    return np.asarray([[cosine * sign, sine], [-sine * sign, cosine]]) / turns[:, 1]


def _taps(kernel: int, quarter: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> Indices:
    """The tap of the plain template that each entry shows, `[k, k, in, out]`."""
    taps = np.arange(kernel * kernel).reshape(kernel, kernel)
    # the tap that a turn by -90 degrees maps (p, q) to; turning an index table by +90 says so
    turned = np.stack([np.rot90(taps, q) for q in range(4)])
    # and, for mirrored frames, the tap that the mirror maps it to before
    tables = np.stack([turned, turned[:, :, ::-1]])
    return np.moveaxis(tables[mirrored.astype(int), quarter], (2, 3), (0, 1)).astype(np.int32)


def _entries(taps: Indices, slot: NDArray[np.int64], depth: int) -> Indices:
    """Where each kernel entry stands among the columns, flat, `[k, k, in, out]`."""
    view_of, place = np.divmod(slot, depth)
    return ((view_of * len(taps) ** 2 + taps) * depth + place).astype(np.int32)
