"""Hand-written families of imported files: `hand.curve`.

In: an expression. Out: the family and its circuit.
"""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import trained, unknown, wrong_type
from circuitdsl.ir.edits.script import Hand
from circuitdsl.syntax import nodes


def hand_family(analysis: Analysis, node: nodes.Expression) -> Hand | None:
    """The hand-written family that an expression names; None after reporting what is wrong."""
    text = node.name.text if isinstance(node, nodes.Reference) else ""
    where, key = analysis.module.follow(text)
    if where is analysis.module or not key:
        if not analysis.module.silent(text):
            wanted = "a family of an imported circuit"
            help_ = 'Write `import "curves.circ" as hand`, then `hand.curve`.'
            wrong_type(analysis, f"`{node.span.text}`", wanted, node.span, help=help_)
        return None
    if key not in where.families:
        if not where.silent(key):
            path = text.removesuffix(key)
            known = (path + name for name in where.families)
            unknown(analysis, "family", text, known, node.span)
        return None
    circuit = analysis.answers.circuits(where)
    if circuit is None:
        return None
    if circuit.by_name[key].units is not None:
        trained(analysis, text, "and this place needs a hand-written family", node.span)
        return None
    return Hand(circuit, key)


def told_by_angle(analysis: Analysis, hand: Hand, node: nodes.Expression) -> bool:
    """Whether one angle tells the members of a family apart; reports E409 otherwise."""
    family = hand.circuit.by_name[hand.family]
    if family.rotation is not None and len(family.axes) == 1:
        return True
    message = f"the members of `{node.span.text}` are not told apart by one angle"
    note = "here units are matched by the angle that they prefer"
    help_ = "Match them by agreement on photographs: `match agreement()`."
    analysis.error("E409", message, node.span, note=note, help=help_)
    return False
