"""Small circuits, each of which exercises something that decides the weights of a connection."""

from __future__ import annotations

from dataclasses import replace

from builders import (
    DOT,
    EQUAL,
    LUMA,
    arc,
    bar,
    blob,
    bump,
    circuit,
    connect,
    constant,
    deg,
    directed,
    extended,
    family,
    flip,
    gabor,
    mass,
    named,
    orient,
    oriented,
    phase,
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
    Axis,
    Circuit,
    Colour,
    Dial,
    Formal,
    Motif,
    MotifUse,
    Norm,
    Wiring,
)
from circuitdsl.ir.expressions import Apply, DialValue


def stem_offset() -> Circuit:
    """`dc` that is not 0, no norm, a gain on the connection and on the family, a bias."""
    gabors = family("gabors", "conv2d0", orient(3), phase(3), gain=real(0.5), bias=real(-20))
    read = connect(INPUT, "gabors", place(gabor(px(5))), dc=real(0.7), gain=real(-2))
    return circuit((gabors,), (read,))


def stem_of_two_gabors() -> Circuit:
    """A sum of Gabors under one `dc`."""
    gabors = family("gabors", "conv2d0", orient(5), phase(4))
    sum_of_two = place(gabor(px(4), 2.0, 1.2), (-0.6, gabor(px(9), 3.0, 2.5, turn=40)))
    return circuit((gabors,), (connect(INPUT, "gabors", sum_of_two, dc=real(0), norm=Norm("l1")),))


def stem_without_dc() -> Circuit:
    return circuit(
        (family("gabors", "conv2d0", rot(8), phase(3)),),
        (connect(INPUT, "gabors", place(gabor(px(4)))),),
    )


def colours() -> Circuit:
    """Hue and luma into one family; a family without axes; several connections into one target."""
    spot = place(blob(px(1.5)), (-0.25, blob(px(3))))
    edge = place(shape("half", width=px(2)))
    return circuit(
        (family("red", "conv2d0"), family("sides", "conv2d0", rot(6))),
        (
            connect(INPUT, "red", spot, colour=Colour("hue", deg(20)), norm=Norm("l2")),
            connect(INPUT, "sides", edge, colour=Colour("hue", deg(130)), name="hue"),
            connect(INPUT, "sides", edge, colour=LUMA, gain=real(0.5), name="grey"),
        ),
    )


def keeps_phase() -> Circuit:
    """Two shared axes, both tuned."""
    kept = connect(
        "gabors", "sharper", DOT, tune("th", bump(40), constant(-0.1)), tune("ph", bump(120))
    )
    return extended(stem(6, 4), family("sharper", "conv2d1", orient(6), phase(4)), kept)


def other_orders() -> Circuit:
    """Bumps between families of other orders, `rot` to `rot` and phase to phase."""
    turned = connect(
        "edges",
        "nine",
        place(blob(tap(0.6), (tap(0.5), px(3)))),
        tune("th", bump(45), bump(60, -0.7, 150)),
        norm=mass(2, 0.5),
    )
    return extended(directed(6), family("nine", "mixed3a_3x3", rot(9)), turned)


def rot_to_orient() -> Circuit:
    turned = connect(
        "edges",
        "lines",
        place(bar(px(20), tap(0.4))),
        tune("th", bump(50), constant(-0.2), frame="tangent"),
        norm=Norm("l1"),
    )
    return extended(directed(8), family("lines", "mixed3a_3x3", orient(5)), turned)


def orient_to_rot() -> Circuit:
    return extended(directed(7))


def sideways_pair() -> Circuit:
    """`same` and `other` on a two-valued axis."""
    families, connections = oriented()
    pair = family("pair", "conv2d2", rot(2, "side"))
    head = family("head", "mixed3a_3x3", rot(2, "side"))
    return circuit(
        (*families, pair, head),
        (
            *connections,
            connect("complex", "pair", place(shape("half", width=tap(1))), over=("th",)),
            connect(
                "pair",
                "head",
                place(blob(tap(0.6), (tap(-1), px(0)))),
                tune("side", named("same"), named("other", -0.7)),
            ),
        ),
    )


def source_frame() -> Circuit:
    """An axis summed over without a tune: the template stands in the source's frame."""
    union = connect("edges", "any", place(blob(tap(0.7), (tap(0.7), px(0)))), over=("th",))
    bars = connect("complex", "stars", place(bar(px(12), tap(0.3))), over=("th",))
    return extended(
        directed(6), family("any", "mixed3a_3x3"), family("stars", "conv2d2"), union, bars
    )


def centre_surround() -> Circuit:
    """An axis summed over with a profile relative to the radial direction."""
    centre = connect(
        "edges",
        "centre",
        place(shape("ring", radius=tap(1), width=tap(0.4))),
        tune("th", bump(90, 1, 180), frame="radial"),
        over=("th",),
        norm=Norm("l1"),
    )
    return extended(directed(8), family("centre", "mixed3a_5x5"), centre)


