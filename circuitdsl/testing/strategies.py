"""Hypothesis strategies: circuits, families, group elements and stimuli.

Circuits are legal for the compiler and the interpreter; their shapes may be larger than kernels and
their profiles coarse, which the checker would not let pass. Numbers are drawn so that they print
short, and a circuit that fails a test is printed as text. Needs the `hypothesis` package, which
`circuitdsl[test]` brings.
"""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from circuitdsl.ir.circuit import (
    INPUT,
    Axis,
    BackboneUse,
    Circuit,
    Colour,
    Connection,
    Family,
    Frame,
    Norm,
    Normalisation,
    ProfileTerm,
    Shape,
    Template,
    TemplateTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import Number
from circuitdsl.ir.groups import Element, common_elements
from circuitdsl.ir.text import to_source
from circuitdsl.testing.figures import Figure, Stroke

BRANCHES = ("1x1", "3x3", "5x5", "pool_reduce")
STAGES: tuple[tuple[str, ...], ...] = (
    ("conv2d0",),
    ("conv2d1",),
    ("conv2d2",),
    tuple(f"mixed3a_{branch}" for branch in BRANCHES),
    tuple(f"mixed3b_{branch}" for branch in BRANCHES),
)
"""Layers of which each stage reads the one before."""

_ORIGIN = (Number(0.0, "px"), Number(0.0, "px"))
_EQUAL = ProfileTerm(Number(1.0), "equal")


def numbers(low: float, high: float) -> SearchStrategy[float]:
    """Decimals that print short, so that failing programs can be read."""
    return st.integers(round(low * 20), round(high * 20)).map(lambda n: n / 20)


def lengths(low_tap: float, high_tap: float) -> SearchStrategy[Number]:
    """Lengths in taps."""
    return numbers(low_tap, high_tap).map(_tap)


def angles() -> SearchStrategy[float]:
    """Multiples of half a degree."""
    return st.integers(0, 719).map(lambda n: n / 2)


@st.composite
def axes(draw: DrawFn) -> tuple[Axis, ...]:
    """Up to one axis that turns the plane, and up to one phase axis."""
    drawn: list[Axis] = []
    kind = draw(st.sampled_from(("rot", "rot", "orient", "orient", None)))
    if kind == "rot" and draw(st.booleans()):
        at = tuple(draw(st.lists(angles(), min_size=2, max_size=4, unique=True)))
        drawn.append(Axis("th", "rot", len(at), at))
    elif kind is not None:
        drawn.append(Axis("th", kind, draw(st.integers(2, 6))))
    if draw(st.integers(0, 3)) == 0:
        drawn.append(Axis("ph", "phase", draw(st.integers(2, 4))))
    return tuple(drawn)


def shapes(name: str) -> SearchStrategy[Shape]:
    """The shape of that name with random arguments, in taps."""
    points = st.just(_ORIGIN) | st.tuples(lengths(-1.5, 1.5), lengths(-1.5, 1.5))
    arguments: dict[str, dict[str, SearchStrategy[Number | tuple[Number, ...]]]] = {
        "dot": {},
        "blob": {"at": points, "sigma": lengths(0.3, 2)},
        "bar": {"length": lengths(0.5, 4), "width": lengths(0.3, 1.5), "at": points},
        "arc": {
            "radius": lengths(1, 40) | lengths(-40, -1),
            "span": lengths(0.5, 6),
            "width": lengths(0.3, 1.5),
            "at": points,
        },
        "ring": {"radius": lengths(0.3, 2.5), "width": lengths(0.3, 1)},
        "half": {"width": lengths(0.4, 2)},
        "gabor": {
            "wavelength": lengths(2, 6),
            "length": lengths(0.5, 2),
            "width": lengths(0.5, 2),
            "phase": angles().map(_deg),
        },
    }
    drawn = st.fixed_dictionaries(arguments[name])
    return drawn.map(lambda values: Shape(name, tuple(values.items())))


@st.composite
def templates(draw: DrawFn, names: tuple[str, ...]) -> Template:
    """One to three weighted shapes of those names."""
    count = draw(st.integers(1, 3))
    weights = [1.0, *(draw(st.sampled_from((1.0, -0.5, 0.7, -1.2))) for _ in range(count - 1))]
    terms = [
        TemplateTerm(_real(weight), draw(st.sampled_from(names).flatmap(shapes)))
        for weight in weights
    ]
    return Template(tuple(terms))


@st.composite
def profiles(draw: DrawFn) -> tuple[ProfileTerm, ...]:
    """One to three bumps and perhaps a constant."""
    count = draw(st.integers(1, 3))
    terms = [
        _bump(draw(numbers(20, 120)), weight, draw(angles())) for weight in (1.0, -0.4, 0.6)[:count]
    ]
    if draw(st.booleans()):
        terms.append(ProfileTerm(_real(draw(numbers(-0.5, 0.5))), "constant"))
    return tuple(terms)


@st.composite
def tunes(draw: DrawFn, source: Family, target: Family, curved: bool) -> tuple[Tune, ...]:
    """A profile for every shared axis, and for some of those that are summed over."""
    drawn: list[Tune] = []
    for axis in source.axes:
        other = target.axis(axis.name)
        if other is None and draw(st.booleans()):
            continue
        if other is not None and other.count == axis.count and draw(st.integers(0, 3)) == 0:
            drawn.append(Tune(axis.name, (_EQUAL,)))
            continue
        frames: tuple[Frame, ...] = ("frame",)
        if axis.turns_plane:
            frames = ("frame", "radial", "tangent") if curved else ("frame", "radial")
        drawn.append(Tune(axis.name, draw(profiles()), draw(st.sampled_from(frames))))
    return tuple(drawn)


@st.composite
def norms(draw: DrawFn) -> Norm | None:
    """Any norm, or none."""
    kind = draw(st.sampled_from(("none", "l1", "l2", "mass", None)))
    if kind == "mass":
        return Norm(kind, _real(draw(numbers(0.2, 2))), _real(draw(numbers(0, 2))))
    return None if kind is None else Norm(kind)


@st.composite
def from_image(draw: DrawFn, target: Family, name: str) -> Connection:
    """A connection from the image."""
    waves = draw(st.booleans())
    names = ("gabor",) if waves else ("blob", "half", "ring", "bar", "arc", "dot")
    hue = Colour("hue", _deg(draw(angles())))
    wiring = Wiring(
        place=draw(templates(names)),
        colour=draw(st.sampled_from((None, Colour("luma"), hue))),
        dc=_real(draw(numbers(-0.5, 0.5))) if waves and draw(st.booleans()) else None,
        norm=draw(norms()),
    )
    return Connection(INPUT, target.name, name, wiring)


@st.composite
def between(draw: DrawFn, source: Family, target: Family, name: str) -> Connection:
    """A connection from one family to another."""
    curved = draw(st.booleans())
    names: tuple[str, ...] = ("arc", "bar") if curved else ("blob", "ring", "dot", "bar")
    if target.layer.endswith(("3x3", "5x5", "conv2d2")) and not curved:
        names += "half", "gabor"  # within a single tap their two sides cancel
    placed = draw(templates(names))
    tuned = draw(tunes(source, target, curved))
    over = tuple(axis.name for axis in source.axes if target.axis(axis.name) is None)
    wiring = Wiring(
        place=placed,
        tunes=tuned,
        over=over or None,
        norm=draw(norms()),
        gain=_real(draw(numbers(-1, 2))) if draw(st.booleans()) else None,
    )
    return Connection(source.name, target.name, name, wiring)


class Drawn:
    """A random circuit, which a failing test prints as text."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    def __repr__(self) -> str:
        return to_source(self.circuit)


@st.composite
def circuits(draw: DrawFn) -> Drawn:
    """A chain of one to five layers, up to two families in each and their connections."""
    depth = draw(st.integers(1, len(STAGES)))
    families: list[Family] = []
    connections: list[Connection] = []
    normalisations: list[Normalisation] = []
    below: list[Family] = []
    for stage, layers in enumerate(STAGES[:depth]):
        here: list[Family] = []
        for number in range(draw(st.sampled_from((1, 1, 2)))):
            family = Family(
                f"f{stage}{number}",
                draw(axes()),
                draw(st.sampled_from(layers)),
                gain=_real(draw(st.sampled_from((1.0, 0.5, 2.0)))),
                bias=draw(st.sampled_from((None, _real(0.25), _real(-0.25)))),
            )
            here.append(family)
            sources = [draw(st.sampled_from(below))] if below else [None]
            for index, source in enumerate(sources * draw(st.integers(1, 2))):
                name = f"{family.name}_{index}"
                connections.append(
                    draw(
                        from_image(family, name)
                        if source is None
                        else between(source, family, name)
                    )
                )
            if draw(st.integers(0, 3)) == 0:
                window = draw(st.sampled_from((1, 3, 5)))
                floor = _real(draw(numbers(0.5, 10)))
                normalisations.append(Normalisation(family.name, window, floor, (family.name,)))
        families += here
        below = here
    backbone = draw(st.sampled_from(("inceptionv1", "tiny")))
    use = BackboneUse("V", backbone, norm=draw(st.sampled_from(("none", "lrn"))))
    drawn = Circuit(
        "",
        use,
        families=tuple(families),
        connections=tuple(connections),
        normalisations=tuple(normalisations),
    )
    return Drawn(drawn)


@st.composite
def families(draw: DrawFn, layer: str = "conv2d0") -> Family:
    """A family of one layer: it may turn, have phases, be mirrored and have hues."""
    drawn = draw(axes())
    if draw(st.booleans()):
        drawn += (Axis("side", "flip", 2),)
    if draw(st.booleans()):
        drawn += (Axis("h", "hue", draw(st.integers(2, 6))),)
    return Family("drawn", drawn, layer)


def elements(family: Family) -> SearchStrategy[Element]:
    """The elements of the group that take a family's members to members, the identity too."""
    return st.sampled_from((Element(), *common_elements([family])))


@st.composite
def strokes(draw: DrawFn, reach_px: float) -> Stroke:
    """A stroke within a distance of the centre."""
    far = round(reach_px)
    grey = draw(st.sampled_from((-80.0, -40.0, 40.0, 80.0)))
    tint = draw(st.sampled_from(((0.0, 0.0, 0.0), (20.0, -10.0, -10.0), (-10.0, -10.0, 20.0))))
    red, green, blue = (grey + part for part in tint)
    return Stroke(
        x_px=draw(st.integers(-far, far)),
        y_px=draw(st.integers(-far, far)),
        angle_deg=draw(angles()),
        length_px=draw(st.integers(3, max(2 * far, 4))),
        bend=draw(st.integers(-20, 20)) / 20 / reach_px,
        width_px=draw(st.sampled_from((1.5, 2.0, 3.0))),
        ink=(red, green, blue),
    )


def figures(reach_px: float = 20.0) -> SearchStrategy[Figure]:
    """One to four strokes within a distance of the centre."""
    several = st.lists(strokes(reach_px), min_size=1, max_size=4)
    return several.map(lambda drawn: Figure(tuple(drawn)))


def _tap(value: float) -> Number:
    return Number(value, "tap")


def _real(value: float) -> Number:
    return Number(value)


def _deg(value: float) -> Number:
    return Number(value, "angle")


def _bump(width: float, weight: float, around: float) -> ProfileTerm:
    arguments = (("width", _deg(width)), ("around", _deg(around)))
    return ProfileTerm(_real(weight), "bump", arguments)


_PARTS = (Wiring, Template, TemplateTerm, Shape, Tune, ProfileTerm, Norm)
"""Parts of a connection that hold numbers."""


def varied(circuit: Circuit, seed: int) -> Circuit:
    """The same structure with other numbers: each by up to 20 %.

    The compiler's programs are those of structures, so many circuits of one structure are compiled
    once.
    """
    rng = Random(seed)

    def number(old: Number) -> Number:
        if old.unit == "int" or old.value == 0:
            return old
        factor = rng.uniform(0.8, 1.2)
        return replace(old, value=round(old.value * factor, 3))

    def rebuilt(value: Any) -> Any:
        if isinstance(value, Number):
            return number(value)
        if isinstance(value, tuple):
            items: tuple[Any, ...] = value
            return tuple(map(rebuilt, items))
        if isinstance(value, _PARTS):
            new = {each.name: rebuilt(getattr(value, each.name)) for each in fields(value)}
            return replace(value, **new)
        return value

    connections = tuple(replace(c, wiring=rebuilt(c.wiring)) for c in circuit.connections)
    return replace(circuit, connections=connections)
