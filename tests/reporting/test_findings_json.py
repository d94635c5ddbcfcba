"""Findings as JSON and as SARIF."""

from __future__ import annotations

import json
import pickletools
import re
import sqlite3
from contextlib import closing
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from corpus import GOLDEN
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from circuitdsl.checking import check_source
from circuitdsl.cli import app
from circuitdsl.reporting.findings_json import SCHEMA, findings_record, sarif
from circuitdsl.run.circuits import CheckReport
from circuitdsl.text.diagnostics import CODES, Diagnostic, InputError
from circuitdsl.text.pages import page
from circuitdsl.text.source import Source, Span

FINDINGS = [
    (f"{code}.circ", check_source(Source(f"{code}.circ", page(code).wrong)).diagnostics)
    for code in sorted(CODES)
    if page(code).wrong
]


HEAD = "circ 1\nbackbone V = inceptionv1()\n"
GOOD = (
    f"{HEAD}from std.shapes import blob\nfamily a at V.conv2d0\n"
    "connect V.input -> a { place = blob(sigma=1px) }\n"
)


def published(name: str) -> dict[str, Any]:
    """A schema of schemastore.org, out of the answers that the package `schemastore` carries.

    They are pickled: they are searched for the schema's text and never unpickled. The package is
    not imported either, since it would look for newer answers.
    """
    cache = distribution("schemastore").locate_file("schemastore/cache.sqlite")
    with closing(sqlite3.connect(f"{Path(str(cache)).as_uri()}?immutable=1", uri=True)) as answers:
        named = answers.execute(
            "SELECT value FROM responses WHERE instr(value, ?)", (name.encode(),)
        ).fetchall()
    schemas = [
        json.loads(text)
        for (answer,) in named
        for _, text, _ in pickletools.genops(answer)
        if isinstance(text, bytes) and text.startswith(b"{")
    ]
    (schema,) = (each for each in schemas if "properties" in each)
    return schema


STANDARD = Draft7Validator(published(SCHEMA))


