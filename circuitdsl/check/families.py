"""Backbones and families: where units are, and which transformations relate them."""

from __future__ import annotations

from typing import Literal, cast

from circuitdsl.check.arguments import match
from circuitdsl.check.calibrate import calibration
from circuitdsl.check.evaluate import Evaluator
from circuitdsl.check.findings import Findings, listed, with_hint
from circuitdsl.check.layers import family_layer
from circuitdsl.check.scope import Module, attributes
from circuitdsl.ir.angles import even_deg
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import INPUT, PERIOD_DEG, Axis, AxisKind, BackboneUse, Family
from circuitdsl.ir.expressions import ONE
from circuitdsl.source import Source
from circuitdsl.syntax import nodes

MOST_MEMBERS = 4096
"""Members of one family."""

SMALLEST_INPUT, LARGEST_INPUT = 16, 2048
"""Sides of the input, in pixels."""

_KINDS: tuple[AxisKind, ...] = ("rot", "orient", "phase")
_LATER_KINDS = ("flip", "hue", "cases", "scale")
_LATER_ATTRIBUTES = ("identify",)
_ATTRIBUTES = ("doc", "gain", "bias", "calibrate", "units")
_NORMS = ("none", "lrn")


def backbone(node: nodes.Backbone, findings: Findings) -> BackboneUse | None:
    """A `backbone` declaration; None if its architecture is unknown."""
    call = node.value
    name = call.name.text
    if name not in BACKBONES:
        message = with_hint(f"there is no architecture `{name}`", name, BACKBONES)
        findings.error("E201", message, call.name.span, help=f"Known: {listed(BACKBONES)}.")
        return None
    weights = next((a for a in call.arguments if a.name and a.name.text == "weights"), None)
    if weights is not None:
        findings.error(
            "E601",
            f"`{node.name.text}` is opened for its geometry; weights may not be read here",
            weights.span,
            note="hand-written circuits never see a trained weight",
            help="Remove `weights=`; the network to compare with is chosen when scoring.",
        )
        kept = tuple(a for a in call.arguments if a is not weights)
        call = nodes.Call(call.span, call.name, kept)
    given = match(call, {"input": False, "norm": False}, findings)
    if given is None:
        return BackboneUse(node.name.text, name, BACKBONES[name].input_px, "none", node.span)
    return BackboneUse(
        node.name.text,
        name,
        _input_px(given.get("input"), name, findings),
        _own_norm(given.get("norm"), findings),
        node.span,
    )


def _input_px(node: nodes.Expression | None, architecture: str, findings: Findings) -> int:
    usual = BACKBONES[architecture].input_px
    if node is None:
        return usual
    side = Evaluator(_NO_MODULE, findings).constant(node, "px", "`input`")
    if side is None:
        return usual
    if side != int(side) or not SMALLEST_INPUT <= side <= LARGEST_INPUT:
        message = f"`input` is a whole number from {SMALLEST_INPUT}px to {LARGEST_INPUT}px"
        findings.error("E304", message, node.span)
        return usual
    return int(side)


def _own_norm(node: nodes.Expression | None, findings: Findings) -> Literal["none", "lrn"]:
    if node is None:
        return "none"
    if isinstance(node, nodes.Reference) and node.name.text in _NORMS:
        return cast('Literal["none", "lrn"]', node.name.text)
    name = node.name.text if isinstance(node, nodes.Reference) else ""
    message = with_hint(f"`norm` of a backbone is {' or '.join(_NORMS)}", name, _NORMS)
    findings.error("E201", message, node.span)
    return "none"


_NO_MODULE = Module(nodes.CircuitFile(Source("", ""), None, ()))


def family(
    module: Module, node: nodes.Family, use: BackboneUse | None, findings: Findings
) -> Family | None:
    """A `family` declaration; None if nothing can be said of what connects to it."""
    name = node.name.text
    if name == INPUT:
        message = f"`{INPUT}` is the image; no family can have its name"
        findings.error("E203", message, node.name.span, help="Choose another name.")
        return None
    _later_attributes(node, findings)
    found = attributes(node.block, (*_ATTRIBUTES, *_LATER_ATTRIBUTES), "a family", findings)
    layer = family_layer(node, use, "units" in found, findings)
    axes = _axes(module, node, findings)
    if layer is None or axes is None:
        return None
    evaluator = Evaluator(module, findings)
    values = {
        key: evaluator.scalar(found[key].value, "real", f"`{key}`")
        for key in ("gain", "bias")
        if key in found
    }
    for key, attribute in found.items():
        if key in ("gain", "bias") and "calibrate" in found:
            findings.error(
                "E208",
                f"`calibrate` sets the gain and the bias; `{key}` is given too",
                attribute.name.span,
                help="Keep one of them.",
            )
    built = Family(
        name,
        axes,
        layer,
        doc=_doc(found.get("doc"), findings),
        gain=values.get("gain") or ONE,
        bias=values.get("bias"),
        calibrate=calibration(module, found.get("calibrate"), findings),
        units=_units(found.get("units"), layer, use, findings),
        span=node.span,
    )
    return built if _sized(built, node, found.get("units"), findings) else None


