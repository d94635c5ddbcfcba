"""The backbone of a file: the layers that families stand in."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from circuitdsl.checking.analysis import Analysis, once
from circuitdsl.checking.messages import (
    declared_twice,
    no_backbone,
    out_of_range,
    reserved,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.backbones import BACKBONES, GeometryError
from circuitdsl.ir.circuit import BackboneUse
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Source

SMALLEST_INPUT, LARGEST_INPUT = 16, 2048
"""Sides of the input, in pixels."""

_NORMS = ("none", "lrn")

_NO_NAMES = Module(nodes.CircuitFile(Source("", ""), None, ()))
"""The input's size reads no declaration."""


@once
def backbone(analysis: Analysis) -> BackboneUse | None:
    """The backbone of a file, or of the file that a copy of a circuit stands in.

    None if there is none, or if its architecture is unknown.
    """
    module = analysis.module
    if module.caller is not None:
        return _renamed(backbone(analysis.of(module.caller)), module.whole_file)
    declarations = [item for item in module.file.items if isinstance(item, nodes.Backbone)]
    if not declarations:
        needing = next((item for item in module.file.items if isinstance(item, nodes.Family)), None)
        if needing is not None and not any(map(module.silent, ("V", needing.layer.text))):
            no_backbone(analysis, "families", needing.layer.span)
        return None
    first = declarations[0].name
    for second in declarations[1:]:
        declared_twice(analysis, second.name.text, second.name.span, first.span)
    if first.text in module.modules:
        declared_twice(analysis, first.text, first.span)
    if first.text in module.families:
        reserved(analysis, first.text, "the backbone", module.families[first.text].name.span)
    return _declared(declarations[0], analysis)


def _renamed(use: BackboneUse | None, home: Module) -> BackboneUse | None:
    """The backbone under the name that another file calls it."""
    declarations = (item for item in home.file.items if isinstance(item, nodes.Backbone))
    own = next(declarations, None)
    return use if use is None or own is None else replace(use, name=own.name.text)


def _declared(node: nodes.Backbone, analysis: Analysis) -> BackboneUse | None:
    call = node.value
    name = call.name.text
    if name not in BACKBONES:
        unknown(analysis, "architecture", name, BACKBONES, call.name.span, table=True)
        return None
    arguments = match(call, {"input": False, "normalisation": False, "weights": False}, analysis)
    if arguments is None:
        return BackboneUse(node.name.text, name, BACKBONES[name].input_px, "none", node.span)
    return BackboneUse(
        node.name.text,
        name,
        _input_px(arguments.get("input"), name, analysis),
        _own_normalisation(arguments.get("normalisation"), name, analysis),
        node.span,
        _weights(arguments.get("weights"), analysis),
    )


def _weights(node: nodes.Expression | None, analysis: Analysis) -> str | None:
    """The name of the trained network whose weights are read."""
    if node is None or (isinstance(node, nodes.Text) and node.value.strip()):
        return None if node is None else node.value
    requirement, help_ = "the name of a trained network in quotes", 'Write `weights="default"`.'
    wrong_type(analysis, "`weights`", requirement, node.span, help=help_)
    return None


def _input_px(node: nodes.Expression | None, architecture: str, analysis: Analysis) -> int:
    usual = BACKBONES[architecture].input_px
    if node is None:
        return usual
    side = Evaluator(analysis.within(_NO_NAMES)).constant(node, "length", "`input`")
    if side is None:
        return usual
    if side != int(side) or not SMALLEST_INPUT <= side <= LARGEST_INPUT:
        requirement = f"a whole number from {SMALLEST_INPUT}px to {LARGEST_INPUT}px"
        out_of_range(analysis, "`input`", requirement, node.span)
        return usual
    return int(side) if _fits(architecture, int(side), node, analysis) else usual


def _fits(architecture: str, side: int, node: nodes.Expression, analysis: Analysis) -> bool:
    """Whether every window of an architecture finds room in an input; reports E304."""
    backbone = BACKBONES[architecture]
    try:
        for layer in backbone.layers:
            backbone.sampling(layer.name, side)
    except GeometryError as error:
        message = f"an input of {side}px is too small for `{architecture}`"
        analysis.error("E304", message, node.span, note=error.message)
        return False
    return True


def _own_normalisation(
    node: nodes.Expression | None, architecture: str, analysis: Analysis
) -> Literal["none", "lrn"]:
    if node is None:
        return "none"
    if isinstance(node, nodes.Reference) and node.name.text in _NORMS:
        if node.name.text == "lrn" and not BACKBONES[architecture].normalises:
            message = f"`{architecture}` has no local response normalisation"
            analysis.error("E304", message, node.span, help="Remove `normalisation=lrn`.")
            return "none"
        return node.name.text
    name = node.name.text if isinstance(node, nodes.Reference) else ""
    unknown(
        analysis,
        "normalisation of a backbone",
        name or node.span.text,
        _NORMS,
        node.span,
        table=True,
    )
    return "none"
