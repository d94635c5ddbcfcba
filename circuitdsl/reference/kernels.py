"""The weights of a circuit, by definition.

In: a circuit and a value for each dial. Out: float64 arrays under the names of its connections
(`[height, width, in, out]`) and `FAMILY.gain`, `FAMILY.bias`, `FAMILY.floor`.

For target member b and source member a, at the tap whose centre lies at u pixels (y up),

    W[b,a](u) = mean over d of K(A^-1 (u + d - c)),    d in {-s/3, 0, s/3} x {-s/3, 0, s/3},

s being the pixels from one tap to the next, c the target's `centre` less the source's, and A the
action of the member in whose frame the template stands: dilate, then mirror (x to -x), then turn.
K is a sum over the template's shapes, each a sum over its points t:

    K(v) = sum over shapes and t of  weight * w_t h_t(v) * product over axes of f(delta - phi_t).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import (
    INPUT,
    RECTIFIED,
    Axis,
    AxisKind,
    Circuit,
    Connection,
    Family,
    ProfileTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import evaluate
from circuitdsl.ir.members.angles import cos_sin_deg
from circuitdsl.ir.members.symmetry import mirror_deg
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.reference.colours import colour_vector
from circuitdsl.reference.norms import SMALLEST_SUM, Value, normed
from circuitdsl.reference.profiles import profile
from circuitdsl.reference.shapes import SHAPES, Arguments, ShapeMeaning

Array = NDArray[np.float64]
Element = tuple[int, ...]
"""The index of a unit along each axis of its family."""

SMALLEST_RADIUS = 1e-6
"""Nearer to the origin than this, in px, there is no radial direction."""


def interpret_weights(
    circuit: Circuit, settings: Mapping[str, float] | None = None
) -> dict[str, Array]:
    """Every array of the circuit.

    Args:
        circuit: With or without motifs.
        settings: Values of dials (px, degrees or plain numbers); the others have their defaults.

    Returns:
        `CONNECTION` -> kernel `[height, width, in, out]`, members in C order over the axes, `in` 3
        for the image. `FAMILY.gain` and `FAMILY.bias`, scalars: what the family says, else 1 and
        0; 1 and 0 where `calibrate` has yet to solve for them. `FAMILY.floor`, a scalar, for
        normalised families.

    Raises:
        KeyError: the circuit has no such dial.
    """
    circuit = expand_motifs(circuit)
    unknown = sorted(set(settings or {}) - set(circuit.defaults))
    if unknown:
        raise KeyError(f"no dial {', '.join(unknown)}")
    dials = circuit.defaults | dict(settings or {})

    arrays: dict[str, Array] = {}
    for connection in circuit.connections:
        arrays[connection.name] = wired(circuit, connection, dials).kernel()
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


def wired(circuit: Circuit, connection: Connection, dials: Mapping[str, float]) -> Wired:
    """A connection of a circuit without motifs, ready to be evaluated.

    Args:
        circuit: What it belongs to.
        connection: The connection.
        dials: A value for each dial.
    """
    target, use = circuit.by_name[connection.target], circuit.backbone
    layer = use.geometry.by_name[target.layer]
    tap_px = float(use.geometry.sampling(layer.inputs[0], use.input_px).stride)
    return Wired(
        wiring=connection.wiring,
        source=None if connection.source == INPUT else circuit.by_name[connection.source],
        target=target,
        side=layer.kernel,
        tap_px=tap_px,
        mirror_deg=0.0 if connection.source == INPUT else mirror_deg(circuit, connection.source),
        value=partial(evaluate, dials=dials, tap_px=tap_px),
        origin=_centre(target, dials) - _centre(circuit.by_name.get(connection.source), dials),
    )


def _centre(family: Family | None, dials: Mapping[str, float]) -> Array:
    """Where a family's units look, against the middle of their window, px, `[xy]`."""
    centre = None if family is None else family.centre
    return np.zeros(2) if centre is None else np.array([evaluate(part, dials) for part in centre])


@dataclass(frozen=True)
class Frame:
    """The frame that a template stands in: it is dilated, then mirrored (x to -x), then turned."""

    turn_deg: float
    mirrored: bool
    dilation: float


@dataclass(frozen=True)
class Placed:
    """A shape of a template: its weight, what it means, its arguments, how far it is turned."""

    weight: float
    shape: ShapeMeaning
    arguments: Arguments
    turn_deg: float


