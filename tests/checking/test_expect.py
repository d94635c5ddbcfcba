"""`expect` lines of families: what can be claimed, and how it is refused."""

from __future__ import annotations

import pytest

from circuitdsl.checking import check_source, loads
from circuitdsl.ir.expect import ClaimTerm
from circuitdsl.ir.text import to_source
from circuitdsl.text.source import Source

FILE = """circ 1
from std.shapes import gabor
backbone V = inceptionv1()
dial low : real = 0.5
let most = 60deg
stimulus discs = discs(radius=[40px, 60px], th=every(15deg)) {{ contrast = 1  size = 32px }}
stimulus few = lines(th=[0deg, 90deg])
stimulus uneven = discs(th=[0deg, 1deg, 2deg, 3deg, 4deg, 5deg, 6deg, 7deg])
family edge [th: rot(8)] at V.conv2d0 {{
  {0}
}}
family plain at V.conv2d0 {{
  {1}
}}
connect V.input -> edge {{ place = gabor(8px, length=2px, width=2px, phase=-90deg)  dc = 0 }}
connect V.input -> plain {{ place = gabor(8px, length=2px, width=2px) }}
"""


def found(line: str, plain: str = "") -> list[tuple[str, str]]:
    result = check_source(Source("a.circ", FILE.format(line, plain)))
    return [(d.code, d.message) for d in result.diagnostics if d.code != "L403"]


@pytest.mark.parametrize(
    "line",
    [
        "expect response(discs) > 0",
        "expect response(discs, th=0deg, radius=40px) >= 2*response(discs, th=180deg)",
        "expect fwhm(discs) <= most",
        "expect 0.1 > echo(discs)",
        "expect preferred_error(discs) <= 1deg  expect fwhm(discs, radius=60px) < 90deg",
        "expect response(discs) - response(few)/2 - 0.5 != -spread(discs)",
    ],
)
def test_claims_that_mean_something_read_back(line) -> None:
    assert found(line) == []
    circuit = loads(FILE.format(line, "expect response(discs, th=15deg) == 0"))
    text = to_source(circuit)
    assert "expect " in text
    assert loads(text) == circuit
    assert to_source(loads(text)) == text


def test_sides_are_sums() -> None:
    circuit = loads(FILE.format("expect 1 - 2*response(discs)/4 > -echo(discs)", ""))
    (claim,) = circuit.by_name["edge"].expectations
    assert [term.weight for term in claim.left] == [1.0, -0.5]
    assert claim.left[0] == ClaimTerm(1.0)
    assert claim.right[0].weight == -1.0
    assert claim.span.line == 10


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("expect respons(discs) > 0", "E201", "did you mean `response`"),
        ("expect response(disks) > 0", "E201", "did you mean `discs`"),
        ("expect response() > 0", "E207", "needs a stimulus set"),
        ("expect response(discs, hue=3deg) > 0", "E206", "no setting `hue`"),
        ("expect response(discs, 3deg) > 0", "E206", "no setting"),
        ("expect fwhm(discs, th=0deg) > 0deg", "E206", "no setting `th`"),
        ("expect response(discs, radius=41px) > 0", "E902", "no image with `radius = 41px`"),
        ("expect fwhm(few) > 0deg", "E902", "needs 8 angles"),
        ("expect fwhm(uneven) > 0deg", "E902", "not spread evenly"),
        ("expect fwhm(discs) > 2", "E301", "compares an angle with a plain number"),
        ("expect fwhm(discs) + echo(discs) > 2deg", "E301", "cannot add"),
        (
            "expect echo(discs)*echo(discs) > 2",
            "E302",
            "a product must be one measure, multiplied or divided by numbers",
        ),
        (
            "expect 1/echo(discs) > 2",
            "E302",
            "a product must be one measure, multiplied or divided by numbers",
        ),
        ("expect echo(discs)/0 > 2", "E308", "division by zero"),
        ("expect 1 > 2", "E302", "one side of `expect` must be a measure"),
        (
            "expect echo(discs) > low",
            "E302",
            "each side of `expect` must be a sum of measures, numbers and angles, not a dial",
        ),
        ("expect echo(discs) > 3px", "E302", "a length"),
        ("expect echo(discs) > gabor(8px, length=1px, width=1px)", "E302", "a template"),
    ],
)
def test_claims_that_are_refused(line, code, words) -> None:
    ((found_code, message),) = found(line)
    assert found_code == code
    assert words in message


def test_a_family_that_does_not_turn_has_no_tuning() -> None:
    ((code, message),) = found("", "expect echo(discs) > 0")
    assert code == "E902"
    assert "has no tuning" in message
    ((code, _),) = found("", "expect response(discs, th=1deg) > 0")
    assert code == "E902"
