"""The weights of a circuit, by definition.

In: a circuit and a value for each dial. Out: float64 arrays under the names of its connections
(`[height, width, in, out]`) and `FAMILY.gain`, `FAMILY.bias`, `FAMILY.floor`.

For target member b and source member a, at the tap whose centre lies at u pixels (y up),

    W[b,a](u) = mean over d of K(A^-1 (u + d)),    d in {-s/3, 0, s/3} x {-s/3, 0, s/3},

s being the pixels from one tap to the next and A the rotation by the angle of the member in whose
frame the template stands. K is a sum over the template's shapes, each a sum over its points t:

    K(v) = sum over shapes and t of  weight * w_t h_t(v) * product over axes of f(delta - phi_t).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.angles import cos_sin_deg
from circuitdsl.ir.circuit import INPUT, Circuit, Colour, Connection, Family, Norm, Tune, Wiring
from circuitdsl.ir.expressions import Scalar, evaluate
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.reference.profiles import profile
from circuitdsl.reference.shapes import SHAPES, Arguments, ShapeMeaning

Array = NDArray[np.float64]
Value = Callable[[Scalar], float]
"""Reads a scalar expression: pixels, degrees or a plain number."""

SMALLEST_SUM = 1e-6
"""What a norm divides by at least, so that a kernel that cancels stays nearly nothing."""

SMALLEST_RADIUS = 1e-6
"""Nearer to the origin than this, in px, there is no radial direction."""


def interpret_weights(
    circuit: Circuit, params: Mapping[str, float] | None = None
) -> dict[str, Array]:
    """Every array of the circuit.

    Args:
        circuit: With or without motifs.
        params: Values of dials (px, degrees or plain numbers); the others have their defaults.

    Returns:
        `CONNECTION` -> kernel `[height, width, in, out]`, members in C order over the axes, `in` 3
        for the image. `FAMILY.gain` and `FAMILY.bias`, scalars: what the family says, else 1 and
        0; 1 and 0 where `calibrate` has yet to solve for them. `FAMILY.floor`, a scalar, for
        normalised families.

    Raises:
        KeyError: the circuit has no such dial.
    """
    circuit = expand_motifs(circuit)
    unknown = sorted(set(params or {}) - set(circuit.defaults))
    if unknown:
        raise KeyError(f"no dial {', '.join(unknown)}")
    dials = circuit.defaults | dict(params or {})

    arrays: dict[str, Array] = {}
    for connection in circuit.connections:
        arrays[connection.name] = _wired(circuit, connection, dials).kernel()
    for family in circuit.families:
        own = family.calibrate is None
        gain = evaluate(family.gain, dials) if own else 1.0
        bias = evaluate(family.bias, dials) if own and family.bias is not None else 0.0
        arrays[f"{family.name}.gain"] = np.asarray(gain, np.float64)
        arrays[f"{family.name}.bias"] = np.asarray(bias, np.float64)
    for normalisation in circuit.normalisations:
        floor = evaluate(normalisation.floor, dials)
        arrays[f"{normalisation.family}.floor"] = np.asarray(floor, np.float64)
    return arrays


def _wired(circuit: Circuit, connection: Connection, dials: Mapping[str, float]) -> _Wired:
    target, use = circuit.by_name[connection.target], circuit.backbone
    layer = use.geometry.by_name[target.layer]
    tap_px = float(use.geometry.sampling(layer.inputs[0], use.input_px).stride)
    return _Wired(
        wiring=connection.wiring,
        source=None if connection.source == INPUT else circuit.by_name[connection.source],
        target=target,
        side=layer.kernel,
        tap_px=tap_px,
        value=partial(evaluate, dials=dials, tap_px=tap_px),
    )


@dataclass(frozen=True)
class _Wired:
    """A connection with everything that its weights depend on.

    Attributes:
        wiring: Its attributes, motifs expanded.
        source: None for the image, which has one member and no axes.
        target: The family that it ends at.
        side: Taps along each side of the kernel.
        tap_px: Pixels from one tap to the next.
        value: Reads the scalars of the wiring.
    """

    wiring: Wiring
    source: Family | None
    target: Family
    side: int
    tap_px: float
    value: Value

    def kernel(self) -> Array:
        """The normed kernel, `[height, width, in, out]`."""
        members = 1 if self.source is None else self.source.size
        kernel = np.zeros((self.side, self.side, members, self.target.size))
        for b in range(self.target.size):
            for a in range(members):
                kernel[:, :, a, b] = self.pair(a, b)
        if self.source is None:
            kernel = kernel * colour_vector(self.wiring.colour, self.value)[:, None]
        if self.wiring.norm is not None:
            for b in range(self.target.size):
                kernel[..., b] = normed(kernel[..., b], self.wiring.norm, self.value)
        return kernel * (1.0 if self.wiring.gain is None else self.value(self.wiring.gain))

    def pair(self, a: int, b: int) -> Array:
        """`W[b,a]` before colour, norm and gain, `[height, width]`."""
        frame_deg, phase_deg = self.frame_deg(a, b), self.phase_deg(b)
        level = 0.0 if self.wiring.dc is None else self.level(frame_deg, phase_deg)

        total = np.zeros((self.side, self.side))
        for weight, shape, arguments in self.terms():
            v = self.in_frame(shape, frame_deg)
            contribution = shape.heights(v, arguments, phase_deg, level)
            for tune in self.wiring.tunes:
                contribution = contribution * self.tuned(tune, a, b, v, shape.tangents(arguments))
            total += weight * added_up(contribution)
        return total

    def terms(self) -> list[tuple[float, ShapeMeaning, Arguments]]:
        """The template's shapes: weight, meaning, arguments."""
        if self.wiring.place is None:
            raise ValueError("a connection without a template has no weights")
        return [
            (
                self.value(term.weight),
                SHAPES[term.shape.name],
                {
                    name: tuple(map(self.value, scalar))
                    if isinstance(scalar, tuple)
                    else self.value(scalar)
                    for name, scalar in term.shape.arguments
                },
            )
            for term in self.wiring.place.terms
        ]

    def frame_deg(self, a: int, b: int) -> float:
        """The angle of A: the target's, else that of a source axis that is summed over untuned."""
        if self.target.rotation is not None:
            return angle_deg(self.target, b, self.target.rotation.name)
        turned = None if self.source is None else self.source.rotation
        if self.source is None or turned is None:
            return 0.0
        tuned = {tune.axis for tune in self.wiring.tunes}
        if turned.name in (self.wiring.over or ()) and turned.name not in tuned:
            return angle_deg(self.source, a, turned.name)
        return 0.0

    def phase_deg(self, b: int) -> float:
        """The angle of the target's phase axis, 0 without one."""
        phase = next((axis for axis in self.target.axes if axis.kind == "phase"), None)
        return 0.0 if phase is None else angle_deg(self.target, b, phase.name)

    def level(self, frame_deg: float, phase_deg: float) -> float:
        """The m that makes the taps of `envelope * (carrier - m)` sum to `dc`.

        Profiles, colour, norm and gain come later and take no part. The sum S is linear in m, hence
        `m = (S(0) - dc) / (S(0) - S(1))`; 0 where the envelopes cancel.
        """
        dc = 0.0 if self.wiring.dc is None else self.value(self.wiring.dc)
        sums = {0.0: 0.0, 1.0: 0.0}
        for level in sums:
            for weight, shape, arguments in self.terms():
                v = self.in_frame(shape, frame_deg)
                sums[level] += (
                    weight * added_up(shape.heights(v, arguments, phase_deg, level)).sum()
                )
        envelope = sums[0.0] - sums[1.0]
        return 0.0 if abs(envelope) < SMALLEST_SUM else (sums[0.0] - dc) / envelope

    def in_frame(self, shape: ShapeMeaning, frame_deg: float) -> Array:
        """`v = A^-1 (u + d)`, px, `[height, width, sub-samples, 1, xy]`; the 1 is for points."""
        taps = tap_centres(self.side, self.tap_px)
        at = taps[:, :, None, None, :] + shape.offsets(self.tap_px)[:, None, :]
        cosine, sine = cos_sin_deg(frame_deg)
        x, y = at[..., 0], at[..., 1]
        return np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=-1)

    def tuned(self, tune: Tune, a: int, b: int, v: Array, tangents_deg: Array) -> Array:
        """One axis' factor, broadcastable to `[height, width, sub-samples, points]`.

        `sum of weight * f(delta - phi)`, with delta the source member's angle less the target
        member's (less 0 where the target lacks the axis) and phi the direction that the frame
        names: 0, the tangent of the template's point, or the direction of v (where v has none, the
        factor is 0).
        """
        axis_a = None if self.source is None else self.source.axis(tune.axis)
        axis_b = self.target.axis(tune.axis)
        if self.source is None or axis_a is None:
            raise ValueError(f"the source has no axis {tune.axis}")
        at_a, at_b = index_along(self.source, a, tune.axis), None
        delta = axis_a.angles_deg[at_a]
        if axis_b is not None:
            at_b = index_along(self.target, b, tune.axis)
            delta -= axis_b.angles_deg[at_b]
        kinds = {axis.kind for axis in (axis_a, axis_b) if axis is not None}
        period = 180.0 if "orient" in kinds else 360.0

        phi = np.zeros(1)
        if tune.frame == "tangent":
            phi = tangents_deg
        elif tune.frame == "radial":
            phi = np.degrees(np.arctan2(v[..., 1], v[..., 0]))
        factor = np.zeros(np.broadcast_shapes(v.shape[:-1], phi.shape))
        for term in tune.terms:
            arguments = {name: self.value(argument) for name, argument in term.arguments}
            f = profile(term.name, arguments, delta - phi, period, same_index=at_a == at_b)
            factor += self.value(term.weight) * f
        if tune.frame == "radial":
            factor[np.hypot(v[..., 0], v[..., 1]) < SMALLEST_RADIUS] = 0.0
        return factor


