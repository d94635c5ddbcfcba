"""The code of the documentation: commands have the options that they are given, files exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT
from doc_blocks import Block, blocks, commands, short
from typer.core import TyperGroup
from typer.main import get_command

from circuitdsl.checking import check_source
from circuitdsl.cli import app
from circuitdsl.text.source import Source

COMMANDS = list(commands())
BLOCKS = list(blocks())
RUN_ELSEWHERE = {"docs/networks.md", "docs/python.md", "docs/testing.md", "README.md"}
"""Pages whose Python is run by tests of its own."""

NEEDS_WEIGHTS = {"docs/circuits.md", "docs/editing.md"}


def place(one: tuple[Block, list[str]]) -> str:
    block, words = one
    return f"{block.page}:{block.line}-{words[1]}"


@pytest.mark.parametrize("shown", [one for one in COMMANDS if one[1][0] == "circuitdsl"], ids=place)
def test_a_command_is_understood(
    shown: tuple[Block, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = shown[1][1:]
    command = get_command(app)
    while isinstance(command, TyperGroup):
        with command.make_context("circuitdsl", ["--help"], resilient_parsing=True) as context:
            _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
    command.make_context("circuitdsl", list(words))
    for word in words:
        if word.startswith("circuits_src/"):
            assert list(ROOT.glob(word)), word


@pytest.mark.parametrize("shown", [one for one in COMMANDS if one[1][0] == "python"], ids=place)
def test_a_benchmark_has_its_options(shown: tuple[Block, list[str]]) -> None:
    words = shown[1]
    if words[1] == "-m":
        return
    text = (ROOT / words[1]).read_text(encoding="utf-8")
    for option in (word for word in words if word.startswith("--")):
        assert f'"{option}"' in text, option


def test_pages_with_code_are_found() -> None:
    assert len(COMMANDS) > 25
    assert {block.page for block, _ in COMMANDS} >= {"README.md", "docs/seeing.md", "docs/scale.md"}


@pytest.mark.parametrize(
    "block",
    [b for b in BLOCKS if b.text.startswith("circ 1") and b.page != "docs/language.md"],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_a_circuit_checks(block: Block) -> None:
    source = Source("page.circ", block.text, ROOT / "circuits_src" / "page.circ")
    assert check_source(source).errors == ()


@pytest.mark.parametrize(
    "block",
    [b for b in BLOCKS if b.kind == "python" and b.page not in RUN_ELSEWHERE | NEEDS_WEIGHTS],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_python_runs(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    exec(block.text, {})


def test_commands_are_made_short(tmp_path: Path) -> None:
    words = ["circuitdsl", "fit", "a.circ", "--steps", "80", "-o", "b.circ", "--images", "DIR"]
    made = short(words, {"--limit", "--steps"}, {"DIR": "photographs"}, tmp_path)
    assert made[3:5] == ["--steps", "16"] and made[-2:] == ["--limit", "12"]
    assert made[6] == str(tmp_path / "b.circ") and "photographs" in made


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8")):
            if not target.startswith("reference/"):
                assert (page.parent / target).is_file(), (page.name, target)
