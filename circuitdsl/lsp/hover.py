"""What a name means, in a few lines of markdown.

In: a document and a place. Out: text: the unit and meaning of a word, what was inferred about a
family, a connection's kernel as a picture, what a claim last measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsprotocol import types

from circuitdsl.checking.names.standard import comment_above
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import INPUT, Connection
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import BY_NAME
from circuitdsl.lsp.documents import Document
from circuitdsl.lsp.kernels import picture, receptive_field_px, taps
from circuitdsl.lsp.positions import Positions
from circuitdsl.lsp.scopes import Kind, Symbol
from circuitdsl.syntax import nodes, words
from circuitdsl.text.source import Source, Span

MOST_MEMBERS = 12
"""Members that a hover lists."""


def hover(document: Document, offset: int, positions: Positions) -> types.Hover | None:
    """What is known of what stands in a place."""
    use = document.use_at(offset)
    if use is not None:
        text, span = _symbol(document, use.symbol), use.span
    else:
        text, span = _plain(document.source, offset)
    drawn = "" if use is not None else connection_at(document, offset)
    parts = [part for part in (text, drawn, _claim(document, offset)) if part]
    if not parts:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))
    return types.Hover(content, None if span is None else positions.range(span))


def _plain(source: Source, offset: int) -> tuple[str, Span | None]:
    """A word of the language, or a number with a unit."""
    start, end = offset, offset
    while start > 0 and (source.text[start - 1].isalnum() or source.text[start - 1] in "_."):
        start -= 1
    while end < len(source.text) and (source.text[end].isalnum() or source.text[end] in "_."):
        end += 1
    word, span = source.text[start:end], Span(source, start, end)
    for table in (words.DECLARATIONS, words.CLAUSES, words.OTHERS):
        if word in table:
            return f"`{word}`: {table[word]}", span
    unit = word.lstrip("0123456789.eE+-")
    if word[:1].isdigit() and unit in words.UNITS:
        return f"`{word}`: {words.UNITS[unit]}", span
    return "", None


def _claim(document: Document, offset: int) -> str:
    """What the `expect` line in a place last measured."""
    for outcome in document.outcomes.values():
        place = _line_of(document, outcome.expectation.span.text)
        if place is not None and place.start <= offset <= place.end:
            judgement = outcome.judgement
            verdict = "holds" if outcome.holds else "does not hold"
            return f"last measured: {judgement.left:.4g} and {judgement.right:.4g}; it {verdict}"
    return ""


def _line_of(document: Document, text: str) -> Span | None:
    start = document.source.text.find(text)
    return None if start < 0 else Span(document.source, start, start + len(text))


# ---- symbols


def _symbol(document: Document, symbol: Symbol) -> str:
    head = f"```circ\n{_signature(symbol)}\n```" if symbol.node is not None else ""
    parts = [head, documentation(symbol), _facts(document, symbol)]
    return "\n\n".join(part for part in parts if part)


def documentation(symbol: Symbol) -> str:
    """What the table of words, or the comment above a declaration, says of a symbol."""
    if symbol.kind == "attribute":
        block, _, name = symbol.name.partition(" ")
        meaning = words.ATTRIBUTES.get(block, {}).get(name, "")
        return f"`{name}`: {meaning}" if meaning else ""
    tables = {
        "type": words.TYPES,
        "axis kind": words.AXES,
        "frame": words.FRAMES,
        "norm": words.NORMS,
        "colour": words.COLOURS,
        "verb": words.VERBS,
    }
    if symbol.kind in tables:
        return f"`{symbol.name}`: {tables[symbol.kind].get(symbol.name, '')}"
    if symbol.kind in _ROWS:
        return _ROWS[symbol.kind](symbol.name)
    node, file = symbol.node, symbol.file
    if file is None or not isinstance(node, nodes.Item):
        return ""
    return comment_above(file, node)


def _measure(name: str) -> str:
    row = BY_NAME[name]
    unit = "degrees" if row.unit == "angle" else "a plain number"
    return f"`{row.name}`, {unit}: {row.doc}"


def _generator(name: str) -> str:
    rows = (f"- `{setting}`: {kind.doc}" for setting, kind in GENERATORS[name].items())
    return "\n".join((f"`{name}`, with the settings", *rows))


def _architecture(name: str) -> str:
    backbone = BACKBONES[name]
    return f"`{name}`: {len(backbone.layers)} layers, input {backbone.input_px}px"


_ROWS: Mapping[Kind, Callable[[str], str]] = {
    "architecture": _architecture,
    "generator": _generator,
    "measure": _measure,
}
"""What tables elsewhere say of the words of some kinds."""


def _signature(symbol: Symbol) -> str:
    """The first line of a declaration, without what it says in detail."""
    node = symbol.node
    if isinstance(node, nodes.Family | nodes.Motif | nodes.Stimulus | nodes.Score | nodes.Fit):
        end = node.span.end if node.block is None else node.block.span.start
        return node.span.source.text[node.span.start : end].strip()
    if isinstance(node, nodes.Subcircuit):
        return node.span.source.text[node.span.start : node.opening - 1].strip()
    if isinstance(node, nodes.Edit | nodes.Connect):
        return node.span.text.partition("{")[0].strip()
    return "" if node is None else " ".join(node.span.text.split())


def _facts(document: Document, symbol: Symbol) -> str:
    """What the circuit's check inferred."""
    circuit = document.circuit
    if symbol.kind == "layer":
        return _layer(document, symbol.name)
    if circuit is None:
        return ""
    if symbol.kind == "family" and symbol.name in circuit.by_name:
        return _family(document, symbol.name)
    if symbol.kind == "dial":
        named = next((dial for dial in circuit.dials if dial.name == symbol.name), None)
        return "" if named is None else f"{named.unit}, {named.default:g} by default"
    if symbol.kind == "connection":
        named = next((c for c in circuit.connections if c.name == symbol.name), None)
        return "" if named is None else connection_facts(document, named)
    return ""


