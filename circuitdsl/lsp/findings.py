"""Findings as an editor shows them, with the changes that answer them.

In: a document. Out: diagnostics of the protocol, each with a link to its page, and quick fixes. A
finding in an imported file stands at the import, and says where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lsprotocol import types

from circuitdsl.lsp.documents import Document, uri_of
from circuitdsl.lsp.positions import Positions
from circuitdsl.syntax import nodes
from circuitdsl.text import pages
from circuitdsl.text.diagnostics import Diagnostic, Fix
from circuitdsl.text.source import Source, Span

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_NO_USE = {"L403", "L404", "L406", "E704"}
"""Codes of what does nothing, which editors fade."""


def diagnostics(document: Document, positions: Positions) -> list[types.Diagnostic]:
    """Every finding of a file."""
    return [_shown(document, each, positions) for each in document.result.diagnostics]


def _shown(document: Document, finding: Diagnostic, positions: Positions) -> types.Diagnostic:
    span, message = finding.span, [finding.message]
    if span.source != document.source:
        message = [f"in the imported {span}: {finding.message}"]
    message += [f"{title}: {text}" for title, text in _reasons(finding)]
    also = [(label.span, label.text) for label in finding.also]
    if span.source != document.source:
        also.insert(0, (span, finding.message))
    return types.Diagnostic(
        range=positions.range(_here(document, span)),
        message="\n".join(message),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(href=page_uri(finding.code)),
        source="circuitdsl",
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _NO_USE else None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(_uri(document, where.source), positions.range(where)), text
            )
            for where, text in also
            if where.source.text
        ],
    )


def _reasons(finding: Diagnostic) -> Iterator[tuple[str, str]]:
    for title, text in (("note", finding.note), ("help", finding.help)):
        if text:
            yield title, text


def _here(document: Document, span: Span) -> Span:
    """The place in the document: that of the import, for what stands in an imported file."""
    if span.source == document.source:
        return span
    for item in document.file.items:
        if isinstance(item, nodes.ImportModule | nodes.SetCircuit):
            other = document.files.tree(document.source, item.path.value)
            if other is not None and other.source == span.source:
                return item.path.span
    return Span(document.source, 0, 0)


def _uri(document: Document, source: Source) -> str:
    return document.uri if source.path is None else uri_of(source.path)


def page_uri(code: str) -> str:
    """Where the page of a code can be read: the file of pages, at its line."""
    return f"{_pages_uri()}#L{_lines().get(code, 1)}"


@cache
def _pages_uri() -> str:
    return uri_of(Path(pages.__file__).with_name("codes.md"))


@cache
def _lines() -> dict[str, int]:
    text = Path(pages.__file__).with_name("codes.md").read_text(encoding="utf-8")
    lines = enumerate(text.splitlines(), 1)
    return {line.removeprefix("## "): at for at, line in lines if line.startswith("## ")}


def quick_fixes(
    document: Document, asked: types.Range, positions: Positions
) -> list[types.CodeAction]:
    """The changes that answer the findings in a range."""
    start = positions.offset(document.source, asked.start)
    end = positions.offset(document.source, asked.end)
    actions: list[types.CodeAction] = []
    for finding in document.result.diagnostics:
        span = finding.span
        if span.source == document.source and span.start <= end and start <= span.end:
            shown = _shown(document, finding, positions)
            actions += [_action(document, fix, shown, positions) for fix in finding.fixes]
    return actions


def _action(
    document: Document, fix: Fix, shown: types.Diagnostic, positions: Positions
) -> types.CodeAction:
    edit = types.TextEdit(positions.range(fix.span), fix.text)
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[shown],
        is_preferred=True,
        edit=types.WorkspaceEdit(changes={_uri(document, fix.span.source): [edit]}),
    )
