"""Circuits built in Python are those of the text."""

from __future__ import annotations

import inspect
import pydoc

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from circuitdsl.builder import (
    Builder,
    Expression,
    deg,
    dot,
    expression,
    largest,
    line,
    mass,
    motifs,
    orient,
    phase,
    point,
    profiles,
    px,
    rot,
    shapes,
    smallest,
    tap,
)
from circuitdsl.checking import load, loads
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.diagnostics import DiagnosticError


def five_layers() -> Circuit:
    """The example of tests/golden, in Python."""
    lab = (
        curves := Builder("Curve detectors over five layers, written by hand.", input_px=224)
    ).use("lab.circ", "lab")
    wavelength = curves.dial("wavelength", px(6), px(4), px(10))
    bow = curves.dial("bow", px(20), px(10), px(60), free=True)
    radius = curves.dial("radius", px(45), px(20), px(120), free=True)
    opposed = curves.dial("opposed", 1.5, 0, 3, free=True)
    early = curves.family("early", "mixed3a_3x3", {"th": rot(16)})
    curve = curves.family(
        "curve",
        "mixed3b_5x5",
        {"th": rot(10)},
        doc="Fires for an arc.",
        calibrate=f"one({lab.arcs}, peak=preferred) and zero({lab.noise}, quantile=0.95)",
    )
    gabors = curves.family("gabors", "conv2d0", {"th": orient(16), "ph": phase(4)})
    line = curves.family("line", "conv2d2", {"th": orient(16)}, bias=-0.03)
    curves.connect(
        curves.input,
        gabors,
        colour="luma",
        place=shapes.gabor(wavelength, length=px(2.6), width=px(1.6)),
        dc=0,
        norm="l2",
    )
    tangent = profiles.bump(deg(25)) - 0.3
    curves.connect(
        line,
        early,
        place=shapes.arc(bow, span=px(24), width=tap(0.5)),
        tune={"th": tangent @ "tangent"},
        norm=mass(1, balance=0.9),
    )
    twice = profiles.bump(deg(45)) - 1.2 * profiles.bump(deg(45), around=deg(180)) - 0.1
    curves.connect(
        early,
        curve,
        name="shape",
        place=shapes.arc(radius, span=px(40), width=tap(0.45), at=(px(0), -px(2))),
        tune={"th": twice @ "tangent"},
        norm=mass(1, balance=opposed),
    )
    curves.normalise(line, window=tap(5), floor=4 + opposed)
    return curves.circuit(ROOT / "tests" / "golden")


TEXT = """circ 1 "Curve detectors over five layers, written by hand."
from std.profiles import bump
from std.shapes import arc, gabor
import "lab.circ" as lab
backbone V = inceptionv1(input=224px)
dial wavelength : length = 6px in [4px, 10px]
dial bow : length = 20px in [10px, 60px] free
dial radius : length = 45px in [20px, 120px] free
dial opposed : real = 1.5 in [0, 3] free
family early [th: rot(16)] at V.mixed3a_3x3
family curve [th: rot(10)] at V.mixed3b_5x5 {
  doc = "Fires for an arc."
  calibrate = one(lab.arcs, peak=preferred) and zero(lab.noise, quantile=0.95)
}
family gabors [th: orient(16), ph: phase(4)] at V.conv2d0
family line [th: orient(16)] at V.conv2d2 { bias = -0.03 }
connect V.input -> gabors {
  colour = luma  place = gabor(wavelength, length=2.6px, width=1.6px)  dc = 0  norm = l2
}
connect line -> early {
  place = arc(bow, span=24px, width=0.5tap)
  tune.th = (bump(25deg) - 0.3) @ tangent
  norm = mass(1, balance=0.9)
}
connect early -> curve as shape {
  place = arc(radius, span=40px, width=0.45tap, at=(0px, -2px))
  tune.th = (bump(45deg) - 1.2*bump(45deg, around=180deg) - 0.1) @ tangent
  norm = mass(1, balance=opposed)
}
normalise line { window = 5tap  floor = 4 + opposed }
"""


def test_python_and_text_are_one_circuit(tmp_path) -> None:
    (tmp_path / "lab.circ").write_bytes((ROOT / "tests" / "golden" / "lab.circ").read_bytes())
    (tmp_path / "text.circ").write_text(TEXT, encoding="utf-8")
    built = five_layers()
    assert built == load(tmp_path / "text.circ")
    assert loads(to_source(built)) == built


def test_points_and_the_smaller_of_two() -> None:
    builder = Builder()
    size = builder.dial("size", px(2), px(1), px(4))
    at = point(px(0), size) - 2 * -point(px(0.5), px(0.5))
    width = smallest(abs(size), largest(tap(0.5), px(1)))
    spots = builder.family("spots", "conv2d0")
    builder.connect(builder.input, spots, place=shapes.blob(at, sigma=width))
    text = (
        "circ 1\nfrom std.shapes import blob\nbackbone V = inceptionv1()\n"
        "dial size : length = 2px in [1px, 4px]\nfamily spots at V.conv2d0\n"
        "connect V.input -> spots {\n"
        "  place = blob((1px, size + 1px), sigma=min(abs(size), max(0.5tap, 1px)))\n}\n"
    )
    assert builder.circuit() == loads(text)


