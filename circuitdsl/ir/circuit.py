"""The intermediate representation: what a circuit file means.

In: nothing; the checker (from text) or Python code builds it. Out: frozen values that compare by
meaning, without their spans, so that a circuit read from two places is one to the caches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Literal

from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.expect import Expect
from circuitdsl.ir.expressions import (
    ONE,
    ZERO,
    ZERO_ANGLE,
    Dial,
    Number,
    Scalar,
    ScalarUnit,
    evaluate,
)
from circuitdsl.ir.members.axes import Axis, AxisKind
from circuitdsl.ir.stimuli import Calibration, Stimulus
from circuitdsl.ir.writing.showing import ShownCircuit, ShownConnection, ShownFamily
from circuitdsl.text.source import NOWHERE, Span

INPUT = "input"
"""The name by which a connection reads the image."""

RECTIFIED = "rectified"
"""The profile `rectified(PROFILE)`: that profile where it is above 0, else 0."""

Frame = Literal["frame", "tangent", "radial", "field"]
NormKind = Literal["none", "l1", "l2", "mass"]


@dataclass(frozen=True)
class BackboneUse:
    """A `backbone` declaration: an architecture under a name.

    Attributes:
        name: What the file calls it, usually `V`.
        architecture: A key of `BACKBONES`.
        input_px: Side of the input.
        normalisation: `lrn` where the file asks for that of the backbone.
        weights: The trained network that is read, `default` for the one that the caller chooses;
            None where geometry and names are all that is read.
    """

    name: str
    architecture: str
    input_px: int = 224
    normalisation: Literal["none", "lrn"] = "none"
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    weights: str | None = None

    @property
    def geometry(self) -> Backbone:
        """The architecture's layer table."""
        return BACKBONES[self.architecture]


