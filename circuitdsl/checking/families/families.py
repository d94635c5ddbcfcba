"""Backbones and families: where units are, and which transformations relate them."""

from __future__ import annotations

from math import prod
from typing import Literal

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.families.axes import MOST_MEMBERS, family_axes
from circuitdsl.checking.families.calibrate import calibration
from circuitdsl.checking.families.expect import expectations
from circuitdsl.checking.families.identify import identified
from circuitdsl.checking.messages import (
    given_twice,
    no_taps,
    out_of_range,
    reserved,
    too_many,
    trained,
    unit_out_of_range,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.layers import family_layer
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import attributes, match
from circuitdsl.checking.values.kinds import Point
from circuitdsl.ir.algebra import has_taps
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import INPUT, BackboneUse, Family
from circuitdsl.ir.expressions import ONE, Scalar
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Source

SMALLEST_INPUT, LARGEST_INPUT = 16, 2048
"""Sides of the input, in pixels."""

_ATTRIBUTES = ("doc", "gain", "bias", "centre", "calibrate", "units", "identify")
_NORMS = ("none", "lrn")


def backbone(node: nodes.Backbone, analysis: Analysis) -> BackboneUse | None:
    """A `backbone` declaration; None if its architecture is unknown."""
    call = node.value
    name = call.name.text
    if name not in BACKBONES:
        unknown(analysis, "architecture", name, BACKBONES, call.name.span, table=True)
        return None
    given = match(call, {"input": False, "norm": False, "weights": False}, analysis)
    if given is None:
        return BackboneUse(node.name.text, name, BACKBONES[name].input_px, "none", node.span)
    return BackboneUse(
        node.name.text,
        name,
        _input_px(given.get("input"), name, analysis),
        _own_norm(given.get("norm"), analysis),
        node.span,
        _weights(given.get("weights"), analysis),
    )


def _weights(node: nodes.Expression | None, analysis: Analysis) -> str | None:
    """The name of the trained network whose weights are read."""
    if node is None or (isinstance(node, nodes.Text) and node.value.strip()):
        return None if node is None else node.value
    wanted, help_ = "the name of a trained network in quotes", 'Write `weights="default"`.'
    wrong_type(analysis, "`weights`", wanted, node.span, help=help_)
    return None


def _input_px(node: nodes.Expression | None, architecture: str, analysis: Analysis) -> int:
    usual = BACKBONES[architecture].input_px
    if node is None:
        return usual
    side = Evaluator(analysis.within(_NO_MODULE)).constant(node, "px", "`input`")
    if side is None:
        return usual
    if side != int(side) or not SMALLEST_INPUT <= side <= LARGEST_INPUT:
        wanted = f"a whole number from {SMALLEST_INPUT}px to {LARGEST_INPUT}px"
        out_of_range(analysis, "`input`", wanted, node.span)
        return usual
    return int(side)


def _own_norm(node: nodes.Expression | None, analysis: Analysis) -> Literal["none", "lrn"]:
    if node is None:
        return "none"
    if isinstance(node, nodes.Reference) and node.name.text in _NORMS:
        return node.name.text
    name = node.name.text if isinstance(node, nodes.Reference) else ""
    unknown(analysis, "norm of a backbone", name or node.span.text, _NORMS, node.span, table=True)
    return "none"


_NO_MODULE = Module(nodes.CircuitFile(Source("", ""), None, ()))


def family(analysis: Analysis, node: nodes.Family, use: BackboneUse | None) -> Family | None:
    """A `family` declaration; None if nothing can be said of what connects to it."""
    name = node.name.text
    if name == INPUT:
        reserved(analysis, INPUT, "the image", node.name.span)
        return None
    found = attributes(node.block, _ATTRIBUTES, "a family", analysis)
    layer = family_layer(node, use, "units" in found, analysis)
    axes = family_axes(analysis, name)
    if layer is None or axes is None:
        return None
    evaluator = Evaluator(analysis)
    values = {
        key: evaluator.scalar(found[key].value, "real", f"`{key}`")
        for key in ("gain", "bias")
        if key in found
    }
    for key, attribute in found.items():
        if key in ("gain", "bias", "centre", "calibrate") and "units" in found:
            help_ = f"Remove `{key}`."
            trained(analysis, name, "which cannot be changed", attribute.name.span, help=help_)
        elif key in ("gain", "bias") and "calibrate" in found:
            analysis.error(
                "E208",
                f"`calibrate` sets the gain and the bias; `{key}` is given too",
                attribute.name.span,
                help="Keep one of them.",
            )
        elif key == "centre" and "identify" in found:
            analysis.error(
                "E208",
                "turns from a unit to itself would move its centre; `centre` is given too",
                attribute.name.span,
                help="Keep `identify` or `centre`.",
            )
    built = Family(
        analysis.module.prefix + name,
        axes,
        layer,
        doc=_doc(found.get("doc"), analysis),
        gain=values.get("gain") or ONE,
        bias=values.get("bias"),
        calibrate=calibration(analysis, found.get("calibrate")),
        expectations=expectations(analysis, node, axes),
        centre=_centre(evaluator, found.get("centre"), analysis),
        units=_units(found.get("units"), layer, use, analysis),
        identify=identified(analysis, found.get("identify"), name, axes),
        span=node.span,
    )
    return built if _sized(built, node, found.get("units"), analysis) else None


def _centre(
    evaluator: Evaluator, attribute: nodes.Attribute | None, analysis: Analysis
) -> tuple[Scalar, Scalar] | None:
    if attribute is None:
        return None
    value = evaluator.typed(attribute.value, "point", "`centre`")
    if not isinstance(value, Point):
        return None
    x, y = value.items
    if has_taps(x) or has_taps(y):
        no_taps(analysis, attribute.value.span)
        return None
    return x, y


def _doc(attribute: nodes.Attribute | None, analysis: Analysis) -> str:
    if attribute is None:
        return ""
    if isinstance(attribute.value, nodes.Text):
        return attribute.value.value
    wrong_type(analysis, "`doc`", "a string", attribute.value.span)
    return ""


def _sized(
    built: Family, node: nodes.Family, units: nodes.Attribute | None, analysis: Analysis
) -> bool:
    count = prod(axis.count for axis in built.axes)
    if count > MOST_MEMBERS:
        what, counted = f"`{built.name}`", f"{count:,} members"
        too_many(analysis, what, counted, MOST_MEMBERS, node.name.span)
        return False
    if built.units is not None and units is not None and len(built.units) != built.size:
        analysis.error(
            "E705",
            f"`{built.name}` has {built.size} members, but names {len(built.units)} units",
            units.value.span,
            help="Give one unit for each member, in order.",
        )
    return True


def _units(
    attribute: nodes.Attribute | None, layer: str, use: BackboneUse | None, analysis: Analysis
) -> tuple[int, ...] | None:
    if attribute is None or use is None:
        return None
    width = use.geometry.by_name[layer].width
    items = attribute.value.items if isinstance(attribute.value, nodes.Listing) else ()
    if not items:
        wrong_type(analysis, "`units`", "a list of unit numbers", attribute.value.span)
        return None
    units: list[int] = []
    for item in items:
        if not isinstance(item, nodes.Number) or item.unit or item.value != int(item.value):
            wrong_type(analysis, "`units`", "whole numbers", item.span)
            return None
        unit = int(item.value)
        if unit >= width:
            unit_out_of_range(analysis, layer, unit, width, item.span)
        elif unit in units:
            given_twice(analysis, f"unit {unit}", item.span)
        units.append(unit)
    return tuple(units)
