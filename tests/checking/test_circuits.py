"""Circuits that are copied, and families of imported files."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuitdsl.checking import CheckResult, check_path, check_source, loads
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.writing.text import to_source
from circuitdsl.text.source import Source

HEAD = """circ 1
from std.shapes   import blob, dot
from std.profiles import other, same
backbone V = inceptionv1()
dial strict : real = 0.7
family grey at V.conv2d1
stimulus noise = noise()
"""

PAIR = """circuit pair(rivalry: real = 0.5, side: length = 2px) {
  dial wide : length = 3px
  fn spot(x: length) = blob((x, 0px), sigma=wide)
  motif near(x: length) { place = spot(x)  gain = rivalry }
  family low  at V.conv2d2
  family high at V.mixed3a_3x3 { calibrate = one(noise) and zero(noise, quantile=0.9) }
  connect grey -> low  = near(side)
  connect low  -> high as up { place = spot(side) }
  normalise low { window = 3tap  floor = 1 }
}
"""


def found(text: str) -> CheckResult:
    return check_source(Source("a.circ", HEAD + text))


def circuit(text: str) -> Circuit:
    result = found(text)
    assert [d.message for d in result.errors] == []
    assert result.circuit is not None
    return result.circuit


def test_a_copy_stands_in_the_circuit_under_its_name() -> None:
    built = circuit(PAIR + "let a = pair(rivalry=strict)\nlet b = pair(side=1px)\n")
    assert [f.name for f in built.families] == ["a.low", "a.high", "b.low", "b.high", "grey"]
    assert [c.name for c in built.connections] == ["grey->a.low", "a.up", "grey->b.low", "b.up"]
    assert [p.name for p in built.dials] == ["strict", "a.wide", "b.wide"]
    assert [m.name for m in built.motifs] == ["a.near", "b.near"]
    assert [n.family for n in built.normalisations] == ["a.low", "b.low"]
    assert built.motifs[0].wiring.gain == DialValue("strict", "real")
    assert built.families[1].calibrate is not None
    assert built.families[1].calibrate.one == "noise"


def test_a_copy_prints_and_reads_back() -> None:
    built = circuit(PAIR + "let a = pair()\n")
    assert loads(to_source(built)) == built


def test_copies_are_connected_like_other_families() -> None:
    built = circuit(
        PAIR + "let a = pair()\nfamily top at V.mixed3b_1x1\n"
        "connect a.high -> top { place = dot() }\n"
        "normalise a.high { window = 3tap  floor = 1 }\n"
    )
    assert built.connections[-1].source == "a.high"
    assert built.normalisations[-1].family == "a.high"


def test_a_circuit_copies_others() -> None:
    built = circuit(
        PAIR + "circuit two() {\n  let left = pair()\n  let right = pair(side=-2px)\n}\n"
        "let both = two()\n"
    )
    assert [f.name for f in built.families][:4] == [
        "both.left.low",
        "both.left.high",
        "both.right.low",
        "both.right.high",
    ]


MESSAGES = [
    ("let a = pair(rivalty=1)", "E206", "`pair()` has no argument `rivalty`"),
    ("let a = pair(rivalry=3px)", "E302", "`rivalry` of `pair()` must be a plain number"),
    ("let a = pair()\nlet b = a + 1", "E201", "`a` is a copy of a circuit"),
    ("let a = 1 + pair()", "E201", "`pair` is a circuit, not a function"),
    ("let a : length = pair()", "E302", "a copy of a circuit has no type"),
    ("connect pair.low -> grey { place = dot() }", "E201", "no family `pair.low`"),
    ("circuit more() {\n  let a = more()\n}", "E210", "copies itself: more -> more"),
    ("circuit more(k: real) {\n  let a = pair(k)\n}\nlet b = more()", "E207", "needs `k`"),
    ("circuit more() {\n  family x at V.conv9\n}", "E204", "has no layer `conv9`"),
    ("circuit more() {\n  connect grey -> x { place = dot() }\n}", "E201", "no family `x`"),
    ("".join(f"let a{i} = pair()\n" for i in range(250)), "E113", "more than 2,048 declarations"),
]


@pytest.mark.parametrize(("text", "code", "message"), MESSAGES)
def test_message(text: str, code: str, message: str) -> None:
    errors = found(PAIR + text).errors
    assert [d.code for d in errors][:1] == [code], [d.message for d in errors]
    assert message in errors[0].message


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.circ").write_text(text, encoding="utf-8")
    return folder / "main.circ"


MAIN = """circ 1
import "hand.circ" as hand
from std.shapes import blob
backbone V = inceptionv1()
let a = hand.pair()
family sum at V.mixed3b_3x3
connect hand.grey -> mid  { place = blob(sigma=1tap) }
connect a.high    -> sum  { place = blob(sigma=1tap) }
family mid at V.conv2d2
"""


def test_families_and_circuits_of_an_imported_file(tmp_path: Path) -> None:
    hand = HEAD.replace("backbone V", "backbone W")
    hand += PAIR.replace("V.", "W.").replace("grey -> low", "grey -> low as in_")
    path = written(tmp_path, main=MAIN, hand=hand.replace("at V.", "at W."))
    result = check_path(path)
    assert [d.message for d in result.errors] == []
    built = result.circuit
    assert built is not None
    assert [f.name for f in built.families] == ["hand.grey", "a.low", "a.high", "sum", "mid"]
    assert [c.name for c in built.connections][:2] == ["a.in_", "a.up"]
    assert built.connections[0].source == "hand.grey"
    assert loads(to_source(built)) == built


def test_both_files_are_for_one_backbone(tmp_path: Path) -> None:
    hand = (HEAD + PAIR).replace("inceptionv1()", "inceptionv1(normalisation=lrn)")
    errors = check_path(written(tmp_path, main=MAIN, hand=hand)).errors
    assert [d.code for d in errors] == ["E213"]
    assert (
        "written for inceptionv1(normalisation=lrn), this file for inceptionv1(normalisation=none)"
        in (errors[0].message)
    )
