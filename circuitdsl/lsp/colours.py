"""Semantic tokens: what each name of the text is, as five numbers a token.

In: a document. Out: the data of the protocol. Words, numbers, strings and comments are left to the
editor's grammar, which knows them.
"""

from __future__ import annotations

from circuitdsl.lsp.documents import Document
from circuitdsl.lsp.positions import Positions
from circuitdsl.lsp.scopes import Kind

TYPES = (
    "namespace",
    "type",
    "class",
    "parameter",
    "variable",
    "property",
    "enumMember",
    "event",
    "function",
    "macro",
    "decorator",
)
MODIFIERS = ("declaration", "readonly", "defaultLibrary")

_OF: dict[Kind, str] = {
    "architecture": "type",
    "attribute": "property",
    "axis": "property",
    "axis kind": "type",
    "backbone": "namespace",
    "circuit": "class",
    "colour": "enumMember",
    "connection": "variable",
    "dial": "parameter",
    "edit": "event",
    "family": "class",
    "fit": "event",
    "formal": "parameter",
    "frame": "decorator",
    "function": "function",
    "generator": "function",
    "layer": "type",
    "let": "variable",
    "measure": "function",
    "module": "namespace",
    "motif": "macro",
    "norm": "enumMember",
    "score": "event",
    "stimulus": "event",
    "type": "type",
    "verb": "function",
}


def semantic_tokens(document: Document, positions: Positions) -> list[int]:
    """The tokens of a document: line and start less those before, length, type, modifiers."""
    data: list[int] = []
    line = start = end = 0
    for use in document.uses:
        if use.span.start < end:
            continue
        place = positions.position(document.source, use.span.start)
        modifiers = int(use.declares) << 0
        modifiers |= (use.symbol.kind == "let") << 1
        modifiers |= (not use.symbol.span.source.text) << 2
        new = place.line - line
        data += [
            new,
            place.character - (0 if new else start),
            positions.units(use.span.text),
            TYPES.index(_OF[use.symbol.kind]),
            modifiers,
        ]
        line, start, end = place.line, place.character, use.span.end
    return data
