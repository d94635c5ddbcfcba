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

from circuitdsl.source import Span

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
