"""Warnings for names that a file declares and never uses: lets, functions and motifs.

In: the tree of a file without errors. Out: a warning (L406) for each such declaration. A file
without families, connections, edits and scores declares its names for other files, so it gets none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Diagnostic, Fix
from circuitdsl.text.source import Span

_DOES = (nodes.Family, nodes.Connect, nodes.Edit, nodes.Score)
"""Declarations by which a file does something itself."""

_KINDS: dict[type[nodes.Node], str] = {
    nodes.Let: "let",
    nodes.Function: "function",
    nodes.Motif: "motif",
}
_EXPRESSIONS = (nodes.Reference, nodes.Call, nodes.Selection)
"""Nodes whose `name` is a use; the `name` of every other node declares something."""


def unused_names(file: nodes.CircuitFile) -> list[Diagnostic]:
    """The warnings of a file, in order of appearance.

    Args:
        file: Its tree, complete and without errors.
    """
    if not any(isinstance(item, _DOES) or _is_copy(item, file.items) for item in file.items):
        return []
    declared = list(_declared(file.items))
    if not declared:
        return []
    used = {part for item in file.items for name in _names(item) for part in _starts(name)}
    return [_warning(item) for item in declared if item.name.text not in used]


def _declared(items: tuple[nodes.Item, ...]) -> Iterator[nodes.Let | nodes.Function | nodes.Motif]:
    for item in items:
        if isinstance(item, nodes.Subcircuit):
            yield from _declared(item.items)
        elif isinstance(item, nodes.Let | nodes.Function | nodes.Motif) and not _is_copy(
            item, items
        ):
            yield item


def _is_copy(item: nodes.Item, items: tuple[nodes.Item, ...]) -> bool:
    """Whether it may be a copy of a circuit, which works without being named again."""
    if not isinstance(item, nodes.Let) or not isinstance(item.value, nodes.Call):
        return False
    name = item.value.name.text
    return "." in name or any(
        isinstance(item, nodes.Subcircuit) and item.name.text == name for item in items
    )


def _names(node: nodes.Node) -> Iterator[str]:
    """The names that a node uses, at any depth."""
    if isinstance(node, nodes.Name):
        yield node.text
        return
    for field in fields(node):
        if field.name == "name" and not isinstance(node, _EXPRESSIONS):
            continue
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, nodes.Node):
                yield from _names(part)


def _starts(name: str) -> tuple[str, str]:
    """A name, and its part before the first dot: `left.curve` uses `left`."""
    return name, name.partition(".")[0]


def _warning(item: nodes.Let | nodes.Function | nodes.Motif) -> Diagnostic:
    name = item.name.text
    return Diagnostic(
        "L406",
        f"the {_KINDS[type(item)]} `{name}` is not used",
        item.name.span,
        "warning",
        help="Use it, or remove it.",
        fixes=(Fix(f"Remove `{name}`", _lines(item.span), ""),),
    )


def _lines(span: Span) -> Span:
    """The place of a declaration with the rest of its last line, if only a comment stands there."""
    text = span.source.text
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    rest = text[span.end : end].strip()
    return Span(span.source, span.start, end) if not rest or rest[0] == "#" else span
