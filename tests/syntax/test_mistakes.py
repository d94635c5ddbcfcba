"""Known slips get their name, and the place where they are."""

from __future__ import annotations

import pytest

from circuitdsl.syntax.parse import parse
from circuitdsl.text.source import Source

SLIPS = [
    ("let a = 3 px", "E101", 9, "write `3px`, not `3 px`"),
    ("let a = f(0.5  tap)", "E101", 11, "write `0.5tap`"),
    ("connect a => b { }", "E102", 11, "found `=>`"),
    ("connect a --> b { }", "E102", 11, "found `-->`"),
    ("connect a to b { }", "E102", 11, "found `to`"),
    ("connect a → b { }", "E102", 11, "found `→`"),
    ("connect a b { }", "E102", 11, "found `b`"),
    ("connect a -> b { norm : l2 }", "E103", 23, "found `:` after `norm`"),
    ("connect a -> b { tune.th: equal }", "E103", 25, "`tune.th`"),
    ("let a = (1 + 2", "E104", 9, "`(` opened at 2:9 is never closed"),
    ("connect a -> b {", "E104", 16, "`{` opened at 2:16"),
    ("let a = (1]", "E104", 9, "is closed by `]`"),
    ("family a at V.b { c = one(x) && zero(y) }", "E106", 30, "found `&&`"),
    ("let a = b || c", "E106", 11, "there is no `or`"),
    ("familly a at V.b", "E109", 1, "did you mean `family`?"),
    ("param x : px = 3px", "E109", 1, "`param` is spelled `dial`"),
    ("xyz", "E109", 1, "no declaration starts with `xyz`"),
    ("edit e on V { ablate }", "E100", 22, "expected a value"),
    ("edit e on V { ablate 3b:3 to }", "E100", 30, "expected a value"),
    ("edit e on V { drop a -> b where weight }", "E100", 40, "a comparison"),
    ("edit e V { }", "E100", 8, "`on`"),
    ("score s { by = 3 }", "E114", 11, "`by` is a word of the language"),
    ("circ 1", "E108", 1, "one header"),
    ("let a = “x”", "E111", 9, "`“`"),
    ("let a = 1 − 2", "E111", 11, "`−`"),
    ("let a = 1; let b = 2", "E111", 10, "`;`"),
    ('family a at V.b { doc = "x }', "E112", 25, "never closed"),
    ("let free = 1", "E114", 5, "`free`"),
    ("family at at V.b", "E114", 8, "`at`"),
    ("backbone V = inceptionv1-caffe2()", "E201", 14, "no architecture `inceptionv1-caffe2`"),
    ("let a =", "E100", 7, "ends too soon; expected a value"),
    ("let a = * 2", "E100", 9, "expected a value"),
    ("family a V.b", "E100", 10, "expected `[` or `at`, found `V`"),
    ("let a = 1 1", "E100", 11, "expected"),
    ("stimulus s = arcs() { expect a = 2 }", "E100", 32, "found `=`"),
]


@pytest.mark.parametrize(("text", "code", "column", "message"), SLIPS)
def test_slip(text: str, code: str, column: int, message: str) -> None:
    _, faults = parse(Source("a.circ", f"circ 1\n{text}\nlet after = 1\n"))
    assert [(fault.code, fault.span.line, fault.span.column) for fault in faults] == [
        (code, 2, column)
    ]
    assert message in faults[0].message


@pytest.mark.parametrize(
    "text", ["let a = 1", "circle 1\nlet a = 1", "# only a comment\n", "circ\nlet a = 1"]
)
def test_a_file_without_a_header(text: str) -> None:
    _, faults = parse(Source("a.circ", text))
    assert faults[0].code in ("E108", "E100")


def test_a_file_of_broken_declarations_is_not_read_to_its_end() -> None:
    _, faults = parse(Source("a.circ", "circ 1\n" + "dial x\n" * 1000))
    assert len(faults) == 21
    assert faults[-1].code == "E113"
