"""The intermediate representation: what a circuit file means.

In: nothing; the checker (from text) or Python code builds it. Out: frozen values that compare by
meaning, not by where they were written (`span` takes no part in equality), so that the same circuit
read from two places is one circuit to the compiler's caches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Literal

from circuitdsl.ir.angles import even_deg
from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.expressions import ONE, ZERO_ANGLE, Scalar, ScalarUnit
from circuitdsl.source import NOWHERE, Span

INPUT = "input"
"""The name by which a connection reads the image."""

AxisKind = Literal["rot", "orient", "phase"]
Frame = Literal["frame", "tangent", "radial", "field"]
NormKind = Literal["none", "l1", "l2", "mass"]

PERIOD_DEG: dict[AxisKind, float] = {"rot": 360.0, "orient": 180.0, "phase": 360.0}


@dataclass(frozen=True)
class BackboneUse:
    """A `backbone` declaration: an architecture under a name.

    Attributes:
        name: What the file calls it, usually `V`.
        architecture: A key of `BACKBONES`.
        input_px: Side of the input.
        norm: `lrn` where the file asks for the backbone's own local response normalisation.
    """

    name: str
    architecture: str
    input_px: int = 224
    norm: Literal["none", "lrn"] = "none"
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def geometry(self) -> Backbone:
        """The architecture's layer table."""
        return BACKBONES[self.architecture]


@dataclass(frozen=True)
class Param:
    """A dial: a named number with a unit, a default and a legal range."""

    name: str
    unit: ScalarUnit
    default: float
    low: float | None = None
    high: float | None = None
    free: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Axis:
    """One index of a family and the transformation that it counts.

    Attributes:
        name: Such as `th`.
        kind: `rot` and `orient` turn the plane; `phase` shifts the carrier.
        count: Number of members along the axis.
        at_deg: The members' angles where they are not spread evenly.
        at_family: Name of the imported family that `at_deg` was taken from, for printing.
    """

    name: str
    kind: AxisKind
    count: int
    at_deg: tuple[float, ...] | None = None
    at_family: str | None = field(default=None, compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def period_deg(self) -> float:
        """Degrees after which the axis repeats."""
        return PERIOD_DEG[self.kind]

    @property
    def angles_deg(self) -> tuple[float, ...]:
        """The angle of each member."""
        return self.at_deg if self.at_deg is not None else even_deg(self.count, self.period_deg)

    @property
    def turns_plane(self) -> bool:
        """Whether the axis acts on the plane by rotation."""
        return self.kind in ("rot", "orient")


@dataclass(frozen=True)
class Calibration:
    """`calibrate`: a gain and an offset, one pair for the whole family.

    They make the mean peak response to the preferred stimulus of `one` 1, and the given quantile
    of the responses to `zero` 0 (both before ReLU).
    """

    one: str
    zero: str
    quantile: float
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Family:
    """Units related by group actions, on one layer's grid.

    Members are counted in C order over the axes: the last axis varies fastest.
    """

    name: str
    axes: tuple[Axis, ...]
    layer: str
    doc: str = ""
    gain: Scalar = ONE
    bias: Scalar | None = None
    calibrate: Calibration | None = None
    units: tuple[int, ...] | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Number of members."""
        return prod(axis.count for axis in self.axes)

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The index of each member along each axis, in channel order."""
        return tuple(product(*(range(axis.count) for axis in self.axes)))

    def axis(self, name: str) -> Axis | None:
        """The axis of that name."""
        return next((axis for axis in self.axes if axis.name == name), None)

    @property
    def rotation(self) -> Axis | None:
        """The axis that turns the plane, if the family has one."""
        return next((axis for axis in self.axes if axis.turns_plane), None)

    def member_name(self, index: int) -> str:
        """A member as the language writes it, such as `curve[th=36deg]`."""
        values = [
            f"{axis.name}={axis.angles_deg[i]:g}deg"
            for axis, i in zip(self.axes, self.members[index], strict=True)
        ]
        return f"{self.name}[{', '.join(values)}]" if values else self.name


@dataclass(frozen=True)
class Shape:
    """A spatial primitive of the language with its arguments, defaults filled in.

    Arguments are scalars, or pairs of scalars for points.
    """

    name: str
    arguments: tuple[tuple[str, Scalar | tuple[Scalar, ...]], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


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
    """A profile primitive (`bump`, `equal`, `same`, `other`, `constant`) times a number."""

    weight: Scalar
    name: str
    arguments: tuple[tuple[str, Scalar], ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


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
    """What a connection reads of the image: `luma`, or the `hue` axis at an angle."""

    kind: Literal["luma", "hue"]
    hue_deg: Scalar = ZERO_ANGLE
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
    """A parameter of a motif."""

    name: str
    unit: ScalarUnit
    default: Scalar | None = None
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


@dataclass(frozen=True)
class Connection:
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

    `y = x / sqrt(floor^2 + E)`, where E is the mean of squares over all channels of the `over`
    families and over a `window` x `window` square of positions (zeros outside the image).
    """

    family: str
    window: int
    floor: Scalar
    over: tuple[str, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Setting:
    """A list of values of one stimulus parameter."""

    values: tuple[float, ...]
    unit: ScalarUnit


@dataclass(frozen=True)
class Stimulus:
    """A set of synthetic images: a generator's name and its settings."""

    name: str
    generator: str
    settings: tuple[tuple[str, Setting], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def values(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """The values of a setting, or the default where the text does not say."""
        return next((s.values for key, s in self.settings if key == name), default)


@dataclass(frozen=True)
class Circuit:
    """A whole circuit file, checked."""

    doc: str
    backbone: BackboneUse
    params: tuple[Param, ...] = ()
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
        return {param.name: param.default for param in self.params}

    @property
    def layers_in_order(self) -> tuple[Family, ...]:
        """The families in the order in which the backbone computes their layers."""
        order = self.backbone.geometry.order
        return tuple(sorted(self.families, key=lambda family: order[family.layer]))

    def into(self, family: str) -> tuple[Connection, ...]:
        """The connections that end at a family, in the order of the text."""
        return tuple(c for c in self.connections if c.target == family)
