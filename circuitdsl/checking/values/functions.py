"""`abs`, `min` and `max`: functions that every file knows."""

from __future__ import annotations

from collections.abc import Callable

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.values.arithmetic import combined
from circuitdsl.checking.values.kinds import Value, described
from circuitdsl.ir.algebra import absolute
from circuitdsl.ir.expressions import Apply, DialValue, Number
from circuitdsl.syntax import nodes


def called(
    node: nodes.Call, value_of: Callable[[nodes.Expression], Value | None], analysis: Analysis
) -> Value | None:
    """`abs` of one value, `min` or `max` of two or more.

    Args:
        node: The call.
        value_of: Evaluates an argument, and reports its faults.
        analysis: Where to report.

    Returns:
        A scalar; None if anything was reported.
    """
    name = node.name.text
    if not _counted(node, analysis):
        return None
    values = [value_of(argument.value) for argument in node.arguments]
    total = values[0]
    if name == "abs" and total is not None:
        if isinstance(total, Number | DialValue | Apply):
            return absolute(total, node.span)
        analysis.error("E301", f"{described(total)} has no absolute value", node.span)
        return None
    for value in values[1:]:
        if total is None or value is None:
            return None
        total = combined(name, total, value, node.span, analysis)
    return total


def _counted(node: nodes.Call, analysis: Analysis) -> bool:
    """Whether there are as many arguments as the function takes, without names."""
    name, count = node.name.text, len(node.arguments)
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`{name}()` has no argument `{argument.name.text}`"
            analysis.error("E206", message, argument.name.span, help="Leave out the name.")
            return False
    sound = count == 1 if name == "abs" else count >= 2
    if not sound:
        requirement = "one value" if name == "abs" else "two values or more"
        analysis.error("E208", f"`{name}()` takes {requirement}; found {count}", node.span)
    return sound