def radial_in_target() -> Circuit:
    """The radial frame in a target that turns."""
    tuned = tune("th", bump(70), constant(-0.2), frame="radial")
    return extended(
        directed(6),
        family("wheel", "mixed3a_5x5", rot(5)),
        connect(
            "edges",
            "wheel",
            place(blob(tap(1.1), (tap(0.8), px(2))), (-0.5, blob(tap(0.4)))),
            tuned,
            norm=mass(1, 0.8),
        ),
    )


def along_field() -> Circuit:
    """An axis summed over with a profile in the plane's own frame."""
    upward = connect(
        "edges",
        "upward",
        place(blob(tap(0.8))),
        tune("th", bump(80, 1, 90), constant(-0.1), frame="field"),
        over=("th",),
    )
    return extended(directed(8), family("upward", "mixed3a_1x1"), upward)


def two_profiles() -> Circuit:
    """A tangent frame on one axis times an untuned sum and a tuned sum over another."""
    families, connections = stem(6, 4)
    kept = family("kept", "conv2d1", orient(6), phase(4))
    copy = connect("gabors", "kept", DOT, tune("th", EQUAL), tune("ph", EQUAL))
    arcs = connect(
        "kept",
        "bent",
        place(arc(px(12), px(8), px(2))),
        tune("th", bump(40), frame="tangent"),
        tune("ph", bump(100, 1, 90)),
        over=("ph",),
    )
    return circuit((*families, kept, family("bent", "conv2d2", rot(7))), (*connections, copy, arcs))


def gabor_of_lines() -> Circuit:
    """A Gabor template between layers, its `dc` per target member."""
    waves = connect(
        "complex",
        "texture",
        place(gabor(px(11), 5, 5)),
        tune("th", bump(40)),
        dc=real(0),
        norm=Norm("l2"),
    )
    return extended(oriented(5), family("texture", "conv2d2", orient(4), phase(3)), waves)


def gabor_in_source_frame() -> Circuit:
    """A Gabor in its source's frame: its `dc` per source member."""
    waves = connect("complex", "texture", place(gabor(px(11), 5, 5)), over=("th",), dc=real(0.2))
    return extended(oriented(6), family("texture", "conv2d2"), waves)


def uneven() -> Circuit:
    """Members at angles of their own, in target and source."""
    early = family("early", "mixed3a_3x3", Axis("th", "rot", 4, (0.0, 31.0, 170.5, 290.0)))
    late = family("late", "mixed3b_3x3", Axis("th", "rot", 3, (355.0, 10.0, 200.0)))
    return extended(
        directed(6),
        early,
        late,
        connect("edges", "early", place(arc(px(30), px(20), px(4))), tune("th", bump(60))),
        connect(
            "early",
            "late",
            place(arc(px(30), px(20), px(4))),
            tune("th", bump(60), frame="tangent"),
            norm=mass(1),
        ),
    )


def motif_overridden() -> Circuit:
    """A connection's own tune and norm go before its motif's; other tunes are kept."""
    pattern = Motif(
        "spread",
        (Formal("size", "length"), Formal("reach", "angle"), Formal("strength", "real", real(2))),
        Wiring(
            place=place((DialValue("strength", "real"), blob(DialValue("size", "length")))),
            tunes=(tune("th", bump(DialValue("reach", "angle"))), tune("ph", EQUAL)),
            norm=Norm("l1"),
            gain=Apply("*", (DialValue("strength", "real"), DialValue("scale", "real")), "real"),
        ),
    )
    use = MotifUse(
        "spread",
        (("size", tap(0.5)), ("reach", deg(35)), ("strength", DialValue("scale", "real"))),
    )
    families, connections = stem(4, 2)
    first = family("first", "conv2d1", orient(4), phase(2))
    second = family("second", "conv2d2", orient(4), phase(2))
    return circuit(
        (*families, first, second),
        (
            *connections,
            connect("gabors", "first", motif=use),
            connect(
                "first",
                "second",
                None,
                tune("th", bump(90), constant(-0.5)),
                motif=use,
                norm=Norm("l2"),
            ),
        ),
        dials=(Dial("scale", "real", 1.5, 0.0, 3.0),),
        motifs=(pattern,),
    )


def reckoned() -> Circuit:
    """Arithmetic on dials, taps added to pixels, dials in every place that takes a number."""
    size, turn, part = (
        DialValue("size", "px"),
        DialValue("turn", "angle"),
        DialValue("part", "real"),
    )
    wide = Apply("+", (tap(0.25), Apply("/", (size, real(4)), "px")), "length")
    less = Apply("neg", (Apply("^", (part, real(2)), "real"),), "real")
    around = Apply("abs", (Apply("-", (turn, deg(30)), "angle"),), "angle")
    strong = Apply("max", (part, real(0.25)), "real")
    spot = blob(Apply("min", (size, tap(1.5)), "length"))
    lines = connect(
        "complex",
        "edges",
        place(
            blob(wide, (Apply("*", (part, size), "px"), tap(0.5))),
            (less, shape("ring", radius=size, width=wide)),
        ),
        tune("th", bump(Apply("*", (real(2), turn), "angle")), bump(60, less)),
        norm=mass(part, Apply("+", (part, real(0.5)), "real")),
        gain=less,
    )
    families, connections = oriented()
    edges = family("edges", "conv2d2", rot(5), gain=strong, bias=less)
    hue = connect(INPUT, "hued", place(spot), colour=Colour("hue", around), norm=Norm("l2"))
    return circuit(
        (*families, edges, family("hued", "conv2d0")),
        (*connections, lines, hue),
        dials=(
            Dial("size", "px", 3.5, 2.0, 8.0, free=True),
            Dial("turn", "angle", 25.0, 10.0, 80.0),
            Dial("part", "real", 0.6, 0.0, 0.7, free=True),
        ),
    )


