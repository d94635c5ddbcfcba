"""Circuits as text: what is printed reads back as the same circuit, in the formatter's own form."""

from __future__ import annotations

import pytest
from corpus import FILES, GOLDEN, name_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuitdsl.checking import check_source, load, loads
from circuitdsl.checking.names.standard import standard_file
from circuitdsl.ir.algebra import absolute, combine, negate
from circuitdsl.ir.circuit import (
    INPUT,
    Axis,
    BackboneUse,
    Calibration,
    Circuit,
    Colour,
    Connection,
    Dial,
    Family,
    Formal,
    Motif,
    MotifUse,
    Norm,
    Normalisation,
    ProfileTerm,
    Shape,
    Stimulus,
    Template,
    TemplateTerm,
    Tune,
    Wiring,
)
from circuitdsl.ir.expressions import ZERO_ANGLE, DialValue, Number, Scalar, ScalarUnit
from circuitdsl.ir.stimuli import Setting
from circuitdsl.ir.tables.profiles import PROFILES
from circuitdsl.ir.tables.shapes import SHAPES
from circuitdsl.ir.writing.spelling import number
from circuitdsl.ir.writing.text import dump_ir, to_source
from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.syntax.read import read_source
from circuitdsl.text.source import Source

CIRCUITS = [path for path in FILES if "\nfamily " in path.read_text(encoding="utf-8")]


def holds(circuit: Circuit) -> None:
    """Assert the round trip, and that printing is formatted and deterministic."""
    text = to_source(circuit)
    again = loads(text)
    assert again == circuit
    assert to_source(again) == text
    # the name that `loads` gave it, so that it is parsed once
    assert format_source(Source("<text>", text)) == text


@pytest.mark.parametrize("path", CIRCUITS, ids=name_of)
def test_files_of_the_repository_read_back(path) -> None:
    holds(load(path))


def test_golden() -> None:
    path = GOLDEN / "curves_example.circ"
    circuit = check_source(read_source(path, path.name)).circuit
    assert circuit is not None
    assert to_source(circuit) == (GOLDEN / "curves_example.printed.txt").read_text("utf-8")
    assert dump_ir(circuit) == (GOLDEN / "curves_example.ir.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "table"),
    [("std.shapes", SHAPES), ("std.profiles", PROFILES)],
    ids=["shapes", "profiles"],
)
def test_the_library_declares_what_the_tables_say(name: str, table) -> None:
    """Names, types and defaults of arguments. The others are no rows."""
    declared = {
        function.name.text: [
            (f.name.text, f.unit and f.unit.text, f.default and f.default.span.text)
            for f in function.formals
        ]
        for function in standard_file(name).items
        if isinstance(function, nodes.Function) and function.body is None
    }
    for key, row in table.items():
        told = [(a.name, a.type, written(a.default)) for a in row.arguments]
        assert declared.pop(key) == told
    assert set(declared) <= {"rotated", "mirrored", "rectified", "finest"}


def written(default: Scalar | tuple[Scalar, ...] | None) -> str | None:
    if isinstance(default, tuple):
        return f"({', '.join(str(written(part)) for part in default)})"
    return number(default.value, default.unit) if isinstance(default, Number) else None


# ---- generated circuits

DIALS = (
    Dial("strength", "real", 0.5, 0.0, 2.0, True),
    Dial("lab.tilt", "angle", 20.0, -90.0, 90.0),
    Dial("reach", "px", 6.5, 1.0, 20.0, True),
    Dial("wide", "tap", 0.5),
)


def literals(unit: ScalarUnit) -> st.SearchStrategy[Scalar]:
    values = st.floats(-1e3, 1e3, allow_nan=False).filter(lambda v: v != 0 or str(v) != "-0.0")
    return values.map(lambda value: Number(value, unit))


@st.composite
def scalars(draw: st.DrawFn, unit: ScalarUnit, depth: int = 3) -> Scalar:
    """Expressions as the checker builds them."""
    dial = next(dial for dial in DIALS if dial.unit == unit)
    leaf = literals(unit) | st.just(DialValue(dial.name, unit))
    if unit == "px":
        leaf |= literals("tap")
    if depth == 0 or draw(st.booleans()):
        return draw(leaf)
    kind = draw(st.sampled_from(("+", "-", "*", "/", "^", "neg", "abs", "min", "max")))
    same, plain = scalars(unit, depth - 1), scalars("real", depth - 1)
    left = draw(plain if kind == "*" else same)
    if kind == "neg" or (kind == "^" and unit != "real"):
        return negate(left)
    if kind == "abs":
        return absolute(left)
    # whatever the dials are, there is a value
    safe = {"/": st.sampled_from((-2.0, 0.1, 3.0)), "^": st.just(2.0)}
    right = draw(safe[kind].map(Number) if kind in safe else same)
    return combine(kind, left, right)


@st.composite
def templates(draw: st.DrawFn) -> Template:
    dot = Shape("dot", ())
    half = Shape("half", (("width", DialValue("wide", "tap")),))
    at = (Number(1.0, "px"), Number(-0.25, "tap"))
    blob = Shape("blob", (("at", at), ("sigma", Number(0.5, "tap"))))
    shapes = draw(st.lists(st.sampled_from((dot, half, blob)), min_size=1, max_size=4))
    return Template(tuple(TemplateTerm(draw(scalars("real")), shape) for shape in shapes))


