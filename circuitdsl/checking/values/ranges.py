"""The range of a dial: whether it has one, is not empty and holds the default."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import out_of_range
from circuitdsl.ir.expressions import LENGTHS, Number, ScalarUnit
from circuitdsl.syntax import nodes


def check_range(
    node: nodes.Dial, default: float, low: float | None, high: float | None, analysis: Analysis
) -> None:
    """Report a free dial without a range, an empty range, and a default outside its range."""
    name = node.name.text
    if low is None or high is None or node.interval is None:
        if node.free:
            message = f"`{name}` is free, but has no range"
            analysis.error("E304", message, node.name.span, help="Add `in [LOW, HIGH]`.")
        return
    interval = f"[{node.interval[0].span.text}, {node.interval[1].span.text}]"
    if low >= high:
        span = node.interval[0].span.to(node.interval[1].span)
        analysis.error("E304", f"the range {interval} of `{name}` is empty", span)
    elif not low <= default <= high:
        out_of_range(analysis, f"the default of `{name}`", f"in {interval}", node.default.span)


def unit_of(
    node: nodes.Dial, type_: ScalarUnit, numbers: list[Number], analysis: Analysis
) -> ScalarUnit | None:
    """The unit that a dial is counted in; a length in px, or in taps, but not in both."""
    if type_ not in LENGTHS:
        return type_
    units: set[ScalarUnit] = {number.unit for number in numbers if number.value != 0}
    if len(units) < 2:
        return units.pop() if units else numbers[0].unit
    taps = next(number for number in numbers if number.unit == "tap")
    analysis.error(
        "E303",
        f"`{node.name.text}` is counted in `px` and in `tap`, and a tap has no size here",
        taps.span,
        note="a tap is as wide as the target's layer samples its source",
        help="Write the default and the range in one unit.",
    )
    return None