def test_families_are_normalised_together() -> None:
    builder = Builder()
    one, two = builder.family("one", "conv2d0"), builder.family("two", "conv2d0")
    builder.normalise(one, two, window=tap(3), floor=2)
    assert [each.family for each in builder.circuit().normalisations] == ["one", "two"]


def test_motifs_stimuli_and_claims() -> None:
    builder = Builder("Lines.", "tiny", normalisation="lrn")
    bars = builder.stimulus("bars", "lines", th="every(15deg)", size=px(64))
    half = builder.let("half", px(8) / 2)
    edges = builder.family("edges", "conv2d0", {"th": orient(8)})
    claims = [f"preferred_error({bars}) <= 2deg"]
    again = builder.family("again", "conv2d1", {"th": orient(8)}, expect=claims, gain=2)
    builder.connect(builder.input, edges, place=shapes.bar(half, width=px(1)))
    builder.connect(edges, again, motif=motifs.copy())
    builder.declare("fn unused(x: length) = 2*x")
    circuit = builder.circuit()
    assert circuit.backbone.normalisation == "lrn"
    assert circuit.by_name["again"].expectations
    assert circuit.connections[1].motif is not None
    assert loads(builder.source()) == circuit
    assert loads(to_source(circuit)) == circuit


def test_mistakes_are_those_of_a_file() -> None:
    builder = Builder()
    line = builder.family("line", "conv2d0", {"th": rot(8)})
    builder.connect(builder.input, line, place=shapes.ark(px(4)), gian=2)
    with pytest.raises(DiagnosticError) as caught:
        builder.circuit()
    codes = {d.code for d in caught.value.diagnostics}
    assert {"E201", "E202"} <= codes
    assert "<builder>" in str(caught.value)
    with pytest.raises(TypeError, match="has no meaning in a circuit"):
        builder.let("odd", {})


numbers = st.integers(-9, 9).filter(bool)


@st.composite
def sums(draw: st.DrawFn, depth: int = 4) -> tuple[Expression, float]:
    """An expression, and the value that Python gives it."""
    value = float(draw(numbers))
    if depth == 0 or draw(st.booleans()):
        return expression(value), value
    left, a = draw(sums(depth - 1))
    right, b = draw(sums(depth - 1))
    match draw(st.sampled_from("+-*n^")):
        case "+":
            return left + right, a + b
        case "-":
            return left - right, a - b
        case "*":
            return left * right, a * b
        case "n":
            return -left, -a
        case _:
            return left**2, a**2


@given(sums())
@settings(max_examples=80)
def test_expressions_mean_what_python_means(pair: tuple[Expression, float]) -> None:
    written, value = pair
    builder = Builder()
    builder.family("a", "conv2d0", bias=written)
    (family,) = builder.circuit().families
    assert family.bias is not None
    assert family.bias.value == pytest.approx(value, rel=1e-9)


def test_the_page_runs() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    assert isinstance(names["circuit"], Circuit)


def test_the_package_offers_it() -> None:
    import circuitdsl

    assert circuitdsl.Builder is Builder


def test_figures_are_composed_of_strokes() -> None:
    builder = Builder()
    bars = builder.stimulus(
        "bars", "strokes", th=[deg(0), deg(90)], bar=[0, 1] * (line(px(20)) + dot(px(3)))
    )
    shapes_ = builder.stimulus("shapes", "figures", kind=["corner", "tee"], hue=deg(60))
    claims = [f"response({bars}, bar=1) > response({bars}, bar=0)", f"response({shapes_}) > 0"]
    spot = builder.family("spot", "conv2d0", expect=claims)
    builder.connect(builder.input, spot, place=shapes.blob(sigma=px(2)))
    text = (
        "circ 1\nfrom std.shapes import blob\nbackbone V = inceptionv1()\n"
        "stimulus bars = strokes(th=[0deg, 90deg], bar=[0, 1]*(line(20px) + dot(3px)))\n"
        "stimulus shapes = figures(kind=[corner, tee], hue=60deg)\n"
        "family spot at V.conv2d0 {\n"
        "  expect response(bars, bar=1) > response(bars, bar=0)\n"
        "  expect response(shapes) > 0\n}\n"
        "connect V.input -> spot { place = blob(sigma=2px) }\n"
    )
    assert builder.circuit() == loads(text)


def test_libraries_say_what_they_have() -> None:
    assert {"arc", "bar", "dot"} <= set(dir(shapes))
    assert "bump" in dir(profiles) and "copy" in dir(motifs)
    assert str(inspect.signature(shapes.bar)) == (
        "(length: length, width: length, at: point = (0px, 0px))"
    )
    shown = pydoc.render_doc(shapes.bar, renderer=pydoc.plaintext)
    assert "bar(length: length, width: length, at: point = (0px, 0px))" in shown
    assert "A straight stroke along the tangent" in shown
    assert profiles.equal.text == "equal"
    assert list(inspect.signature(motifs.stroke).parameters)[:3] == ["length", "width", "reach"]
