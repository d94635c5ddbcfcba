"""What is wrong, as a terminal shows it: the same words as the plain text, in colours.

In: findings and sentences. Out: a terminal's standard output or standard error. Excerpts are
shortened to the width of the terminal, so that underlines stay below what they underline; long
sentences go on under their beginning. No character of a circuit file is taken for markup, and none
that a terminal would obey is passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text

from circuitdsl.text.diagnostics import Diagnostic, Line, Piece, Role, Severity, lines_of

_SEVERITIES: dict[Severity, str] = {"error": "bold red", "warning": "bold yellow"}
_STYLES: dict[Role, str] = {
    "message": "bold",
    "frame": "blue",
    "aside": "cyan",
    "title": "bold",
}
"""Styles beside those of the severity; what is not named is plain."""

_FOLDED: tuple[Role, ...] = ("message", "text")
_NARROWEST = 20
"""Sentences are not folded into fewer columns than this."""


def show_findings(findings: Iterable[Diagnostic], *, err: bool = False) -> None:
    """Show findings with the lines that they are about.

    Args:
        findings: The findings.
        err: Whether on standard error.
    """
    console = _console(err=err)
    for finding in findings:
        for line in lines_of(finding, console.width):
            _show(console, line, finding.severity)
        console.print()


def show_sentence(severity: Severity, sentence: str, reasons: Mapping[str, str]) -> None:
    """Show a sentence and, below it, reasons by their titles; on standard error."""
    console = _console(err=True)
    head = (Piece(severity, "severity"), Piece(": ", "title"), Piece(sentence, "message"))
    _show(console, head, severity)
    for title, text in reasons.items():
        if text:
            start = Piece("  = ", "frame")
            _show(console, (start, Piece(f"{title}: ", "title"), Piece(text, "text")), severity)


def _console(*, err: bool) -> Console:
    return Console(stderr=err, force_terminal=True, highlight=False, markup=False, emoji=False)


def _show(console: Console, line: Line, severity: Severity) -> None:
    """Print a line; nothing but sentences is ever folded."""
    text = Text()
    for piece in line:
        marked = piece.role in ("severity", "mark")
        style = _SEVERITIES[severity] if marked else _STYLES.get(piece.role, "")
        part = Text(_harmless(piece.text), style)
        room = console.width - text.cell_len
        if piece.role in _FOLDED and room >= _NARROWEST:
            folded = part.wrap(console, room)
            for each in folded:
                each.rstrip()
            part = Text("\n" + " " * text.cell_len).join(folded)
        text.append_text(part)
    console.print(text, soft_wrap=True)


def _harmless(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)
