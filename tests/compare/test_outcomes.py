"""What families claim is measured on the network."""

from __future__ import annotations

import re
import weakref
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT

from circuitdsl.checking import loads
from circuitdsl.compare.expect import describe_outcomes, expectations_met
from circuitdsl.compare.recovery import OF_RECOVERIES
from circuitdsl.compare.sides import OF_A_SIDE, OF_PAIRS
from circuitdsl.editing.logits import OF_OUTPUTS
from circuitdsl.ir.tables.measures import MEASURES, OUTPUTS, legal
from circuitdsl.measure.responses import BATCH, answers
from circuitdsl.measure.tunings import of_families
from circuitdsl.measure.tunings.of_families import OF_FAMILIES
from circuitdsl.models.written.handwritten import build
from circuitdsl.text.diagnostics import DiagnosticError, render

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
    assert failed.judgement.left == pytest.approx(120, abs=25)
    printed = render(failed.diagnostic)
    assert printed.startswith(
        "error[E901]: `edge`: `expect fwhm(discs) < 10deg` does not hold: fwhm(discs) is 1"
    )
    assert "11 |   expect fwhm(discs) < 10deg" in printed


def test_a_failure_names_the_members_at_both_ends(outcomes) -> None:
    (failed,) = (each for each in outcomes if not each.holds)
    (extremes,) = failed.extremes
    assert extremes.least[1] <= failed.judgement.left <= extremes.greatest[1]
    assert extremes.line in render(failed.diagnostic).replace("\n", " ")
    assert extremes.line.startswith("fwhm(discs) ranges from 1")
    assert "in `edge[th=" in extremes.line


def test_outcomes_are_listed(outcomes) -> None:
    lines = describe_outcomes(outcomes).splitlines()
    assert lines[0].startswith("holds  edge: expect preferred_error(discs) <= 2deg  (")
    assert sum(line.startswith("FAILS") for line in lines) == 1
    assert lines[-1] == "8 of 9 expectations hold"


def test_some_can_be_asked_alone() -> None:
    circuit = loads(TEXT)
    wanted = circuit.by_name["edge"].expectations[3]
    (outcome,) = expectations_met(circuit, [wanted])
    assert outcome.expectation is wanted
    assert expectations_met(circuit, []) == ()


def test_a_long_set_is_held_a_batch_at_a_time_and_says_how_far_it_is(monkeypatch) -> None:
    maps: list[weakref.ref[np.ndarray]] = []
    most = 0

    def watched(*given):
        nonlocal most
        for shown in answers(*given):
            # each owns its memory, so that a view of it keeps it alive
            one = {name: part.copy() for name, part in shown.items()}
            maps.extend(weakref.ref(part) for part in one.values())
            most = max(most, sum(part() is not None for part in maps))
            yield one

    monkeypatch.setattr(of_families, "answers", watched)
    said: list[str] = []
    lines = "lines(th=every(1deg)) { contrast = 1  size = 32px }"
    circuit = loads(f"""circ 1
from std.shapes import gabor
backbone V = inceptionv1()
stimulus lines = {lines}
family edge [th: rot(8)] at V.conv2d0 {{ expect response(lines) > 0 }}
connect V.input -> edge {{ place = gabor(8px, length=2px, width=2px) }}
""")
    assert expectations_met(circuit, progress=said.append)
    assert len(maps) == -(-180 // BATCH)
    assert most <= 2
    assert said[0] == f"`lines`: {BATCH} of 180 images"
    assert said[-1] == "`lines`: 180 of 180 images"


CAR = """circ 1
from std.shapes import blob
backbone V = inceptionv1()
family wheel at V.mixed4b { units = [373] }
family body  at V.mixed4b { units = [491] }
family car [th: rot(4)] at V.mixed4c_3x3 {
  expect response(cars, wheel=1) > 1.5*response(cars, wheel=0)
  expect response(cars, th=90deg, wheel=1) < 0.8*response(cars, th=0deg, wheel=1)
  expect response(cars, th=90deg, body=0) < 0.1*response(cars, th=0deg, body=0)
}
connect wheel -> car { place = blob((0tap, -1tap), sigma=0.3tap) }
connect body  -> car { place = blob(sigma=0.3tap) }
stimulus cars = activity(th=every(90deg), size=112px) {
  wheel = [0, 1]*spot(wheel, at=(0px, -16px))
  body  = [0, 1]*spot(body)
}
stimulus lines = lines(th=[0deg, 90deg]) { size = 112px }
"""


def test_families_that_read_trained_units_are_measured_on_activity() -> None:
    """Each member sees the scene from its own angle."""
    outcomes = expectations_met(loads(CAR))
    assert [each.expectation.span.text for each in outcomes if not each.holds] == []
    assert len(outcomes) == 3


def test_drawn_images_are_not_shown_to_a_network_that_is_not_there() -> None:
    circuit = loads(CAR.replace("response(cars, th=90deg, body=0)", "response(lines)"))
    with pytest.raises(DiagnosticError) as raised:
        expectations_met(circuit)
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.span.text) == ("E902", "response(lines)")
    assert diagnostic.message.startswith("`car` reads units of a trained network")
    given = {name: jnp.zeros((BATCH, 7, 7, 1)) for name in ("wheel", "body")}
    assert len(expectations_met(build(circuit, given=given))) == 3