def hold_to_the_standard(log: dict[str, Any]) -> dict[str, Any]:
    """The one run of a log that keeps the schema, and what the standard says beyond it."""
    assert [error.message for error in STANDARD.iter_errors(log)] == []
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])  # 3.19.23
    bases = run["originalUriBaseIds"]
    for base in bases.values():  # 3.14.14: absolute, and ends with a slash
        assert base["uri"].startswith("file:///")
        assert base["uri"].endswith("/")
    (invocation,) = run["invocations"]
    for note in invocation["toolExecutionNotifications"]:  # 3.52.4
        named = driver["notifications"][note["descriptor"]["index"]]
        assert named["id"] == note["descriptor"]["id"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.6
        assert len(result["locations"]) == 1  # 3.27.12: more only if all were to be mended
        related = result.get("relatedLocations", [])
        assert [each["id"] for each in related] == list(range(len(related)))  # 3.28.2
    for text in texts(log):  # 3.11.5 and 3.11.6
        assert not re.search(r"(?<!\{)(\{\{)*\{(?!\{)", text)
        assert not re.search(r"(?<!\\)\[[^\[\]]*\]\(", text)
    for place in everywhere(log, "physicalLocation"):
        at = place["artifactLocation"]
        uri = urlsplit(at["uri"])
        assert re.fullmatch(r"[\w.~/%:-]+", at["uri"], re.ASCII)
        if uri.scheme:
            assert (uri.scheme, "uriBaseId" in at) == ("file", False)  # 3.4.4
        else:
            assert at["uriBaseId"] in bases
            assert ".." not in uri.path.split("/")
            assert not uri.path.startswith("/")
        if "region" in place:  # 3.30.2: from the first character on, an empty one is a place
            region = place["region"]
            start = region["startLine"], region["startColumn"]
            assert min(start) >= 1
            assert start <= (region["endLine"], region["endColumn"])
    return run


def everywhere(value: Any, key: str) -> list[Any]:
    """What stands under a key, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [item for name, item in inner if name == key]
    parts = value.values() if isinstance(value, dict) else value
    return found + [x for p in parts if isinstance(p, dict | list) for x in everywhere(p, key)]


def texts(log: dict[str, Any]) -> list[str]:
    return [text for text in everywhere(log, "text") if isinstance(text, str)]


def test_record_of_findings() -> None:
    text = "circ 1\nbackbone V = inceptionv1()\nfamily a at V.conv2d0\ndial a : real = 1\n"
    found = check_source(Source("a.circ", text)).diagnostics
    record = findings_record(
        {"a.circ": CheckReport(None, tuple(found))}, {"b.circ": InputError("cannot read b.circ")}
    )
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
def test_sarif_keeps_its_schema(name, found) -> None:
    log = json.loads(json.dumps(sarif(found, {}, "1.2.3")))
    run = hold_to_the_standard(log)
    assert run["columnKind"] == "unicodeCodePoints"
    assert [result["ruleId"] for result in run["results"]] == [each.code for each in found]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"].endswith(f"Examples: `circuitdsl explain {rule['id']}`.")
    for result, each in zip(run["results"], found, strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert (result["level"], place["artifactLocation"]["uri"]) == (each.severity, name)


@pytest.mark.parametrize(
    "broken",
    [
        {"level": "fatal"},
        {"message": "text"},
        {"locations": [{"physicalLocation": {"region": {"startLine": 0}}}]},
        {"severity": "error"},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_the_schema_refuses_what_is_wrong(broken) -> None:
    log = sarif(dict(FINDINGS)["E201.circ"], {}, "1.2.3")
    log["runs"][0]["results"][0] |= broken
    assert list(STANDARD.iter_errors(log))


def test_sarif_of_a_run_over_several_files(tmp_path: Path, monkeypatch) -> None:
    """Good and bad files, below the current folder and elsewhere, and one that is not there."""
    work, other = tmp_path / "my work", tmp_path / "other"
    (work / "parts").mkdir(parents=True)
    other.mkdir()
    (work / "good.circ").write_text(GOOD)
    (work / "bad.circ").write_text(
        f'{HEAD}import "parts/ü.circ" as parts\nfamily a at V.conv2dl\nfamily a at V.conv2d0\n'
    )
    (work / "parts" / "ü.circ").write_text("circ 1\nlet a = b\nlet c = 1px +", encoding="utf-8")
    (other / "warned.circ").write_text(f"{HEAD}family a at V.conv2d0\n")
    monkeypatch.chdir(work)
    names = ["good.circ", "./bad.circ", "../other/warned.circ", "absent.circ"]
    done = CliRunner().invoke(app, ["check", "--sarif", "-", *names])
    run = hold_to_the_standard(json.loads(done.stdout))
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{work.as_uri()}/"
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    places = {
        (
            result["level"],
            unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]),
        )
        for result in run["results"]
    }
    assert places == {
        ("error", "bad.circ"),
        ("error", "parts/ü.circ"),
        ("warning", f"file://{other}/warned.circ"),
    }


def test_sarif_of_a_good_file_has_no_results(tmp_path: Path) -> None:
    file = tmp_path / "good.circ"
    file.write_text(GOOD)
    done = CliRunner().invoke(app, ["check", "--sarif", "-", str(file)])
    run = hold_to_the_standard(json.loads(done.stdout))
    assert (done.exit_code, run["results"], run["tool"]["driver"]["rules"]) == (0, [], [])
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_escapes_names_and_texts_and_tells_what_was_not_read() -> None:
    text = (GOLDEN / "lab.circ").read_text(encoding="utf-8") + "family a at V.conv2d0\n"
    source = Source("a folder/ü.circ", text)
    odd = Diagnostic("E100", "{0} of a[1](2) [b] (c)", Span(source, 0, 4))
    found = [*check_source(source).diagnostics, odd]
    run = hold_to_the_standard(sarif(found, {"b.circ": InputError("cannot read b.circ")}, "1"))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/%C3%BC.circ"
    assert run["results"][-1]["message"]["text"] == r"{{0}} of a\[1](2) [b] (c)"
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"] == "cannot read b.circ"
