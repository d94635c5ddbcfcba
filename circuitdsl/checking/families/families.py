"""Backbones and families: where units are, and which transformations relate them."""

from __future__ import annotations

from math import prod
from typing import Literal

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.families.axes import MOST_MEMBERS, family_axes
from circuitdsl.checking.families.calibrate import calibration
from circuitdsl.checking.families.expect import expectations
from circuitdsl.checking.families.identify import identified
from circuitdsl.checking.findings import listed, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.layers import family_layer
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import attributes, match
from circuitdsl.checking.values.kinds import Point, no_taps
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
        message = with_hint(f"there is no architecture `{name}`", name, BACKBONES)
        analysis.error("E201", message, call.name.span, help=f"Known: {listed(BACKBONES)}.")
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
    message = "`weights` names a trained network in quotes"
    analysis.error("E302", message, node.span, help='Write `weights="default"`.')
    return None


def _input_px(node: nodes.Expression | None, architecture: str, analysis: Analysis) -> int:
    usual = BACKBONES[architecture].input_px
    if node is None:
        return usual
    side = Evaluator(analysis.within(_NO_MODULE)).constant(node, "px", "`input`")
    if side is None:
        return usual
    if side != int(side) or not SMALLEST_INPUT <= side <= LARGEST_INPUT:
        message = f"`input` is a whole number from {SMALLEST_INPUT}px to {LARGEST_INPUT}px"
        analysis.error("E304", message, node.span)
        return usual
    return int(side)


def _own_norm(node: nodes.Expression | None, analysis: Analysis) -> Literal["none", "lrn"]:
    if node is None:
        return "none"
    if isinstance(node, nodes.Reference) and node.name.text in _NORMS:
        return node.name.text
    name = node.name.text if isinstance(node, nodes.Reference) else ""
    message = with_hint(f"`norm` of a backbone is {' or '.join(_NORMS)}", name, _NORMS)
    analysis.error("E201", message, node.span)
    return "none"


_NO_MODULE = Module(nodes.CircuitFile(Source("", ""), None, ()))


def family(analysis: Analysis, node: nodes.Family, use: BackboneUse | None) -> Family | None:
    """A `family` declaration; None if nothing can be said of what connects to it."""
    name = node.name.text
    if name == INPUT:
        message = f"`{INPUT}` is the image; no family can have its name"
        analysis.error("E203", message, node.name.span, help="Choose another name.")
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
            analysis.error(
                "E706",
                f"`{name}` consists of trained units, which are as they are; remove `{key}`",
                attribute.name.span,
            )
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
        no_taps(attribute.value.span, analysis)
        return None
    return x, y


def _doc(attribute: nodes.Attribute | None, analysis: Analysis) -> str:
    if attribute is None:
        return ""
    if isinstance(attribute.value, nodes.Text):
        return attribute.value.value
    analysis.error("E302", "`doc` expects a string", attribute.value.span)
    return ""


def _sized(
    built: Family, node: nodes.Family, units: nodes.Attribute | None, analysis: Analysis
) -> bool:
    count = prod(axis.count for axis in built.axes)
    if count > MOST_MEMBERS:
        message = f"`{built.name}` has {count:,} members; a family may have {MOST_MEMBERS:,}"
        analysis.error("E113", message, node.name.span)
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
        analysis.error("E302", "`units` expects a list of unit numbers", attribute.value.span)
        return None
    units: list[int] = []
    for item in items:
        if not isinstance(item, nodes.Number) or item.unit or item.value != int(item.value):
            analysis.error("E302", "a unit is a whole number", item.span)
            return None
        unit = int(item.value)
        if unit >= width:
            message = f"{layer}:{unit} is out of range; {layer} has {width} units"
            analysis.error("E701", message, item.span, help=f"Units count from 0 to {width - 1}.")
        elif unit in units:
            analysis.error("E208", f"unit {unit} is given twice", item.span)
        units.append(unit)
    return tuple(units)
