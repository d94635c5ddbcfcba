"""Declarations of a file, each entered under its name; duplicates are reported."""

from __future__ import annotations

from typing import Any

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import declared_twice
from circuitdsl.checking.scope import Bound
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

_EXPRESSIONS = nodes.Dial | nodes.Let | nodes.Function | nodes.Subcircuit | nodes.Direction
"""Declarations that share one space of names."""


def declare(analysis: Analysis) -> None:
    """Enter a file's own declarations into its module, imports excepted."""
    module = analysis.module
    places: dict[tuple[str, str], Span] = {}
    for item in module.file.items:
        if isinstance(item, _EXPRESSIONS):
            kind = "expression"
        elif isinstance(item, nodes.Family | nodes.Motif | nodes.Stimulus):
            kind = type(item).__name__
        else:
            continue
        name = item.name.text
        if not _is_new(places, kind, item.name, analysis):
            continue
        table, entry = _entry(analysis, item)
        table[name] = entry


def _entry(analysis: Analysis, item: Any) -> tuple[dict[str, Any], Any]:
    """The table of the module that a declaration belongs in, and what stands there."""
    module = analysis.module
    if isinstance(item, nodes.Function):
        return module.functions, Bound(item, module)
    if isinstance(item, nodes.Motif):
        return module.motifs, (module, item)
    tables: dict[type[nodes.Node], dict[str, Any]] = {
        nodes.Dial: module.dials,
        nodes.Let: module.lets,
        nodes.Subcircuit: module.circuits,
        nodes.Direction: module.directions,
        nodes.Family: module.families,
        nodes.Stimulus: module.stimuli,
    }
    return tables[type(item)], item


def _is_new(
    places: dict[tuple[str, str], Span], kind: str, name: nodes.Name, analysis: Analysis
) -> bool:
    first = places.setdefault((kind, name.text), name.span)
    if first is name.span:
        return True
    declared_twice(analysis, name.text, name.span, first)
    return False