def added_up(contribution: Array) -> Array:
    """`[height, width, sub-samples, points]` -> `[height, width]`: points sum, taps average."""
    return contribution.sum(axis=3).mean(axis=2)


def normed(weights: Array, norm: Norm, value: Value) -> Array:
    """All weights of one target member, `[height, width, in]`, scaled together.

    `l1`: sum |W| = 1. `l2`: sum W^2 = 1. `mass(m, balance=b)`: m (W+ / sum W+  -  b W- / sum W-).
    """
    if norm.kind == "l1":
        return weights / max(np.abs(weights).sum(), SMALLEST_SUM)
    if norm.kind == "l2":
        return weights / np.sqrt(max((weights**2).sum(), SMALLEST_SUM**2))
    if norm.kind == "mass":
        positive, negative = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
        positive = positive / max(positive.sum(), SMALLEST_SUM)
        negative = negative / max(negative.sum(), SMALLEST_SUM)
        return value(norm.mass) * (positive - value(norm.balance) * negative)
    return weights


def colour_vector(colour: Colour | None, value: Value) -> Array:
    """What a connection reads of red, green and blue, `[3]`, of length 1.

    `luma` = (1, 1, 1)/sqrt 3.
    `hue` at angle h = cos h (2, -1, -1)/sqrt 6 + sin h (0, 1, -1)/sqrt 2.
    """
    if colour is None or colour.kind == "luma":
        return np.ones(3) / np.sqrt(3.0)
    hue = np.radians(value(colour.hue_deg))
    red = np.array([2.0, -1.0, -1.0]) / np.sqrt(6.0)
    green = np.array([0.0, 1.0, -1.0]) / np.sqrt(2.0)
    return np.cos(hue) * red + np.sin(hue) * green


def tap_centres(kernel: int, tap_px: float) -> Array:
    """Where taps lie, px, `[height, width, xy]`: `u(p, q) = s (q - (k-1)/2, (k-1)/2 - p)`."""
    taps = np.zeros((kernel, kernel, 2))
    middle = (kernel - 1) / 2
    for p in range(kernel):
        for q in range(kernel):
            taps[p, q] = tap_px * (q - middle), tap_px * (middle - p)
    return taps


def index_along(family: Family, member: int, axis: str) -> int:
    """The index along one axis of a member."""
    return family.members[member][[own.name for own in family.axes].index(axis)]


def angle_deg(family: Family, member: int, axis: str) -> float:
    """The angle along one axis of a member."""
    own = next(own for own in family.axes if own.name == axis)
    return own.angles_deg[index_along(family, member, axis)]