@dataclass(frozen=True)
class Wired:
    """A connection with everything that its weights depend on.

    Attributes:
        wiring: Its attributes, motifs expanded.
        source: None for the image, which has one member and no axes.
        target: The family that it ends at.
        side: Taps along each side of the kernel.
        tap_px: Pixels from one tap to the next.
        mirror_deg: A mirror leads the source's member at th to the one at this less th, where the
            source turns but does not flip.
        value: Reads the scalars of the wiring.
        origin: Where templates stand against the middle tap, px, `[xy]`.
    """

    wiring: Wiring
    source: Family | None
    target: Family
    side: int
    tap_px: float
    mirror_deg: float
    value: Value
    origin: Array

    def kernel(self) -> Array:
        """The normed kernel, `[height, width, in, out]`."""
        orbits = (((),),) if self.source is None else self.source.orbits
        kernel = np.zeros((self.side, self.side, len(orbits), self.target.size))
        if self.source is None:
            kernel = np.zeros((self.side, self.side, 3, self.target.size))
        for index_b, b in enumerate(self.target.members):
            columns = [self.weights(orbit, b) for orbit in orbits]
            kernel[..., index_b] = np.concatenate(columns, axis=2)
        if self.wiring.norm is not None:
            for b in range(self.target.size):
                kernel[..., b] = normed(kernel[..., b], self.wiring.norm, self.value)
        return kernel * (1.0 if self.wiring.gain is None else self.value(self.wiring.gain))

    def weights(self, orbit: Sequence[Element], b: Element) -> Array:
        """What target element b reads of one source member, before norm and gain.

        Args:
            orbit: The elements of the member; `((),)` for the image.
            b: An element of the target.

        Returns:
            `[height, width, 1]`, or `[height, width, 3]` for the image.
        """
        total = np.sum([self.pair(a, b) for a in orbit], axis=0)[..., None]
        return total * self.colour(b) if self.source is None else total

    def colour(self, b: Element) -> Array:
        """What target element b reads of the image; its `hue` axis turns it."""
        hue = self.target.acting("hue")
        turn_deg = 0.0 if hue is None else value_along(self.target, b, hue)
        return colour_vector(self.wiring.colour, self.value, turn_deg)

    def pair(self, a: Element, b: Element) -> Array:
        """`W[b,a]` before colour, norm and gain, `[height, width]`."""
        frame, phase_deg = self.frame(a, b), self.phase_deg(b)
        total = np.zeros((self.side, self.side))
        for term, v, heights in self.placed(frame, phase_deg):
            contribution = heights
            for tune in self.wiring.tunes:
                tangents_deg = term.shape.tangents(term.arguments) + term.turn_deg
                phi = directions(tune, v, tangents_deg)
                contribution = contribution * self.tuned(tune, a, b, frame.mirrored, phi)
            total += term.weight * added_up(contribution)
        return total

    @cached_property
    def placed(self) -> Callable[[Frame, float], list[tuple[Placed, Array, Array]]]:
        """Of a frame and a phase: each shape, where the taps lie in its frame, how high it stands.

        Kept, for pairs of elements that differ only in what profiles say share it.
        """

        @lru_cache(maxsize=32)
        def placed(frame: Frame, phase_deg: float) -> list[tuple[Placed, Array, Array]]:
            level = 0.0 if self.wiring.dc is None else self.level(frame, phase_deg)
            return [
                (
                    term,
                    self.in_frame(term.shape, frame, self.origin),
                    self.heights(term, frame, phase_deg, level),
                )
                for term in self.terms
            ]

        return placed

    @cached_property
    def factors(self) -> dict[tuple[object, ...], Array]:
        """What axes' factors came to: few differences along an axis occur in many pairs."""
        return {}

    @cached_property
    def terms(self) -> tuple[Placed, ...]:
        """The template's shapes at the values of the dials."""
        if self.wiring.place is None:
            raise ValueError("a connection without a template has no weights")
        return tuple(
            Placed(
                self.value(term.weight),
                SHAPES[term.shape.name],
                {
                    name: tuple(map(self.value, scalar))
                    if isinstance(scalar, tuple)
                    else self.value(scalar)
                    for name, scalar in term.shape.arguments
                },
                self.value(term.shape.turn),
            )
            for term in self.wiring.place.terms
        )

    def frame(self, a: Element, b: Element) -> Frame:
        """A: each part the target's, else that of a source axis that is summed over untuned."""
        return Frame(
            turn_deg=self.part(a, b, "rot", "orient"),
            mirrored=self.part(a, b, "flip") == 1.0,
            dilation=2.0 ** self.part(a, b, "scale"),
        )

    def part(self, a: Element, b: Element, *kinds: AxisKind) -> float:
        """What the axis of some kind says that moves the template; 0 where none does."""
        own = self.target.acting(*kinds)
        if own is not None:
            return value_along(self.target, b, own)
        other = None if self.source is None else self.source.acting(*kinds)
        if self.source is None or other is None:
            return 0.0
        tuned = {tune.axis for tune in self.wiring.tunes}
        if other.name in (self.wiring.over or ()) and other.name not in tuned:
            return value_along(self.source, a, other)
        return 0.0

    def phase_deg(self, b: Element) -> float:
        """The angle of the target's phase axis, 0 without one."""
        phase = self.target.acting("phase")
        return 0.0 if phase is None else value_along(self.target, b, phase)

    def level(self, frame: Frame, phase_deg: float) -> float:
        """The m that makes the taps of `envelope * (carrier - m)` sum to `dc`.

        Profiles, colour, norm and gain come later and take no part. The sum S is linear in m, hence
        `m = (S(0) - dc) / (S(0) - S(1))`; 0 where the envelopes cancel.
        """
        dc = 0.0 if self.wiring.dc is None else self.value(self.wiring.dc)
        sums = {0.0: 0.0, 1.0: 0.0}
        for level in sums:
            for term in self.terms:
                heights = self.heights(term, frame, phase_deg, level)
                sums[level] += term.weight * added_up(heights).sum()
        envelope = sums[0.0] - sums[1.0]
        return 0.0 if abs(envelope) < SMALLEST_SUM else (sums[0.0] - dc) / envelope

    def heights(self, term: Placed, frame: Frame, phase_deg: float, level: float) -> Array:
        """How high a shape stands, `[height, width, sub-samples, points]`."""
        # what has no extent cannot stand between taps
        origin = self.origin if term.shape.averaged else np.zeros(2)
        v = turned_back(self.in_frame(term.shape, frame, origin), term.turn_deg)
        return term.shape.heights(v, term.arguments, phase_deg, level)

    def in_frame(self, shape: ShapeMeaning, frame: Frame, origin: Array) -> Array:
        """`v = A^-1 (u + d - c)`, px, `[height, width, sub-samples, 1, xy]`.

        The 1 is for points.
        """
        taps = tap_centres(self.side, self.tap_px)
        at = taps[:, :, None, None, :] + shape.offsets(self.tap_px)[:, None, :] - origin
        v = turned_back(at, frame.turn_deg)
        return v * np.array([-1.0 if frame.mirrored else 1.0, 1.0]) / frame.dilation

    def tuned(self, tune: Tune, a: Element, b: Element, mirrored: bool, phi: Array) -> Array:
        """One axis' factor, broadcastable to `[height, width, sub-samples, points]`.

        `sum of weight * f(delta - phi)`, with delta the difference along the axis, as the frame
        sees it, and phi the direction that the profile is relative to (NaN where there is none, and
        the factor is 0).
        """
        axis_a = None if self.source is None else self.source.axis(tune.axis)
        axis_b = self.target.axis(tune.axis)
        if self.source is None or axis_a is None:
            raise ValueError(f"the source has no axis {tune.axis}")
        at_a, at_b = index_along(self.source, a, axis_a), None
        delta = axis_a.values[at_a]
        if axis_b is not None:
            at_b = index_along(self.target, b, axis_b)
            delta -= axis_b.values[at_b]
        if axis_a.turns_plane and mirrored:
            delta = -delta + (0.0 if self.source.acting("flip") else self.mirror_deg)
        period = min(axis.period_deg for axis in (axis_a, axis_b) if axis is not None)

        def summed(terms: tuple[ProfileTerm, ...]) -> Array:
            factor = np.zeros(phi.shape)
            for term in terms:
                if term.name == RECTIFIED:
                    f: Array | float = np.maximum(summed(term.inner), 0.0)
                else:
                    arguments = {name: self.value(argument) for name, argument in term.arguments}
                    f = profile(term.name, arguments, delta - phi, period, same_index=at_a == at_b)
                factor += self.value(term.weight) * f
            return factor

        key = (tune, delta, at_a == at_b, phi.shape, phi.tobytes())
        if key not in self.factors:
            self.factors[key] = np.where(np.isnan(phi), 0.0, summed(tune.terms))
        return self.factors[key]


