"""What is said of axes, identified members, centres and colours that do not fit."""

from __future__ import annotations

import pytest

from circuitdsl.checking import check_source
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes   import arc, bar, blob, dot, gabor, half, ring
from std.profiles import bump, equal, octaves, other, same
backbone V = inceptionv1()
family edges [th: rot(8), h: hue(6)]                     at V.conv2d0
family heads [th: rot(8), side: flip]                    at V.conv2d1
family sizes [r: scale(3, ratio=1.5), u: cases(3)]       at V.conv2d1
family both  [th: rot(8), h: hue(6)]                     at V.conv2d1 {
  identify = turn(th=180deg, h=180deg)
}
"""

MESSAGES = [
    ("family x [r: scale(3)] at V.conv2d0", "E207", "`scale()` needs `ratio`"),
    (
        "family x [r: scale(3, ratio=1)] at V.conv2d0",
        "E304",
        "`ratio` must be above 1 and at most 16; it is 1",
    ),
    (
        "family x [r: scale(60, ratio=2)] at V.conv2d0",
        "E304",
        "the largest of 60 members is at most 1e+06 times as large",
    ),
    ("family x [s: flip(2)] at V.conv2d0", "E208", "`flip()` takes no arguments"),
    (
        "family x [u: cases(angles=[1deg])] at V.conv2d0",
        "E206",
        "`cases()` has no argument `angles`",
    ),
    ("family x [s: flip(angles=[0deg])] at V.conv2d0", "E206", "`flip()` has no argument `angles`"),
    (
        "family x [r: scale(angles=[1, 3])] at V.conv2d0",
        "E206",
        "`scale()` has no argument `angles`",
    ),
    ("family x [a: flip, b: flip] at V.conv2d0", "E410", "both flip axes"),
    ("family x [a: cases(2), b: cases(3)] at V.conv2d0 { gain = m }", "E201", "no value `m`"),
    (
        "family x [th: rot(8)] at V.conv2d0 { identify = turn(th=360deg) }",
        "E405",
        "turns nothing",
    ),
    ("family x [th: rot(8)] at V.conv2d0 { identify = 3 }", "E302", "`turn(AXIS=ANGLE, ...)`"),
    (
        "family x [s: flip] at V.conv2d0 { identify = turn(s=180deg) }",
        "E206",
        "`turn()` has no argument `s`",
    ),
    (
        "connect V.input -> edges { place = half(1px) }",
        "E207",
        "with its hue axis `h`, needs `colour`",
    ),
    (
        "connect V.input -> edges { place = half(1px)  colour = opponent(3deg, against=3deg) }",
        "E304",
        "the hues of `opponent` must be different",
    ),
    (
        "connect edges -> both { place = dot()  tune.th = bump(90deg) @ radial  tune.h = equal }",
        "E306",
        "`@ radial` needs a template with an extent",
    ),
    (
        "connect edges -> both { place = dot()  tune.th = equal  tune.h = bump(90deg) @ radial }",
        "E306",
        "is a direction in the plane, and `h` counts none",
    ),
    (
        "family x [th: rot(8), side: flip] at V.conv2d2 { identify = turn(th=180deg) }\n"
        "connect heads -> x { place = half(4px)  tune.th = bump(90deg)  tune.side = equal }",
        "E406",
        "the kernel changes under `identify`",
    ),
    (
        "family x [r: scale(3, ratio=1.5)] at V.conv2d2\n"
        "connect sizes -> x { over = u  place = dot()  tune.r = octaves(0) }",
        "E304",
        "the width of `octaves`",
    ),
    (
        "family x [r: scale(3, ratio=1.5)] at V.conv2d2\n"
        "connect sizes -> x { over = u  place = dot()  tune.r = bump(3deg) }",
        "E305",
        "a profile over angles cannot tune `r`, which counts octaves",
    ),
    (
        "family x [u: cases(2)] at V.conv2d2\n"
        "connect sizes -> x { over = r  place = blob(sigma=1px)  tune.u = same }",
        "E404",
        "3 members along `u`",
    ),
    (
        "family x [r: scale(4, ratio=1.6)] at V.conv2d2\n"
        "connect sizes -> x { over = u  place = bar(6px, 1px)  tune.r = octaves(1) }",
        "E501",
        "leaves a 3x3 kernel",
    ),
    ("family x [th: rot(8)] at V.conv2d0 { centre = (1tap, 0px) }", "E303", "`tap` has no size"),
    ("family x [th: rot(8)] at V.conv2d0 { centre = 3px }", "E302", "`centre`"),
    ("family x [th: rot(8)] at V.conv2d0 { centre = (3deg, 0px) }", "E302", "a coordinate"),
    (
        "family x [h: hue(6)] at V.conv2d0 { identify = turn(h=180deg) centre = (1px, 0px) }",
        "E208",
        "would move its centre",
    ),
    (
        "family x at V.mixed4b { units = [3] centre = (1px, 0px) }",
        "E706",
        "which cannot be changed",
    ),
    ("family x at V.conv2d0 { centre = (1px, 0px - 1px/0) }", "E308", "has no value"),
    (
        "family x at V.conv2d0 { centre = (1px, 0px) }\n"
        "connect V.input -> x { place = bar(6px, width=1px) }",
        "E501",
        "leaves a 7x7 kernel",
    ),
]


@pytest.mark.parametrize(("text", "code", "message"), MESSAGES)
def test_message(text: str, code: str, message: str) -> None:
    found = check_source(Source("a.circ", HEAD + text)).diagnostics
    errors = [d for d in found if d.severity == "error"]
    assert code in [d.code for d in errors], [d.message for d in found]
    assert any(message in d.message for d in errors), [d.message for d in errors]


def test_cases_may_be_several_and_rivals_of_any_number() -> None:
    text = (
        "family x [u: cases(3), v: cases(2)] at V.conv2d2\n"
        "family y [u: cases(3)] at V.mixed3a_3x3\n"
        "connect sizes -> y as rivals {\n  over = r\n  place = blob(sigma=1tap)\n"
        "  tune.u = same - 0.5*other\n}\n"
    )
    found = check_source(Source("a.circ", HEAD + text)).diagnostics
    assert [d.message for d in found if d.severity == "error"] == [
        "mixed3a_3x3 cannot read conv2d1: conv2d2 lies between"
    ]
