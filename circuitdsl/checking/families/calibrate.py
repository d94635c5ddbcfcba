"""`calibrate`: on which stimuli a family's gain and offset are set."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.photographs import is_photographs
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.circuit import Calibration
from circuitdsl.syntax import nodes

_SHAPE = "one(STIMULUS, peak=preferred) and zero(STIMULUS, quantile=0.95)"


def calibration(analysis: Analysis, attribute: nodes.Attribute | None) -> Calibration | None:
    """The calibration that an attribute asks for; None without one or if it is faulty."""
    if attribute is None:
        return None
    node = attribute.value
    calls = [item for item in _items(node) if isinstance(item, nodes.Call)]
    by_name = {call.name.text: call for call in calls}
    if len(calls) != 2 or set(by_name) != {"one", "zero"}:
        message = "`calibrate` says where the response is one and where it is zero"
        analysis.error("E302", message, node.span, help=f"Write `calibrate = {_SHAPE}`.")
        return None
    one = match(by_name["one"], {"stimulus": True, "peak": False}, analysis)
    zero = match(by_name["zero"], {"stimulus": True, "quantile": True}, analysis)
    if one is None or zero is None:
        return None
    peak = one.get("peak")
    if peak is not None and not (
        isinstance(peak, nodes.Reference) and peak.name.text == "preferred"
    ):
        message = "`peak` is `preferred`: the strongest response of each member"
        analysis.error("E302", message, peak.span)
    quantile = Evaluator(analysis).constant(zero["quantile"], "real", "`quantile`")
    names = [stimulus_name(analysis, each["stimulus"]) for each in (one, zero)]
    if quantile is None or names[0] is None or names[1] is None:
        return None
    if not 0.0 <= quantile <= 1.0:
        message = f"`quantile = {zero['quantile'].span.text}` is outside its range [0, 1]"
        analysis.error("E304", message, zero["quantile"].span)
        return None
    return Calibration(names[0], names[1], quantile, attribute.span)


def _items(node: nodes.Expression) -> tuple[nodes.Expression, ...]:
    return node.items if isinstance(node, nodes.Both) else (node,)


def stimulus_name(analysis: Analysis, node: nodes.Expression) -> str | None:
    """The name in the circuit of the stimulus set that an expression names."""
    if not isinstance(node, nodes.Reference):
        analysis.error("E302", "a stimulus is named here", node.span)
        return None
    found = analysis.module.home_of("stimuli", node.name.text)
    if found is not None and is_photographs(found[0].stimuli[found[1]]):
        message = "a family is calibrated on drawn images, which are the same for everybody"
        analysis.error("E302", message, node.span)
        return None
    if found is not None:
        return found[0].prefix + found[1]
    where, name = analysis.module, node.name.text
    while (inner := where.inner(name)) is not None:
        where, name = inner
    if not where.silent(name) and not where.silent(node.name.text):
        known = [*analysis.module.stimuli]
        for key, inner_module in analysis.module.modules.items():
            known += [f"{key}.{stimulus}" for stimulus in inner_module.stimuli]
        text = node.name.text
        analysis.error("E201", with_hint(f"no stimulus `{text}`", text, known), node.span)
    return None
