"""`fit` blocks: tree -> `FitBlock`.

In: a file and its circuit. Out: its fits, with every error reported before anything is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.checking.edits.objective import maximised
from circuitdsl.checking.findings import Findings, listed, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.scope import Module, attributes, twice
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.fits import FitBlock
from circuitdsl.syntax import nodes

_LEAST = {"steps": 1, "batch": 1, "circles": 1, "seed": 0, "units": 1}
_KNOWN = ("over", "maximise", "rate", *_LEAST)
_MOST = 1_000_000_000


def fits(module: Module, circuit: Circuit | None, findings: Findings) -> tuple[FitBlock, ...]:
    """The `fit` blocks of a file.

    Args:
        module: The file.
        circuit: What it describes; None if it has errors or no families.
        findings: Where to report.
    """
    sound = not findings.failed
    first: dict[str, nodes.Fit] = {}
    found: list[FitBlock] = []
    for node in (item for item in module.file.items if isinstance(item, nodes.Fit)):
        name = node.name.text
        other = first.setdefault(name, node)
        if other is not node:
            twice(name, node.name.span, other.name.span, findings)
            continue
        if circuit is None and sound:
            message = f"`{name}` has nothing to fit: this file declares no families"
            help_ = "Move it into the file of the circuit."
            findings.error("E806", message, node.name.span, help=help_)
        found.append(_fit(module, node, circuit, findings))
    return tuple(found)


def _fit(module: Module, node: nodes.Fit, circuit: Circuit | None, findings: Findings) -> FitBlock:
    given = attributes(node.block, _KNOWN, "a fit", findings)
    values = {name: attribute.value for name, attribute in given.items()}
    over = _over(values["over"], circuit, findings) if "over" in values else None
    if circuit is not None and "over" not in values and not any(p.free for p in circuit.params):
        message = f"`{node.name.text}` has no dial to fit"
        help_ = "Mark some with `free`, or name them: `over = [...]`."
        findings.error("E806", message, node.name.span, help=help_)
    whole = {name: _whole(module, values, name, findings) for name in _LEAST}
    return FitBlock(
        name=node.name.text,
        over=over,
        maximise=maximised(module, values["maximise"], findings) if "maximise" in values else None,
        rate=_positive(module, values, "rate", findings),
        span=node.span,
        **whole,
    )


def _over(
    node: nodes.Expression, circuit: Circuit | None, findings: Findings
) -> tuple[str, ...] | None:
    """The dials that are named, each with a range (E201, E806)."""
    parts = node.items if isinstance(node, nodes.Listing) else (node,)
    named: dict[str, None] = {}
    for part in parts:
        if not isinstance(part, nodes.Reference):
            help_ = "Write `over = [bow, width]`."
            findings.error("E302", "`over` names dials", part.span, help=help_)
            continue
        name = part.name.text
        if name in named:
            findings.error("E208", f"`{name}` is given twice", part.span)
        named[name] = None
        if circuit is None:
            continue
        dials = {param.name: param for param in circuit.params}
        if name not in dials:
            message = with_hint(f"no dial `{name}`", name, dials)
            help_ = f"The dials are {listed(dials)}." if dials else "The file declares none."
            findings.error("E201", message, part.span, help=help_)
        elif dials[name].low is None or dials[name].high is None:
            message = f"the dial `{name}` has no range to be fitted in"
            help_ = f"Give it one: `param {name} = ... in [LOW, HIGH]`."
            findings.error("E806", message, part.span, help=help_)
    if not parts:
        findings.error(
            "E806", "`over` names no dial", node.span, help="Remove it for all free ones."
        )
    return tuple(named)


def _whole(
    module: Module, values: Mapping[str, nodes.Expression], name: str, findings: Findings
) -> int | None:
    if name not in values:
        return None
    value = Evaluator(module, findings).constant(values[name], "int", f"`{name}`")
    if value is not None and not _LEAST[name] <= value <= _MOST:
        message = f"`{name}` is a whole number from {_LEAST[name]} to {_MOST:,}"
        findings.error("E304", message, values[name].span)
        return None
    return None if value is None else int(value)


def _positive(
    module: Module, values: Mapping[str, nodes.Expression], name: str, findings: Findings
) -> float | None:
    if name not in values:
        return None
    value = Evaluator(module, findings).constant(values[name], "real", f"`{name}`")
    if value is not None and value <= 0:
        findings.error("E304", f"`{name}` is above 0", values[name].span)
        return None
    return value
