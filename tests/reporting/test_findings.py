"""Findings on a terminal: the words of the plain text, in colours, within its width."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from rich.console import Console

from circuitdsl.checking import check_source
from circuitdsl.reporting.printed import findings
from circuitdsl.reporting.printed.tables import narrow
from circuitdsl.reporting.printed.terminal import print_table, progress
from circuitdsl.text.diagnostics import CODES, Diagnostic, render
from circuitdsl.text.pages import page
from circuitdsl.text.source import Source, Span

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def shown(monkeypatch):
    """What is shown on a terminal of so many columns."""

    def show(found: list[Diagnostic], columns: int = 400) -> str:
        stream = io.StringIO()
        console = Console(
            file=stream,
            force_terminal=True,
            color_system="standard",
            width=columns,
            highlight=False,
        )
        monkeypatch.setattr(findings, "_console", lambda *, err: console)
        findings.show_findings(found)
        return stream.getvalue()

    return show


@pytest.mark.parametrize("code", sorted(code for code in CODES if page(code).wrong))
def test_a_wide_terminal_shows_the_plain_text(code: str, shown) -> None:
    found = check_source(Source(f"{code}.circ", page(code).wrong)).diagnostics
    plain = "".join(f"{render(each)}\n" for each in found)
    assert ESCAPE.sub("", shown(found)) == plain


def test_severity_and_place_have_colours_and_others_do_not(shown) -> None:
    source = Source("a.circ", "one two")
    error = shown([Diagnostic("E100", "wrong", Span(source, 4, 7), label="here", help="do")])
    assert "\x1b[1;31merror[E100]\x1b[0m" in error
    assert "\x1b[1;31m^^^ here\x1b[0m" in error
    assert " one two\n" in error
    warning = shown([Diagnostic("L401", "odd", Span(source, 0, 3), "warning")])
    assert "\x1b[1;33mwarning[L401]\x1b[0m" in warning


def test_text_of_a_file_is_no_markup_and_no_command_to_the_terminal(shown) -> None:
    text = "family a [th: orient(8)] [red]x[/red] :smile: \x1b[2J"
    source = Source("[bold]a.circ", text)
    found = [Diagnostic("E100", f"odd `{text}`", Span(source, 9, 24), help="[/]", note=text)]
    lines = ESCAPE.sub("", shown(found)).splitlines()
    assert lines[1] == " --> [bold]a.circ:1:10"
    assert lines[3] == "1 | family a [th: orient(8)] [red]x[/red] :smile: \ufffd[2J"
    assert lines[4] == "  |          ^^^^^^^^^^^^^^^"
    assert lines[-2] == "  = help: [/]"
    assert "\x1b[2J" not in shown(found)


def test_a_narrow_terminal_folds_sentences_and_shortens_lines(shown) -> None:
    text = "connect a -> b { place = blob(sigma=2px) } # " + "long " * 20
    span = Span(Source("a.circ", text), 25, 29)
    found = [Diagnostic("E100", "much " * 20, span, note="for " * 20 + "it")]
    lines = ESCAPE.sub("", shown(found, 50)).splitlines()
    assert max(map(len, lines)) <= 50
    marks = next(line for line in lines if "^" in line)
    above = lines[lines.index(marks) - 1]
    assert above[marks.index("^") :][:4] == "blob"
    notes = lines[lines.index(marks) + 1 :]
    assert notes[0].startswith("  = note: for for")
    assert notes[1].startswith("          for")


def in_a_terminal(arguments: list[str], **environment: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
    ours, theirs = pty.openpty()
    known = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, "-m", "circuitdsl", *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**known, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    ):
        os.close(theirs)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    file = tmp_path / "a.circ"
    file.write_text("circ 1\nbackbone V = inceptionv1()\nfamily a at V.conv2dl\n")
    done = subprocess.run(
        [sys.executable, "-m", "circuitdsl", "check", str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "FORCE_COLOR"},
        check=False,
    )
    assert "\x1b" not in done.stdout
    assert in_a_terminal(["check", str(file)], NO_COLOR="1") == done.stdout
    coloured = in_a_terminal(["check", str(file)])
    assert "\x1b[1;31merror[E204]" in coloured
    assert ESCAPE.sub("", coloured).split("= help")[0] == done.stdout.split("= help")[0]


def test_other_failures_have_colours_too() -> None:
    said = in_a_terminal(["lower", "absent.circ", "--emit", "ir"])
    assert said.startswith("\x1b[1;31merror\x1b[0m\x1b[1m: \x1b[0m")
    assert "absent.circ" in said


def test_names_in_tables_and_stages_are_no_markup(capsys) -> None:
    table = narrow("photos[old] [/x]", "of :smile:")
    table.add_column("unit")
    table.add_row("curve[th=36deg]")
    print_table(table)
    printed = capsys.readouterr().out
    for text in ("photos[old] [/x]", "of :smile:", "curve[th=36deg]"):
        assert text in printed
    with progress() as report:
        report("building [/x].circ")