def one_sided() -> Circuit:
    """Balanced norms of kernels with one sign only, and of a kernel that is all zero."""
    parts = oriented()
    line = place(bar(px(8), tap(0.5)))
    return extended(
        parts,
        family("less", "conv2d2", orient(4), bias=real(200)),
        family("none", "conv2d2", orient(4)),
        connect("complex", "less", line, tune("th", bump(40, -1)), norm=mass(1, 0.5)),
        connect("complex", "none", place((0, blob(px(4)))), tune("th", EQUAL), norm=Norm("l2")),
    )


def aside() -> Circuit:
    """Bars and arcs away from the centre, an arc that bends to the right, uneven phases."""
    families, connections = directed(6)
    stripes = family("stripes", "conv2d0", orient(3), Axis("ph", "phase", 2, (90.0, 270.0)))
    bars = place(
        bar(px(5), px(0.7), (px(0), px(-2))), (-0.8, bar(px(5), px(0.7), (px(1), px(2.5))))
    )
    bends = place(
        arc(px(20), tap(2.5), tap(0.4), (tap(-0.5), tap(1))),
        (-0.5, arc(px(-30), tap(3), tap(0.5), (px(2), px(-6)))),
    )
    return circuit(
        (
            *families,
            stripes,
            family("ends", "conv2d0", rot(5)),
            family("pairs", "mixed3a_5x5", rot(7)),
        ),
        (
            *connections,
            connect(INPUT, "stripes", place(gabor(px(5), turn=30)), dc=real(0)),
            connect(INPUT, "ends", bars, norm=mass(1)),
            connect("edges", "pairs", bends, tune("th", bump(50), constant(-0.2), frame="tangent")),
        ),
    )


def narrow_bumps() -> Circuit:
    """Bumps far narrower than the families' steps, around one of the members."""
    narrow = connect("edges", "few", place(blob(tap(0.5))), tune("th", bump(1), bump(4, 0.5, 61)))
    return extended(directed(6), family("few", "mixed3a_1x1", rot(6)), narrow)


def looking_aside() -> Circuit:
    """Families that look beside their windows' middles, one by a dial, and read one another."""
    families, connections = directed(8)
    aside = tuple(
        replace(one, centre=(DialValue("right", "px"), px(0.7))) if one.name == "edges" else one
        for one in families
    )
    curves = family("curves", "mixed3a_3x3", rot(8), flip(), centre=(px(0), px(2)))
    spots = family("spots", "mixed3b_3x3", centre=(px(-1), px(0.5)))
    along = connect(
        "edges",
        "curves",
        place(arc(px(20), px(16), px(4)), (0.5, bar(px(9), px(3)))),
        tune("th", bump(95), frame="tangent"),
    )
    around = connect(
        "curves",
        "spots",
        place(shape("ring", radius=px(7), width=px(4))),
        tune("th", bump(95), frame="radial"),
        over=("th", "side"),
    )
    dial = Dial("right", "px", -1.2, -4, 4)
    return circuit((*aside, curves, spots), (*connections, along, around), dials=(dial,))


def large_arcs() -> Circuit:
    """Arcs from a full turn to nearly straight."""
    parts = directed(6)
    families, connections = list(parts[0]), list(parts[1])
    for name, radius, span in (("tight", 5, 30), ("open", 60, 30), ("straight", 1e5, 30)):
        families.append(family(name, "mixed3a_5x5", rot(5)))
        bend = place(arc(px(radius), px(span), px(4)))
        tuned = tune("th", bump(45), constant(-0.2), frame="tangent")
        connections.append(connect("edges", name, bend, tuned, norm=mass(1, 0.9)))
    return circuit(tuple(families), tuple(connections))


PROGRAMS: dict[str, Circuit] = {
    program.__name__: program()
    for program in (
        stem_offset,
        stem_of_two_gabors,
        stem_without_dc,
        colours,
        keeps_phase,
        other_orders,
        rot_to_orient,
        orient_to_rot,
        sideways_pair,
        source_frame,
        centre_surround,
        radial_in_target,
        along_field,
        two_profiles,
        gabor_of_lines,
        gabor_in_source_frame,
        uneven,
        motif_overridden,
        reckoned,
        one_sided,
        aside,
        looking_aside,
        narrow_bumps,
        large_arcs,
    )
}
