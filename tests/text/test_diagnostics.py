"""Every code: its page, its example, the exact text that it prints, and the corrected example."""

from __future__ import annotations

import pickle
import re

import pytest
from conftest import ROOT
from corpus import GOLDEN

from circuitdsl.cli.failures import say_error
from circuitdsl.reporting.diagnostics_page import diagnostics_page, example_findings
from circuitdsl.text.diagnostics import (
    CODES,
    Diagnostic,
    DiagnosticError,
    InputError,
    Label,
    lines_of,
    render,
    suggestion,
)
from circuitdsl.text.pages import explain, page
from circuitdsl.text.source import NOWHERE, Source, Span

FOUND_LATER = {"E213", "E214", "E408", "E602", "E703", "E805", "E901", "L402", "L405"}
"""Codes of later stages, or of several files, whose pages have no example."""


def golden_text(code: str) -> str:
    """The wrong example of a code, what it prints, and the right example."""
    found = page(code)
    printed = "\n".join(map(render, example_findings(found.wrong))) if found.wrong else ""
    return f"# wrong\n{found.wrong}\n# prints\n{printed}\n# right\n{found.right}"


@pytest.mark.parametrize("code", sorted(CODES))
def test_example_prints_what_it_should(code: str) -> None:
    assert golden_text(code) == (GOLDEN / f"{code}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", sorted(set(CODES) - FOUND_LATER))
def test_wrong_example_shows_its_code_and_right_example_does_not(code: str) -> None:
    found = page(code)
    assert [d.code for d in example_findings(found.wrong) if d.code != "L404"] == (
        [] if code == "L404" else [code]
    )
    corrected = example_findings(found.right)
    assert code not in {d.code for d in corrected}
    assert not [d for d in corrected if d.severity == "error"]


def test_every_code_in_the_program_has_a_page_and_every_page_a_code() -> None:
    in_program = {
        code
        for path in (ROOT / "circuitdsl").rglob("*.py")
        if path.name != "diagnostics.py"
        for code in re.findall(r'"([EL][0-9]{3})"', path.read_text(encoding="utf-8"))
    }
    assert in_program == set(CODES)
    headings = re.findall(
        r"^## (\w+)$",
        (ROOT / "circuitdsl" / "text" / "codes.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert headings == sorted(CODES)
    assert len(set(CODES.values())) == len(CODES)


def test_golden_folder_has_no_strangers() -> None:
    golden = {path.stem for path in GOLDEN.glob("[EL][0-9]*.txt")}
    assert golden == set(CODES)


def test_generated_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == diagnostics_page()


def test_explain_takes_any_case_and_suggests() -> None:
    assert explain("e201").startswith("E201: unknown name\n")
    with pytest.raises(InputError, match="Did you mean `E201`"):
        explain("E2001")


def test_render_shows_other_places_in_order_of_lines_and_files() -> None:
    first = Source("a.circ", "one\ntwo three\nfour\n")
    second = Source("b.circ", "five\n")
    diagnostic = Diagnostic(
        "E203",
        "twice",
        Span(first, 14, 18),
        label="again",
        also=(Label(Span(first, 4, 7), "first"), Label(Span(second, 0, 4), "there")),
        note="why",
        help="what",
    )
    assert render(diagnostic) == (
        "error[E203]: twice\n"
        " --> a.circ:3:1\n"
        "  |\n"
        "2 | two three\n"
        "  | --- first\n"
        "3 | four\n"
        "  | ^^^^ again\n"
        " ::: b.circ:1:1\n"
        "  |\n"
        "1 | five\n"
        "  | ---- there\n"
        "  = note: why\n"
        "  = help: what\n"
    )


def test_render_keeps_carets_under_wide_characters_tabs_and_control_characters() -> None:
    source = Source("a.circ", "\t日本\0x")
    lines = render(Diagnostic("E100", "m", Span(source, 4, 5))).splitlines()
    assert lines[3] == "1 |  日本\ufffdx"
    assert lines[4] == "  |       ^"


def test_render_cuts_very_long_lines_around_the_place() -> None:
    source = Source("a.circ", "a" * 5000 + "!" + "b" * 5000)
    lines = render(Diagnostic("E100", "m", Span(source, 5000, 5001))).splitlines()
    assert max(map(len, lines)) < 180
    assert lines[3][lines[4].index("^")] == "!"


def test_render_shows_a_very_long_line_again_for_a_far_place() -> None:
    source = Source("a.circ", "!" + "a" * 5000 + "?")
    also = (Label(Span(source, 5001, 5002), "far"), Label(Span(source, 1, 3), "near"))
    lines = render(Diagnostic("E100", "m", Span(source, 0, 1), also=also)).splitlines()
    assert [line[:4] for line in lines[3:]] == ["1 | ", "  | ", "  | ", "1 | ", "  | "]
    assert lines[4].strip() == "| ^"
    assert lines[5].strip() == "|  -- near"
    assert lines[6][lines[7].index("-")] == "?"


def test_render_counts_no_column_for_an_accent_over_a_letter() -> None:
    source = Source("a.circ", "e\u0301 x")
    lines = render(Diagnostic("E100", "m", Span(source, 3, 4))).splitlines()
    assert lines[4] == "  |   ^"


@pytest.mark.parametrize("columns", [24, 40, 60, 200])
@pytest.mark.parametrize("text", ["connect a -> b { place = x } " * 9, "日本 " * 60, "\tx" * 45])
def test_excerpts_fit_into_so_many_columns(columns: int, text: str) -> None:
    source = Source("a.circ", text)
    for at in (0, 5, len(text) // 2, len(text) - 1):
        lines = lines_of(Diagnostic("E100", "m", Span(source, at, at + 1)), columns)
        shown, marks = (
            "".join(piece.text for piece in line).removeprefix(edge)
            for line, edge in zip(lines[3:5], ("1 | ", "  | "), strict=True)
        )
        visible = source.text[at].replace("\t", " ")
        wide = [char for char in shown for _ in range(2 if char in "日本" else 1)]
        assert max(len(wide), len(marks)) <= columns - 4
        assert (
            "".join(wide[marks.index("^") : len(marks)]).strip()
            == (visible * len(marks.strip())).strip()
        )


def test_render_of_a_place_that_was_never_text() -> None:
    assert render(Diagnostic("E602", "m", NOWHERE)) == (
        "error[E602]: m\n --> <built in Python>:1:1\n"
    )


def test_an_error_carries_every_diagnostic() -> None:
    diagnostic = Diagnostic("E100", "message", Span(Source("a.circ", "x"), 0, 1))
    error = DiagnosticError([diagnostic, diagnostic])
    assert error.diagnostics == (diagnostic, diagnostic)
    assert str(error) == f"{render(diagnostic)}\n{render(diagnostic)}".rstrip()
    assert "1 | x" in str(error)


def test_errors_in_python_say_what_the_command_line_says(tmp_path, capsys) -> None:
    error = InputError("there is no dial", why="it was renamed", help="use `bow`")
    assert str(error) == "there is no dial\n  = why: it was renamed\n  = help: use `bow`"
    assert str(InputError("plain")) == "plain"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    say_error(error)
    assert capsys.readouterr().err == f"error: {error}\n"


def test_suggestions_are_near_or_absent() -> None:
    assert suggestion("curv", ["curve", "line"]) == "did you mean `curve`?"
    assert suggestion("xyz", ["curve", "line"]) == ""
