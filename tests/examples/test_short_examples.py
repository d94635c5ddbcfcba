"""The short examples run, and say what their first lines promise."""

from __future__ import annotations

import runpy

import pytest
from conftest import ROOT


@pytest.mark.parametrize(
    ("script", "words"),
    [("turn_a_dial.py", "one pixel more"), ("which_line.py", "curves.circ:")],
)
def test_an_example_runs(script: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "examples" / script), run_name="__main__")
    assert words in capsys.readouterr().out
