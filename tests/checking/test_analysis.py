"""Questions about single declarations: each is answered once, in whatever order they are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.circuits.declarations import build, check_imports, connections
from circuitdsl.checking.circuits.reach import in_reach
from circuitdsl.checking.families.axes import family_axes
from circuitdsl.checking.families.backbones import backbone
from circuitdsl.checking.families.families import family
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.names.evaluate import dial
from circuitdsl.checking.names.imports import FileLoader, open_module
from circuitdsl.checking.stimuli.photographs import is_photographs, photographs
from circuitdsl.checking.stimuli.sets import stimulus
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import CODES
from circuitdsl.text.pages import page
from circuitdsl.text.source import Source

FAULTY = """circ 1
from std.shapes import dot
backbone V = inceptionv1()
dial sound = 2px in [1px, 3px]
dial wrong = 9px in [1px, 3px]
family first [th: rot(8)] at V.conv2d0
family second [th: rot(0)] at V.conv2d1
stimulus rings = rings(radius=[3px, wide])
connect first -> third { place = dot() }
"""


def opened(source: Source) -> Analysis:
    return open_module(parse(source)[0], FileLoader(), Findings())


def ask_all(analysis: Analysis) -> None:
    """Every question, the ones that need most first."""
    connections(analysis)
    in_reach(analysis)
    for name, node in reversed(analysis.module.stimuli.items()):
        (photographs if is_photographs(node) else stimulus)(analysis, name)
    for name in reversed(analysis.module.families):
        family(analysis, name)
    for name in reversed(analysis.module.dials):
        dial(analysis, name)
    for module in analysis.module.modules.values():
        ask_all(analysis.of(module))


def said(analysis: Analysis) -> set[tuple[str, str, str]]:
    build(analysis)
    check_imports(analysis)
    return {(d.code, d.message, str(d.span)) for d in analysis.findings.diagnostics}


def codes(analysis: Analysis) -> list[str]:
    return [d.code for d in analysis.findings.diagnostics]


def test_one_declaration_is_asked_without_the_others() -> None:
    analysis = opened(Source("a.circ", FAULTY))
    first = dial(analysis, "sound")
    assert first is not None and first.default == 2
    assert family(analysis, "first") is not None
    assert backbone(analysis) is not None
    assert codes(analysis) == []


def test_a_fault_is_recorded_by_whoever_asks_first_and_only_then() -> None:
    analysis = opened(Source("a.circ", FAULTY))
    assert family_axes(analysis, "second") is None
    assert codes(analysis) == ["E304"]
    assert family(analysis, "second") is None
    assert codes(analysis) == ["E304"]
    assert stimulus(analysis, "rings") is None
    assert codes(analysis) == ["E304", "E201"]
    assert connections(analysis) == ()
    assert codes(analysis) == ["E304", "E201", "E201"]


def test_answers_are_the_same_objects() -> None:
    analysis = opened(Source("a.circ", FAULTY))
    assert family(analysis, "first") is family(analysis, "first")
    assert build(analysis).families["first"] is family(analysis, "first")


def test_faults_of_an_imported_file_are_recorded_there(tmp_path: Path) -> None:
    (tmp_path / "lab.circ").write_text(
        "circ 1\nlet wide = 1px + 1deg\nstimulus arcs = arcs(radius=wide)\n", encoding="utf-8"
    )
    main = tmp_path / "main.circ"
    main.write_text('circ 1\nimport "lab.circ" as lab\nlet a = lab.wide\n', encoding="utf-8")
    analysis = opened(read_source(main))
    lab = analysis.of(analysis.module.modules["lab"])
    assert stimulus(lab, "arcs") is None
    assert (codes(analysis), codes(lab)) == ([], ["E301"])
    assert [code for code, _, _ in said(analysis)] == ["E301"]


@pytest.mark.parametrize("code", sorted(CODES))
def test_findings_do_not_depend_on_what_is_asked_first(code: str) -> None:
    example = page(code).wrong
    if not example:
        pytest.skip("no example in one file")
    asked, fresh = (opened(Source("a.circ", example)) for _ in range(2))
    ask_all(asked)
    assert said(asked) == said(fresh)
