"""Findings as data: a plain JSON record, and SARIF 2.1.0 for code hosts and editors.

In: the findings of some files. Out: dictionaries that `json` can write. Lines and columns count
from 1, columns in code points, and an end is exclusive. A finding in what was never text has no
place.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from os.path import normpath
from pathlib import Path
from typing import Any
from urllib.parse import quote

from circuitdsl.run.circuits import CheckReport
from circuitdsl.text.diagnostics import CODES, Diagnostic, InputError, Severity
from circuitdsl.text.pages import page
from circuitdsl.text.source import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_UNREADABLE = "unreadable"
_ROOT = "%SRCROOT%"
"""What code hosts call the folder that a repository is checked out to."""


def findings_record(
    files: Mapping[str, CheckReport], unread: Mapping[str, InputError]
) -> dict[str, Any]:
    """The findings of each file as JSON, with what was measured of its claims and kernels.

    Args:
        files: Reports by the file that was checked; findings may lie in files that it imports.
        unread: Files that could not be read.
    """
    findings = [each for report in files.values() for each in report.diagnostics]
    return {
        "version": 1,
        "errors": sum(each.severity == "error" for each in findings) + len(unread),
        "warnings": sum(each.severity == "warning" for each in findings),
        "files": [
            {
                "file": name,
                "findings": [_finding(each) for each in report.diagnostics],
                **_measured(report),
            }
            for name, report in files.items()
        ]
        + [
            {"file": name, "findings": [], "unread": {"message": _sentence(error)}}
            for name, error in unread.items()
        ],
    }


def _measured(report: CheckReport) -> dict[str, Any]:
    """The figures of a check, those that were asked for."""
    figures: dict[str, Any] = {}
    if report.outcomes is not None:
        figures["expectations"] = [
            {
                "of": outcome.of,
                "claim": outcome.expectation.span.text,
                "holds": outcome.holds,
                "left": _number(outcome.judgement.left),
                "right": _number(outcome.judgement.right),
            }
            for outcome in report.outcomes
        ]
    if report.residuals is not None:
        figures["equivariance"] = [
            {
                "connection": each.connection,
                "exact": each.exact,
                "sampled": each.sampled,
                "exact_turns": list(each.exact_turns),
                "other_turns": list(each.other_turns),
            }
            for each in report.residuals
        ]
    return figures


def _number(value: float) -> float | None:
    """A number that JSON has; None for what has no value."""
    return value if isfinite(value) else None


def _sentence(error: InputError) -> str:
    """What is wrong, why and what to do, on one line."""
    return " ".join((error.message, *error.reasons.values()))


def _finding(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **({} if not diagnostic.span.source.text else {"at": _place(diagnostic.span)}),
        "label": diagnostic.label,
        "also": [{"at": _place(also.span), "text": also.text} for also in diagnostic.also],
        "note": diagnostic.note,
        "help": diagnostic.help,
    }


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def sarif(
    found: Iterable[Diagnostic],
    unread: Mapping[str, InputError],
    version: str,
    root: Path | None = None,
) -> dict[str, Any]:
    """The findings of one run as a SARIF log.

    Args:
        found: Findings of all files.
        unread: Files that could not be read.
        version: Of this program.
        root: Places of files below this folder are given relative to it, so that a code host knows
            them; by default the current one.
    """
    files = _Files(Path.cwd() if root is None else root)
    diagnostics = list(found)
    levels: dict[str, Severity] = {each.code: each.severity for each in diagnostics}
    codes = sorted(levels)
    driver: dict[str, Any] = {
        "name": "circuitdsl",
        "version": version,
        "rules": [_rule(code, levels[code]) for code in codes],
    }
    if unread:
        driver["notifications"] = [
            {"id": _UNREADABLE, "shortDescription": _message("file that cannot be read")}
        ]
    notifications = [
        {
            "level": "error",
            "message": _message(_sentence(error)),
            "descriptor": {"id": _UNREADABLE, "index": 0},
            "locations": [{"physicalLocation": {"artifactLocation": files.location(Path(name))}}],
        }
        for name, error in unread.items()
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": f"{files.root.as_uri().rstrip('/')}/"}},
        "invocations": [
            {"executionSuccessful": not unread, "toolExecutionNotifications": notifications}
        ],
        "results": [files.result(each, codes.index(each.code)) for each in diagnostics],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, level: Severity) -> dict[str, Any]:
    about = page(code).text
    return {
        "id": code,
        "shortDescription": _message(CODES[code]),
        "fullDescription": _message(about),
        "help": _message(f"{about}\n\nExamples: `circuitdsl explain {code}`."),
        "defaultConfiguration": {"level": level},
    }


def _message(text: str) -> dict[str, str]:
    """Plain text as the standard spells it.

    Braces are doubled, since a number in single ones would stand for an argument (3.11.5), and a
    bracket that would begin a link is escaped (3.11.6).
    """
    doubled = text.replace("{", "{{").replace("}", "}}")
    return {"text": re.sub(r"\[(?=[^\[\]]*\]\()", r"\\[", doubled)}


@dataclass(frozen=True)
class _Files:
    """Places in files below a folder, and elsewhere."""

    root: Path

    def result(self, diagnostic: Diagnostic, index: int) -> dict[str, Any]:
        parts = [diagnostic.message]
        reasons = (diagnostic.note, diagnostic.help)
        parts += [f"{text[0].upper()}{text[1:]}" for text in reasons if text]
        result: dict[str, Any] = {
            "ruleId": diagnostic.code,
            "ruleIndex": index,
            "level": diagnostic.severity,
            "message": _message("\n".join(parts)),
        }
        if diagnostic.span.source.text:
            result["locations"] = [self.place(diagnostic.span, diagnostic.label)]
        also = [label for label in diagnostic.also if label.span.source.text]
        if also:
            result["relatedLocations"] = [
                {"id": number, **self.place(label.span, label.text)}
                for number, label in enumerate(also)
            ]
        return result

    def place(self, span: Span, text: str) -> dict[str, Any]:
        at = _place(span)
        place: dict[str, Any] = {
            "physicalLocation": {
                "artifactLocation": self.location(span.source.path or Path(span.source.name)),
                "region": {
                    "startLine": at["line"],
                    "startColumn": at["column"],
                    "endLine": at["end_line"],
                    "endColumn": at["end_column"],
                },
            }
        }
        return place | ({"message": _message(text)} if text else {})

    def location(self, path: Path) -> dict[str, str]:
        """Where a file lies: below the root, or by its whole path."""
        whole = Path(normpath(self.root / path))
        if not whole.is_relative_to(self.root):
            return {"uri": whole.as_uri()}
        return {"uri": quote(whole.relative_to(self.root).as_posix()), "uriBaseId": _ROOT}
