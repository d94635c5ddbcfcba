"""Small circuits, each of which exercises something that happens between layers."""

from __future__ import annotations

from builders import (
    DOT,
    EQUAL,
    arc,
    bar,
    blob,
    bump,
    circuit,
    connect,
    directed,
    extended,
    family,
    mass,
    orient,
    oriented,
    place,
    px,
    real,
    rot,
    shape,
    stem,
    tap,
    tune,
)

from circuitdsl.ir.circuit import (
    INPUT,
    Circuit,
    Colour,
    Dial,
    Norm,
    Normalisation,
)
from circuitdsl.ir.expressions import DialValue


def normalised_together() -> Circuit:
    """Families of several layers, each divided by the energy of all of them."""
    families, connections = oriented()
    line = family("line", "conv2d2", orient(4))
    spot = family("spot", "conv2d2")
    late = family("late", "mixed3a_1x1", orient(4))
    return circuit(
        (*families, line, spot, late),
        (
            *connections,
            connect("complex", "line", place(bar(px(8), tap(0.5))), tune("th", bump(40))),
            connect("complex", "spot", place(blob(tap(1))), over=("th",)),
            connect("line", "late", DOT, tune("th", EQUAL), name="a"),
            connect("spot", "late", DOT, gain=real(-0.05), name="b"),
        ),
        dials=(Dial("floor", "real", 4.0, 0.0, 20.0, free=True),),
        normalisations=(
            Normalisation("line", 3, DialValue("floor", "real"), ("line", "spot", "complex")),
            Normalisation("spot", 7, real(9), ("line", "spot")),
            Normalisation("gabors", 1, real(5), ("gabors",)),
            Normalisation("complex", 3, real(2), ("complex",)),
        ),
    )


def packed_for_lrn() -> Circuit:
    """Local response normalisation mixes neighbouring channels of two families."""
    families, connections = stem(4, 2)
    spots = family("spots", "conv2d0", rot(3))
    mixed = family("mixed", "conv2d1", rot(3))
    late = family("late", "mixed3a_pool_reduce", rot(3))
    shade = family("shade", "conv2d2", orient(2))
    aside = place(blob(px(1), (px(2), px(0))))
    return circuit(
        (shade, *families, spots, mixed, family("line", "conv2d2", rot(3)), late),
        (
            *connections,
            connect(INPUT, "spots", aside, colour=Colour("hue"), gain=real(3)),
            connect("spots", "mixed", DOT, tune("th", EQUAL), name="spots"),
            connect("gabors", "mixed", DOT, tune("th", bump(60)), over=("ph",)),
            connect("mixed", "line", place(bar(px(8), px(2))), tune("th", bump(60))),
            connect("mixed", "shade", place(blob(px(3))), tune("th", bump(60))),
            connect("line", "late", DOT, tune("th", EQUAL)),
        ),
        normalisation="lrn",
    )


def every_branch() -> Circuit:
    """The four branches of an inception block, the pools before and between blocks, 5x5 kernels."""
    parts = directed(4)
    branches = ("1x1", "3x3", "5x5", "pool_reduce")
    wide = place(blob(tap(0.9), (tap(0.4), tap(-0.2))))
    families, connections = list(parts[0]), list(parts[1])
    for branch in branches:
        families.append(family(f"a_{branch}", f"mixed3a_{branch}", rot(4)))
        connections.append(
            connect("edges", f"a_{branch}", wide, tune("th", bump(70)), norm=mass(1))
        )
        families.append(family(f"b_{branch}", f"mixed3b_{branch}", rot(3)))
        for source in dict.fromkeys((branch, "5x5")):
            connections.append(
                connect(f"a_{source}", f"b_{branch}", wide, tune("th", bump(70)), norm=Norm("l1"))
            )
    families.append(family("c", "mixed4a_5x5", rot(3)))
    connections.append(connect("b_pool_reduce", "c", wide, tune("th", EQUAL)))
    return circuit(tuple(families), tuple(connections))


def to_the_top() -> Circuit:
    """One unit in every block, up to mixed5b."""
    families, connections = oriented(2)
    families = (*families, family("sum", "conv2d2"))
    connections = (*connections, connect("complex", "sum", place(blob(tap(1))), over=("th",)))
    below = "sum"
    for block in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        here = family(f"unit{block}", f"mixed{block}_3x3", bias=real(0.01))
        families = (*families, here)
        step = connect(below, here.name, place(shape("half", width=tap(1))), gain=real(0.3))
        blurred = connect(below, here.name, place(blob(tap(1))), norm=Norm("l1"), name=f"m{block}")
        connections = (*connections, step, blurred)
        below = here.name
    return circuit(families, connections)


def unconnected() -> Circuit:
    """A family that nothing reaches responds its bias."""
    return circuit(
        (family("lit", "conv2d1", rot(3), bias=real(2)), family("sum", "conv2d2", rot(3))),
        (connect("lit", "sum", place(blob(tap(1))), tune("th", EQUAL), norm=Norm("l1")),),
    )


def narrow_backbone() -> Circuit:
    """`tiny`, which has InceptionV1's geometry."""
    parts = directed(5)
    late = family("late", "mixed3b_5x5", rot(5))
    middle = family("middle", "mixed3a_3x3", rot(5))
    near, far = (place(arc(px(40), px(span), tap(0.45))) for span in (22, 40))
    return extended(
        parts,
        middle,
        late,
        connect("edges", "middle", near, tune("th", bump(60), frame="tangent"), norm=mass(1)),
        connect("middle", "late", far, tune("th", bump(60), frame="tangent"), norm=mass(1)),
        backbone="tiny",
    )


PROGRAMS: dict[str, Circuit] = {
    program.__name__: program()
    for program in (
        normalised_together,
        packed_for_lrn,
        every_branch,
        to_the_top,
        unconnected,
        narrow_backbone,
    )
}
