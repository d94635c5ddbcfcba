"""`activity`: what it means, how it is printed, and what is refused."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from circuitdsl.builder import Builder, deg, px, shapes, spot
from circuitdsl.checking import check_source, loads
from circuitdsl.ir.expressions import Number
from circuitdsl.ir.stimuli import Part, Spot
from circuitdsl.ir.writing.text import to_source
from circuitdsl.syntax.format import format_source
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes import dot
backbone V = inceptionv1()
let below = (0px, -16px)
family window at V.mixed4b { units = [237] }
family snout [side: flip, th: rot(4)] at V.mixed4b { units = [1, 2, 3, 4, 5, 6, 7, 8] }
family cues [u: cases(3)] at V.mixed4b { units = [11, 12, 13] }
connect window -> car { place = dot() }
"""


def stimulus(text: str) -> tuple[Part, ...]:
    circuit = loads(f"{HEAD}family car at V.mixed4c_1x1\nstimulus shown = {text}\n")
    printed = to_source(circuit)
    assert loads(printed) == circuit
    assert format_source(Source("printed", printed)) == printed
    return circuit.stimuli[0].parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("activity() { a = spot(window) }", Part("a", (Spot("window"),))),
        ("activity(a=spot(window, at=(1px, 2px)))", Part("a", (Spot("window", (1.0, 2.0)),))),
        ("activity() { a = spot(window, below) }", Part("a", (Spot("window", (0.0, -16.0)),))),
        (
            "activity() { a = [0, 2]*spot(window)*3/2 }",
            Part("a", (Spot("window", weight=1.5),), (0.0, 2.0)),
        ),
        (
            "activity() { a = linear(0, 1, 3)*(spot(window) + 2*(spot(cues) + spot(window))) }",
            Part(
                "a",
                (Spot("window"), Spot("cues", weight=2.0), Spot("window", weight=2.0)),
                (0.0, 0.5, 1.0),
            ),
        ),
        ("activity() { a = [0.5]*spot(window) }", Part("a", (Spot("window"),), (0.5,))),
        (
            "activity(th=[0deg, 90deg]) { a = spot(snout[side=right, th=-90deg], (0px, 1px)) }",
            Part(
                "a",
                (
                    Spot(
                        "snout",
                        (0.0, 1.0),
                        members=(("side", Number(1.0)), ("th", Number(-90.0, "angle"))),
                    ),
                ),
            ),
        ),
        (
            "activity() { a = spot(cues[u=2]) }",
            Part("a", (Spot("cues", members=(("u", Number(2.0)),)),)),
        ),
    ],
)
def test_parts_mean_spots_and_read_back(text: str, expected: Part) -> None:
    assert stimulus(text) == (expected,)


def test_families_of_imports_and_copies_are_named_as_connections_name_them() -> None:
    text = """circ 1
from std.shapes import dot
backbone V = inceptionv1()
circuit seen() {
  family part  at V.mixed4b { units = [1] }
  family whole at V.mixed4c_1x1 { expect response(parts) > 0.5 }
  stimulus parts = activity() { one = spot(part) }
  connect part -> whole { place = dot() }
}
let left = seen()
family both at V.mixed4d_1x1 { expect response(lefts) > 0.5 }
stimulus lefts = activity() { left = [0, 1]*spot(left.part) }
connect left.whole -> both { place = dot() }
"""
    circuit = loads(text)
    named = {each.name: each.parts[0].spots[0].family for each in circuit.stimuli}
    assert named == {"left.parts": "left.part", "lefts": "left.part"}
    assert loads(to_source(circuit)) == circuit
    shipped = (ROOT / "circuits_src" / "superposition.circ").read_text(encoding="utf-8")
    assert "response(parts.cars)" in shipped


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("activity() { a = spot(windw) }", "E201", "no family `windw`; did you mean `window`?"),
        ("activity() { a = spot(car) }", "E708", "`car` is computed from other families, so no"),
        ("activity() { }", "E207", "`shown` needs a part that puts activity on a family"),
        (
            "activity() { a = spot(window) - spot(window) }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity() { a = -spot(window) }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity() { a = 3 }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity() { a = window }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity() { a = 2*3 }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity() { a = [0, 1]/spot(window) }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        (
            "activity(szie=96px)",
            "E302",
            "`szie` must be a sum of spots, perhaps times a list of levels; did you mean `size`?",
        ),
        ("activity() { a = 2*[0, 1]*spot(window) }", "E302", "a factor of a spot must be a number"),
        (
            "activity() { a = spot(window)*spot(window) }",
            "E302",
            "`a` must be a sum of spots, perhaps times a list of levels",
        ),
        ("activity() { a = []*spot(window) }", "E207", "`a` needs a value"),
        ("activity() { a = [-1, 1]*spot(window) }", "E304", "`a` must be at least 0; it is -1"),
        (
            "activity() { a = 0*spot(window) }",
            "E304",
            "the strength of a spot must be above 0; it is 0",
        ),
        ("activity() { a = 1px*spot(window) }", "E302", "a factor must be a plain number, not a"),
        (
            "activity() { a = 1e20*1e20*spot(window) }",
            "E304",
            "the strength of a spot must be neither too large nor too small",
        ),
        (
            f"activity() {{ a = {' + '.join(['spot(cues)'] * 300)} }}",
            "E113",
            "`shown` has 300 spots; at most 256 are allowed",
        ),
        ("activity(th=every(0.1deg)) { a = spot(many) }", "E113", "has too many members to be tur"),
        ("activity() { radius = spot(window) }", "E202", "`activity` has no attribute `radius`"),
        ("activity() { a.b = spot(window) }", "E202", "`activity` has no attribute `a.b`"),
        (
            "activity() { a = spot(3px) }",
            "E302",
            "`family` of `spot()` must be a family of trained units",
        ),
        ("activity() { a = spot() }", "E207", "`spot()` needs `family`"),
        ("activity() { a = spot(window, by3=3) }", "E206", "`spot()` has no argument `by3`"),
        ("activity() { a = spot(window, at=3px) }", "E302", "`at` must be a point, not a length"),
        ("activity() { a = spot(window, at=(1tap, 0px)) }", "E303", "`tap` has no size outside a"),
        ("activity() { a = spot(window, at=(0px, 90deg)) }", "E302", "a coordinate must be a le"),
        ("activity() { a = spot(window, at=(far, 0px)) }", "E309", "`at` must be a fixed point; "),
        (
            "activity() { a = spot(window, at=(90px, 90px)) }",
            "E304",
            "`at` must be within 112px of the middle; it is (90px, 90px)",
        ),
        (
            "activity(size=32px) { a = spot(window, at=(17px, 0px)) }",
            "E304",
            "`at` must be within 16px of the middle; it is (17px, 0px)",
        ),
        (
            "activity() { a = spot(cues[3]) }",
            "E302",
            "what stands in `[...]` must be an axis and a value on it",
        ),
        (
            "activity() { a = spot(cues[u=below]) }",
            "E302",
            "`u` must be an angle, a side or a number",
        ),
        ("activity() { a = spot(cues[u=3]) }", "E408", "`cues` has no such member"),
        ("activity() { a = spot(cues[u=1deg]) }", "E408", "`cues` has no such member"),
        ("activity() { a = spot(cues[v=1]) }", "E408", "`cues` has no such member"),
        ("activity() { a = spot(snout[th=20deg]) }", "E408", "`snout` has no such member"),
        ("activity(th=45deg) { a = spot(snout) }", "E408", "a turn by 45deg leads from a member"),
        ("arcs() { a = 3 }", "E202", "`arcs` has no attribute `a`"),
    ],
)
def test_what_is_wrong_is_said_once(text: str, code: str, message: str) -> None:
    family = "dial far : length = 3px\nfamily car at V.mixed4c_1x1\n"
    if "many" in text:
        family += f"family many [u: cases(512)] at V.mixed4b {{ units = {list(range(512))} }}\n"
    result = check_source(Source("a.circ", f"{HEAD}{family}stimulus shown = {text}\n"))
    assert [each.code for each in result.errors] == [code]
    assert message in result.errors[0].message


