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
from circuitdsl.ir.members.symmetry import mirror_deg
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.reference.colours import colour_vector
from circuitdsl.reference.frames import (
    Difference,
    Element,
    Frame,
    Standing,
    added_up,
    directions,
    tap_centres,
    turned_back,
)
from circuitdsl.reference.norms import SMALLEST_SUM, Value, normed
from circuitdsl.reference.profiles import profile
from circuitdsl.reference.shapes import SHAPES, Arguments, ShapeMeaning

Array = NDArray[np.float64]

Move = Callable[[Element, Element], float]
"""Of a source element and a target element: by how much the template is moved."""


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
        frame = Frame(
            turn_deg=self.moves["turn"](a, b),
            mirrored=self.moves["mirror"](a, b) == 1.0,
            dilation=2.0 ** self.moves["dilate"](a, b),
        )
        total = np.zeros((self.side, self.side))
        for term in self.standing(frame, self.phase_deg(b)):
            contribution = term.heights
            for number, phi in enumerate(term.directions):
                contribution = contribution * self.tuned(number, a, b, frame.mirrored, phi)
            total += term.weight * added_up(contribution)
        return total

    @cached_property
    def standing(self) -> Callable[[Frame, float], list[Standing]]:
        """Of a frame and a phase: the template's shapes.

        Kept, for pairs of elements that differ only in what profiles say share it.
        """

        @lru_cache(maxsize=32)
        def standing(frame: Frame, phase_deg: float) -> list[Standing]:
            level = 0.0 if self.wiring.dc is None else self.level(frame, phase_deg)
            return [self.stood(term, frame, phase_deg, level) for term in self.terms]

        return standing

    def stood(self, term: Placed, frame: Frame, phase_deg: float, level: float) -> Standing:
        """A shape in a frame, summed over what no profile tells apart."""
        v = self.in_frame(term.shape, frame, self.origin)
        tangents_deg = term.shape.tangents(term.arguments) + term.turn_deg
        phis = tuple(directions(tune, v, tangents_deg) for tune in self.wiring.tunes)
        heights = self.heights(term, frame, phase_deg, level)
        if all(phi.ndim == 1 for phi in phis):  # the same for all sub-samples
            heights = heights.mean(axis=2, keepdims=True)
            if all(phi.size == 1 for phi in phis):  # and for all points
                heights = heights.sum(axis=3, keepdims=True)
        return Standing(term.weight, heights, phis)

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

    @cached_property
    def moves(self) -> dict[str, Move]:
        """A: each part the target's, else that of a source axis that is summed over untuned."""
        return {
            "turn": self.move("rot", "orient"),
            "mirror": self.move("flip"),
            "dilate": self.move("scale"),
        }

    def move(self, *kinds: AxisKind) -> Move:
        """What the axis of some kind says that moves the template; 0 where none does."""
        own = self.target.acting(*kinds)
        if own is not None:
            target, axis = self.target, own
            return lambda a, b: value_along(target, b, axis)
        other = None if self.source is None else self.source.acting(*kinds)
        tuned = {tune.axis for tune in self.wiring.tunes}
        if self.source is None or other is None or other.name in tuned:
            return lambda a, b: 0.0
        if other.name not in (self.wiring.over or ()):
            return lambda a, b: 0.0
        source, axis = self.source, other
        return lambda a, b: value_along(source, a, axis)

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

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Along the axis of each tuning."""
        return tuple(self.difference(tune) for tune in self.wiring.tunes)

    def difference(self, tune: Tune) -> Difference:
        """How two elements stand to one another along an axis."""
        source, target = self.source, self.target
        axis_a = None if source is None else source.axis(tune.axis)
        axis_b = target.axis(tune.axis)
        if source is None or axis_a is None:
            raise ValueError(f"the source has no axis {tune.axis}")
        return Difference(
            place_a=source.axes.index(axis_a),
            values_a=axis_a.values,
            place_b=None if axis_b is None else target.axes.index(axis_b),
            values_b=() if axis_b is None else axis_b.values,
            period_deg=min(axis.period_deg for axis in (axis_a, axis_b) if axis is not None),
            turns_plane=axis_a.turns_plane,
            mirror_deg=0.0 if source.acting("flip") else self.mirror_deg,
        )

    def tuned(self, number: int, a: Element, b: Element, mirrored: bool, phi: Array) -> Array:
        """One axis' factor, broadcastable to `[height, width, sub-samples, points]`.

        `sum of weight * f(delta - phi)`, with delta the difference along the axis, as the frame
        sees it, and phi the direction that the profile is relative to (NaN where there is none, and
        the factor is 0).
        """
        difference = self.differences[number]
        delta, same_index = difference.of(a, b, mirrored)

        def summed(terms: tuple[ProfileTerm, ...]) -> Array:
            factor = np.zeros(phi.shape)
            for term in terms:
                if term.name == RECTIFIED:
                    f: Array | float = np.maximum(summed(term.inner), 0.0)
                else:
                    arguments = {name: self.value(argument) for name, argument in term.arguments}
                    f = profile(
                        term.name, arguments, delta - phi, difference.period_deg, same_index
                    )
                factor += self.value(term.weight) * f
            return factor

        key = (number, delta, same_index, phi.shape, phi.tobytes())
        if key not in self.factors:
            terms = self.wiring.tunes[number].terms
            self.factors[key] = np.where(np.isnan(phi), 0.0, summed(terms))
        return self.factors[key]


def index_along(family: Family, element: Element, axis: Axis) -> int:
    """The index along one axis of an element."""
    return element[[own.name for own in family.axes].index(axis.name)]


def value_along(family: Family, element: Element, axis: Axis) -> float:
    """Where an element stands along one axis: degrees, octaves, or a number."""
    return axis.values[index_along(family, element, axis)]
