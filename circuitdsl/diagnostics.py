"""What the program says to a user who has to change something.

In: spans and facts from any stage. Out: `Diagnostic` values (findings in a circuit file), and the
two exceptions by which every expected failure travels. The command line prints them without a
traceback and exits with 1 for findings and 2 for usage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal
from unicodedata import east_asian_width

from circuitdsl.source import Source, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Label:
    """A secondary place in the text, and what to say beside it."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding in a circuit file.

    Attributes:
        code: Stable name such as `E201`; see `CODES`.
        message: One sentence: what is wrong.
        span: Where.
        severity: Errors stop the compiler, warnings do not.
        label: Short text beside the carets.
        also: Other places that take part.
        note: Why it is wrong.
        help: What to do.
    """

    code: str
    message: str
    span: Span
    severity: Severity = "error"
    label: str = ""
    also: tuple[Label, ...] = field(default=())
    note: str = ""
    help: str = ""


class DiagnosticError(Exception):
    """A circuit file has errors; carries every diagnostic of the run, warnings too."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(f"{d.code} {d.span}: {d.message}" for d in self.diagnostics))


class InputError(Exception):
    """Something outside the language is not as it must be: a file, an argument, the network.

    Attributes:
        message: What is wrong and where, in one sentence.
        why: The cause, where it is known.
        help: What to do.
    """

    def __init__(self, message: str, *, why: str = "", help: str = "") -> None:
        self.message = message
        self.why = why
        self.help = help
        super().__init__(" ".join(part for part in (message, why, help) if part))


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` for the nearest of the known names, or an empty string."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def render(diagnostic: Diagnostic) -> str:
    """A diagnostic as plain text: what is wrong, the lines in question, why, and what to do."""
    span = diagnostic.span
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    labels = [Label(span, diagnostic.label), *diagnostic.also]
    by_source: dict[Source, list[Label]] = {}
    for label in labels:
        by_source.setdefault(label.span.source, []).append(label)
    width = max(len(str(label.span.line)) for label in labels)
    for source, here in by_source.items():
        arrow = "-->" if source is span.source else ":::"
        lines.append(f"{' ' * width}{arrow} {here[0].span}")
        if source.text:
            lines += _excerpt(source, here, span, width)
    for title, text in (("note", diagnostic.note), ("help", diagnostic.help)):
        if text:
            lines.append(f"{' ' * width} = {title}: {text}")
    return "\n".join(lines) + "\n"


def _excerpt(source: Source, labels: list[Label], primary: Span, width: int) -> list[str]:
    """The lines that labels point at, each followed by its underlines."""
    lines = [f"{' ' * width} |"]
    by_line: dict[int, list[Label]] = {}
    for label in sorted(labels, key=lambda label: label.span.start):
        by_line.setdefault(label.span.line, []).append(label)
    for number, here in by_line.items():
        full = source.line_text(number)
        # of a very long line, show what is around the first mark
        start = max(here[0].span.column - 1 - _WINDOW // 2, 0) if len(full) > _WINDOW else 0
        text = full[start : start + _WINDOW]
        lines.append(f"{number:>{width}} | {_visible(text)}".rstrip())
        for label in here:
            column = label.span.column - 1 - start
            length = max(min(label.span.end - label.span.start, len(text) - column), 1)
            mark = "^" if label.span is primary else "-"
            before = " " * _columns(text[:column])
            marks = mark * max(_columns(text[column : column + length]), 1)
            lines.append(f"{' ' * width} | {before}{marks} {label.text}".rstrip())
    return lines


_WINDOW = 160
"""Characters shown of one line."""


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in text
    )


def _columns(text: str) -> int:
    """Columns of a terminal that a text fills."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
