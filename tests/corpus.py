"""The circuit files that tests of text run over, and the pieces that they are made of."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT

from circuitdsl.text.diagnostics import CODES
from circuitdsl.text.pages import page

GOLDEN = ROOT / "tests" / "golden"
SHIPPED = sorted((ROOT / "circuits_src").rglob("*.circ"))
FILES = [*SHIPPED, *sorted(GOLDEN.glob("*.circ"))]
TEXTS = [
    *(path.read_text(encoding="utf-8") for path in FILES),
    *(found.right for code in sorted(CODES) if (found := page(code)).right),
]
"""Texts that parse: every file of the repository, and the right example of every diagnostic."""

_TOKEN = re.compile(
    r'"""[\s\S]*?"""|"[^"\n]*"|#[^\n]*|[0-9][a-e]:[0-9]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[a-z]*'
    r"|[A-Za-z_]\w*|->|[<>=!]=|\.\.|\S"
)


def tokens(text: str) -> list[str]:
    """A text without its spaces; comments stay."""
    return _TOKEN.findall(text)


def name_of(path: Path) -> str:
    """A short name for test ids."""
    return str(path.relative_to(ROOT))
