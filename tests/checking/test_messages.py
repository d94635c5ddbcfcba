"""Messages beyond one example a code: each variant, with the place it points at."""

from __future__ import annotations

import pytest

from circuitdsl.checking import check_source
from circuitdsl.text.diagnostics import Diagnostic, render
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes   import arc, bar, blob, dot, gabor, half, mirrored, ring, rotated
from std.profiles import bump, equal, finest, other, rectified, same
from std.motifs   import copy, tangent_tiling
backbone V = inceptionv1(input=224px)
dial k : real = 0.5
family gabors [th: orient(16), ph: phase(4)] at V.conv2d0
family edge   [th: orient(16)]               at V.conv2d1
family line   [th: orient(16)]               at V.conv2d2
family spot                                  at V.conv2d2
family pair   [th: rot(2)]                   at V.conv2d2
family given  [th: rot(2)]                   at V.conv2d1 { units = [1, 2] }
stimulus arcs  = arcs()
stimulus noise = noise()
"""
LINE = HEAD.count("\n") + 1


def found(text: str) -> list[Diagnostic]:
    result = check_source(Source("a.circ", HEAD + text))
    return [d for d in result.diagnostics if d.code not in ("L403", "L404")]


def to_line(attributes: str) -> str:
    return f"connect edge -> line {{ {attributes} }}"


MESSAGES = [
    # names
    ("let a = m", "E201", "no value `m`"),
    ("let a = kk", "E201", "no value `kk`; did you mean `k`?"),
    ("let a = line", "E201", "no value `line`"),
    ("let a = constant", "E201", "`constant` has not been imported"),
    ("let a = brr(1px, width=1px)", "E201", "no function `brr`; did you mean `bar`?"),
    ("let a = copy()", "E201", "`copy` is a motif, not a function"),
    ("let a = k()", "E201", "`k` is a value, not a function"),
    (
        "from std.shape import dot",
        "E201",
        "no library file `std.shape`; did you mean `std.shapes`?",
    ),
    ("from std.shapes import dott", "E201", "`std.shapes` has no `dott`; did you mean `dot`?"),
    ("connect edge -> lime { place = dot() }", "E201", "no family `lime`; did you mean `line`?"),
    ("connect V.conv2d1 -> line { place = dot() }", "E201", "`V.conv2d1` is a layer"),
    ("connect input -> line { place = dot() }", "E201", "no family `input`"),
    ("connect edge -> line = coppy()", "E201", "no motif `coppy`; did you mean `copy`?"),
    ("connect edge -> line = stroke(8px, 2px, 40deg)", "E201", "`stroke` has not been imported"),
    ("connect edge -> line = bar(8px, width=2px)", "E201", "`bar` is a function, not a motif"),
    (to_line("place = dot()  tune.th = bump(40deg)  norm = l3"), "E201", "`norm` cannot be `l3`"),
    (
        to_line("place = dot()  tune.th = bump(40deg) @ tangnt"),
        "E201",
        "no frame `tangnt`; did you mean `tangent`?",
    ),
    (
        to_line("place = dot()  tune.th = bump(40deg)  tune.ph = bump(40deg)"),
        "E201",
        "`edge` has no axis `ph`",
    ),
    (to_line("place = dot()  tune.th = bump(40deg)  over = ph"), "E201", "`edge` has no axis `ph`"),
    (
        "connect V.input -> gabors { place = dot()  tune.th = equal }",
        "E201",
        "the image has no axis `th`",
    ),
    ("normalise lime { window = 3tap  floor = 1 }", "E201", "no family `lime`"),
    (
        "normalise line { window = 3tap  floor = 1  pool = [line, lime] }",
        "E201",
        "no family `lime`",
    ),
    ("family x [th: rott(8)] at V.conv2d2", "E201", "no kind of axis `rott`; did you mean `rot`?"),
    (
        "family x [th: rot(angles=line)] at V.conv2d2",
        "E201",
        "`line` is a name of this file, not a family of an imported file",
    ),
    ("dial z : pix = 3px", "E201", "no type `pix`"),
    ("dial z : tap = 12px", "E201", "`tap` is a unit, not a type"),
    ("dial z : px = 12px", "E201", "`px` is a unit, not a type"),
    ("dial z : deg = 12deg", "E201", "`deg` is a unit, not a type"),
    ("dial z : length = 12px in [1tap, 3tap]", "E303", "`z` is counted in `px` and in `tap`"),
    ("dial z : length = 1px + 1tap", "E303", "`tap` has no size outside a `connect`"),
    (
        "let turned = rotated(arc(2px, 2px, 2px), 2px)",
        "E302",
        "`angle` of `rotated()` must be an angle",
    ),
    (
        "let above = rectified(bump(30deg) @ tangent)",
        "E307",
        "`@ tangent` belongs after the whole profile",
    ),
    ("fn f(x: tmplate) = x", "E201", "no type `tmplate`; did you mean `template`?"),
    ("stimulus s = ars()", "E201", "no generator `ars`; did you mean `arcs`?"),
    (
        "family x at V.conv2d2 { calibrate = one(ars) and zero(noise, quantile=0.9) }",
        "E201",
        "no stimulus set `ars`; did you mean `arcs`?",
    ),
    # attributes and arguments
    (to_line("place = dot()  tune = equal"), "E202", "`tune` needs the axis"),
    (
        to_line("place = dot()  tune.th.x = equal  tune.th = equal"),
        "E202",
        "no attribute `tune.th.x`",
    ),
    (
        to_line("place = dot()  tune.th = equal  colour = luma"),
        "E202",
        "this connection reads `edge`",
    ),
    (
        to_line("place = dot()  tune.th = equal  dc = 0"),
        "E202",
        "`dc` is for `gabor` templates; found `dot`",
    ),
    (
        "stimulus s = arcs() { radus = 20px }",
        "E202",
        "`arcs` has no attribute `radus`; did you mean `radius`?",
    ),
    ("family line at V.conv2d1", "E203", "`line` is declared twice (first at 9:8)"),
    ("family input at V.conv2d1", "E203", "`input` is the image"),
    ("family x [a: rot(2), a: phase(2)] at V.conv2d1", "E203", "`a` is declared twice"),
    ("from std.shapes import dot", "E203", "`dot` is imported twice"),
    ("dial dot : length = 2px", "E203", "`dot` is declared twice"),
    ("fn f(x: length, x: length) = x", "E203", "`x` is declared twice"),
    ("backbone W = tiny()", "E203", "`W` is declared twice"),
    (
        "normalise line { window = 3tap  floor = 1 }\nnormalise line { window = 3tap  floor = 1 }",
        "E203",
        "`line` is normalised twice",
    ),
    (
        "normalise line, edge, line { window = 3tap  floor = 1 }",
        "E203",
        "`line` is normalised twice",
    ),
    ("normalise line, lime { window = 3tap  floor = 1 }", "E201", "no family `lime`"),
    ("normalise line, edge { floor = 1 }", "E207", "`normalise line, edge` needs `window`"),
    (
        to_line("place = dot()  tune.th = equal")
        + "\n"
        + to_line("place = dot()  tune.th = equal"),
        "E203",
        "two connections `edge->line`",
    ),
    ("family x at conv2d1", "E204", "a layer is written `V.conv2d1`"),
    ("family x at V.mixed3a", "E204", "`mixed3a` only joins its branches"),
    ("family x at V.maxpool0", "E204", "`maxpool0` has no kernels"),
    ("let a = bar(8px)", "E207", "`bar()` needs `width`"),
    (to_line("tune.th = equal"), "E207", "this connection into `line` needs `place`"),
    ("normalise line { floor = 1 }", "E207", "needs `window`"),
    ("motif m(x) { gain = x }", "E207", "`x` needs a type"),
    (
        "family x [th: rot()] at V.conv2d2",
        "E207",
        "`rot` needs either a number of members or their angles",
    ),
    (
        "family x [th: rot(8, angles=[0deg])] at V.conv2d2",
        "E207",
        "`rot` needs either a number of members or their angles",
    ),
    ("stimulus s = arcs(radius=[])", "E207", "`radius` needs a value"),
    ("let a = dot(1)", "E208", "`dot()` takes no arguments; found 1"),
    ("let a = bar(1px, 1px, (0px, 0px), 2)", "E208", "takes 3 arguments; found 4"),
    (to_line("place = dot()  tune.th = equal  place = dot()"), "E208", "`place` is given twice"),
    ("family x [th: rot(angles=[0deg, 360deg])] at V.conv2d2", "E208", "360deg is given twice"),
    ("family x [th: rot(2)] at V.conv2d1 { units = [4, 4] }", "E208", "unit 4 is given twice"),
    (
        "family x at V.conv2d2 { gain = 2  calibrate = one(arcs) and zero(noise, quantile=0.9) }",
        "E208",
        "`calibrate` sets the gain",
    ),
    ("stimulus s = arcs(size=96px) { size = 96px }", "E208", "`size` is given twice"),
    ('from "x.circ" import a', "E209", "from the standard library only"),
    ("fn f(x: real) = f(x)", "E210", "`f` is defined through itself: f -> f"),
    ("let a = a", "E210", "`a` is defined through itself"),
    # units and types
    ("let a = bump(40deg)*bump(40deg)", "E301", "cannot multiply a profile by a profile"),
    ("let a = dot() + 1", "E301", "cannot add 1 to a template"),
    ("let a = 2px*3px", "E301", "cannot multiply 2px by 3px"),
    ("let a = 2px/3deg", "E301", "cannot divide 2px by 3deg"),
    ("let a = 2px^2", "E301", "cannot raise 2px to the power of 2"),
    ("let a = (1px, 2px) + 1px", "E301", "cannot add 1px to a point"),
    ("let a = (1px, 2px)*(1px, 2px)", "E301", "cannot multiply a point by a point"),
    ("let a = 2px*(1px, 2px)", "E301", "cannot multiply 2px by a point"),
    ("let a = 2/(1px, 2px)", "E301", "cannot divide 2 by a point"),
    ("let a = (1px, 2px)/0", "E301", "cannot divide a point by 0"),
    ("let a = max(1px, 2)", "E301", "cannot compare 1px with 2"),
    ("let a = min((1px, 2px), (1px, 2px))", "E301", "cannot compare a point with a point"),
    ("let a = abs((1px, 2px))", "E301", "a point has no absolute value"),
    ("let a = min(1)", "E208", "`min()` takes two values or more; found 1"),
    ("let a = abs(1, 2)", "E208", "`abs()` takes one value; found 2"),
    ("let a = finest(3)", "E304", "`members` of `finest()` must be from 4 to 4,096; it is 3"),
    ("let a = finest(16, 0deg)", "E304", "`period` of `finest()` must be above 0deg"),
    ("dial i : int = 9\nlet a = finest(i)", "E309", "must be a fixed number"),
    ("let a = finest(2.5)", "E302", "`members` of `finest()` must be a whole number"),
    ("let a = abs(x=1)", "E206", "`abs()` has no argument `x`"),
    ('let a = "text"', "E302", "a string has no meaning here"),
    ("let a = [1, 2]", "E302", "a list has no meaning here"),
    ("let a = 1 and 2", "E302", "`and` has no meaning here"),
    ("let a = (1px, 2px, 3px)", "E302", "a point must be a pair `(x, y)` of lengths"),
    ("let a = (1, 2px)", "E302", "a coordinate must be a length, not a plain number"),
    ("let a : angle = 3px", "E302", "`a` must be an angle, not a length (px)"),
    ("fn f(x: length) : angle = x", "E302", "`f()` must be an angle, not a length"),
    ("dial z : int = 1.5", "E302", "the default of `z` must be a whole number"),
    ("dial z = dot()", "E302", "the dial `z` must be a number, not a template"),
    (
        to_line("place = 3  tune.th = equal"),
        "E302",
        "`place` must be a template, not a plain number",
    ),
    (
        to_line("place = dot()  tune.th = dot()"),
        "E302",
        "`tune.th` must be a profile, not a template",
    ),
    (
        to_line("place = dot()  tune.th = equal  norm = 3"),
        "E302",
        "`norm` must be one of `none`, `l1`, `l2`, `mass`",
    ),
    (
        to_line("place = dot()  tune.th = equal  gain = 2px"),
        "E302",
        "`gain` must be a plain number",
    ),
    (to_line("place = dot()  tune.th = equal  over = 3"), "E302", "a name, or a list of names"),
    (
        "connect V.input -> gabors { colour = hue(3)  place = dot() }",
        "E302",
        "`angle` of `hue()` must be an angle",
    ),
    (
        "connect edge -> line = tangent_tiling(1, 2px, 3px, 4deg)",
        "E302",
        "`radius` of `tangent_tiling()` must be a length",
    ),
    ("family x at V.conv2d2 { doc = 3 }", "E302", "`doc` must be a string"),
    (
        "family x [th: 8] at V.conv2d2",
        "E302",
        "the axis `th` must be one of `rot`, `orient`, `flip`, `hue`, `phase`, `scale`, `cases`",
    ),
    (
        "family x [th: rot(2.5)] at V.conv2d2",
        "E302",
        "the number of members of `rot` must be a whole number",
    ),
    (
        "family x [th: rot(angles=3)] at V.conv2d2",
        "E302",
        "`angles` must be a list of angles, or a family of an imported file",
    ),
    ("family x at V.conv2d1 { units = 3 }", "E302", "a list of unit numbers"),
    ("family x at V.conv2d1 { units = [1.5] }", "E302", "`units` must be whole numbers"),
    (
        "family x at V.conv2d2 { calibrate = one(arcs) }",
        "E302",
        "`calibrate` must be `one(...) and zero(...)`",
    ),
    (
        "family x at V.conv2d2 { calibrate = one(arcs, peak=best) and zero(noise, quantile=0.9) }",
        "E302",
        "`peak` must be `preferred`, the strongest response of each member",
    ),
    ("normalise line { window = 3  floor = 1 }", "E302", "`window` must be a number of taps"),
    (
        "stimulus s = arcs(stroke=[1px, 2px])",
        "E302",
        "`stroke` of `arcs` must be one value, not a list",
    ),
    (
        "stimulus s = arcs(radius=every(3deg))",
        "E302",
        "`radius` must be a length (px), not `every()`, which is for angles",
    ),
    ("dial z : length = 1px + 2tap", "E303", "`tap` has no size"),
    ("stimulus s = arcs(radius=2tap)", "E303", "`tap` has no size"),
    # ranges
    ("dial z : length = 2px in [3px, 1px]", "E304", "the range [3px, 1px] of `z` is empty"),
    ("dial z : length = 2px free", "E304", "`z` is free, but has no range"),
    (
        to_line("place = bar(0px, width=2px)  tune.th = equal"),
        "E304",
        "`length` of `bar()` must be above 0px",
    ),
    (
        to_line("place = arc(0px, span=4px, width=2px)  tune.th = equal"),
        "E304",
        "`radius` of `arc()` must be other than 0px; it is 0px",
    ),
    (
        to_line("place = bar(8px, width=2px)  tune.th = bump(0deg)"),
        "E304",
        "the width of a bump must be at least 0.1deg and below 180deg; it is 0deg",
    ),
    (
        "family x [th: rot(0)] at V.conv2d2",
        "E304",
        "the number of members of `rot` must be 1 or more; it is 0",
    ),
    (
        "family x at V.conv2d2 { calibrate = one(arcs) and zero(noise, quantile=2) }",
        "E304",
        "`quantile` must be in [0, 1]; it is 2",
    ),
    ("normalise line { window = 4tap  floor = 1 }", "E304", "an odd number of taps"),
    ("stimulus s = arcs(contrast=0)", "E304", "`contrast` must be in [-1, 1], but not 0; it is 0"),
    ("stimulus s = arcs(radius=1px)", "E304", "`radius` must be in [2px, 100000px]; it is 1px"),
    (
        "stimulus s = arcs(th=every(0deg))",
        "E304",
        "the step of `every()` must be between 0.088deg and 360deg; it is 0deg",
    ),
    ("stimulus s = arcs(radius=geometric(0px, 9px, 3))", "E304", "both ends of `geometric`"),
    (
        "stimulus s = arcs(radius=linear(2px, 9px, 0))",
        "E304",
        "`n` must be a whole number from 1 to 4,096; it is 0",
    ),
    (
        "dial z : length = 9999999px in [1px, 2px]",
        "E304",
        "the default of `z` must be in [1px, 2px]; it is 9999999px",
    ),
    # frames
    (
        to_line("place = dot()  tune.th = bump(40deg) @ radial"),
        "E306",
        "`@ radial` needs a template with an extent",
    ),
    (to_line("place = dot()  tune.th = equal @ field"), "E306", "`equal` pairs members"),
    ("let a = 3px @ tangent", "E307", "follows a profile, not a length (px)"),
    ("let a = -(bump(40deg) @ tangent)", "E307", "belongs after the whole profile"),
    ("let a = (-1)^0.5", "E308", "a root of a negative number"),
    ("let a = 10^10^3", "E100", "expected"),
    ("let a = (10^10)^300", "E308", "has no value"),
    ("family x [th: rot(angles=[k*1deg])] at V.conv2d2", "E309", "reads the dial `k`"),
    (to_line("place = dot()  tune.th = equal  gain = 1/(k - 0.5)"), "E308", "has no value"),
    (to_line("place = dot()  tune.th = equal  gain = (k - 1)^0.5"), "E308", "has no value"),
    ("family x at V.conv2d2 { bias = 1/(k - 0.5) }", "E308", "has no value"),
    ("normalise line { window = 3tap  floor = 1/(k - 0.5) }", "E308", "has no value"),
    (to_line("place = dot()  tune.th = equal  gain = 1e39"), "E113", "too large a number"),
    (
        to_line("place = bar(8px, width=2px)  tune.th = bump(0.000001deg)"),
        "E304",
        "the width of a bump must be at least 0.1deg and below 180deg; it is 1e-06deg",
    ),
    ("family V at V.conv2d2", "E203", "`V` is the backbone"),
    # axes
    (
        to_line("over = th  place = dot()  tune.th = equal"),
        "E402",
        "`over = th`, but `line` also has `th`",
    ),
    (
        "connect edge -> spot { over = th  place = dot()  tune.th = equal }",
        "E404",
        "`spot` has no axis `th`",
    ),
    (to_line("place = dot()  tune.th = same"), "E404", "`same` is for axes of two members"),
    (
        "family odd [th: rot(16)] at V.conv2d2\n"
        "connect edge -> odd { place = dot()  tune.th = equal }",
        "E404",
        "stand at different angles",
    ),
    ("family x [th: rot(2), b: rot(3)] at V.conv2d2", "E410", "both turn the plane"),
    ("family x [a: phase(2), b: phase(3)] at V.conv2d2", "E410", "both phase axes"),
    # geometry
    (
        "connect V.input -> edge { place = dot() }",
        "E502",
        "conv2d1 cannot read input: conv2d0 lies between",
    ),
    (
        "connect line -> edge { place = dot()  tune.th = equal }",
        "E502",
        "conv2d2 is computed after conv2d1; connections point forward",
    ),
    ("connect edge -> V.input { place = dot() }", "E502", "nothing feeds the image"),
    (
        "normalise edge { window = 3tap  floor = 1  pool = line }",
        "E502",
        "`line` is computed after `edge`",
    ),
    (
        to_line("place = ring(8px, width=1px)  tune.th = equal"),
        "E501",
        "leaves a 3x3 kernel of 4px taps (12px wide)",
    ),
    (
        to_line("place = blob((0px, 7px), sigma=1px)  tune.th = equal"),
        "E501",
        "the centre line of `blob",
    ),
    (
        to_line("place = bar(8px, width=1px, at=(4px, 0px))  tune.th = equal"),
        "E501",
        "the centre line of `bar",
    ),
    (
        "dial away = 2px in [0px, 20px] free\n"
        + to_line("place = bar(4px, width=2px, at=(0px, away))  tune.th = equal"),
        "E501",
        "at the upper end of the range of `away`, 20px",
    ),
    (
        "dial back = 2px in [-20px, 4px] free\n"
        + to_line("place = bar(4px, width=2px, at=(0px, back))  tune.th = equal"),
        "E501",
        "at the lower end of the range of `back`, -20px",
    ),
    (
        "dial a = 0px in [0px, 5px] free\ndial b = 0px in [0px, 5px] free\n"
        + to_line("place = bar(4px, width=2px, at=(0px, a + b))  tune.th = equal"),
        "E501",
        "at the upper end of the range of `a`, 5px and the upper end of the range of `b`, 5px",
    ),
    (
        "dial w = 2px in [0px, 4px] free\n" + to_line("place = bar(4px, width=w)  tune.th = equal"),
        "E304",
        "`width` of `bar()` must be above 0px; it is 0px",
    ),
    ("connect line -> spot { over = th  place = dot() }", "E502", "both families stand in conv2d2"),
    # given units
    (
        "connect edge -> given { place = dot()  tune.th = bump(40deg) }",
        "E706",
        "which nothing can be connected to",
    ),
    (
        "family x at V.conv2d1 { units = [3]  gain = 2 }",
        "E706",
        "`x` consists of trained units, which cannot be changed",
    ),
    (
        "normalise given { window = 3tap  floor = 1 }",
        "E706",
        "`given` consists of trained units, which cannot be normalised",
    ),
    (
        "normalise edge { window = 3tap  floor = 1  pool = [edge, given] }",
        "E706",
        "`given` consists of trained units, whose responses are not computed here",
    ),
    (
        "family x at V.mixed3b { units = [480] }",
        "E701",
        "mixed3b:480 is out of range; mixed3b has 480 units",
    ),
]


@pytest.mark.parametrize(("text", "code", "message"), MESSAGES)
def test_message(text: str, code: str, message: str) -> None:
    diagnostics = found(text)
    errors = [d for d in diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code], [d.message for d in errors]
    assert message in errors[0].message
    assert errors[0].span.line >= LINE or code == "E203"
    assert render(errors[0]).startswith(f"error[{code}]: ")


def test_at_the_ends_of_ranges_shapes_may_be_cut_and_fixed_dials_are_not_turned() -> None:
    bar = "place = bar(4px, width=2px, at=(0px, away))  tune.th = equal"
    for dial in ("2px in [0px, 5.5px] free", "2px in [0px, 20px]"):
        assert not [d for d in found(f"dial away = {dial}\n" + to_line(bar)) if d.code == "E501"]


def test_every_error_of_a_file_is_reported_in_order() -> None:
    codes = [
        d.code
        for d in found(
            "let a = 3px + 2deg\n"
            "dial p : length = 9px in [1px, 2px]\n"
            "family x [th: rot(8)] at V.conv9\n"
            "connect lime -> line { gian = 2 }\n"
            "connect edge -> line { place = dott()  tune.th = equal }\n"
        )
    ]
    assert codes == ["E301", "E304", "E204", "E201", "E202", "E201"]


def test_what_depends_on_a_faulty_declaration_is_passed_over() -> None:
    diagnostics = found(
        "let a = b\n"
        "let c = a + 1\n"
        "dial d = 3 px\n"
        "let e = d\n"
        "family x [th: rot(8] at V.conv2d2\n"
        "connect edge -> x { place = bar(a, width=d) }\n"
        "normalise x { window = 3tap  floor = c }\n"
        "family y [th: rot(8)] at V.conv9\n"
        "connect edge -> y { place = dot() }\n"
    )
    assert [d.code for d in diagnostics] == ["E201", "E101", "E104", "E204"]


def test_a_motif_is_judged_where_it_is_used() -> None:
    diagnostics = found(
        "motif far(reach: length) {\n  place = bar(reach, width=1px)\n  tune.th = equal\n}\n"
        "connect edge -> line = far(90px)\n"
    )
    (fault,) = diagnostics
    assert fault.code == "E501"
    assert fault.span.text == "far(90px)"
    assert [label.span.text for label in fault.also] == ["bar(reach, width=1px)"]


def test_a_faulty_motif_is_reported_once() -> None:
    diagnostics = found(
        "motif bad() { place = barr()  tune.th = equal }\n"
        "connect edge -> line = bad()\n"
        "connect edge -> line as b = bad()\n"
    )
    assert [d.code for d in diagnostics] == ["E201"]


FIXES = [
    ("let a = kk", "kk", "k"),
    ("let a = brr(1px, width=1px)", "brr", "bar"),
    ("connect edge -> line = coppy()", "coppy", "copy"),
    ("let a = 3 px", "3 px", "3px"),
    ("let a = 3 × 4", "×", "*"),
    ("connect edge => line { place = dot()  tune.th = equal }", "=>", "->"),
    ("connect edge -> line { place = dot(), tune.th = equal }", ",", ""),
    ("connect edge -> line { place: dot()  tune.th = equal }", ":", " ="),
    ("family a [th: rot(3)] at V.conv2d9", "conv2d9", "conv2d2"),
    ("famly a at V.conv2d0", "famly", "family"),
    ("let a = 3 // three", "//", "#"),
    ("let a = constant", "", ", constant"),
]


@pytest.mark.parametrize(("text", "wrong", "right"), FIXES)
def test_a_message_carries_the_change_that_answers_it(text: str, wrong: str, right: str) -> None:
    (fix,) = (fix for diagnostic in found(text) for fix in diagnostic.fixes)
    assert (fix.span.text, fix.text) == (wrong, right)
    source = fix.span.source.text
    mended = source[: fix.span.start] + fix.text + source[fix.span.end :]
    result = check_source(Source("a.circ", mended))
    assert [d for d in result.errors if d.span.text == wrong and wrong] == []


def test_slips_have_a_hint_and_a_list() -> None:
    (unknown,) = found("let a = rotat(dot(), 3deg)")
    assert unknown.message == "no function `rotat`; did you mean `rotated`?"
    assert {"`abs`,", "`arc`,", "`bump`,"} <= set(unknown.help.split())
    mass = [d for d in found(to_line("place = dot()  tune.th = equal  norm = mass")) if d.help]
    assert any(d.help == "Write `mass(...)`; it takes `mass`, `balance`." for d in mass)
