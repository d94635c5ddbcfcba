"""What a fit maximises: an expression such as `natural + 2*grid` -> `Terms`.

In: the expression, from a `fit` block or from the command line. Out: each measure with its weight.
"""

from __future__ import annotations

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.messages import given_twice, listed, out_of_range, wrong_type
from circuitdsl.checking.names.forms import Reader
from circuitdsl.checking.names.imports import FileLoader, open_module
from circuitdsl.ir.fits import Terms
from circuitdsl.ir.tables.measures import legal
from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source

_MOST = 1_000_000
_HELP = "Write `natural + 2*grid`; the measures are " + listed(legal("fit")) + "."


def maximised(analysis: Analysis, node: nodes.Expression) -> Terms | None:
    """A weighted sum of measures, or None after reporting what is wrong with it.

    Args:
        analysis: The file, and where to report.
        node: The expression.
    """
    reader = Reader(analysis, "fit", lambda use, row: None)
    side = reader.side(node)
    if side is None:
        return None
    weights: dict[str, float] = {}
    for term in side.terms:
        measure = term.measure
        if measure is None or term.over is not None:
            requirement = "a sum of measures, each times a number"
            wrong_type(analysis, "`maximise`", requirement, node.span, help=_HELP)
            return None
        if measure.name in weights:
            given_twice(analysis, f"`{measure.name}`", measure.span)
            return None
        if not 1 / _MOST <= term.weight <= _MOST:
            requirement = f"between 1/{_MOST:,} and {_MOST:,}"
            if term.weight < 0:
                requirement = "above 0, since nothing is subtracted"
            out_of_range(analysis, "a weight", requirement, node.span, got=f"{term.weight:g}")
            return None
        weights[measure.name] = term.weight
    return tuple(weights.items())


def objective(text: str) -> Terms:
    """A weighted sum of measures as the command line has it.

    Raises:
        InputError: it is none.
    """
    opening = "circ 1\nfit given { maximise = "
    file, faults = parse(Source("--objective", f"{opening}{text}\n}}\n"))
    items = file.items
    if faults or len(items) != 1 or not isinstance(items[0], nodes.Fit):
        raise InputError(f"`{text}` is no sum of measures", help=_HELP)
    attributes = items[0].block.attributes
    if len(attributes) != 1 or items[0].block.expectations:
        raise InputError(f"`{text}` is no sum of measures", help=_HELP)
    analysis = open_module(file, FileLoader(), Findings())
    terms = maximised(analysis, attributes[0].value)
    if terms is None:
        first = analysis.findings.diagnostics[0]
        raise InputError(f"`{text}`: {first.message}", help=first.help)
    return terms