def test_the_example_of_the_page_holds() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    examples = re.findall(r"```circ\n(.*?)```", page, flags=re.DOTALL)
    (shown,) = (text for text in examples if "= activity(" in text)
    outcomes = expectations_met(loads(shown))
    assert [each.holds for each in outcomes] == [True] * 3


@pytest.mark.parametrize("comparison", ["==", "!=", "<", "<=", ">", ">="])
def test_no_claim_holds_of_what_has_no_value(comparison) -> None:
    """A measure of members that never respond is no number, and differs from all numbers."""
    text = (
        TEXT.split("family edge", maxsplit=1)[0]
        + f"""
family dark [th: rot(8)] at V.conv2d0 {{
  gain = 0
  expect spread(discs) {comparison} 3
  expect response(discs)/response(lines) {comparison} 3
}}
connect V.input -> dark {{ place = gabor(8px, length=2px, width=2px) }}
"""
    )
    first, second = expectations_met(loads(text))
    assert not first.holds
    assert not second.holds
    assert "no claim holds of what has no value" in first.diagnostic.note


def test_selectivity_is_the_length_of_the_mean_direction() -> None:
    curves = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    answered = SimpleNamespace(curves=((0.0, 90.0, 180.0, 270.0), curves))
    assert OF_FAMILIES["selectivity"](answered) == pytest.approx(0.5)


def test_ratios_are_measured() -> None:
    text = TEXT.replace(
        "expect echo(discs) <= 0.1\n",
        "expect response(discs)/response(discs, radius=40px) >= 1\n"
        "  expect response(discs) - 2*response(discs) == -response(discs)\n",
    )
    circuit = loads(text)
    first, second = circuit.by_name["edge"].expectations[3:5]
    ratio, difference = expectations_met(circuit, [first, second])
    assert ratio.holds
    assert difference.holds
    assert ratio.judgement.left == pytest.approx(
        ratio.judgement.values[0][1] / ratio.judgement.values[1][1]
    )


def test_every_measure_of_the_table_is_evaluated_where_it_is_legal() -> None:
    assert set(OF_FAMILIES) == set(legal("family"))
    assert set(OF_A_SIDE) | set(OF_PAIRS) == set(legal("sides"))
    assert set(OF_RECOVERIES) == set(legal("recovery"))
    assert tuple(OF_OUTPUTS) == OUTPUTS


def test_the_page_of_the_language_lists_every_measure() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    for measure in MEASURES:
        assert re.search(rf"`{measure.name}[`(]", page), measure.name
