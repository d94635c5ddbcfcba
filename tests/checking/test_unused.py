"""Names that a file declares and never uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from circuitdsl.checking import check_source
from circuitdsl.checking.load import check_path
from circuitdsl.text.diagnostics import Diagnostic
from circuitdsl.text.source import Source

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny()
family bars [th: orient(8)] at V.conv2d0
connect V.input -> bars { place = gabor(6px, length=3px, width=2px) }
"""


def unused(text: str) -> list[Diagnostic]:
    result = check_source(Source("a.circ", text))
    assert not result.errors
    return [each for each in result.diagnostics if each.code == "L406"]


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("let half = 3px", "the let `half` is not used"),
        ("let half = 3px # of the period", "the let `half` is not used"),
        ("fn twice(x: length) : length = 2*x", "the function `twice` is not used"),
        ("motif strong(much: real) { gain = much }", "the motif `strong` is not used"),
    ],
)
def test_what_nothing_uses_is_named_and_can_be_removed(declaration: str, message: str) -> None:
    text = f"{CIRCUIT}{declaration}\nstimulus arcs = arcs()\n"
    (finding,) = unused(text)
    assert (finding.message, finding.severity) == (message, "warning")
    (fix,) = finding.fixes
    left = text[: fix.span.start] + fix.text + text[fix.span.end :]
    assert left == f"{CIRCUIT}stimulus arcs = arcs()\n"


def test_what_stands_on_the_same_line_stays() -> None:
    text = f"{CIRCUIT}let half = 3px  stimulus arcs = arcs()\n"
    (fix,) = unused(text)[0].fixes
    left = text[: fix.span.start] + fix.text + text[fix.span.end :]
    assert left == f"{CIRCUIT}  stimulus arcs = arcs()\n"


def test_a_use_in_another_declaration_counts() -> None:
    used = CIRCUIT.replace("length=3px", "length=twice(half)")
    assert unused(f"{used}let half = 1px\nfn twice(x: length) : length = 2*x\n") == []


def test_a_file_for_others_to_import_declares_names_for_them() -> None:
    assert unused("circ 1\nlet half = 3px\nmotif strong(much: real) { gain = much }\n") == []


def test_nothing_is_said_of_a_text_with_errors() -> None:
    result = check_source(Source("a.circ", f"{CIRCUIT}let half = 3px\nlet third = hafl/3\n"))
    assert [each.code for each in result.diagnostics] == ["E201"]


def test_a_copy_of_a_circuit_works_without_being_named_again() -> None:
    text = """circ 1
from std.shapes import gabor
backbone V = tiny()
circuit side(turn: angle) {
  let half = 3px
  family bars [th: orient(8)] at V.conv2d0
  connect V.input -> bars { place = gabor(6px, length=3px, width=2px) }
}
let left = side(0deg)
"""
    result = check_source(Source("a.circ", text))
    assert not result.errors
    assert [each.message for each in result.diagnostics if each.code == "L406"] == [
        "the let `half` is not used"
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "circuits_src").rglob("*.circ")), ids=str)
def test_no_shipped_circuit_has_such_a_name(path: Path) -> None:
    assert "L406" not in {each.code for each in check_path(path).diagnostics}
