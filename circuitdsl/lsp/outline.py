"""The outline of a file, hints beside its declarations, and lenses above them.

In: a document. Out: symbols by declaration; inlay hints of members, taps and receptive fields;
lenses that check claims, draw the circuit and score it on the embedded network.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from circuitdsl.ir.circuit import Circuit
from circuitdsl.lsp.documents import Document
from circuitdsl.lsp.hover import source_name
from circuitdsl.lsp.kernels import receptive_field_px, taps
from circuitdsl.lsp.positions import Positions
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

EXPECT, DRAW, SCORE = "circuitdsl.expect", "circuitdsl.draw", "circuitdsl.score"
"""Commands of the lenses."""

_KINDS: dict[type[nodes.Node], types.SymbolKind] = {
    nodes.Backbone: types.SymbolKind.Namespace,
    nodes.Connect: types.SymbolKind.Field,
    nodes.Dial: types.SymbolKind.Number,
    nodes.Direction: types.SymbolKind.Variable,
    nodes.Edit: types.SymbolKind.Event,
    nodes.Family: types.SymbolKind.Class,
    nodes.Fit: types.SymbolKind.Event,
    nodes.Function: types.SymbolKind.Function,
    nodes.ImportModule: types.SymbolKind.Module,
    nodes.Let: types.SymbolKind.Variable,
    nodes.Motif: types.SymbolKind.Interface,
    nodes.Normalise: types.SymbolKind.Operator,
    nodes.Score: types.SymbolKind.Event,
    nodes.Stimulus: types.SymbolKind.Array,
    nodes.Subcircuit: types.SymbolKind.Module,
}


def outline(document: Document, positions: Positions) -> list[types.DocumentSymbol]:
    """The declarations of a file, those of circuits inside."""
    return [
        symbol for item in document.file.items if (symbol := _symbol(item, positions)) is not None
    ]


def _symbol(item: nodes.Item, positions: Positions) -> types.DocumentSymbol | None:
    if isinstance(item, nodes.ImportNames | nodes.SetCircuit):
        return None
    if isinstance(item, nodes.Connect):
        name = f"{item.source.text} -> {item.target.text}"
        detail, place = "" if item.alias is None else item.alias.text, item.target.span
    elif isinstance(item, nodes.Normalise):
        name = f"normalise {', '.join(family.text for family in item.families)}"
        detail, place = "", item.families[0].span
    else:
        name, place, detail = item.name.text, item.name.span, _detail(item)
    inner = item.items if isinstance(item, nodes.Subcircuit) else ()
    return types.DocumentSymbol(
        name=name,
        kind=_KINDS[type(item)],
        range=positions.range(item.span),
        selection_range=positions.range(place),
        detail=detail,
        children=[s for part in inner if (s := _symbol(part, positions)) is not None],
    )


def _detail(item: nodes.Item) -> str:
    if isinstance(item, nodes.Family):
        return f"at {item.layer.text}"
    if isinstance(item, nodes.Dial):
        return item.default.span.text
    return item.span.text.split(maxsplit=1)[0]


# ---- hints


def hints(document: Document, within: types.Range, positions: Positions) -> list[types.InlayHint]:
    """Members and receptive fields of families, taps of connections, in a range."""
    if document.circuit is None:
        return []
    start = positions.offset(document.source, within.start)
    end = positions.offset(document.source, within.end)
    found: list[types.InlayHint] = []
    for place, label, tooltip in _labels(document, document.circuit):
        if start <= place <= end:
            found.append(
                types.InlayHint(
                    position=positions.position(document.source, place),
                    label=label,
                    tooltip=tooltip,
                    padding_left=True,
                )
            )
    return found


def _labels(document: Document, circuit: Circuit) -> Iterator[tuple[int, str, str]]:
    connections = {connection.name: connection for connection in circuit.connections}
    for item in document.file.items:
        if isinstance(item, nodes.Family) and item.name.text in circuit.by_name:
            family = circuit.by_name[item.name.text]
            field = receptive_field_px(circuit, family)
            label = f"{family.size} member{'' if family.size == 1 else 's'}, {field}px"
            yield item.layer.span.end, label, "members, and side of the receptive field"
        elif isinstance(item, nodes.Connect):
            last = item.motif or item.alias or item.target
            named = f"{source_name(item)}->{item.target.text}"
            connection = connections.get(item.alias.text if item.alias else named)
            if connection is not None:
                side, step = taps(circuit, connection)
                yield last.span.end, f"{side}x{side} of {step}px", "taps of each kernel"


# ---- lenses


def lenses(document: Document, positions: Positions) -> list[types.CodeLens]:
    """What can be run, above what it is about."""
    first = document.file.header
    found: list[types.CodeLens] = []
    claims = [
        item
        for item in document.file.items
        if isinstance(item, nodes.Family) and item.block and item.block.expectations
    ]
    if first is not None and document.circuit is not None:
        top = first.span
        found.append(_lens(document, positions, top, DRAW, "draw"))
        if claims:
            found.append(_lens(document, positions, top, EXPECT, "check expect"))
        found.append(_lens(document, positions, top, SCORE, "score on tiny"))
    for item in claims:
        title = "check expect"
        texts = [claim.span.text for claim in item.block.expectations] if item.block else []
        measured = [document.outcomes[text] for text in texts if text in document.outcomes]
        if measured:
            held = sum(outcome.holds for outcome in measured)
            title = f"check expect ({held} of {len(measured)} held)"
        found.append(_lens(document, positions, item.span, EXPECT, title))
    return found


def _lens(
    document: Document, positions: Positions, span: Span, command: str, title: str
) -> types.CodeLens:
    start = positions.position(document.source, span.start)
    return types.CodeLens(
        range=types.Range(start, start),
        command=types.Command(title=title, command=command, arguments=[document.uri]),
    )
