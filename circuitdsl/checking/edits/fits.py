"""`fit` blocks: tree -> `FitBlock`.

In: a file and its circuit. Out: its fits, with every error reported before anything is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.edits.objective import maximised
from circuitdsl.checking.messages import (
    declared_twice,
    given_twice,
    out_of_range,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import attributes
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.fits import FitBlock
from circuitdsl.syntax import nodes

_LEAST = {"steps": 1, "batch": 1, "figures": 1, "seed": 0, "units": 1}
ATTRIBUTES = ("dials", "maximise", "rate", *_LEAST)
_MOST = 1_000_000_000


def fits(analysis: Analysis, circuit: Circuit | None) -> tuple[FitBlock, ...]:
    """The `fit` blocks of a file.

    Args:
        analysis: The file, and where to report.
        circuit: What it describes; None if it has errors or no families.
    """
    sound = not analysis.findings.failed
    first: dict[str, nodes.Fit] = {}
    blocks: list[FitBlock] = []
    for node in (item for item in analysis.module.file.items if isinstance(item, nodes.Fit)):
        name = node.name.text
        other = first.setdefault(name, node)
        if other is not node:
            declared_twice(analysis, name, node.name.span, other.name.span)
            continue
        if circuit is None and sound:
            message = f"`{name}` has nothing to fit: this file declares no families"
            help_ = "Move it into the file of the circuit."
            analysis.error("E806", message, node.name.span, help=help_)
        blocks.append(_fit(analysis, node, circuit))
    return tuple(blocks)


def _fit(analysis: Analysis, node: nodes.Fit, circuit: Circuit | None) -> FitBlock:
    entries = attributes(node.block, ATTRIBUTES, "a fit", analysis)
    values = {name: attribute.value for name, attribute in entries.items()}
    dials = _dials(values["dials"], circuit, analysis) if "dials" in values else None
    if circuit is not None and "dials" not in values and not any(p.free for p in circuit.dials):
        message = f"`{node.name.text}` has no dial to fit"
        help_ = "Mark some with `free`, or name them: `dials = [...]`."
        analysis.error("E806", message, node.name.span, help=help_)
    whole = {name: _whole(analysis, values, name) for name in _LEAST}
    return FitBlock(
        name=node.name.text,
        dials=dials,
        maximise=maximised(analysis, values["maximise"]) if "maximise" in values else None,
        rate=_positive(analysis, values, "rate"),
        span=node.span,
        **whole,
    )


def _dials(
    node: nodes.Expression, circuit: Circuit | None, analysis: Analysis
) -> tuple[str, ...] | None:
    """The dials that are named, each with a range (E201, E806)."""
    parts = node.items if isinstance(node, nodes.Listing) else (node,)
    dials = {} if circuit is None else {dial.name: dial for dial in circuit.dials}
    names: dict[str, None] = {}
    for part in parts:
        if not isinstance(part, nodes.Reference):
            help_ = "Write `dials = [bow, width]`."
            wrong_type(analysis, "`dials`", "a list of dials", part.span, help=help_)
            continue
        name = part.name.text
        if name in names:
            given_twice(analysis, f"`{name}`", part.span)
        names[name] = None
        if circuit is None:
            continue
        if name not in dials:
            help_ = "" if dials else "The file declares none."
            unknown(analysis, "dial", name, dials, part.span, table=True, help=help_)
        elif dials[name].low is None or dials[name].high is None:
            message = f"the dial `{name}` has no range to be fitted in"
            help_ = f"Give it one: `dial {name} = ... in [LOW, HIGH]`."
            analysis.error("E806", message, part.span, help=help_)
    if not parts:
        analysis.error(
            "E806", "`dials` names no dial", node.span, help="Remove it for all free ones."
        )
    return tuple(names)


def _whole(analysis: Analysis, values: Mapping[str, nodes.Expression], name: str) -> int | None:
    if name not in values:
        return None
    value = Evaluator(analysis).constant(values[name], "int", f"`{name}`")
    if value is not None and not _LEAST[name] <= value <= _MOST:
        requirement = f"a whole number from {_LEAST[name]} to {_MOST:,}"
        out_of_range(analysis, f"`{name}`", requirement, values[name].span)
        return None
    return None if value is None else int(value)


def _positive(
    analysis: Analysis, values: Mapping[str, nodes.Expression], name: str
) -> float | None:
    if name not in values:
        return None
    value = Evaluator(analysis).constant(values[name], "real", f"`{name}`")
    if value is not None and value <= 0:
        out_of_range(analysis, f"`{name}`", "above 0", values[name].span)
        return None
    return value