def turned_back(v: Array, angle_deg: float) -> Array:
    """Points `[..., xy]` turned clockwise."""
    cosine, sine = cos_sin_deg(angle_deg)
    x, y = v[..., 0], v[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=-1)


def directions(tune: Tune, v: Array, tangents_deg: Array) -> Array:
    """What a profile is relative to, degrees, broadcastable to `[..., sub-samples, points]`.

    0, the tangent of the template's point, or the direction of v; NaN where v has none.
    """
    if tune.frame == "tangent":
        return tangents_deg
    if tune.frame != "radial":
        return np.zeros(1)
    away = np.hypot(v[..., 0], v[..., 1])
    phi = np.degrees(np.arctan2(v[..., 1], v[..., 0]))
    return np.where(away < SMALLEST_RADIUS, np.nan, phi)


def added_up(contribution: Array) -> Array:
    """`[height, width, sub-samples, points]` -> `[height, width]`: points sum, taps average."""
    return contribution.sum(axis=3).mean(axis=2)


def tap_centres(kernel: int, tap_px: float) -> Array:
    """Where taps lie, px, `[height, width, xy]`: `u(p, q) = s (q - (k-1)/2, (k-1)/2 - p)`."""
    at = tap_px * (np.arange(kernel) - (kernel - 1) / 2)
    taps = np.empty((kernel, kernel, 2))
    taps[..., 0], taps[..., 1] = at, at[::-1, None]
    return taps


def index_along(family: Family, element: Element, axis: Axis) -> int:
    """The index along one axis of an element."""
    return element[[own.name for own in family.axes].index(axis.name)]


def value_along(family: Family, element: Element, axis: Axis) -> float:
    """Where an element stands along one axis: degrees, octaves, or a number."""
    return axis.values[index_along(family, element, axis)]
