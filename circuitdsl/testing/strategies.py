"""Hypothesis strategies: circuits, families, group elements and stimuli.

Circuits have every kind of axis, alone and together, quotients, units of trained networks, and
connections of every symmetry type. The checker finds no error in them. Numbers are drawn so that
they print short, and a circuit that fails a test is printed as text. Needs the `hypothesis`
package, which `circuitdsl[test]` brings.
"""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from circuitdsl.ir.algebra import combine
from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.circuit import (
    INPUT,
    BackboneUse,
    Circuit,
    Colour,
    Connection,
    Dial,
    Family,
    Norm,
    Normalisation,
    ProfileTerm,
    Shape,
    Template,
    TemplateTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import ONE, DialValue, Number
from circuitdsl.ir.members.groups import Element, common_elements
from circuitdsl.ir.members.symmetry import frame_parts
from circuitdsl.ir.writing.text import to_source
from circuitdsl.testing import parts
from circuitdsl.testing.figures import Figure, Stroke
from circuitdsl.testing.parts import Room, axes, number, numbers

BRANCHES = ("1x1", "3x3", "5x5", "pool_reduce")
STAGES: tuple[tuple[str, ...], ...] = (
    ("conv2d0",),
    ("conv2d1",),
    ("conv2d2",),
    tuple(f"mixed3a_{branch}" for branch in BRANCHES),
    tuple(f"mixed3b_{branch}" for branch in BRANCHES),
)
"""Layers of which each stage reads the one before."""

_STAGED = tuple(
    name
    for name, backbone in BACKBONES.items()
    if all(layer in backbone.by_name for stage in STAGES for layer in stage)
)
"""The backbones that have them all."""

_GIVEN = ("conv2d0", "conv2d1", "conv2d2", "mixed3a")
"""The layer of each stage that trained units are taken from."""

_ASIDE_PX = 0.25
"""How far, right or up, a family may look from its window's middle."""

_ROUND = parts.named(lambda row: row.round != "never")
"""Shapes that look the same from every direction, at the origin."""

_DIRECTED = parts.named(lambda row: row.directed)
_OPPOSITE = parts.named(lambda row: row.half_turn == "opposite")
_WAVES = parts.named(lambda row: row.carrier is not None)
_PLAIN = parts.named(lambda row: row.carrier is None)
_SIGNED = parts.named(lambda row: row.signed)


_DIALLED = combine("max", DialValue("strength", "real"), Number(0.25))
"""The gain of some families, which a dial sets."""


@st.composite
def from_image(draw: DrawFn, target: Family, name: str, backbone: Backbone) -> Connection:
    """A connection from the image, whose kernels do not change under the target's `identify`."""
    colour = draw(st.none() | parts.colours())
    waves = draw(st.booleans())
    names = _WAVES if waves else _PLAIN
    turned, recoloured = parts.bound(target, "rot", "orient"), parts.bound(target, "hue")
    if turned and recoloured and target.identify[0][1] == 180.0 and draw(st.booleans()):
        # half a turn changes the sign of both the edge and its colours
        waves, names, colour = False, _OPPOSITE, draw(parts.colours(("hue", "opponent")))
    elif turned or recoloured:
        waves, names = (False, _ROUND) if turned else (waves, names)
        colour = Colour("luma") if recoloured else colour
    if colour is None and target.acting("hue") is not None:
        colour = Colour("luma")
    wiring = Wiring(
        place=draw(parts.templates(names, _room(None, target, (), backbone), centred=turned)),
        colour=colour,
        dc=number(draw(numbers(-0.5, 0.5))) if waves and draw(st.booleans()) else None,
        norm=draw(parts.norms()),
    )
    return Connection(INPUT, target.name, name, wiring)


@st.composite
def between(
    draw: DrawFn,
    source: Family,
    target: Family,
    name: str,
    backbone: Backbone,
    *,
    excites: bool = True,
) -> Connection:
    """A connection from one family to another, likewise; with positive weights, if so asked."""
    over = tuple(axis.name for axis in source.axes if target.axis(axis.name) is None)
    room = _room(source, target, over, backbone)
    turned = parts.bound(target, "rot", "orient")
    names = _DIRECTED
    if draw(st.booleans()):
        names = (*_ROUND, *_DIRECTED)
        if not room.alone:
            names += _SIGNED  # within a single tap their two sides cancel
    place = draw(parts.templates(_ROUND if turned else names, room, centred=turned))
    wiring = Wiring(
        place=place,
        tunes=draw(parts.tunes(source, target, place)),
        over=over or None,
        norm=draw(parts.norms()),
        gain=number(draw(numbers(0.1 if excites else -1, 2))) if draw(st.booleans()) else None,
    )
    return Connection(source.name, target.name, name, wiring)


def _room(source: Family | None, target: Family, over: tuple[str, ...], backbone: Backbone) -> Room:
    """What a template may reach, though its largest member is dilated and it stands aside."""
    layer = backbone.by_name[target.layer]
    dilation = frame_parts(source.axes if source else (), target.axes, frozenset(over))[2]
    largest = 1.0 if dilation is None else 2.0 ** max(dilation.axis.values)
    moved = sum(family is not None and family.centre is not None for family in (source, target))
    aside = moved * _ASIDE_PX / backbone.sampling(layer.inputs[0]).stride
    return Room((layer.kernel / 2 - aside) / largest, layer.kernel == 1)


class Drawn:
    """A random circuit, which a failing test prints as text."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    def __repr__(self) -> str:
        return to_source(self.circuit)


@st.composite
def families(
    draw: DrawFn,
    layer: str = "conv2d0",
    name: str = "drawn",
    most: int = 16,
    like: Family | None = None,
) -> Family:
    """A family of one layer.

    Args:
        draw: Given by Hypothesis.
        layer: Where it stands.
        name: Its name.
        most: Elements along its axes, which `identify` may join.
        like: A family that it may have axes in common with.
    """
    axis_list = draw(axes(most, () if like is None else like.axes))
    identify = draw(parts.turns(axis_list, like)) if draw(st.integers(0, 2)) == 0 else ()
    return Family(name, axis_list, layer, identify=identify)


@st.composite
def circuits(draw: DrawFn, most: int = 16) -> Drawn:
    """A chain of one to five layers, up to two families in each and their connections.

    Args:
        draw: Given by Hypothesis.
        most: Elements of a family.
    """
    norm, name = draw(st.sampled_from(("none", "lrn"))), draw(st.sampled_from(_STAGED))
    use = BackboneUse("V", name, draw(st.sampled_from((224, 96, 75))), norm)
    dial = Dial("strength", "real", 1.5, 0.5, 2.0, free=draw(st.booleans()))
    depth = draw(st.sampled_from((1, 1, 2, 2, 3, 3, 4, 5)))
    chain: list[Family] = []
    connections: list[Connection] = []
    normalisations: list[Normalisation] = []
    strongest: dict[str, float] = {INPUT: 138.0}  # above and below the grey that is taken off
    for stage in range(depth):
        below = [family for family in chain if family.name.startswith(f"f{stage - 1}")]
        for index in range(draw(st.sampled_from((1, 1, 2)))):
            layer = draw(st.sampled_from(STAGES[stage]))
            like = draw(st.sampled_from(below)) if below else None
            family = draw(families(layer, f"f{stage}{index}", most, like))
            strongest[family.name] = 20.0
            if stage < depth - 1 and draw(st.integers(0, 5)) == 0:
                chain.append(draw(_given(family, stage, use.geometry)))
                continue
            gain = draw(st.sampled_from((ONE, number(0.5), number(2.0), _DIALLED)))
            bias = draw(st.sampled_from((None, number(0.25), number(-0.25))))
            family = replace(family, gain=gain, bias=bias)
            if not family.identify and draw(st.integers(0, 3)) == 0:
                family = replace(family, centre=draw(_centres()))
            chain.append(family)
            for count in range(draw(st.sampled_from((1, 1, 2)))):
                alias = f"{family.name}_{count}"
                if below:
                    source, excites = draw(st.sampled_from(below)), count == 0
                    link = between(source, family, alias, use.geometry, excites=excites)
                else:
                    link = from_image(family, alias, use.geometry)
                connections.append(draw(link))
            inputs = [c for c in connections if c.target == family.name]
            strength = sum(_strength(c) * strongest[c.source] for c in inputs)
            strongest[family.name] = strength
            if draw(st.integers(0, 3)) == 0:
                floor = draw(numbers(strength / 20, strength))
                normalisations.append(draw(_normalisation(family, chain, use, floor)))
                strongest[family.name] = 5.0
    dialled = any(family.gain == _DIALLED for family in chain)
    circuit = Circuit(
        "",
        use,
        dials=(dial,) if dialled else (),
        families=tuple(chain),
        connections=tuple(connections),
        normalisations=tuple(normalisations),
    )
    return Drawn(circuit)


def _strength(connection: Connection) -> float:
    """How much stronger than what it reads a connection makes a response, roughly.

    A floor far below the responses would make what is left of float32 near a threshold visible.
    """
    norm = connection.wiring.norm
    return {"l1": 0.5, "mass": 1.0, "l2": 3.0}.get(norm.kind if norm else "none", 5.0)


def _centres() -> SearchStrategy[tuple[Number, Number]]:
    along = st.sampled_from((-_ASIDE_PX, 0.0, _ASIDE_PX)).map(lambda value: number(value, "px"))
    return st.tuples(along, along)


@st.composite
def _given(draw: DrawFn, family: Family, stage: int, backbone: Backbone) -> Family:
    """The same family, of units of a trained network."""
    layer = _GIVEN[stage]
    width, first = backbone.by_name[layer].width, draw(st.integers(0, 23))
    step = draw(st.sampled_from((1, 5, 7)))  # prime to every width, so that no unit comes twice
    units = tuple((first + step * index) % width for index in range(family.size))
    return replace(family, layer=layer, units=units)


@st.composite
def _normalisation(
    draw: DrawFn, family: Family, known: list[Family], use: BackboneUse, floor: float
) -> Normalisation:
    """Division by the energy of the family, or of families of layers that sample alike."""

    def grid(other: Family) -> tuple[float, ...]:
        sampling = use.geometry.sampling(other.layer, use.input_px)
        return sampling.stride, sampling.offset, sampling.size

    order = use.geometry.order
    legal = [
        other.name
        for other in known
        if other.units is None
        and grid(other) == grid(family)
        and order[other.layer] <= order[family.layer]
    ]
    over = draw(st.lists(st.sampled_from(legal), min_size=1, max_size=3, unique=True))
    window = draw(st.sampled_from((1, 3, 5)))
    return Normalisation(family.name, window, number(floor), tuple(over))


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
        angle_deg=draw(parts.angles()),
        length_px=draw(st.integers(3, max(2 * far, 4))),
        bend=draw(st.integers(-20, 20)) / 20 / reach_px,
        width_px=draw(st.sampled_from((1.5, 2.0, 3.0))),
        ink=(red, green, blue),
    )


def figures(reach_px: float = 20.0) -> SearchStrategy[Figure]:
    """One to four strokes within a distance of the centre."""
    several = st.lists(strokes(reach_px), min_size=1, max_size=4)
    return several.map(lambda drawn: Figure(tuple(drawn)))


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
            new = {item.name: rebuilt(getattr(value, item.name)) for item in fields(value)}
            return replace(value, **new)
        return value

    connections = tuple(replace(c, wiring=rebuilt(c.wiring)) for c in circuit.connections)
    return replace(circuit, connections=connections)
