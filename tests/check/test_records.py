"""Findings as JSON and as SARIF."""

from __future__ import annotations

import json

import pytest
from corpus import GOLDEN

from circuitdsl.check import check_source
from circuitdsl.check.records import findings_record, sarif
from circuitdsl.diagnostics import CODES, InputError, page
from circuitdsl.source import Source

FINDINGS = [
    (f"{code}.circ", check_source(Source(f"{code}.circ", page(code).wrong)).diagnostics)
    for code in sorted(CODES)
    if page(code).wrong
]


def test_record_of_findings() -> None:
    text = "circ 1\nbackbone V = inceptionv1()\nfamily a at V.conv2d0\nparam a : real = 1\n"
    found = check_source(Source("a.circ", text)).diagnostics
    record = findings_record({"a.circ": found}, {"b.circ": InputError("cannot read b.circ")})
    assert json.loads(json.dumps(record)) == record
    assert record["errors"] == sum(d.severity == "error" for d in found) + 1
    first = record["files"][0]["findings"][0]
    assert first["code"] == found[0].code
    assert first["at"]["file"] == "a.circ"
    assert (first["at"]["line"], first["at"]["column"]) == (
        found[0].span.line,
        found[0].span.column,
    )
    assert record["files"][1]["unread"]["message"] == "cannot read b.circ"


@pytest.mark.parametrize(("name", "found"), FINDINGS, ids=lambda value: str(value)[:9])
def test_sarif_keeps_the_rules_of_its_schema(name, found) -> None:
    """What the 2.1.0 schema asks of the parts that are used; places lie in the text."""
    log = json.loads(json.dumps(sarif(found, {}, "1.2.3")))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(found)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            place = location["physicalLocation"]
            assert place["artifactLocation"]["uri"]
            region = place["region"]
            assert all(isinstance(value, int) and value >= 1 for value in region.values())
            start = region["startLine"], region["startColumn"]
            assert start <= (region["endLine"], region["endColumn"])


def test_sarif_escapes_names_and_tells_what_was_not_read() -> None:
    text = (GOLDEN / "lab.circ").read_text(encoding="utf-8") + "family a at V.conv2d0\n"
    found = check_source(Source("a folder/ü.circ", text)).diagnostics
    log = sarif(found, {"b.circ": InputError("cannot read b.circ")}, "1")
    (run,) = log["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/%C3%BC.circ"
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == "cannot read b.circ"
