"""`match ...`: how hand-written members are paired with trained units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from circuitdsl.checking.edits.bench import Workbench, is_grid
from circuitdsl.checking.messages import out_of_range, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.hand import hand_family, told_by_angle
from circuitdsl.checking.names.units import chosen_on
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.edits.script import Match, Pairing
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

_PAIRINGS: dict[Pairing, tuple[str, ...]] = {
    "angle": ("stimuli", "within"),
    "placed": ("stimuli",),
    "agreement": ("using",),
}
"""The ways to pair members with units, and what stands in their brackets."""


def pairing(
    bench: Workbench, clause: nodes.Clause, hands: Sequence[nodes.Expression]
) -> Match | None:
    """How members are paired with units; None after reporting what is wrong.

    Args:
        bench: The file.
        clause: What the text says.
        hands: The families, which one angle must tell apart where units are matched by theirs.
    """
    node = cast("nodes.Expression", clause.value)
    if isinstance(node, nodes.Reference):
        node = nodes.Call(node.span, node.name, ())
    if not isinstance(node, nodes.Call) or node.name.text not in _PAIRINGS:
        wanted = "`angle(STIMULI, within=18deg)`, `placed(STIMULI)` or `agreement(using=SET)`"
        wrong_type(bench.analysis, "`match`", wanted, node.span)
        return None
    way: Pairing = node.name.text
    given = match(node, dict.fromkeys(_PAIRINGS[way], False), bench.analysis)
    if given is None:
        return None
    if way != "agreement":
        return _by_angle(bench, way, given, hands, clause.span)
    using = chosen_on(bench.analysis, given.get("using"), "`using` of `agreement()`")
    bench.use(using, clause.span)
    return None if using is None else Match(way, using=using, span=clause.span)


def _by_angle(
    bench: Workbench,
    way: Pairing,
    given: dict[str, nodes.Expression],
    hands: Sequence[nodes.Expression],
    span: Span,
) -> Match | None:
    for written in hands:
        hand = hand_family(bench.analysis, written)
        if hand is not None and not told_by_angle(bench.analysis, hand, written):
            return None
    grid = None
    if "stimuli" in given:
        grid = bench.source(given["stimuli"])
        if grid is None or not is_grid(bench, grid, given["stimuli"]):
            return None
    within = _within(bench, given.get("within"))
    return None if within is None else Match(way, grid, within, span=span)


def _within(bench: Workbench, node: nodes.Expression | None) -> float | None:
    """How far from its unit's angle a member may be."""
    if node is None:
        return 180.0
    limit = Evaluator(bench.analysis).constant(node, "angle", "`within`")
    if limit is not None and not 0.0 <= limit <= 180.0:
        out_of_range(bench.analysis, "`within`", "an angle from 0deg to 180deg", node.span)
        return None
    return limit
