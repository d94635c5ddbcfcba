"""The range of a dial: whether it has one, is not empty and holds the default."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import out_of_range
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
