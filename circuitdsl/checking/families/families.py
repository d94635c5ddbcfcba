"""Families: where units are, and which transformations relate them."""

from __future__ import annotations

from math import prod

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.families.axes import family_axes
from circuitdsl.checking.families.backbones import backbone
from circuitdsl.checking.families.calibrate import calibration
from circuitdsl.checking.families.expect import expectations
from circuitdsl.checking.families.identify import identified
from circuitdsl.checking.messages import (
    given_twice,
    missing,
    no_taps,
    reserved,
    too_many,
    trained,
    unit_out_of_range,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.layers import family_layer
from circuitdsl.checking.values.arguments import attributes
from circuitdsl.checking.values.kinds import Point
from circuitdsl.ir.algebra import has_taps
from circuitdsl.ir.circuit import INPUT, BackboneUse, Family
from circuitdsl.ir.expressions import ONE, Scalar
from circuitdsl.ir.members.axes import MOST_MEMBERS
from circuitdsl.syntax import nodes

ATTRIBUTES = ("doc", "gain", "bias", "centre", "calibrate", "units", "network", "identify")


@question
def family(analysis: Analysis, name: str) -> Family | None:
    """A `family` declaration; None if its layer or its axes are faulty."""
    node, use = analysis.module.families[name], backbone(analysis)
    if name == INPUT:
        reserved(analysis, INPUT, "the image", node.name.span)
        return None
    entries = attributes(node.block, ATTRIBUTES, "a family", analysis)
    layer = family_layer(node, use, "units" in entries, analysis)
    axes = family_axes(analysis, name)
    if layer is None or axes is None:
        return None
    evaluator = Evaluator(analysis)
    values = {
        key: evaluator.scalar(entries[key].value, "real", f"`{key}`")
        for key in ("gain", "bias")
        if key in entries
    }
    for key, attribute in entries.items():
        if key in ("gain", "bias", "centre", "calibrate") and "units" in entries:
            help_ = f"Remove `{key}`."
            trained(analysis, name, "which cannot be changed", attribute.name.span, help=help_)
        elif key == "network" and "units" not in entries:
            needed = "`units`: the numbers that mean units of that network"
            missing(analysis, "`network`", needed, attribute.name.span)
        elif key in ("gain", "bias") and "calibrate" in entries:
            analysis.error(
                "E208",
                f"`calibrate` sets the gain and the bias; `{key}` is given too",
                attribute.name.span,
                help="Keep one of them.",
            )
        elif key == "centre" and "identify" in entries:
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
        doc=_text(entries.get("doc"), analysis),
        gain=values.get("gain") or ONE,
        bias=values.get("bias"),
        calibrate=calibration(analysis, entries.get("calibrate")),
        expectations=expectations(analysis, node, axes),
        centre=_centre(evaluator, entries.get("centre"), analysis),
        units=_units(entries.get("units"), layer, use, analysis),
        network=_text(entries.get("network"), analysis),
        identify=identified(analysis, entries.get("identify"), name, axes),
        span=node.span,
    )
    return built if _sized(built, node, entries.get("units"), analysis) else None


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


def _text(attribute: nodes.Attribute | None, analysis: Analysis) -> str:
    if attribute is None:
        return ""
    if isinstance(attribute.value, nodes.Text):
        return attribute.value.value
    wrong_type(analysis, f"`{attribute.name.text}`", "a string", attribute.value.span)
    return ""


def _sized(
    built: Family, node: nodes.Family, units: nodes.Attribute | None, analysis: Analysis
) -> bool:
    count = prod(axis.count for axis in built.axes)
    if count > MOST_MEMBERS:
        what, number_of_members = f"`{built.name}`", f"{count:,} members"
        too_many(analysis, what, number_of_members, MOST_MEMBERS, node.name.span)
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
        if not isinstance(item, nodes.Number) or item.unit or not item.value.is_integer():
            wrong_type(analysis, "`units`", "whole numbers", item.span)
            return None
        unit = int(item.value)
        if unit >= width:
            unit_out_of_range(analysis, layer, unit, width, item.span)
        elif unit in units:
            given_twice(analysis, f"unit {unit}", item.span)
        units.append(unit)
    return tuple(units)
