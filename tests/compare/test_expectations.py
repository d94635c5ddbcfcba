"""What families claim is measured on the network."""

from __future__ import annotations

import pytest

from circuitdsl.check import loads
from circuitdsl.compare.expectations import describe_outcomes, expectations_met
from circuitdsl.diagnostics import render

TEXT = """circ 1
from std.shapes import gabor
backbone V = inceptionv1()
stimulus discs = discs(radius=[40px, 60px], th=every(15deg)) { contrast = 1  size = 32px }
stimulus lines = lines(th=every(15deg)) { contrast = 1  size = 32px }
family edge [th: rot(8)] at V.conv2d0 {
  expect preferred_error(discs) <= 2deg
  expect response(discs, th=0deg) == response(discs)
  expect response(discs, th=180deg) <= 0.01*response(discs)
  expect echo(discs) <= 0.1
  expect fwhm(discs) < 10deg
  expect spread(discs) <= 0.1
}
family line [th: orient(8)] at V.conv2d0 {
  expect preferred_error(lines) <= 2deg
  expect 30deg < fwhm(lines)
  expect fwhm(lines) < 90deg
}
connect V.input -> edge {
  place = gabor(8px, length=2px, width=2px, phase=-90deg)
  dc    = 0
  norm  = l2
}
connect V.input -> line {
  place = gabor(8px, length=2px, width=2px)
  dc    = 0
  norm  = l2
}
"""


@pytest.fixture(scope="module")
def outcomes():
    return expectations_met(loads(TEXT))


def test_what_is_true_holds(outcomes) -> None:
    false = {each.expectation.span.text for each in outcomes if not each.holds}
    assert false == {"expect fwhm(discs) < 10deg"}
    assert len(outcomes) == 9


def test_a_failure_says_what_was_measured(outcomes) -> None:
    (failed,) = (each for each in outcomes if not each.holds)
    assert failed.left == pytest.approx(120, abs=25)
    printed = render(failed.diagnostic)
    assert printed.startswith("error[E901]: `edge` does not do what it should: 1")
    assert "11 |   expect fwhm(discs) < 10deg" in printed
    assert "the left side is 1" in printed


def test_outcomes_are_listed(outcomes) -> None:
    lines = describe_outcomes(outcomes).splitlines()
    assert lines[0].startswith("holds  edge: expect preferred_error(discs) <= 2deg  (")
    assert sum(line.startswith("FAILS") for line in lines) == 1


def test_some_can_be_asked_alone() -> None:
    circuit = loads(TEXT)
    wanted = circuit.by_name["edge"].expectations[3]
    (outcome,) = expectations_met(circuit, [wanted])
    assert outcome.expectation is wanted
    assert expectations_met(circuit, []) == ()
