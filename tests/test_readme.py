"""The README says what is true: its circuit checks, its Python runs, CI runs its test command."""

from __future__ import annotations

import re

from conftest import ROOT

from circuitdsl.checking.load import loads

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def block(start: str) -> str:
    return next(text for _, text in BLOCKS if text.startswith(start))


def test_the_circuit_has_no_findings() -> None:
    circuit = loads(block("circ 1"), name="README.md")
    assert [family.name for family in circuit.families] == ["gabors", "complex", "line", "early"]


def test_the_python_runs(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(block("import circuitdsl"), names)
    assert "comparison" in names


def test_ci_runs_the_test_command() -> None:
    commands = [text.strip() for language, text in BLOCKS if not language and "pip" in text]
    first, second = commands
    assert "circuitdsl score circuits_src/curves_fitted.circ --model tiny" in first
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
