"""`fit` blocks: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuitdsl.checking import check_source
from circuitdsl.checking.edits.objective import objective
from circuitdsl.checking.load import check_path, fit_of
from circuitdsl.ir.fits import FitBlock, terms_text
from circuitdsl.lowering.dials import free_dials, only_free
from circuitdsl.syntax.format import format_source
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source

BARS = """circ 1
from std.shapes import gabor
backbone V = inceptionv1()
dial long : length = 3px in [1px, 5px]
dial wide : length = 2px in [1px, 4px] free
dial plain = 1
family gabors [th: orient(8)] at V.conv2d0
connect V.input -> gabors { place = plain * gabor(6px, length=long, width=wide) }
"""
WHOLE = """
fit dials {
  dials    = [long, wide]
  maximise = natural + 2 * grid + 0.5*recovered
  steps    = 300
  rate     = 0.02
  batch    = 4
  figures  = 64
  seed     = 3
  units    = 5
}
"""
PRODUCT = "`maximise` must be a sum of measures, each times a number"
WEIGHT = "a weight must be between 1/1,000,000 and 1,000,000"
NEGATIVE = "a weight must be above 0, since nothing is subtracted; it is -1"
TERMS = (("natural", 1.0), ("grid", 2.0), ("recovered", 0.5))


def check(text: str):
    return check_source(Source("bars.circ", BARS + text))


def test_a_whole_block() -> None:
    result = check(WHOLE)
    assert [d.message for d in result.diagnostics] == []
    assert result.fits == (FitBlock("dials", ("long", "wide"), TERMS, 300, 0.02, 4, 64, 3, 5),)
    assert result.circuit == check("").circuit
    assert result.circuit is not None
    assert list(free_dials(only_free(result.circuit, ("long",)))) == ["long"]


def test_weights_may_be_named() -> None:
    result = check("let heavy = 1 + 2\nfit dials { maximise = heavy*2*grid + tuning/2 }\n")
    assert [d.message for d in result.diagnostics] == []
    assert result.fits[0].maximise == (("grid", 6.0), ("tuning", 0.5))


def test_a_sum_of_measures_from_the_command_line() -> None:
    assert objective("natural + 2 * grid + 0.5*recovered") == TERMS
    assert objective(terms_text(TERMS)) == TERMS
    for text in ("", "grid }", "grid steps = 3", "grid } fit other { maximise = grid", "grid +"):
        with pytest.raises(InputError, match="is no sum of measures"):
            objective(text)
    with pytest.raises(InputError, match="did you mean `tuning`"):
        objective("tunning")


@pytest.mark.parametrize(
    ("block", "code", "message"),
    [
        ("dials = [lnog]", "E201", "no dial `lnog`; did you mean `long`?"),
        ("dials = [plain]", "E806", "the dial `plain` has no range to be fitted in"),
        ("dials = [long, long]", "E208", "`long` is given twice"),
        ("dials = [3px]", "E302", "`dials` must be a list of dials"),
        ("dials = []", "E806", "`dials` names no dial"),
        ("maximise = nature", "E201", "no measure `nature`; did you mean `natural`?"),
        ("maximise = grid + 2*both", "E201", "no measure `both`"),
        ("maximise = grid + 2*grid", "E208", "`grid` is given twice"),
        ("maximise = grid - natural", "E304", NEGATIVE),
        ("maximise = 2", "E302", PRODUCT),
        ("maximise = grid*natural", "E302", "measures are not multiplied with one another"),
        ("maximise = grid^2", "E302", "a measure has no power"),
        ("maximise = grid/natural", "E302", PRODUCT),
        ("maximise = [grid]", "E302", "measures are added, and multiplied by numbers"),
        ("maximise = echo", "E804", "`echo` is not measured here"),
        ("maximise = 0*grid", "E304", f"{WEIGHT}; it is 0"),
        ("maximise = 1e6*2*grid", "E304", f"{WEIGHT}; it is 2e+06"),
        (
            "maximise = 2px*grid",
            "E302",
            "what stands beside measures must be a plain number or an angle, not a length (px)",
        ),
        (
            "maximise = plain*grid",
            "E309",
            "what stands beside measures must be a fixed number; this reads the dial `plain`",
        ),
        ("stps = 3", "E202", "a fit has no attribute `stps`; did you mean `steps`?"),
        ("steps = 0", "E304", "`steps` must be a whole number from 1 to 1,000,000,000; it is 0"),
        ("rate = 0", "E304", "`rate` must be above 0; it is 0"),
        ("expect rate > 1", "E804", "a fit has nothing to expect"),
    ],
)
def test_refused(block: str, code: str, message: str) -> None:
    result = check(f"fit dials {{ {block} }}\n")
    assert [(d.code, d.message) for d in result.errors] == [(code, message)]
    assert result.circuit is None


def test_a_block_is_formatted_once_and_for_all() -> None:
    text = BARS + "\nfit   dials {dials=[long,wide]\nsteps =  3}\n"
    once = format_source(Source("bars.circ", text))
    assert once.endswith("fit dials {\n  dials = [long, wide]\n  steps = 3\n}\n")
    assert format_source(Source("bars.circ", once)) == once


def test_a_block_is_picked_by_name(tmp_path: Path) -> None:
    path = tmp_path / "bars.circ"
    path.write_text(BARS, encoding="utf-8")
    assert fit_of(check_path(path), path) == FitBlock("fit")
    path.write_text(BARS + "fit one { steps = 1 }\nfit two { steps = 2 }\n", encoding="utf-8")
    assert fit_of(check_path(path), path, "two").steps == 2
    with pytest.raises(InputError, match="has 2 `fit` blocks: one, two"):
        fit_of(check_path(path), path)
    with pytest.raises(InputError, match="has no `fit thre`"):
        fit_of(check_path(path), path, "thre")
