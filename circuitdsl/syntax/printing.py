"""Nodes as pieces of text: expressions and the heads of declarations, before they are laid out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from circuitdsl.syntax import nodes
from circuitdsl.text.layout import Chain, Group, Joined, Piece, quoted

# how tightly a node binds; one that binds less than its place asks for gets brackets
_BOTH, _RELATIVE, _SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(7)


def _level(node: nodes.Expression) -> int:
    if isinstance(node, nodes.Both):
        return _BOTH
    if isinstance(node, nodes.Relative):
        return _RELATIVE
    if isinstance(node, nodes.Chain):
        return _SUM if node.is_sum else _PRODUCT
    if isinstance(node, nodes.Signed):
        return _SIGNED
    return _POWER if isinstance(node, nodes.Power) else _ATOM


def expression(node: nodes.Expression, least: int = _BOTH) -> Piece:
    """An expression; in brackets if it binds less tightly than `least`."""
    if _level(node) < least:
        return Joined(("(", expression(node), ")"))
    if isinstance(node, nodes.Number | nodes.Unit):
        return node.text
    if isinstance(node, nodes.Text):
        return quoted(node.value)
    if isinstance(node, nodes.Reference):
        return node.name.text
    if isinstance(node, nodes.Call | nodes.Pair | nodes.Listing | nodes.Selection):
        return _bracketed(node)
    return _operation(node)


def _pick(node: nodes.Argument | nodes.Range) -> Piece:
    return f"{node.first}..{node.last}" if isinstance(node, nodes.Range) else _argument(node)


def _bracketed(node: nodes.Call | nodes.Pair | nodes.Listing | nodes.Selection) -> Piece:
    if isinstance(node, nodes.Selection):
        return Group(f"{node.name.text}[", tuple(map(_pick, node.picks)), "]")
    if isinstance(node, nodes.Call):
        return Group(f"{node.name.text}(", tuple(map(_argument, node.arguments)), ")")
    opening, closing = ("(", ")") if isinstance(node, nodes.Pair) else ("[", "]")
    return Group(opening, tuple(map(expression, node.items)), closing)


def _operation(
    node: nodes.Chain | nodes.Signed | nodes.Power | nodes.Relative | nodes.Both,
) -> Piece:
    if isinstance(node, nodes.Chain):
        inner = _PRODUCT if node.is_sum else _SIGNED
        space = " " if node.is_sum else ""
        parts = [expression(part, inner) for part in node.parts]
        operators = [f"{space}{operator}{space}" for operator in node.operators]
        return Chain(parts[0], tuple(zip(operators, parts[1:], strict=True)))
    if isinstance(node, nodes.Signed):
        return Joined((node.sign, expression(node.operand, _POWER)))
    if isinstance(node, nodes.Power):
        return Joined((expression(node.base, _ATOM), "^", _exponent(node.exponent)))
    if isinstance(node, nodes.Relative):
        # the grammar would do without these brackets; a reader would not
        return Joined((expression(node.operand, _SIGNED), f" @ {node.frame.text}"))
    parts = [expression(item, _RELATIVE) for item in node.items]
    return Chain(parts[0], tuple((" and ", part) for part in parts[1:]))


def _exponent(node: nodes.Expression) -> Piece:
    if isinstance(node, nodes.Signed) and _level(node.operand) == _ATOM:
        return Joined((node.sign, expression(node.operand)))
    return expression(node, _ATOM)


def _argument(node: nodes.Argument) -> Piece:
    value = expression(node.value)
    return value if node.name is None else Joined((f"{node.name.text}=", value))


def expectation(node: nodes.Expectation) -> Piece:
    """An expectation of a block."""
    left, right = expression(node.left), expression(node.right)
    return Joined(("expect ", Chain(left, ((f" {node.comparison} ", right),))))


def verb(node: nodes.Verb) -> Piece:
    """A verb with its units and clauses, without its block."""
    parts: list[Piece] = [f"{node.name.text} ", *_listed(node.units)]
    if node.targets:
        parts += [" -> ", *_listed(node.targets)]
    for clause in node.clauses:
        parts += [f" {clause.word.text} ", *_clause(clause)]
    return Joined(tuple(parts))


def _listed(units: Sequence[nodes.Expression]) -> list[Piece]:
    parts: list[Piece] = []
    for unit in units:
        parts += [", ", expression(unit, _RELATIVE)] if parts else [expression(unit, _RELATIVE)]
    return parts


def _clause(node: nodes.Clause) -> list[Piece]:
    if node.value is None:
        parts: list[Piece] = []
        for condition in node.conditions:
            left, right = (expression(x, _RELATIVE) for x in (condition.left, condition.right))
            parts += [" and "] if parts else []
            parts += [left, f" {condition.comparison} ", right]
        return parts
    value = expression(node.value, _RELATIVE)
    return [value] if node.target is None else [value, " -> ", expression(node.target, _RELATIVE)]


def formals(nodes_: Sequence[nodes.Formal]) -> tuple[Piece, ...]:
    """The formals of a function or a motif."""
    pieces: list[Piece] = []
    for node in nodes_:
        unit = "" if node.unit is None else f": {node.unit.text}"
        default: Piece = "" if node.default is None else expression(node.default)
        head = node.name.text + unit
        written: list[Piece] = [head]
        if node.default is not None:
            written += [" = ", default]
        if node.interval is not None:
            written += [" ", _interval(node.interval)]
        pieces.append(Joined((*written, " free" if node.free else "")))
    return tuple(pieces)


def cells(item: nodes.Item) -> tuple[Piece, ...]:
    """A declaration's head in the pieces that line up with those of its neighbours."""
    return _CELLS[type(item)](item)


