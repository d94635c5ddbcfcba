"""`direction` declarations: a layer, and a weighted sum of its units."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import (
    declared_twice,
    given_twice,
    no_backbone,
    unit_out_of_range,
    unknown_layer,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.backbones.directions import Direction
from circuitdsl.syntax import nodes

_FORM = "Write `direction bent on V.mixed4a = 0.7*12 - 0.3*55`."

Term = tuple[int, float]


def direction_values(analysis: Analysis) -> tuple[Direction, ...]:
    """The directions of a file that are sound; what is wrong with others is reported."""
    values = (_direction(analysis, node) for node in analysis.module.directions.values())
    return tuple(value for value in values if value is not None)


def _direction(analysis: Analysis, node: nodes.Direction) -> Direction | None:
    layer = _layer(analysis, node)
    terms = _terms(analysis, node.value)
    if layer is None or terms is None:
        return None
    backbone, name = layer
    seen: set[int] = set()
    for unit, _ in terms:
        width = backbone.by_name[name].width
        if not 0 <= unit < width:
            unit_out_of_range(analysis, name, unit, width, node.value.span)
            return None
        if unit in seen:
            given_twice(analysis, f"{name}:{unit}", node.value.span)
            return None
        seen.add(unit)
    if not any(weight for _, weight in terms):
        message = f"`{node.name.text}` has the length 0"
        analysis.error("E304", message, node.value.span, help="Give a weight other than 0.")
        return None
    return Direction(node.name.text, name, terms)


def _layer(analysis: Analysis, node: nodes.Direction) -> tuple[Backbone, str] | None:
    """The layer of a direction, in the network that has all of them."""
    geometry = analysis.module.geometry
    if geometry is None:
        if not any(isinstance(item, nodes.Backbone) for item in analysis.module.file.items):
            no_backbone(analysis, "directions", node.name.span, trained=True)
        return None
    called, backbone = geometry
    network, _, written = node.on.text.partition(".")
    if network != called or not written:
        wrong_type(analysis, "what a direction is `on`", "a layer", node.on.span, help=_FORM)
        return None
    name = backbone.called(written)
    if name not in backbone.by_name:
        unknown_layer(analysis, backbone, name, node.on.span)
        return None
    row = backbone.by_name[name]
    if not row.has_units and row.kind != "concat":
        message = f"`{name}` has no units of its own"
        help_ = f"Name a convolution, or a block such as {backbone.example_block}."
        analysis.error("E204", message, node.on.span, help=help_)
        return None
    own = next(table for table in BACKBONES.values() if table.name == backbone.name)
    if any(part in own.by_name for part in Direction(node.name.text, name, ()).layers):
        declared_twice(analysis, node.name.text, node.name.span)
        return None
    return backbone, name


def _terms(analysis: Analysis, node: nodes.Expression) -> tuple[Term, ...] | None:
    """The units and weights of a sum such as `0.7*12 - 0.3*55`."""
    if isinstance(node, nodes.Signed):
        return _scaled(_terms(analysis, node.operand), -1.0 if node.sign == "-" else 1.0)
    if isinstance(node, nodes.Chain) and not {"*", "/"}.intersection(node.operators):
        parts = [_terms(analysis, part) for part in node.parts]
        signs = [1.0, *(-1.0 if sign == "-" else 1.0 for sign in node.operators)]
        pairs = [_scaled(part, sign) for part, sign in zip(parts, signs, strict=True)]
        if any(pair is None for pair in pairs):
            return None
        return tuple(term for pair in pairs for term in pair or ())
    unit, weight = node, 1.0
    if isinstance(node, nodes.Chain):
        unit = node.parts[-1]
        for factor in node.parts[:-1]:
            value = Evaluator(analysis).constant(factor, "real", "the weight of a unit")
            if value is None:
                return None
            weight *= value
    plain = not isinstance(node, nodes.Chain) or set(node.operators) == {"*"}
    if not plain or not isinstance(unit, nodes.Number) or unit.unit or unit.value % 1:
        wrong_type(analysis, f"`{node.span.text}`", "a weight times a unit", node.span, help=_FORM)
        return None
    return ((int(unit.value), weight),)


def _scaled(terms: tuple[Term, ...] | None, by: float) -> tuple[Term, ...] | None:
    return None if terms is None else tuple((unit, by * weight) for unit, weight in terms)
