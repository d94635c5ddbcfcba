"""Findings as data: a plain JSON record, and SARIF 2.1.0 for code hosts and editors.

In: the findings of some files. Out: dictionaries that `json` can write. Lines and columns count
from 1, columns in code points, and an end is exclusive. A finding in what was never text has no
place.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from circuitdsl.diagnostics import CODES, Diagnostic, InputError, page
from circuitdsl.source import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_UNREADABLE = "unreadable"


def findings_record(
    files: Mapping[str, Sequence[Diagnostic]], unread: Mapping[str, InputError]
) -> dict[str, Any]:
    """The findings of each file as JSON.

    Args:
        files: Findings by the file that was checked; they may lie in files that it imports.
        unread: Files that could not be read.
    """
    found = [each for findings in files.values() for each in findings]
    return {
        "version": 1,
        "errors": sum(each.severity == "error" for each in found) + len(unread),
        "warnings": sum(each.severity == "warning" for each in found),
        "files": [
            {"file": name, "findings": [_finding(each) for each in findings]}
            for name, findings in files.items()
        ]
        + [
            {"file": name, "findings": [], "unread": {"message": str(error)}}
            for name, error in unread.items()
        ],
    }


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
    found: Iterable[Diagnostic], unread: Mapping[str, InputError], version: str
) -> dict[str, Any]:
    """The findings of one run as a SARIF log.

    Args:
        found: Findings of all files.
        unread: Files that could not be read.
        version: Of this program.
    """
    diagnostics = list(found)
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    rules = [_rule(code) for code in codes]
    results = [_result(each, codes.index(each.code)) for each in diagnostics]
    notifications = [
        {
            "level": "error",
            "message": {"text": str(error)},
            "descriptor": {"id": _UNREADABLE},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(name)}}}],
        }
        for name, error in unread.items()
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "circuitdsl", "version": version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not unread,
                        "toolExecutionNotifications": notifications,
                    }
                ],
                "results": results,
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": CODES[code]},
        "fullDescription": {"text": page(code).text},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    parts = [diagnostic.message]
    parts += [f"{text[0].upper()}{text[1:]}" for text in (diagnostic.note, diagnostic.help) if text]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": diagnostic.severity,
        "message": {"text": "\n".join(parts)},
    }
    if diagnostic.span.source.text:
        result["locations"] = [_location(diagnostic.span, diagnostic.label)]
    if diagnostic.also:
        result["relatedLocations"] = [
            {"id": number, **_location(also.span, also.text)}
            for number, also in enumerate(diagnostic.also)
        ]
    return result


def _location(span: Span, text: str) -> dict[str, Any]:
    at = _place(span)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(at["file"])},
            "region": {
                "startLine": at["line"],
                "startColumn": at["column"],
                "endLine": at["end_line"],
                "endColumn": at["end_column"],
            },
        }
    }
    return location | ({"message": {"text": text}} if text else {})


def _uri(name: str) -> str:
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