def _later_attributes(node: nodes.Family, findings: Findings) -> None:
    for attribute in () if node.block is None else node.block.attributes:
        if attribute.name.text in _LATER_ATTRIBUTES:
            message = f"`{attribute.name.text}` is not part of this version"
            findings.error("E110", message, attribute.name.span)


def _doc(attribute: nodes.Attribute | None, findings: Findings) -> str:
    if attribute is None:
        return ""
    if isinstance(attribute.value, nodes.Text):
        return attribute.value.value
    findings.error("E302", "`doc` expects a string", attribute.value.span)
    return ""


def _sized(
    built: Family, node: nodes.Family, units: nodes.Attribute | None, findings: Findings
) -> bool:
    if built.size > MOST_MEMBERS:
        message = f"`{built.name}` has {built.size:,} members; a family may have {MOST_MEMBERS:,}"
        findings.error("E113", message, node.name.span)
        return False
    if built.units is not None and units is not None and len(built.units) != built.size:
        findings.error(
            "E705",
            f"`{built.name}` has {built.size} members, but names {len(built.units)} units",
            units.value.span,
            help="Give one unit for each member, in order.",
        )
    return True


def _units(
    attribute: nodes.Attribute | None, layer: str, use: BackboneUse | None, findings: Findings
) -> tuple[int, ...] | None:
    if attribute is None or use is None:
        return None
    width = use.geometry.by_name[layer].width
    items = attribute.value.items if isinstance(attribute.value, nodes.Listing) else ()
    if not items:
        findings.error("E302", "`units` expects a list of unit numbers", attribute.value.span)
        return None
    units: list[int] = []
    for item in items:
        if not isinstance(item, nodes.Number) or item.unit or item.value != int(item.value):
            findings.error("E302", "a unit is a whole number", item.span)
            return None
        unit = int(item.value)
        if unit >= width:
            message = f"{layer}:{unit} is out of range; {layer} has {width} units"
            findings.error("E701", message, item.span, help=f"Units count from 0 to {width - 1}.")
        elif unit in units:
            findings.error("E208", f"unit {unit} is given twice", item.span)
        units.append(unit)
    return tuple(units)


# ---- axes


def _axes(module: Module, node: nodes.Family, findings: Findings) -> tuple[Axis, ...] | None:
    axes: list[Axis] = []
    sound = True
    for written in node.axes:
        axis = axis_of(module, written, findings)
        if axis is None:
            sound = False
            continue
        if any(axis.name == other.name for other in axes):
            message = f"`{node.name.text}` has two axes `{axis.name}`"
            findings.error("E203", message, written.name.span)
            sound = False
        for other in axes:
            if axis.turns_plane and other.turns_plane:
                message = f"`{other.name}` and `{axis.name}` both turn the plane"
                help_ = "A family turns along one axis."
                findings.error("E410", message, written.span, help=help_)
                sound = False
            elif axis.kind == other.kind:
                message = f"`{other.name}` and `{axis.name}` are both {axis.kind} axes"
                findings.error("E410", message, written.span, help="Keep one of them.")
                sound = False
        axes.append(axis)
    if sound:
        _closed_phases(tuple(axes), node, findings)
    return tuple(axes) if sound else None


def _closed_phases(axes: tuple[Axis, ...], node: nodes.Family, findings: Findings) -> None:
    """Half a turn of a grating negates its phase, so `orient` needs both signs of every phase."""
    phase = next((axis for axis in axes if axis.kind == "phase"), None)
    if phase is None or not any(axis.kind == "orient" for axis in axes):
        return
    there = {round(angle % 360.0, 6) % 360.0 for angle in phase.angles_deg}
    lone = [angle for angle in phase.angles_deg if round(-angle % 360.0, 6) % 360.0 not in there]
    if lone:
        written = next(axis for axis in node.axes if axis.name.text == phase.name)
        findings.error(
            "E407",
            f"`{phase.name}` has the phase {lone[0]:g}deg but not {-lone[0] % 360.0:g}deg",
            written.span,
            note="half a turn of a grating negates its phase, and `orient` repeats after half a turn",
            help="Add the missing phases, or use `rot`.",
        )


