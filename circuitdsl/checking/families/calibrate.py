"""`calibrate`: the stimuli that set a family's gain and offset."""

from __future__ import annotations

from itertools import chain

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import out_of_range, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.stimuli.photographs import is_photographs, photographs
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
        help_ = f"Write `calibrate = {_SHAPE}`."
        wrong_type(analysis, "`calibrate`", "`one(...) and zero(...)`", node.span, help=help_)
        return None
    one = match(by_name["one"], {"stimulus": True, "peak": False}, analysis)
    zero = match(by_name["zero"], {"stimulus": True, "quantile": True}, analysis)
    if one is None or zero is None:
        return None
    peak = one.get("peak")
    if peak is not None and not (
        isinstance(peak, nodes.Reference) and peak.name.text == "preferred"
    ):
        requirement = "`preferred`, the strongest response of each member"
        wrong_type(analysis, "`peak`", requirement, peak.span)
    quantile = Evaluator(analysis).constant(zero["quantile"], "real", "`quantile`")
    names = [stimulus_name(analysis, part["stimulus"]) for part in (one, zero)]
    if quantile is None or names[0] is None or names[1] is None:
        return None
    if not 0.0 <= quantile <= 1.0:
        out_of_range(analysis, "`quantile`", "in [0, 1]", zero["quantile"].span)
        return None
    return Calibration(names[0], names[1], quantile, attribute.span)


def _items(node: nodes.Expression) -> tuple[nodes.Expression, ...]:
    return node.items if isinstance(node, nodes.Both) else (node,)


def stimulus_name(
    analysis: Analysis, node: nodes.Expression, *, folders: bool = False
) -> str | None:
    """The name in the circuit of the stimulus set that an expression names.

    Args:
        analysis: The file, and where to report.
        node: The expression.
        folders: Whether photographs are legal whose folder the file names.
    """
    if not isinstance(node, nodes.Reference):
        wrong_type(analysis, f"`{node.span.text}`", "the name of a stimulus set", node.span)
        return None
    home = analysis.module.home_of("stimuli", node.name.text)
    if home is not None and is_photographs(home[0].stimuli[home[1]]):
        images = photographs(analysis.of(home[0]), home[1])
        if images is None:
            return None
        if not folders or images.folder is None:
            requirement, got = "drawn images, which are the same for everybody", "photographs"
            if folders:
                requirement, got = (
                    "images that the file names",
                    "photographs that the caller chooses",
                )
            help_ = 'Name their folder: `photographs("FOLDER")`.' if folders else ""
            what = f"`{node.span.text}`"
            wrong_type(analysis, what, requirement, node.span, got=got, help=help_)
            return None
    if home is not None:
        return home[0].prefix + home[1]
    where, name = analysis.module.follow(node.name.text)
    if not where.silent(name) and not where.silent(node.name.text):
        theirs = (
            f"{file}.{key}"
            for file, inner in analysis.module.modules.items()
            for key in inner.stimuli
        )
        names = chain(analysis.module.stimuli, theirs)
        unknown(analysis, "stimulus set", node.name.text, names, node.span)
    return None
