"""`expect` lines that nothing would measure."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.ir.circuit import Circuit
from circuitdsl.syntax import nodes

_BLOCKS: dict[type[nodes.Node], str] = {
    nodes.Motif: "a motif",
    nodes.Connect: "a connection",
    nodes.Normalise: "a normalisation",
    nodes.Stimulus: "a stimulus set",
    nodes.Fit: "a fit",
}
"""Declarations that cannot expect anything, as messages name them."""


def out_of_place(file: nodes.CircuitFile, analysis: Analysis) -> None:
    """Report `expect` lines in declarations that cannot expect anything (E804)."""
    for item in file.items:
        block: nodes.Block | None = getattr(item, "block", None)
        if block is None or type(item) not in _BLOCKS:
            continue
        for expectation in block.expectations:
            message = f"{_BLOCKS[type(item)]} has nothing to expect"
            analysis.error("E804", message, expectation.span, help="Remove the line.")


def unmeasured(file: nodes.CircuitFile, circuit: Circuit, analysis: Analysis) -> None:
    """Refuse claims of families that did not become part of the circuit (E804).

    Every other check passes over them, so that without this one they would never be looked at.
    """
    claims = {expect.span for family in circuit.families for expect in family.expectations}
    for item in file.items:
        if not isinstance(item, nodes.Family) or item.block is None:
            continue
        for expectation in item.block.expectations:
            if expectation.span not in claims:
                message = f"`{item.name.text}` has an expectation that cannot be measured"
                analysis.error("E804", message, expectation.span, help="Write it in another way.")
