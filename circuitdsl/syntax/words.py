"""The words of the language, once, for the parser's messages and for whoever colours text."""

from __future__ import annotations

DECLARATIONS = (
    "import",
    "from",
    "backbone",
    "dial",
    "let",
    "fn",
    "motif",
    "circuit",
    "family",
    "connect",
    "normalise",
    "stimulus",
    "edit",
    "score",
    "fit",
)
"""Words that start a declaration."""

CLAUSES = ("on", "to", "by", "with", "into", "match", "where")
"""Words inside of `edit` blocks."""

RESERVED = frozenset((*DECLARATIONS, *CLAUSES, "circ", "as", "in", "free", "at", "and", "expect"))
"""Words that are never names (`at` does name an argument)."""

UNITS = ("deg", "rad", "turn", "px", "tap", "pct")
"""What may follow a number without a space."""