def _layer(document: Document, name: str) -> str:
    for item in document.file.items:
        if isinstance(item, nodes.Backbone) and item.value.name.text in BACKBONES:
            backbone = BACKBONES[item.value.name.text]
            layer = backbone.by_name.get(backbone.called(name))
            if layer is None:
                return f"the image, {backbone.input_px}px" if name == INPUT else ""
            at = backbone.sampling(layer.name, backbone.input_px)
            return (
                f"`{layer.name}`: {layer.width} units, kernel {layer.kernel}x{layer.kernel}, "
                f"a unit every {at.stride}px, receptive field {at.receptive_field}px"
            )
    return ""


def _family(document: Document, name: str) -> str:
    circuit = document.circuit
    if circuit is None:
        return ""
    family = circuit.by_name[name]
    at = circuit.backbone.geometry.sampling(family.layer, circuit.backbone.input_px)
    names = [f"`{family.member_name(i)}`" for i in range(min(family.size, MOST_MEMBERS))]
    more = ", ..." if family.size > MOST_MEMBERS else ""
    into = [f"- `{c.name}`" for c in circuit.into(name)]
    return "\n".join(
        (
            family.doc,
            "",
            f"{family.size} member{'' if family.size == 1 else 's'} in {family.layer}, "
            f"one every {at.stride}px, receptive field {receptive_field_px(circuit, family)}px",
            "",
            f"{', '.join(names)}{more}",
            "",
            *into,
        )
    ).strip()


def connection_facts(document: Document, connection: Connection) -> str:
    """A connection's size and its kernels."""
    circuit = document.circuit
    if circuit is None:
        return ""
    side, step = taps(circuit, connection)
    return "\n\n".join(
        (
            f"{side}x{side} taps of {step}px; a square for each member of `{connection.target}`",
            f"![kernels]({picture(circuit, connection.name)})",
        )
    )


def connection_at(document: Document, offset: int) -> str:
    """The kernels of the connection whose head is in a place."""
    circuit = document.circuit
    if circuit is None:
        return ""
    for item in document.file.items:
        if not isinstance(item, nodes.Connect):
            continue
        end = item.span.end if item.block is None else item.block.span.start
        if item.span.start <= offset <= end:
            name = item.alias.text if item.alias else f"{source_name(item)}->{item.target.text}"
            named = next((c for c in circuit.connections if c.name == name), None)
            return "" if named is None else connection_facts(document, named)
    return ""


def source_name(item: nodes.Connect) -> str:
    """What a connection's own name calls its source."""
    name = item.source.text
    return INPUT if name.endswith(f".{INPUT}") else name
