"""`figures` and `strokes`: what can be said, how it prints, and how it is refused."""

from __future__ import annotations

import pytest

from circuitdsl.checking import check_source, loads
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes import half
backbone V = inceptionv1()
dial low : length = 5px
family edge [th: rot(4), side: flip, h: hue(2), r: scale(2, ratio=1.5)] at V.conv2d0 {{ {1} }}
connect V.input -> edge {{ colour = hue(0deg)  place = half(1px) }}
stimulus s = {0}
"""


def found(stimulus: str, line: str = "") -> list[tuple[str, str]]:
    result = check_source(Source("a.circ", HEAD.format(stimulus, line)))
    return [(d.code, d.message) for d in result.diagnostics if d.code[0] == "E"]


@pytest.mark.parametrize(
    "stimulus",
    [
        "figures()",
        "figures(kind=[corner, tee], th=every(45deg), flip=[left, right], scale=[1, 1.5])",
        "figures(kind=arc, radius=[-20px, 20px], hue=[0deg, 60deg], ground=[plain, noise], n=2)",
        "strokes() { bar = line(20px) }",
        "strokes(th=0deg, blur=[0px, 2px]) { a = [0, 0.5, 1]*(line() + dot(4px, at=(1px, -2px)))"
        "  b = arc(-20px, span=30px, at=(0px, 4px), angle=-30deg) }",
    ],
)
def test_sets_that_mean_something_read_back(stimulus: str) -> None:
    assert found(stimulus) == []
    circuit = loads(HEAD.format(stimulus, ""))
    text = to_source(circuit)
    assert loads(text) == circuit
    assert to_source(loads(text)) == text


@pytest.mark.parametrize(
    ("stimulus", "code", "words"),
    [
        ("figures(kind=corn)", "E201", "no `kind` `corn`"),
        ("figures(kind=2)", "E201", "no `kind` `2`"),
        ("figures(ground=plane)", "E201", "did you mean `plain`?"),
        ("figures(radius=0px)", "E304", "`radius` must be"),
        ("figures(ground=photograph)", "E207", "needs a folder"),
        ('figures(photographs="x")', "E207", "needs `ground = photograph`"),
        ('figures(ground=photograph, photographs="/x")', "E209", "outside the folder"),
        ("figures(ground=photograph, photographs=3px)", "E302", "must be a string"),
        ("strokes()", "E207", "needs a part that is drawn"),
        ("strokes() { a = lime(3px) }", "E302", "did you mean `line`?"),
        ("strokes() { a = line(3px) - line(4px) }", "E302", "must be a sum of strokes"),
        ("strokes() { a = [0, 1]/line(3px) }", "E302", "must be a sum of strokes"),
        ("strokes() { a = [0, 2]*line(3px) }", "E304", "`a` must be in [0, 1]"),
        ("strokes() { a = line(0px) }", "E304", "`length` of `line()` must be"),
        ("strokes() { a = line(low) }", "E309", "reads the dial `low`"),
        ("strokes() { a = line(3deg) }", "E302", "must be a length"),
        ("strokes() { a = line(3px, width=2px) }", "E206", "no argument `width`"),
        ("strokes() { a = line(3px, at=(90px, 0px)) }", "E304", "within 48px"),
        ("strokes() { a = " + " + ".join(["dot()"] * 65) + " }", "E113", "65 strokes"),
    ],
)
def test_sets_that_are_refused(stimulus: str, code: str, words: str) -> None:
    ((found_code, message),) = found(stimulus)
    assert found_code == code
    assert words in message


SHAPES = "figures(kind=[corner, tee], flip=[left, right], scale=[1, 1.5, 2.25], hue=every(60deg))"


@pytest.mark.parametrize(
    "line",
    [
        "expect response(s, kind=tee) < response(s, kind=corner, th=0deg, hue=0deg)",
        "expect response(s, flip=left) > response(s, flip=right)",
        "expect response(s, scale=1) > response(s, scale=1.5)",
    ],
)
def test_claims_in_the_frame_of_members(line: str) -> None:
    assert found(SHAPES, line) == []
    circuit = loads(HEAD.format(SHAPES, line))
    assert loads(to_source(circuit)) == circuit


@pytest.mark.parametrize(
    ("stimulus", "line", "code", "words"),
    [
        (SHAPES, "expect response(s, kind=cross) > 0", "E902", "no image with `kind = cross`"),
        (SHAPES, "expect response(s, scale=2.25) > 0", "E902", "in the frame of `r = 1.5x`"),
        (SHAPES, "expect response(s, kind=line2) > 0", "E201", "no `kind` `line2`"),
        ("figures()", "expect response(s, hue=0deg) > 0", "E206", "no setting `hue`"),
        ("figures()", "expect response(s, th=0deg) > 0", "E902", "no mirror images"),
        (
            "figures()",
            "expect response(s, flip=left) > 0",
            "E902",
            "in the frame of `side = right`",
        ),
        ("photographs()", "expect response(s) > 0", "E302", "images that the file names"),
    ],
)
def test_claims_that_are_refused(stimulus: str, line: str, code: str, words: str) -> None:
    ((found_code, message),) = found(stimulus, line)
    assert found_code == code
    assert words in message
