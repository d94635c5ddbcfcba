"""The declarations of a text that is edited: those that did not change are moved, not parsed again.

In: the text of a declaration, and where it now stands. Out: its tree with every span there, if it
was parsed before. A keystroke changes one declaration, and moving a tree takes a fraction of the
time that parsing takes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import fields, replace
from functools import cache
from typing import Any, cast

from circuitdsl.syntax.nodes import Item, Node, Subcircuit
from circuitdsl.text.source import Source, Span

MOST_PIECES = 4096
"""Declarations that stay in memory."""


class Pieces:
    """Declarations of one file, by their text."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, Item]] = OrderedDict()

    def put(self, text: str, start: int, item: Item) -> None:
        """Keep a declaration whose text starts at an offset."""
        self._known[text] = (start, item)
        if len(self._known) > MOST_PIECES:
            self._known.popitem(last=False)

    def get(self, text: str, start: int, source: Source) -> Item | None:
        """The declaration of that text, as it stands at an offset of a source; None if unknown."""
        if text not in self._known:
            return None
        self._known.move_to_end(text)
        before, item = self._known[text]
        return cast("Item", _moved(item, source, start - before))


def _moved(value: Any, source: Source, by: int) -> Any:
    """A part of a tree as it stands `by` characters farther on, in another source."""
    if isinstance(value, Span):
        return Span(source, value.start + by, value.end + by)
    if isinstance(value, tuple):
        parts = cast("tuple[Any, ...]", value)
        return tuple([_moved(part, source, by) for part in parts])
    if not isinstance(value, Node):
        return value
    kind = type(value)
    node = kind(*[_moved(getattr(value, name), source, by) for name in _names(kind)])
    return replace(node, opening=node.opening + by) if isinstance(node, Subcircuit) else node


@cache
def _names(kind: type[Node]) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind))
