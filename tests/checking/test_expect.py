"""`expect` lines of families: what can be claimed, and how it is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from circuitdsl.checking import check_path, check_source, loads
from circuitdsl.checking.circuit import examine
from circuitdsl.checking.circuits.misplaced import unmeasured
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.names.imports import FileLoader, open_module
from circuitdsl.ir.expect import Term
from circuitdsl.ir.writing.text import to_source
from circuitdsl.syntax.parse import parse
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
    return [(d.code, d.message) for d in result.diagnostics if d.code not in ("L403", "L406")]


@pytest.mark.parametrize(
    "line",
    [
        "expect response(discs) > 0",
        "expect response(discs, th=0deg, radius=40px) >= 2*response(discs, th=180deg)",
        "expect fwhm(discs) <= most",
        "expect 0.1 > echo(discs)",
        "expect preferred_error(discs) <= 1deg  expect fwhm(discs, radius=60px) < 90deg",
        "expect response(discs)/response(few) >= 2",
        "expect 2*response(discs)/3/response(few) - 1 >= -2/response(few)",
        "expect (response(discs) - response(few))/response(discs) > 0.5",
        "expect 180deg/fwhm(discs) > 2",
        "expect 2deg*response(discs) < fwhm(discs)",
        "expect fwhm(discs)/fwhm(discs, radius=60px)*3deg < 4deg",
        "expect response(discs) - response(few)/2 - 0.5 != -spread(discs)",
    ],
)
def test_claims_that_mean_something_read_back(line: str) -> None:
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
    assert claim.left[0] == Term(1.0)
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
        ("expect echo(discs)*echo(discs) > 2", "E302", "not multiplied with one another"),
        ("expect response(discs)^2 > 1", "E302", "a measure has no power"),
        ("expect -(2*response(discs))^2 > 1", "E302", "a measure has no power"),
        ("expect 1/(echo(discs) + 1) > 2", "E302", "a sum is not divided by"),
        ("expect 1/echo(discs)/echo(discs) > 2", "E302", "a ratio is not divided"),
        (
            "expect echo(discs)/fwhm(discs) > 2",
            "E301",
            "compares an angle to the power of -1 with a plain number",
        ),
        (
            "expect fwhm(discs)*2deg > 2deg",
            "E301",
            "compares an angle to the power of 2 with an angle",
        ),
        ("expect response(discs, radius=40px, radius=40px) > 2", "E208", "given twice"),
        ("expect recovered > 2", "E804", "`recovered` is not measured here"),
        ("expect response > 2", "E207", "needs a stimulus set"),
        ("expect echo(discs)/0 > 2", "E308", "division by zero"),
        ("expect 1 > 2", "E804", "nothing that is measured"),
        ("expect echo(discs) > low", "E309", "reads the dial `low`"),
        ("expect echo(discs) > 3px", "E302", "a length"),
        ("expect echo(discs) > gabor(8px, length=1px, width=1px)", "E302", "a template"),
    ],
)
def test_claims_that_are_refused(line: str, code: str, words: str) -> None:
    ((found_code, message),) = found(line)
    assert found_code == code
    assert words in message


def test_a_family_that_does_not_turn_has_no_tuning() -> None:
    ((code, message),) = found("", "expect echo(discs) > 0")
    assert code == "E902"
    assert "has no tuning" in message
    ((code, _),) = found("", "expect response(discs, th=1deg) > 0")
    assert code == "E902"


@pytest.mark.parametrize(
    "name",
    ["lab.discs", "lab .discs", "lab. discs", "(lab.discs)", "lab.\n  discs", "lab. # c\n discs"],
)
def test_no_claim_is_dropped_whatever_stands_in_a_dotted_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "lab.circ").write_text("circ 1\nstimulus discs = discs(th=every(30deg))\n")
    path = tmp_path / "a.circ"
    path.write_text(
        "circ 1\n"
        'import "lab.circ" as lab\n'
        "from std.shapes import blob\n"
        "backbone V = inceptionv1()\n"
        f"family spot at V.conv2d0 {{ expect response({name}) > 1e6 }}\n"
        "connect V.input -> spot { place = blob(sigma=1px) }\n"
    )
    result = check_path(path)
    assert [d.message for d in result.errors] == []
    assert result.circuit is not None
    (expect,) = result.circuit.by_name["spot"].expectations
    assert [use.of for use in expect.measures] == ["lab.discs"]


def test_a_claim_that_did_not_become_part_of_the_circuit_is_refused() -> None:
    text = FILE.format("expect response(discs) > 0", "")
    file, _ = parse(Source("a.circ", text))
    circuit = examine(file).circuit
    assert circuit is not None
    analysis = open_module(file, FileLoader(), Findings())
    unmeasured(file, circuit, analysis)
    assert analysis.findings.diagnostics == []
    silent = replace(circuit, families=tuple(replace(f, expectations=()) for f in circuit.families))
    unmeasured(file, silent, analysis)
    assert [d.code for d in analysis.findings.diagnostics] == ["E804"]
