"""Units of a trained network: `3b:379`, `V.mixed3b[379, 330..339]`, `found(V.mixed3b, n=14)`.

In: expressions. Out: a `UnitSet`, held to the architecture that the file names; no weight is read.
"""

from __future__ import annotations

from collections.abc import Callable

from circuitdsl.checking.findings import Findings, with_hint
from circuitdsl.checking.names.layers import offer
from circuitdsl.checking.names.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.script import Picked, Sought, UnitSet
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

FOUND = "found"
"""The function that finds a family in a network."""


def names_layer(module: Module, name: str) -> bool:
    """Whether a dotted name starts with the module's backbone."""
    known = module.geometry
    return known is not None and name.startswith(f"{known[0]}.")


def whole_layer(module: Module, node: nodes.Name, findings: Findings) -> UnitSet | None:
    """All units of a layer: `V.mixed3b_5x5`."""
    known = _layer(module, node, findings)
    if known is None:
        return None
    backbone, layer = known
    numbers = tuple(range(backbone.by_name[layer].width))
    return UnitSet((Picked(layer, numbers, whole=True, span=node.span),), node.span)


def one_unit(module: Module, node: nodes.Unit, findings: Findings) -> UnitSet | None:
    """`3b:379`."""
    known = module.geometry
    if known is None:
        _no_backbone(module, node.span, findings)
        return None
    block, _, number = node.text.partition(":")
    layer = f"mixed{block}"
    if layer not in known[1].by_name:
        findings.error("E204", f"`{known[1].name}` has no layer `{layer}`", node.span)
        return None
    return _picked(known[1], layer, [(int(number[:9]), node.span)], node.span, findings)


def selection(module: Module, node: nodes.Selection, findings: Findings) -> UnitSet | None:
    """`V.mixed3b[379, 330..339]`."""
    if not names_layer(module, node.name.text):
        if module.geometry is None:
            _no_backbone(module, node.span, findings)
        elif not module.silent(node.name.text):
            message = f"`{node.name.text}` is no layer of the backbone, so no units are picked"
            findings.error("E201", message, node.name.span, help="Write `V.mixed3b[379]`.")
        return None
    known = _layer(module, node.name, findings)
    numbers: list[tuple[int, Span]] = []
    for pick in node.picks:
        if isinstance(pick, nodes.Range):
            numbers += _between(pick, findings)
            continue
        value = pick.value
        whole = isinstance(value, nodes.Number) and not value.unit and value.value % 1 == 0
        if not isinstance(value, nodes.Number) or pick.name is not None or not whole:
            message = "units are picked by their numbers, such as `379` or `330..339`"
            findings.error("E302", message, pick.span)
            return None
        numbers.append((int(min(value.value, 10**9)), pick.span))
    if known is None or not numbers:
        return None
    return _picked(known[0], known[1], numbers, node.span, findings)


def found(
    module: Module,
    node: nodes.Call,
    number: Callable[[nodes.Expression, str], float | None],
    findings: Findings,
) -> UnitSet | None:
    """`found(V.mixed3b, n=14)`; `number` evaluates a whole number, which it calls by a name."""
    given = match(node, {"layer": True, "n": True}, findings)
    if given is None:
        return None
    named = given["layer"]
    if not isinstance(named, nodes.Reference) or not names_layer(module, named.name.text):
        findings.error("E302", "`layer` of `found()` is a layer, such as `V.mixed3b`", named.span)
        return None
    known = _layer(module, named.name, findings)
    count = number(given["n"], "`n` of `found()`")
    if known is None or count is None:
        return None
    width = known[0].by_name[known[1]].width
    if not 1 <= count <= width:
        message = f"`n` is a whole number from 1 to {width}, the units of {known[1]}"
        findings.error("E304", message, given["n"].span)
        return None
    return UnitSet((Sought(known[1], int(count), node.span),), node.span)


def _between(pick: nodes.Range, findings: Findings) -> list[tuple[int, Span]]:
    if pick.last < pick.first:
        message = f"`{pick.span.text}` is empty: it ends before it starts"
        findings.error("E304", message, pick.span)
    # a range that is far too long is told from its ends
    last = min(pick.last, pick.first + 5_000)
    return [(number, pick.span) for number in range(pick.first, last + 1)]


def _layer(module: Module, node: nodes.Name, findings: Findings) -> tuple[Backbone, str] | None:
    known = module.geometry
    if known is None:
        return None
    name, backbone = known
    layer = node.text.removeprefix(f"{name}.")
    if layer not in backbone.by_name:
        message = with_hint(f"`{backbone.name}` has no layer `{layer}`", layer, backbone.by_name)
        findings.error("E204", message, node.span, help=offer(backbone, layer))
        return None
    if backbone.by_name[layer].kind not in ("conv", "concat"):
        message = f"`{layer}` has no units of its own"
        help_ = "Name a convolution, or a block such as mixed3b."
        findings.error("E204", message, node.span, help=help_)
        return None
    return backbone, layer


def _picked(
    backbone: Backbone, layer: str, numbers: list[tuple[int, Span]], span: Span, findings: Findings
) -> UnitSet | None:
    width = backbone.by_name[layer].width
    seen: set[int] = set()
    for number, where in numbers:
        if number >= width:
            message = f"{layer}:{number} is out of range; {layer} has {width} units"
            findings.error("E701", message, where, help=f"Units count from 0 to {width - 1}.")
            return None
        if number in seen:
            findings.error("E208", f"{layer}:{number} is given twice", where)
            return None
        seen.add(number)
    chosen = tuple(number for number, _ in numbers)
    return UnitSet((Picked(layer, chosen, span=span),), span)


def _no_backbone(module: Module, span: Span, findings: Findings) -> None:
    declared = any(isinstance(item, nodes.Backbone) for item in module.file.items)
    if not declared and not module.silent("V"):
        findings.error(
            "E211",
            "units belong to a backbone, and this file declares none",
            span,
            help='Add `backbone V = inceptionv1(weights="default")`.',
        )
