"""A folder of circuits as a test suite."""

from __future__ import annotations

import pytest
from conftest import ROOT

# runs within a run forget what they import, and libraries put up with being imported only once
import circuitdsl.compare.expect
import circuitdsl.testing.plugin  # noqa: F401

pytest_plugins = ["pytester"]

TEXT = """circ 1
from std.shapes import gabor
backbone V = inceptionv1()
stimulus lines = lines(th=every(15deg)) { contrast = 1  size = 32px }
family line [th: orient(8)] at V.conv2d0 {
  expect preferred_error(lines) <= 2deg
  expect response(lines) < 0
}
connect V.input -> line { place = gabor(8px, length=2px, width=2px)  dc = 0  norm = l2 }
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "line.circ").write_text(TEXT, encoding="utf-8")
    silent = TEXT.replace("  expect preferred_error(lines) <= 2deg\n", "")
    silent = silent.replace("  expect response(lines) < 0\n", "")
    (pytester.path / "silent.circ").write_text(silent, encoding="utf-8")
    return pytester


def run(folder: pytest.Pytester, *options: str) -> pytest.RunResult:
    return folder.runpytest_inprocess("-p", "circuitdsl.testing.plugin", "-p", "no:xdist", *options)


def test_each_line_is_a_test(folder) -> None:
    result = run(folder)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*error[[]E901]: `line`: `expect response(lines) < 0` does not hold: response(lines)*",
            "*line.circ:7:3*",
            "*expect response(lines) < 0*",
            "1 of 2 expectations of circuits hold",
        ]
    )


def test_units_of_a_trained_network_are_shown_activity(folder) -> None:
    text = (ROOT / "circuits_src" / "car.circ").read_text(encoding="utf-8")
    (folder.path / "car.circ").write_text(text, encoding="utf-8")
    run(folder, "car.circ").assert_outcomes(passed=4)


def test_lines_are_chosen_by_name(folder) -> None:
    run(folder, "-k", "preferred_error").assert_outcomes(passed=1, deselected=1)


def test_edit_scripts_are_no_tests(folder) -> None:
    script = (ROOT / "circuits_src" / "edits" / "remove_curves.circ").read_bytes()
    (folder.path / "script.circ").write_bytes(script + b"# expect nothing of this file\n")
    run(folder, "script.circ").assert_outcomes()


def test_a_file_with_errors_fails_to_collect(pytester) -> None:
    (pytester.path / "bad.circ").write_text(TEXT.replace("(lines) <", "(line) <"), "utf-8")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no stimulus set `line`; did you mean `lines`?*"])