def axis_of(module: Module, written: nodes.Axis, findings: Findings) -> Axis | None:
    """An axis of a family; None if it is faulty."""
    kind, name = written.kind, written.name.text
    if not isinstance(kind, nodes.Call | nodes.Reference):
        message = f"an axis is one of {listed(_KINDS)}"
        findings.error("E302", message, kind.span, help=f"Write `{name}: rot(8)`.")
        return None
    word = kind.name.text
    if word in _LATER_KINDS:
        findings.error("E110", f"`{word}` axes are not part of this version", kind.name.span)
        return None
    if word not in _KINDS:
        message = with_hint(f"there is no axis kind `{word}`", word, _KINDS)
        findings.error("E201", message, kind.name.span, help=f"Kinds: {listed(_KINDS)}.")
        return None
    call = kind if isinstance(kind, nodes.Call) else nodes.Call(kind.span, kind.name, ())
    given = match(call, {"count": False, "at": False}, findings)
    if given is None:
        return None
    if ("count" in given) == ("at" in given):
        message = f"`{word}` takes a number of members, or their angles"
        help_ = f"Write `{word}(8)`, or `{word}(at=[0deg, 31deg])`."
        findings.error("E207", message, kind.span, help=help_)
        return None
    if "at" in given:
        return _placed(module, name, word, given["at"], written, findings)
    return _counted(module, name, word, given["count"], written, findings)


def _counted(
    module: Module,
    name: str,
    kind: AxisKind,
    node: nodes.Expression,
    written: nodes.Axis,
    findings: Findings,
) -> Axis | None:
    count = Evaluator(module, findings).constant(node, "int", f"the members of `{kind}`")
    if count is None:
        return None
    if count != int(count) or count < 1:
        findings.error("E304", f"`{kind}` needs a whole number of members, 1 or more", node.span)
        return None
    if count > MOST_MEMBERS:
        message = f"{count:,.0f} members; a family may have {MOST_MEMBERS:,}"
        findings.error("E113", message, node.span)
        return None
    return Axis(name, kind, int(count), span=written.span)


def _placed(
    module: Module,
    name: str,
    kind: AxisKind,
    node: nodes.Expression,
    written: nodes.Axis,
    findings: Findings,
) -> Axis | None:
    if isinstance(node, nodes.Reference):
        return _as_in(module, name, kind, node, written, findings)
    items = node.items if isinstance(node, nodes.Listing) else ()
    if not items:
        message = "`at` is a list of angles, or a family of an imported file"
        findings.error("E302", message, node.span)
        return None
    evaluator = Evaluator(module, findings)
    angles = [evaluator.constant(item, "angle", "a member of `at`") for item in items]
    if any(angle is None for angle in angles):
        return None
    at_deg = tuple(cast("list[float]", angles))
    period = PERIOD_DEG[kind]
    seen: set[float] = set()
    for item, angle in zip(items, at_deg, strict=True):
        turned = round(angle % period, 9) % period
        if turned in seen:
            message = f"{item.span.text} is given twice; `{kind}` repeats after {period:g}deg"
            findings.error("E208", message, item.span)
            return None
        seen.add(turned)
    return Axis(name, kind, len(at_deg), at_deg, span=written.span)


def _as_in(
    module: Module,
    name: str,
    kind: AxisKind,
    node: nodes.Reference,
    written: nodes.Axis,
    findings: Findings,
) -> Axis | None:
    """The angles of a family of another file: `found.curves`, or one axis: `found.curves.th`."""
    text = node.name.text
    where, rest = module, text
    inner = module.inner(text)
    while inner is not None:
        where, rest = inner
        inner = where.inner(rest)
    family_name, _, axis_name = rest.partition(".")
    if where is module:
        if not module.silent(text):
            message = f"`at` takes the angles of a family of an imported file; found `{text}`"
            help_ = f'Write `import "FILE" as NAME`, then `at=NAME.{family_name}`.'
            findings.error("E201", message, node.span, help=help_)
        return None
    other = where.families.get(family_name)
    if other is None:
        if not where.silent(family_name):
            known = [text.removesuffix(rest) + key for key in where.families]
            findings.error("E201", with_hint(f"no family `{text}`", text, known), node.span)
        return None
    wanted = [axis for axis in other.axes if not axis_name or axis.name.text == axis_name]
    axes = [axis for axis in (axis_of(where, axis, findings) for axis in wanted) if axis]
    if len(wanted) > len(axes):
        return None  # the other file has been told
    fitting = [axis for axis in axes if axis.kind == kind] or axes
    if len(fitting) != 1 or fitting[0].kind != kind:
        message = f"`{text}` has no `{kind}` axis to take angles from"
        if len(fitting) > 1:
            message = f"`{text}` has several axes: name one, such as `{text}.{fitting[0].name}`"
        findings.error("E409", message, node.span)
        return None
    axis = fitting[0]
    angles = axis.at_deg or even_deg(axis.count, axis.period_deg)
    return Axis(
        name, kind, axis.count, angles, f"{text.removesuffix('.' + axis_name)}", written.span
    )
