"""The range of a dial: whether it has one, is not empty and holds what the dial stands at."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import out_of_range
from circuitdsl.ir.expressions import LENGTHS, Dial, Number, ScalarUnit
from circuitdsl.ir.writing.spelling import number
from circuitdsl.syntax import nodes


def check_range(
    node: nodes.Dial | nodes.Formal,
    default: float | None,
    low: float | None,
    high: float | None,
    analysis: Analysis,
) -> None:
    """Report a free dial without a range, an empty range, and a default outside its range.

    Args:
        node: The declaration, or the formal of a motif that is a dial of each use.
        default: What it stands at; None if it has no fixed default.
        low: The lower end of its range; None without one.
        high: The upper end.
        analysis: Where faults are reported.
    """
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
    elif default is not None and node.default is not None and not low <= default <= high:
        out_of_range(analysis, f"the default of `{name}`", f"in {interval}", node.default.span)


def unit_of(
    name: str, type_: ScalarUnit, numbers: list[Number], analysis: Analysis
) -> ScalarUnit | None:
    """The unit that a dial is counted in; a length in px, or in taps, but not in both."""
    if type_ not in LENGTHS:
        return type_
    units: set[ScalarUnit] = {value.unit for value in numbers if value.value != 0}
    if len(units) < 2:
        return units.pop() if units else numbers[0].unit
    taps = next(value for value in numbers if value.unit == "tap")
    analysis.error(
        "E303",
        f"`{name}` is counted in `px` and in `tap`, and a tap has no size here",
        taps.span,
        note="a tap is as wide as the target's layer samples its source",
        help="Write the default and the range in one unit.",
    )
    return None


def check_value(
    dial: Dial, name: str, written: nodes.Node, value: float, analysis: Analysis
) -> None:
    """Report a value outside the range of the dial that it is given to.

    Args:
        dial: The dial.
        name: What the dial is called where the value stands.
        written: The value as it was written.
        value: The value, in the dial's unit.
        analysis: Where the value stands.
    """
    low, high = dial.low, dial.high
    if low is not None and high is not None and low < high and not low <= value <= high:
        range_text = f"[{number(low, dial.unit)}, {number(high, dial.unit)}]"
        out_of_range(analysis, f"`{name}`", f"in {range_text}", written.span)
