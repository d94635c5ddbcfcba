"""Small circuits, each of which exercises an axis, a combination of axes, or a quotient."""

from __future__ import annotations

from builders import (
    DOT,
    EQUAL,
    arc,
    bar,
    blob,
    bump,
    cases,
    circuit,
    connect,
    constant,
    deg,
    directed,
    extended,
    family,
    flip,
    gabor,
    hue,
    mass,
    named,
    octaves,
    orient,
    oriented,
    phase,
    place,
    px,
    real,
    rot,
    scale,
    shape,
    tap,
    tune,
)

from circuitdsl.ir.circuit import INPUT, Axis, Circuit, Colour, Norm

HALF = place(shape("half", width=px(1.5)))
ASIDE = place(blob(tap(0.6), (tap(-0.7), tap(0.4))), (-0.5, bar(px(6), tap(0.3))))
RING = place(shape("ring", radius=tap(0.6), width=tap(0.4)))
INWARD = tune("th", bump(90, 1, 180), frame="radial")
SAME_SIDE = tune("side", named("same"), named("other", -0.7))
HUES = tune("h", bump(120), bump(120, -0.5, 180))
BOTH_EQUAL = (tune("th", EQUAL), tune("h", EQUAL))


def _contrasts(**more: object) -> Circuit:
    """Edges between colours, read in every way."""
    axes = (rot(8), hue(6))
    return circuit(
        (
            family("contrast", "conv2d0", *axes, **more),
            family("kept", "conv2d1", *axes, **more),
            family("centre", "conv2d2", hue(5)),
            family("grey", "conv2d2"),
            family("around", "conv2d2", rot(6)),
        ),
        (
            connect(INPUT, "contrast", HALF, colour=Colour("hue"), norm=Norm("l2")),
            connect("contrast", "kept", DOT, *BOTH_EQUAL, norm=Norm("l2")),
            connect("kept", "centre", RING, INWARD, HUES, over=("th",), norm=mass(1, 0.5)),
            connect("kept", "grey", ASIDE, over=("th", "h"), norm=Norm("l1")),
            connect("kept", "around", RING, tune("th", bump(60)), over=("h",)),
        ),
    )


def contrasts() -> Circuit:
    return _contrasts()


def contrasts_identified() -> Circuit:
    """48 elements, 24 units."""
    return _contrasts(identify=(("th", 180.0), ("h", 180.0)))


def identified_in_quarters() -> Circuit:
    """Orbits of four, in a source of which every norm is taken."""
    crosses = family("crosses", "conv2d0", rot(8), phase(2), identify=(("th", 90.0),))
    cross = place(blob(px(3)), (-0.5, blob(px(1.5))))
    families = [crosses, family("sum", "conv2d1", rot(3))]
    connections = [connect(INPUT, "crosses", cross)]
    for norm in (Norm("l1"), Norm("l2"), mass(2, 0.5)):
        tunes = tune("th", bump(50), constant(-0.4)), tune("ph", bump(150), constant(-0.2))
        here = connect("crosses", "sum", DOT, *tunes, over=("ph",), norm=norm, name=norm.kind)
        connections.append(here)
    return circuit(tuple(families), tuple(connections))


def opponents() -> Circuit:
    """Opponent pairs, turned by the target's hue; hues at angles of their own."""
    uneven = Axis("h", "hue", 3, (10.0, 95.0, 300.0))
    pair = Colour("opponent", deg(20), deg(170))
    spot = place(blob(px(1.5)), (-0.25, blob(px(3))))
    return circuit(
        (family("pairs", "conv2d0", uneven), family("edges", "conv2d0", hue(4), orient(3))),
        (
            connect(INPUT, "pairs", spot, colour=pair, norm=mass(1, 0.7)),
            connect(INPUT, "edges", place(gabor(px(6))), colour=pair, dc=real(0), norm=Norm("l1")),
            connect(INPUT, "edges", HALF, colour=Colour("luma"), name="grey"),
        ),
    )