def _import_names(item: nodes.ImportNames) -> tuple[Piece, ...]:
    source = item.source
    origin = source.text if isinstance(source, nodes.Name) else quoted(source.value)
    return f"from {origin}", f"import {', '.join(name.text for name in item.names)}"


def _import_module(item: nodes.ImportModule) -> tuple[Piece, ...]:
    settings = "" if item.block is None else "with"
    return f"import {quoted(item.path.value)}", f"as {item.name.text}", settings


def _set_circuit(item: nodes.SetCircuit) -> tuple[Piece, ...]:
    return (f"import {quoted(item.path.value)} with",)


def _backbone(item: nodes.Backbone) -> tuple[Piece, ...]:
    return (Joined((f"backbone {item.name.text} = ", expression(item.value))),)


def _let(item: nodes.Let) -> tuple[Piece, ...]:
    unit = "" if item.unit is None else f": {item.unit.text}"
    return f"let {item.name.text}", unit, Joined(("= ", expression(item.value)))


def _dial(item: nodes.Dial) -> tuple[Piece, ...]:
    unit = "" if item.unit is None else f": {item.unit.text}"
    interval: Piece = "" if item.interval is None else _interval(item.interval)
    free = "free" if item.free else ""
    return f"dial {item.name.text}", unit, Joined(("= ", expression(item.default))), interval, free


def _interval(bounds: Sequence[nodes.Expression]) -> Piece:
    return Group("in [", tuple(map(expression, bounds)), "]")


def _function(item: nodes.Function) -> tuple[Piece, ...]:
    unit = "" if item.unit is None else f" : {item.unit.text}"
    head = Group(f"fn {item.name.text}(", formals(item.formals), ")")
    if item.body is None:
        return (Joined((head, unit)),)
    return (Chain(Joined((head, unit)), ((" = ", expression(item.body)),)),)


def _motif(item: nodes.Motif) -> tuple[Piece, ...]:
    return (Group(f"motif {item.name.text}(", formals(item.formals), ")"),)


def _circuit(item: nodes.Subcircuit) -> tuple[Piece, ...]:
    if not item.formals:
        return (f"circuit {item.name.text}",)
    return (Group(f"circuit {item.name.text}(", formals(item.formals), ")"),)


def _family(item: nodes.Family) -> tuple[Piece, ...]:
    axes = [Joined((f"{axis.name.text}: ", expression(axis.kind))) for axis in item.axes]
    axes_text: Piece = Group("[", tuple(axes), "]") if axes else ""
    return f"family {item.name.text}", axes_text, f"at {item.layer.text}"


def _connect(item: nodes.Connect) -> tuple[Piece, ...]:
    alias = "" if item.alias is None else f"as {item.alias.text}"
    motif: Piece = "" if item.motif is None else Joined(("= ", expression(item.motif)))
    return f"connect {item.source.text}", f"-> {item.target.text}", alias, motif


def _normalise(item: nodes.Normalise) -> tuple[Piece, ...]:
    return (f"normalise {', '.join(name.text for name in item.families)}",)


def _stimulus(item: nodes.Stimulus) -> tuple[Piece, ...]:
    return f"stimulus {item.name.text}", Joined(("= ", expression(item.value)))


def _direction(item: nodes.Direction) -> tuple[Piece, ...]:
    value = Joined(("= ", expression(item.value)))
    return f"direction {item.name.text}", f"on {item.on.text}", value


def _edit(item: nodes.Edit) -> tuple[Piece, ...]:
    return f"edit {item.name.text}", f"on {item.on.text}"


def _score(item: nodes.Score) -> tuple[Piece, ...]:
    return (f"score {item.name.text}",)


def _fit(item: nodes.Fit) -> tuple[Piece, ...]:
    return (f"fit {item.name.text}",)


_CELLS: dict[type, Callable[[Any], tuple[Piece, ...]]] = {
    nodes.ImportNames: _import_names,
    nodes.ImportModule: _import_module,
    nodes.SetCircuit: _set_circuit,
    nodes.Backbone: _backbone,
    nodes.Dial: _dial,
    nodes.Let: _let,
    nodes.Function: _function,
    nodes.Motif: _motif,
    nodes.Subcircuit: _circuit,
    nodes.Family: _family,
    nodes.Connect: _connect,
    nodes.Normalise: _normalise,
    nodes.Stimulus: _stimulus,
    nodes.Direction: _direction,
    nodes.Edit: _edit,
    nodes.Score: _score,
    nodes.Fit: _fit,
}
