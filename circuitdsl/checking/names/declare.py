"""Declarations of a file, each entered under its name; duplicates are reported."""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import declared_twice
from circuitdsl.checking.scope import Bound
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span


def declare(analysis: Analysis) -> None:
    """Enter a file's own declarations into its module, imports excepted."""
    module = analysis.module
    places: dict[tuple[str, str], Span] = {}
    for item in module.file.items:
        if isinstance(item, nodes.Dial | nodes.Let | nodes.Function | nodes.Subcircuit):
            kind = "expression"
        elif isinstance(item, nodes.Family | nodes.Motif | nodes.Stimulus):
            kind = type(item).__name__
        else:
            continue
        name = item.name.text
        if not _is_new(places, kind, item.name, analysis):
            continue
        if isinstance(item, nodes.Dial):
            module.dials[name] = item
        elif isinstance(item, nodes.Let):
            module.lets[name] = item
        elif isinstance(item, nodes.Function):
            module.functions[name] = Bound(item, module)
        elif isinstance(item, nodes.Subcircuit):
            module.circuits[name] = item
        elif isinstance(item, nodes.Family):
            module.families[name] = item
        elif isinstance(item, nodes.Motif):
            module.motifs[name] = (module, item)
        else:
            module.stimuli[name] = item


def _is_new(
    places: dict[tuple[str, str], Span], kind: str, name: nodes.Name, analysis: Analysis
) -> bool:
    first = places.setdefault((kind, name.text), name.span)
    if first is name.span:
        return True
    declared_twice(analysis, name.text, name.span, first)
    return False