@st.composite
def tunes(draw: st.DrawFn) -> Tune:
    names = draw(st.lists(st.sampled_from(("bump", "constant")), min_size=1, max_size=4))
    terms: list[ProfileTerm] = []
    for name in names:
        around = draw(st.just(ZERO_ANGLE) | scalars("angle"))
        arguments = (("fwhm", Number(60.0, "angle")), ("around", around))
        weight = draw(st.just(Number(1.0)) | st.just(Number(-1.0)) | scalars("real"))
        terms.append(ProfileTerm(weight, name, arguments if name == "bump" else ()))
    frame = draw(st.sampled_from(("frame", "field"))) if names != ["constant"] else "frame"
    return Tune("th", tuple(terms), frame)


@st.composite
def wirings(draw: st.DrawFn) -> Wiring:
    kind = draw(st.sampled_from(("none", "l1", "l2", "mass")))
    norm = Norm(kind)
    if kind == "mass":
        norm = Norm(kind, draw(scalars("real")), draw(st.just(Number(1.0)) | scalars("real")))
    return Wiring(
        place=draw(templates()),
        tunes=(draw(tunes()),),
        norm=draw(st.none() | st.just(norm)),
        gain=draw(st.none() | scalars("real")),
    )


@st.composite
def generated(draw: st.DrawFn) -> Circuit:
    at = tuple(draw(st.lists(st.integers(0, 3599), min_size=1, max_size=20, unique=True)))
    axis = Axis("th", "rot", len(at), tuple(angle / 10 for angle in at))
    families = (
        Family("line", (Axis("th", "rot", 16),), "conv2d0", bias=draw(scalars("real"))),
        Family(
            "curve",
            (axis,),
            "conv2d1",
            doc=draw(st.sampled_from(DOCS)),
            calibrate=Calibration("lab.arcs", "lab.arcs", 0.5),
        ),
    )
    colour = draw(st.none() | scalars("angle").map(lambda angle: Colour("hue", angle)))
    light = Wiring(place=Template((TemplateTerm(Number(1.0), Shape("dot", ())),)), colour=colour)
    motif = Motif("lab.shared", (Formal("strength", "real", Number(2.0)),), draw(wirings()))
    use = MotifUse("lab.shared", (("strength", draw(scalars("real", 0))),))
    own = draw(st.just(Wiring()) | wirings())
    return Circuit(
        doc=draw(st.sampled_from(DOCS)),
        backbone=BackboneUse("Net", draw(st.sampled_from(("inceptionv1", "tiny"))), 96, "lrn"),
        dials=DIALS,
        families=families,
        connections=(
            Connection(INPUT, "line", "input->line", light),
            Connection("line", "curve", "line->curve", draw(wirings())),
            Connection("line", "curve", "again", own, use),
        ),
        normalisations=(Normalisation("curve", 5, draw(scalars("real")), ("curve", "curve")[:1]),),
        motifs=(motif,),
        stimuli=(Stimulus("lab.arcs", "arcs", (("radius", Setting((20.0, 40.5), "px")),)),),
    )


DOCS = ("", "A doc.", 'A "quoted" word in a doc.', "Two\nlines.", "# no comment, {no} [block]")


@pytest.mark.parametrize("generator", ["arcs", "lines"])
@pytest.mark.parametrize("step", ["0.1deg", "0.7deg", "15deg", "100deg", "170deg"])
def test_angles_at_even_steps_are_printed_as_such(generator: str, step: str) -> None:
    text = (
        "circ 1\nbackbone V = inceptionv1()\n"
        f"stimulus s = {generator}(th=every({step}))\nfamily f at V.conv2d0\n"
    )
    circuit = loads(text)
    printed = to_source(circuit)
    assert loads(printed) == circuit
    assert len(printed) < 200


@given(generated())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_generated_circuits_read_back(circuit: Circuit) -> None:
    holds(circuit)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.0, "real", "3"),
        (0.1, "px", "0.1px"),
        (-2.5, "angle", "-2.5deg"),
        (1e-7, "tap", "1e-07tap"),
        (1e20, "real", "1e+20"),
        (0.30000000000000004, "real", "0.30000000000000004"),
    ],
)
def test_numbers_are_short_and_exact(value: float, unit: ScalarUnit, text: str) -> None:
    assert number(value, unit) == text


def test_docs_that_no_string_can_hold_are_refused() -> None:
    bare = Circuit('ends with "', BackboneUse("V", "tiny"))
    with pytest.raises(ValueError, match="no string of the language"):
        to_source(bare)


def test_the_network_whose_weights_are_opened_is_kept() -> None:
    text = (
        "circ 1\n\n"
        'backbone V = inceptionv1(input=224px, weights="inceptionv1-caffe2")\n\n'
        "family wheel at V.mixed4b {\n  units = [373]\n}\n"
    )
    assert to_source(loads(text)) == text
