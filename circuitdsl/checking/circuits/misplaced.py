"""`expect` lines in blocks that expect nothing."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
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