def test_a_misspelt_setting_is_suggested() -> None:
    text = f"{HEAD}family car at V.mixed4c_1x1\nstimulus shown = activity(szie=96px)\n"
    (error,) = check_source(Source("a.circ", text)).errors
    assert error.message.endswith("did you mean `size`?")


@pytest.mark.parametrize(
    ("claim", "code", "message"),
    [
        ("response(shown, windw=1) > 1", "E206", "did you mean `window`?"),
        ("response(shown, window=3) > 1", "E902", "`shown` has no image with `window = 3`"),
        ("response(shown, window=1px) > 1", "E302", "`window` must be a plain number"),
        ("response(shown, th=90deg) > 1", "E902", "`shown` has no image with `th = 90deg`"),
        ("response(other) > 1", "E902", "`car` reads no unit that `other` puts activity on"),
        ("fwhm(shown) > 1deg", "E902", "a family without an axis that turns the plane"),
    ],
)
def test_claims_choose_among_levels_of_what_the_family_reads(claim, code, message) -> None:
    text = f"""{HEAD}family car at V.mixed4c_1x1 {{ expect {claim} }}
stimulus shown = activity() {{ window = [0, 1]*spot(window) }}
stimulus other = activity() {{ cue = spot(cues) }}
"""
    (error,) = check_source(Source("a.circ", text)).errors
    assert (error.code, message in error.message) == (code, True)


def test_a_faulty_family_is_reported_where_it_stands_alone() -> None:
    text = HEAD.replace("units = [237]", "units = [99999]")
    text += "family car at V.mixed4c_1x1\nstimulus shown = activity() { a = spot(window) }\n"
    assert [each.code for each in check_source(Source("a.circ", text)).errors] == ["E701"]


def test_scripts_have_no_images_of_activity() -> None:
    text = """circ 1
backbone V = inceptionv1(weights="default")
family window at V.mixed4b { units = [237] }
stimulus shown = activity() { a = spot(window) }
edit gone on V { ablate window to mean(shown) }
"""
    (error,) = check_source(Source("a.circ", text)).errors
    assert (error.code, error.message) == (
        "E302",
        "`shown` must be a set of images, not activity of families",
    )


def test_the_builder_has_spots() -> None:
    builder = Builder()
    wheel = builder.family("wheel", "mixed4b", units=[373])
    car = builder.family("car", "mixed4c_1x1", expect=["response(cars, wheel=1) > 0.5"])
    cars = {"wheel": [0, 1] * (spot(wheel, at=(px(0), px(-16))) + 0.5 * spot(wheel))}
    builder.stimulus("cars", "activity", th=[deg(0), deg(180)], **cars)
    builder.connect(wheel, car, place=shapes.dot())
    circuit = builder.circuit()
    spots = (Spot("wheel", (0.0, -16.0)), Spot("wheel", weight=0.5))
    assert circuit.stimuli[0].parts == (Part("wheel", spots, (0.0, 1.0)),)
    assert loads(to_source(circuit)) == loads(builder.source()) == circuit


def test_the_formatter_lines_up_parts() -> None:
    untidy = f"{HEAD}stimulus s=activity(){{window=[ 0,1 ] * spot( window )\na = spot(window)}}"
    text = format_source(Source("a.circ", untidy))
    assert re.search(r"\n  window = \[0, 1\]\*spot\(window\)\n  a      = spot\(window\)\n", text)
