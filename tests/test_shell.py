"""The shell: completion, folders, records on standard output, kept programs, narrow terminals."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup as Group
from typer.main import get_command
from typer.testing import CliRunner

from circuitdsl.cli import app
from circuitdsl.reporting.printed.terminal import print_table
from circuitdsl.run.opening.compiled import DIRECTORY, keep_compiled
from circuitdsl.text.diagnostics import CODES

PROGRAM = "import sys; sys.argv[0] = 'circuitdsl'; from circuitdsl.__main__ import main; main()"

CLAIM = """circ 1
backbone V = inceptionv1()
stimulus spots = spots()
family a at V.conv2d0 { expect response(spots) < 1 }
from std.shapes import blob
connect V.input -> a { place = blob(sigma=1.5px) }
"""


def completed(shell: str, words: str) -> str:
    variables = {
        "_CIRCUITDSL_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": words,
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    if shell == "fish":
        variables["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_codes_and_models(shell: str) -> None:
    assert "E201" in completed(shell, "circuitdsl explain E20")
    if shell == "bash":
        assert "explain" in completed(shell, "circuitdsl exp")
        assert "inceptionv1-caffe2" in completed(shell, "circuitdsl models path ince")


LOADED = {
    "bash": "COMP_WORDS=(circuitdsl explain E90); COMP_CWORD=2; _circuitdsl_completion circuitdsl;"
    ' echo "${COMPREPLY[@]}"',
    "zsh": 'words=(circuitdsl explain E90); CURRENT=3; _arguments() { print -r -- "$@" };'
    " _circuitdsl_completion",
    "fish": 'complete -C "circuitdsl explain E90"',
}
"""What completes an argument in a shell that has loaded its script."""


@pytest.mark.parametrize("shell", LOADED)
def test_a_shell_loads_its_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "circuitdsl"
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "{PROGRAM}" "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
    }
    environment = os.environ | variables
    script = subprocess.run(
        [program],
        env=environment | {"_CIRCUITDSL_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    before = "compdef() { }\n" if shell == "zsh" else ""
    done = subprocess.run(
        [shell, "-c", f"{before}{script}\n{LOADED[shell]}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {"E901", "E902"} <= set(re.findall(r"\w+", done.stdout)), done.stderr


def test_explain_without_an_argument_lists_codes() -> None:
    listed = CliRunner().invoke(app, ["explain"]).stdout
    assert [line.split()[0] for line in listed.splitlines()] == sorted(CODES)


def test_check_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("a.circ", "inner/b.circ"):
        (tmp_path / name).write_text("circ 1\nlet a = 1\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stdout.count("no errors") == 2
    (tmp_path / "empty").mkdir()
    assert CliRunner().invoke(app, ["check", str(tmp_path / "empty")]).exit_code == 2


def test_a_record_on_standard_output_stands_there_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.circ"
    path.write_text(CLAIM, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path), "--expect", "--json", "-"])
    (entry,) = json.loads(done.stdout)["files"]
    (claim,) = entry["expectations"]
    assert claim["claim"] == "expect response(spots) < 1"
    assert claim["holds"] is (claim["left"] < claim["right"])
    assert "0 of 1 expectations hold" in done.stderr


WITHOUT_FIGURES = {
    *("format", "lower", "explain", "draw", "report", "microscope", "activation-atlas", "lsp"),
    *("edit", "sweep", "visualize", "look", "grid", "examples", "joint", "weights"),
    *("models list", "models fetch", "models path"),
}
"""Commands that write files or text, or whose figures are a format of `--output`."""


def commands_of(group: Group, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, Group):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield before + name, command


def test_json_means_one_thing_in_every_command() -> None:
    options = {
        name: {option: one for one in command.params for option in one.opts}.get("--json")
        for name, command in commands_of(get_command(app))
    }
    assert {name for name, option in options.items() if option is None} == WITHOUT_FIGURES
    texts = {(one.metavar, one.help, one.default, one.multiple) for one in options.values() if one}
    assert texts == {("FILE", "Write the result as JSON; `-` is standard output.", None, False)}


def test_check_expect_says_that_nothing_is_claimed(tmp_path: Path) -> None:
    path = tmp_path / "a.circ"
    path.write_text("circ 1\nlet a = 1\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path), "--expect"])
    assert "no family claims anything" in done.stdout


def test_tables_keep_every_digit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert Console().width == 30
    table = Table(title="figures")
    table.add_column("what", no_wrap=True)
    for _ in range(4):
        table.add_column("r", no_wrap=True, justify="right")
    table.add_row("natural r", *["0.639 (0.620..0.651)"] * 4)
    print_table(table)
    assert capsys.readouterr().out.count("0.639 (0.620..0.651)") == 4
    table = Table("what", "r", "p")  # columns that may wrap, all wider than their share
    table.add_row("some words " * 6, "0.1234567890123456", "0.6543210987654321")
    print_table(table)
    assert "0.1234567890123456 │ 0.6543210987654321" in capsys.readouterr().out


def test_programs_are_kept_unless_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("JAX_"):
            monkeypatch.delenv(name)
    folder = keep_compiled()
    assert folder is not None and folder.name == "compiled"
    assert os.environ[DIRECTORY] == str(folder)
    assert int(os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"]) == 1 << 29
    monkeypatch.setenv(DIRECTORY, "elsewhere")
    assert keep_compiled() == Path("elsewhere")
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "true")
    assert keep_compiled(wanted=False) is None
    assert os.environ["JAX_ENABLE_COMPILATION_CACHE"] == "false"
    for name in list(os.environ):
        if name.startswith("JAX_COMPILATION") or name.startswith("JAX_PERSISTENT"):
            monkeypatch.setenv(name, os.environ[name])  # and so taken back afterwards
