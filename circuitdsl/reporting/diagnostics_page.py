"""The reference page of all diagnostics: what each means, what it looks like, what to do.

In: the pages of the codes. Out: Markdown. The messages in it are what the checker prints, so the
page cannot fall behind the program.
"""

from __future__ import annotations

from circuitdsl.checking.load import check_source
from circuitdsl.text.diagnostics import CODES, Diagnostic, InputError, render
from circuitdsl.text.pages import page
from circuitdsl.text.source import Source

EXAMPLE = "example.circ"
"""What messages about an example call its file."""

_OPENING = """\
# Diagnostics

Every message of the checker has a code that stays what it is. `circuitdsl explain CODE` prints the
entry of a code. Codes with `E` are errors unless their entry says otherwise; codes with `L` are
advice. This page is generated from the checker itself.
"""


class _Alone:
    """Finds the example itself, and no other file."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def load(self, importing: Source, path: str) -> Source:
        if path == self.source.name:
            return self.source
        raise InputError(f"cannot read {path}: no such file.")


def example_findings(text: str) -> tuple[Diagnostic, ...]:
    """What the checker says of an example."""
    source = Source(EXAMPLE, text)
    return check_source(source, _Alone(source)).diagnostics


def diagnostics_page() -> str:
    """The page as Markdown."""
    parts = [_OPENING]
    for code in sorted(CODES):
        found = page(code)
        parts.append(f"## {code}: {found.title}\n\n{found.text}\n")
        if not found.wrong:
            continue
        messages = [d for d in example_findings(found.wrong) if d.code == code]
        shown = "\n".join(render(message) for message in messages)
        parts.append(f"Wrong:\n\n```circ\n{found.wrong}```\n\n```text\n{shown}```\n")
        parts.append(f"Right:\n\n```circ\n{found.right}```\n")
    return "\n".join(parts)