@dataclass(frozen=True, repr=False)
class Family(ShownFamily):
    """Units related by group actions, on one layer's grid.

    Members are counted in C order over the axes: the last axis varies fastest.

    Attributes:
        units: For families of a trained network, the number of each member in the layer.
        network: The name of the training run whose numbers these are; "" where the text names none.
        centre: Where its units look: their receptive field's centre, right and up of the middle
            of their window. It stays as it is in the image when the features turn.
        identify: Turns along axes, degrees, from a unit to itself, which make elements one member.
    """

    name: str
    axes: tuple[Axis, ...]
    layer: str
    doc: str = ""
    gain: Scalar = ONE
    bias: Scalar | None = None
    calibrate: Calibration | None = None
    units: tuple[int, ...] | None = None
    network: str = ""
    identify: tuple[tuple[str, float], ...] = ()
    expectations: tuple[Expect, ...] = ()
    centre: tuple[Scalar, Scalar] | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @cached_property
    def elements(self) -> tuple[tuple[int, ...], ...]:
        """Every combination of indices along the axes, in C order."""
        return tuple(product(*(range(axis.count) for axis in self.axes)))

    @cached_property
    def orbits(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The elements of each member, its representative first; one each without `identify`."""
        if not self.identify:
            return tuple((element,) for element in self.elements)
        orbits: list[tuple[tuple[int, ...], ...]] = []
        visited: set[tuple[int, ...]] = set()
        for element in self.elements:
            if element in visited:
                continue
            orbit = [element]
            while (following := self.turned(orbit[-1])) != element:
                orbit.append(following)
            visited.update(orbit)
            orbits.append(tuple(orbit))
        return tuple(orbits)

    @property
    def size(self) -> int:
        """Number of members."""
        if self.identify:
            return len(self.orbits)
        return prod(axis.count for axis in self.axes)

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The index of each member's representative along each axis, in channel order."""
        return tuple(orbit[0] for orbit in self.orbits)

    def turned(self, element: tuple[int, ...]) -> tuple[int, ...]:
        """The element that `identify` leads to; half a turn of an `orient` axis negates the phase.

        Raises:
            ValueError: an axis has no such step (the checker excludes it).
        """
        turns = dict(self.identify)
        goals = {
            axis.name: axis.angles_deg[index] + turns[axis.name]
            for axis, index in zip(self.axes, element, strict=True)
            if axis.name in turns
        }
        orient, phase = self.acting("orient"), self.acting("phase")
        if orient is not None and phase is not None and orient.name in goals:
            goal = goals[orient.name]
            if round((goal - orient.angles_deg[orient.index_at(goal)]) / 180.0) % 2:
                goals[phase.name] = -phase.angles_deg[element[self.axes.index(phase)]]
        return tuple(
            axis.index_at(goals[axis.name]) if axis.name in goals else index
            for axis, index in zip(self.axes, element, strict=True)
        )

    def axis(self, name: str) -> Axis | None:
        """The axis of that name."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def acting(self, *kinds: AxisKind) -> Axis | None:
        """The axis of one of some kinds, of which a family has one at most."""
        return next((axis for axis in self.axes if axis.kind in kinds), None)

    @property
    def rotation(self) -> Axis | None:
        """The axis that turns the plane, if the family has one."""
        return self.acting("rot", "orient")

    def member_name(self, index: int) -> str:
        """A member as the language writes it, such as `curve[th=36deg]`."""
        values = [
            f"{axis.name}={axis.value_name(i)}"
            for axis, i in zip(self.axes, self.members[index], strict=True)
        ]
        return f"{self.name}[{', '.join(values)}]" if values else self.name


@dataclass(frozen=True)
class Shape:
    """A spatial primitive of the language with its arguments, defaults filled in.

    Attributes:
        name: A key of `SHAPES`.
        arguments: Scalars, or pairs of scalars for points.
        turn: By how much it is turned about the template's middle, counter-clockwise.
    """

    name: str
    arguments: tuple[tuple[str, Scalar | tuple[Scalar, ...]], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    turn: Scalar = ZERO_ANGLE


@dataclass(frozen=True)
class TemplateTerm:
    """A shape times a number."""

    weight: Scalar
    shape: Shape


@dataclass(frozen=True)
class Template:
    """A spatial template: a sum of weighted shapes in the canonical frame (tangent +x)."""

    terms: tuple[TemplateTerm, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class ProfileTerm:
    """A profile primitive, or a rectified profile, times a number.

    Attributes:
        weight: The number.
        name: A key of `PROFILES`, or `RECTIFIED`.
        arguments: Those of a primitive.
        inner: The sum that is rectified.
    """

    weight: Scalar
    name: str
    arguments: tuple[tuple[str, Scalar], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    inner: tuple[ProfileTerm, ...] = ()


@dataclass(frozen=True)
class Tune:
    """`tune.AXIS`: weight as a function of the difference along one axis, and relative to what."""

    axis: str
    terms: tuple[ProfileTerm, ...]
    frame: Frame = "frame"
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Norm:
    """How the weights of one target unit are scaled together."""

    kind: NormKind
    mass: Scalar = ONE
    balance: Scalar = ONE
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Colour:
    """What a connection reads of the image.

    Attributes:
        kind: `luma`; `hue`, the chromatic axis at an angle; `opponent`, one hue against another.
        hue_deg: The angle.
        against_deg: The other hue of an `opponent` pair.
    """

    kind: Literal["luma", "hue", "opponent"]
    hue_deg: Scalar = ZERO_ANGLE
    against_deg: Scalar = ZERO_ANGLE
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Wiring:
    """The attributes of a connection or a motif; None where it does not say.

    Attributes:
        place: Where the weights lie.
        tunes: One profile for each axis, at most.
        over: Axes of the source that are summed over.
        colour: For connections from the image.
        dc: What the taps of a kernel must sum to.
        norm: See `Norm`.
        gain: A factor after the norm.
    """

    place: Template | None = None
    tunes: tuple[Tune, ...] = ()
    over: tuple[str, ...] | None = None
    colour: Colour | None = None
    dc: Scalar | None = None
    norm: Norm | None = None
    gain: Scalar | None = None


@dataclass(frozen=True)
class Formal:
    """A parameter of a motif; with a range, see `Dial`."""

    name: str
    unit: ScalarUnit
    default: Scalar | None = None
    bounds: tuple[Number, Number] | None = None
    free: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Motif:
    """A named connection pattern; its wiring reads the formals as dials."""

    name: str
    formals: tuple[Formal, ...]
    wiring: Wiring
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class MotifUse:
    """A motif called by a connection, every formal bound."""

    name: str
    bindings: tuple[tuple[str, Scalar], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, repr=False)
class Connection(ShownConnection):
    """Weighted edges from one family (or the image) to another.

    Attributes:
        source: A family's name, or `INPUT`.
        target: A family's name.
        name: Unique within the circuit; `as NAME` in the text, else `SOURCE->TARGET`.
        motif: The motif that it uses.
        wiring: Its own attributes, which go before the motif's.
    """

    source: str
    target: str
    name: str
    wiring: Wiring
    motif: MotifUse | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Normalisation:
    """`normalise FAMILY`: divide by the local energy of some families, after ReLU.

    `y = x / sqrt(floor^2 + E)`, where E is the mean of squares over all channels of the `pool`
    families and over a `window` x `window` square of positions (zeros outside the image).
    """

    family: str
    window: int
    floor: Scalar
    pool: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, repr=False)
class Circuit(ShownCircuit):
    """A whole circuit file, checked."""

    doc: str
    backbone: BackboneUse
    dials: tuple[Dial, ...] = ()
    families: tuple[Family, ...] = ()
    connections: tuple[Connection, ...] = ()
    normalisations: tuple[Normalisation, ...] = ()
    motifs: tuple[Motif, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @cached_property
    def by_name(self) -> dict[str, Family]:
        """Every family under its name."""
        return {family.name: family for family in self.families}

    @property
    def defaults(self) -> dict[str, float]:
        """The default of each dial: pixels, degrees or plain numbers."""
        return {dial.name: dial.default for dial in self.dials}

    @property
    def layers_in_order(self) -> tuple[Family, ...]:
        """The families in the order in which the backbone computes their layers."""
        order = self.backbone.geometry.order
        return tuple(sorted(self.families, key=lambda family: order[family.layer]))

    def centre_px(self, family: str) -> tuple[float, float]:
        """Where a family's units look, right and up of their window's middle, at the defaults."""
        x, y = self.by_name[family].centre or (ZERO, ZERO)
        return float(evaluate(x, self.defaults)), float(evaluate(y, self.defaults))

    def needs(self, family: str) -> frozenset[str]:
        """The families that take part in the responses of one, itself included."""
        names, waiting = set[str](), {family}
        while waiting:
            names |= waiting
            pools = [set(n.pool) for n in self.normalisations if n.family in waiting]
            sources = {c.source for c in self.connections if c.target in waiting}
            waiting = sources.union(*pools) - names - {INPUT}
        return frozenset(names)

    def reads_units(self, family: str) -> bool:
        """Whether units of a trained network take part in the responses of a family."""
        return any(self.by_name[name].units for name in self.needs(family))

    def into(self, family: str) -> tuple[Connection, ...]:
        """The connections that end at a family, in the order of the text."""
        return tuple(c for c in self.connections if c.target == family)
