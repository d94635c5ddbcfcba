"""Layers by name: which there are, and which a hand-written family can stand in."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import unknown_layer
from circuitdsl.ir.circuit import BackboneUse
from circuitdsl.syntax import nodes


def family_layer(
    node: nodes.Family, use: BackboneUse | None, trained: bool, analysis: Analysis
) -> str | None:
    """The layer of a family.

    Args:
        node: The declaration.
        use: The backbone of the file; None if it is unknown.
        trained: Whether the family consists of units of a trained network.
        analysis: Where to report.
    """
    if use is None:
        return None
    owner, _, name = node.layer.text.partition(".")
    if owner != use.name or not name:
        written = name or owner
        message = f"a layer is written `{use.name}.{written}`, with the backbone before it"
        analysis.error("E204", message, node.layer.span)
        return None
    backbone = use.geometry
    name = backbone.called(name)
    if name not in backbone.by_name:
        unknown_layer(analysis, backbone, name, node.layer.span)
        return None
    layer = backbone.by_name[name]
    if backbone.holds_family(name) or (trained and (layer.has_units or layer.kind == "concat")):
        return name
    if layer.kind == "concat":
        branches = ", ".join(f"`{branch}`" for branch in layer.inputs)
        message = f"`{name}` only joins its branches; a family stands in one of them"
        analysis.error("E204", message, node.layer.span, help=f"Branches: {branches}.")
    elif layer.kind == "add":
        parts = ", ".join(f"`{part}`" for part in layer.inputs if backbone.holds_family(part))
        message = f"`{name}` only adds up other layers; a family stands in one of them"
        analysis.error("E204", message, node.layer.span, help=f"Layers with kernels: {parts}.")
    elif layer.kind == "conv":
        message = f"`{name}` is not rectified, so no family can stand there"
        analysis.error("E204", message, node.layer.span)
    else:
        message = f"`{name}` has no kernels, so no family can stand there"
        analysis.error("E204", message, node.layer.span)
    return None
