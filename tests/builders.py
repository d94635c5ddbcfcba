"""Short names for the parts of a circuit, for tests that build circuits in Python."""

from __future__ import annotations

from circuitdsl.ir.circuit import (
    INPUT,
    Axis,
    BackboneUse,
    Circuit,
    Colour,
    Connection,
    Family,
    Frame,
    MotifUse,
    Norm,
    ProfileTerm,
    Shape,
    Template,
    TemplateTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import Number, Scalar


def px(value: float) -> Number:
    return Number(float(value), "px")


def tap(value: float) -> Number:
    return Number(float(value), "tap")


def deg(value: float) -> Number:
    return Number(float(value), "angle")


def real(value: float) -> Number:
    return Number(float(value))


def shape(name: str, **arguments: Scalar | tuple[Scalar, ...]) -> Shape:
    return Shape(name, tuple(arguments.items()))


def place(*terms: Shape | tuple[float | Scalar, Shape]) -> Template:
    """A template from shapes, or from pairs of weight and shape."""

    def term(one: Shape | tuple[float | Scalar, Shape]) -> TemplateTerm:
        if isinstance(one, Shape):
            return TemplateTerm(real(1), one)
        weight, own = one
        return TemplateTerm(real(weight) if isinstance(weight, int | float) else weight, own)

    return Template(tuple(map(term, terms)))


DOT = place(shape("dot"))


ORIGIN = px(0), px(0)
Point = tuple[Scalar, Scalar]


def blob(sigma: Scalar, at: Point = ORIGIN) -> Shape:
    return shape("blob", at=at, sigma=sigma)


def bar(length: Scalar, width: Scalar, at: Point = ORIGIN) -> Shape:
    return shape("bar", length=length, width=width, at=at)


def arc(radius: Scalar, span: Scalar, width: Scalar, at: Point = ORIGIN) -> Shape:
    return shape("arc", radius=radius, span=span, width=width, at=at)


def gabor(
    wavelength: Scalar,
    length: float = 2.6,
    width: float = 1.6,
    turn: float = 0,
    at: Point = ORIGIN,
) -> Shape:
    return shape(
        "gabor",
        wavelength=wavelength,
        length=px(length),
        width=px(width),
        phase=deg(turn),
        at=at,
    )


def bump(width: float | Scalar, weight: float | Scalar = 1, around: float = 0) -> ProfileTerm:
    return ProfileTerm(
        real(weight) if isinstance(weight, int | float) else weight,
        "bump",
        (
            ("fwhm", deg(width) if isinstance(width, int | float) else width),
            ("around", deg(around)),
        ),
    )


def octaves(width: float, weight: float = 1, around: float = 0) -> ProfileTerm:
    arguments = (("fwhm", real(width)), ("around", real(around)))
    return ProfileTerm(real(weight), "octaves", arguments)


def constant(weight: float) -> ProfileTerm:
    return ProfileTerm(real(weight), "constant")


def named(name: str, weight: float = 1) -> ProfileTerm:
    return ProfileTerm(real(weight), name)


def tune(axis: str, *terms: ProfileTerm, frame: Frame = "frame") -> Tune:
    return Tune(axis, terms, frame)


EQUAL = named("equal")


def mass(value: float | Scalar, balance: float | Scalar = 1) -> Norm:
    return Norm(
        "mass",
        real(value) if isinstance(value, int | float) else value,
        real(balance) if isinstance(balance, int | float) else balance,
    )


def rot(count: int, name: str = "th") -> Axis:
    return Axis(name, "rot", count)


def orient(count: int, name: str = "th") -> Axis:
    return Axis(name, "orient", count)


def phase(count: int, name: str = "ph") -> Axis:
    return Axis(name, "phase", count)


def flip(name: str = "side") -> Axis:
    return Axis(name, "flip", 2)


def hue(count: int, name: str = "h") -> Axis:
    return Axis(name, "hue", count)


def scale(count: int, ratio: float, name: str = "r") -> Axis:
    return Axis(name, "scale", count, ratio=ratio)


def cases(count: int, name: str = "u") -> Axis:
    return Axis(name, "cases", count)


def family(name: str, layer: str, *axes: Axis, **more: object) -> Family:
    return Family(name, axes, layer, **more)  # type: ignore[arg-type]


def connect(
    source: str,
    target: str,
    place: Template | None = None,
    *tunes: Tune,
    name: str = "",
    motif: MotifUse | None = None,
    **more: object,
) -> Connection:
    wiring = Wiring(place=place, tunes=tunes, **more)  # type: ignore[arg-type]
    return Connection(source, target, name or f"{source}->{target}", wiring, motif)


LUMA = Colour("luma")


def circuit(
    families: tuple[Family, ...],
    connections: tuple[Connection, ...],
    *,
    backbone: str = "inceptionv1",
    normalisation: str = "none",
    doc: str = "",
    **more: object,
) -> Circuit:
    use = BackboneUse("V", backbone, 224, normalisation)  # type: ignore[arg-type]
    return Circuit(doc, use, families=families, connections=connections, **more)  # type: ignore[arg-type]


Parts = tuple[tuple[Family, ...], tuple[Connection, ...]]


def stem(orders: int = 4, phases: int = 2) -> Parts:
    """Gabors in conv2d0."""
    gabors = family("gabors", "conv2d0", orient(orders), phase(phases))
    read = connect(INPUT, "gabors", place(gabor(px(6))), colour=LUMA, dc=real(0), norm=Norm("l2"))
    return (gabors,), (read,)


def oriented(orders: int = 4, phases: int = 2) -> Parts:
    """Gabors, and complex cells over them in conv2d1."""
    families, connections = stem(orders, phases)
    sums = connect("gabors", "complex", DOT, tune("th", EQUAL), over=("ph",))
    return (*families, family("complex", "conv2d1", orient(orders))), (*connections, sums)


def directed(orders: int = 6) -> Parts:
    """A family with a `rot` axis in conv2d2."""
    families, connections = oriented()
    bends = connect(
        "complex",
        "edges",
        place(arc(px(9), px(8), tap(0.5))),
        tune("th", bump(50), constant(-0.3), frame="tangent"),
        norm=mass(1, 0.9),
    )
    return (*families, family("edges", "conv2d2", rot(orders))), (*connections, bends)


def extended(parts: Parts, *more: Family | Connection, **options: object) -> Circuit:
    """A circuit from parts and further families and connections."""
    families = tuple(one for one in more if isinstance(one, Family))
    connections = tuple(one for one in more if isinstance(one, Connection))
    return circuit(parts[0] + families, parts[1] + connections, **options)  # type: ignore[arg-type]
