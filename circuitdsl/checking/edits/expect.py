"""`expect LEFT COMPARISON RIGHT` where something is measured: to a `Claim` over named values.

Measured values are names such as `correlation`, and calls such as `echo(left)`. In a claim each is
a dial of that name, whose value is known once it has been measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import listed, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.kinds import Value, described, is_scalar
from circuitdsl.ir.expressions import DialValue, Scalar, type_name
from circuitdsl.ir.script import Claim, Comparison
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span


def claims(
    analysis: Analysis,
    expectations: Iterable[nodes.Expectation],
    measured: Iterable[str],
) -> tuple[Claim, ...]:
    """The claims of a block; faulty ones are reported and left out.

    Args:
        analysis: The file, and where to report.
        expectations: As written.
        measured: What can be measured here: `correlation`, `echo(left)`.
    """
    reading = _Reading(analysis, tuple(measured))
    found = [reading.claim(each) for each in expectations]
    return tuple(each for each in found if each is not None)


@dataclass(frozen=True)
class _Reading:
    """Reads the claims of one block."""

    analysis: Analysis
    known: tuple[str, ...]

    def claim(self, node: nodes.Expectation) -> Claim | None:
        names = [name for side in (node.left, node.right) for name in _names(_measured(side))]
        unknown = next((n for n in names if "(" in n.text and n.text not in self.known), None)
        if unknown is not None:
            self.misplaced(f"`{unknown.text}` is not measured here", unknown.span)
            return None
        sides = [self.side(side) for side in (node.left, node.right)]
        left, right = sides
        if left is None or right is None:
            return None
        if _kind(left) != _kind(right):
            message = f"`expect` compares {described(left)} with {described(right)}"
            self.analysis.error("E803", message, node.span)
            return None
        if not any(name.text in self.known for name in names):
            self.misplaced("this expects nothing that is measured", node.span)
            return None
        return Claim(left, cast("Comparison", node.comparison), right, node.span)

    def side(self, written: nodes.Expression) -> Scalar | None:
        formals: dict[str, Value | None] = {name: DialValue(name, "real") for name in self.known}
        value = Evaluator(self.analysis, formals).value(_measured(written))
        if value is None or is_scalar(value):
            return cast("Scalar | None", value)
        what, got = "each side of `expect`", described(value)
        wrong_type(self.analysis, what, "a number", written.span, got=got)
        return None

    def misplaced(self, message: str, span: Span) -> None:
        help_ = f"What can be expected: {listed(self.known)}."
        self.analysis.error("E804", message, span, help=help_)


def _kind(value: Scalar) -> str:
    return {"int": "real"}.get(value.unit, type_name(value.unit))


def _measured(node: nodes.Expression) -> nodes.Expression:
    """The expression with calls such as `echo(left)` as single names."""
    if isinstance(node, nodes.Call) and _of_names(node):
        inner = ", ".join(argument.value.span.text for argument in node.arguments)
        name = nodes.Name(node.span, f"{node.name.text}({inner})")
        return nodes.Reference(node.span, name)
    if isinstance(node, nodes.Chain):
        return replace(node, parts=tuple(map(_measured, node.parts)))
    if isinstance(node, nodes.Signed):
        return replace(node, operand=_measured(node.operand))
    if isinstance(node, nodes.Power):
        return replace(node, base=_measured(node.base))
    return node


def _of_names(call: nodes.Call) -> bool:
    return bool(call.arguments) and all(
        argument.name is None and isinstance(argument.value, nodes.Reference)
        for argument in call.arguments
    )


def _names(node: nodes.Expression) -> list[nodes.Name]:
    if isinstance(node, nodes.Reference):
        return [node.name]
    if isinstance(node, nodes.Chain):
        return [name for part in node.parts for name in _names(part)]
    if isinstance(node, nodes.Signed):
        return _names(node.operand)
    return _names(node.base) if isinstance(node, nodes.Power) else []
