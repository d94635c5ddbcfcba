"""What a fit maximises: an expression such as `natural + 2*grid` -> `Terms`.

In: the expression, from a `fit` block or from the command line. Out: each measure with its weight.
"""

from __future__ import annotations

from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.messages import given_twice, listed, out_of_range, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.imports import FileLoader, open_module
from circuitdsl.ir.fits import MEASURES, Measure, Terms
from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source

_MOST = 1_000_000
_HELP = "Write `natural + 2*grid`; the measures are " + listed(MEASURES) + "."


def maximised(analysis: Analysis, node: nodes.Expression) -> Terms | None:
    """A weighted sum of measures, or None after reporting what is wrong with it.

    Args:
        analysis: The file, and where to report.
        node: The expression.
    """
    parts, operators = (node,), ()
    if isinstance(node, nodes.Chain) and node.is_sum:
        parts, operators = node.parts, node.operators
    if "-" in operators:
        wanted = "a sum of measures, without differences"
        wrong_type(analysis, "`maximise`", wanted, node.span, help=_HELP)
        return None
    found: dict[Measure, float] = {}
    sound = True
    for part in parts:
        term = _term(analysis, part)
        if term is None:
            sound = False
        elif term[0] in found:
            given_twice(analysis, f"`{term[0]}`", part.span)
            sound = False
        else:
            found[term[0]] = term[1]
    return tuple(found.items()) if sound else None


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


def _term(analysis: Analysis, node: nodes.Expression) -> tuple[Measure, float] | None:
    """A measure and its weight."""
    factors = (node,)
    if isinstance(node, nodes.Chain) and set(node.operators) == {"*"}:
        factors = node.parts
    names = [part for part in factors if isinstance(part, nodes.Reference)]
    measures = [part for part in names if part.name.text in MEASURES]
    if len(measures) > 1 or not names:
        wanted = "a sum of measures, each times a number"
        wrong_type(analysis, "`maximise`", wanted, node.span, help=_HELP)
        return None
    if not measures:
        name = names[-1].name.text
        unknown(analysis, "measure", name, MEASURES, names[-1].span, help=_HELP)
        return None
    weight = 1.0
    for factor in (part for part in factors if part is not measures[0]):
        value = Evaluator(analysis).constant(factor, "real", "a weight")
        if value is None:
            return None
        weight *= value
    if not 1 / _MOST <= weight <= _MOST:
        wanted = f"between 1/{_MOST:,} and {_MOST:,}"
        out_of_range(analysis, "a weight", wanted, node.span, got=f"{weight:g}")
        return None
    return cast("Measure", measures[0].name.text), weight