def mirrored() -> Circuit:
    """Dihedral targets of sources that turn: arcs, whose mirror image stands at -th."""
    bend = place(arc(px(20), px(12), tap(0.4), (tap(0.5), px(0))))
    return extended(
        directed(6),
        family("hooks", "mixed3a_3x3", rot(8), flip()),
        family("heads", "mixed3a_3x3", flip()),
        connect("edges", "hooks", bend, tune("th", bump(50), constant(-0.2), frame="tangent")),
        connect("edges", "hooks", ASIDE, tune("th", bump(70, 1, 30)), name="aside"),
        connect("edges", "heads", ASIDE, tune("th", bump(70, 1, 30)), over=("th",)),
        connect("edges", "heads", ASIDE, over=("th",), norm=mass(1, 0.5), name="leaning"),
    )


def mirrored_directions() -> Circuit:
    """Dihedral targets of directions, which the mirror turns to 180 - th."""
    return circuit(
        (
            family("edges", "conv2d0", rot(6)),
            family("kept", "conv2d1", rot(6)),
            family("sides", "conv2d1", rot(6), flip()),
            family("heads", "conv2d2", flip()),
            family("hooks", "conv2d2", rot(8), flip()),
            family("whole", "conv2d2"),
            family("turned", "conv2d2", rot(5)),
        ),
        (
            connect(INPUT, "edges", HALF, norm=Norm("l2")),
            connect("edges", "kept", DOT, tune("th", EQUAL)),
            connect("edges", "sides", DOT, tune("th", bump(60, 1, 20))),
            connect("kept", "heads", ASIDE, tune("th", bump(60, 1, 40)), over=("th",)),
            connect("sides", "heads", ASIDE, INWARD, SAME_SIDE, over=("th",), norm=Norm("l1")),
            connect("sides", "hooks", ASIDE, tune("th", bump(60, 1, 40)), SAME_SIDE),
            connect("sides", "whole", ASIDE, over=("th", "side"), norm=Norm("l2")),
            connect("sides", "turned", ASIDE, tune("th", bump(60, 1, 40)), over=("side",)),
        ),
    )


def rival_cases() -> Circuit:
    """Cases that inhibit one another, and their union."""
    families, connections = oriented()
    return circuit(
        (
            *families,
            family("parts", "conv2d2", cases(3), rot(4)),
            family("kinds", "mixed3a_3x3", cases(3)),
            family("union", "mixed3b_3x3"),
        ),
        (
            *connections,
            connect("complex", "parts", ASIDE, tune("th", bump(60, 1, 15))),
            connect(
                "parts",
                "kinds",
                ASIDE,
                tune("u", named("same"), named("other", -0.5)),
                over=("th",),
                norm=mass(1, 0.6),
            ),
            connect("kinds", "union", place(blob(tap(0.7), (tap(0.5), px(2)))), over=("u",)),
        ),
    )


def scaled() -> Circuit:
    """Dilated templates, weights in octaves, ends that are holes."""
    spot = place(blob(px(1)), (-0.3, blob(px(2))))
    line = place(bar(px(2), px(1.2), (px(0.3), px(0.8))), (-0.4, shape("half", width=px(1.5))))
    near = tune("r", octaves(1.5), octaves(1, -0.4, 0.7))
    return circuit(
        (
            family("spots", "conv2d0", scale(4, 1.4), hue(2)),
            family("bars", "conv2d0", scale(3, 1.5), orient(3)),
            family("kept", "conv2d1", scale(4, 1.4)),
            family("some", "conv2d2", scale(3, 1.3)),
            family("all", "conv2d2", rot(3), flip(), scale(2, 1.2)),
            family("one", "conv2d2", rot(3)),
        ),
        (
            connect(INPUT, "spots", spot, colour=Colour("hue", deg(30)), norm=Norm("l2")),
            connect(INPUT, "bars", place(gabor(px(5))), dc=real(0), norm=Norm("l2")),
            connect("spots", "kept", DOT, tune("r", EQUAL), over=("h",)),
            connect("kept", "some", line, near),
            connect("kept", "all", line, near, norm=Norm("l1")),
            connect("kept", "one", line, over=("r",), name="dilated"),
            connect("kept", "one", line, near, over=("r",), norm=mass(1, 0.5)),
        ),
    )


PROGRAMS: dict[str, Circuit] = {
    program.__name__: program()
    for program in (
        contrasts,
        contrasts_identified,
        identified_in_quarters,
        opponents,
        mirrored,
        mirrored_directions,
        rival_cases,
        scaled,
    )
}
