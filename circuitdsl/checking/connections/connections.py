"""Connections: which families they join, and whether axes, profiles and shapes fit.

In: a `connect` declaration and the families of the circuit. Out: an IR `Connection`. Its merged
wiring, the motif's included, is what the rules hold for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from circuitdsl.checking.connections.attributes import pattern, wiring
from circuitdsl.checking.findings import Findings, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.scope import Module
from circuitdsl.checking.names.standard import standard_home
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.circuit import INPUT, BackboneUse, Connection, Family, Motif, MotifUse, Wiring
from circuitdsl.ir.expressions import Scalar
from circuitdsl.ir.motifs import bind, merge
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Label
from circuitdsl.text.source import Span


@dataclass(frozen=True)
class Joined:
    """A connection with both its ends and its whole wiring, for the rules.

    Attributes:
        connection: The connection.
        source: The family it reads; None for the image.
        target: The family it feeds.
        wiring: Its wiring with the motif's.
        mentioned: Attributes that were written, readable or not.
        node: Its declaration.
    """

    connection: Connection
    source: Family | None
    target: Family
    wiring: Wiring
    mentioned: frozenset[str]
    node: nodes.Connect

    @property
    def source_name(self) -> str:
        """What messages call the source."""
        return f"`{self.source.name}`" if self.source is not None else "the image"

    def at(self, span: Span) -> tuple[Span, tuple[Label, ...]]:
        """Where to point for a part of the wiring: at the text of this connection.

        A part that a motif wrote is shown beside the place where the motif is used.
        """
        own = self.connection.span
        if span.source is own.source and own.start <= span.start and span.end <= own.end:
            return span, ()
        use = self.connection.motif
        also = (Label(span, "written here"),) if span.source is own.source else ()
        return (own if use is None else use.span), also


def connection(
    module: Module,
    node: nodes.Connect,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
    findings: Findings,
) -> Joined | None:
    """A `connect` declaration; None if its ends are unknown."""
    source = _end(module, node.source, use, families, findings)
    target = _end(module, node.target, use, families, findings)
    evaluator = Evaluator(module, findings)
    motif, bindings = _motif(module, node, evaluator)
    own = wiring(node.block, "`connect`", evaluator)
    if target == INPUT:
        findings.error("E502", "nothing feeds the image", node.target.span)
        return None
    if source is None or target is None or not isinstance(target, Family):
        return None
    if target.units is not None:
        findings.error(
            "E706",
            f"`{target.name}` consists of trained units, which nothing can be connected to",
            node.target.span,
            help="Remove `units` from the family to write it by hand.",
        )
        return None
    source_name = INPUT if isinstance(source, str) else source.name
    alias = f"{source_name}->{target.name}"
    if node.alias is not None:
        alias = module.prefix + node.alias.text
    called = None
    whole = own
    mentioned = _mentioned(node.block)
    if motif is not None and bindings is not None:
        called = MotifUse(motif.name, tuple(bindings.items()), cast("nodes.Call", node.motif).span)
        whole = merge(own, bind(motif.wiring, bindings))
    if node.motif is not None:
        mentioned |= _motif_mentions(module, node.motif, motif)
    built = Connection(source_name, target.name, alias, own, called, node.span)
    family = source if isinstance(source, Family) else None
    return Joined(built, family, target, whole, mentioned, node)


def _mentioned(block: nodes.Block | None) -> frozenset[str]:
    if block is None:
        return frozenset()
    return frozenset(attribute.name.text for attribute in block.attributes)


def _motif_mentions(module: Module, call: nodes.Call, motif: Motif | None) -> frozenset[str]:
    if motif is None:
        return frozenset("*")  # an unknown motif may say anything
    found = _find_motif(module, call.name.text)
    return _mentioned(found[0].motifs[found[1]][1].block) if found else frozenset("*")


def _end(
    module: Module,
    name: nodes.Name,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
    findings: Findings,
) -> Family | str | None:
    text = name.text
    if text in families:
        return families[text]
    if use is not None and text == f"{use.name}.{INPUT}":
        return INPUT
    if use is None and text.endswith(f".{INPUT}"):
        return None
    if not module.silent(text):
        _unknown_end(module, name, use, families, findings)
    return None


def _unknown_end(
    module: Module,
    name: nodes.Name,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
    findings: Findings,
) -> None:
    text = name.text
    owner, _, rest = text.partition(".")
    inner = module.inner(text)
    if use is not None and owner == use.name and rest:
        message = f"connections join families; `{text}` is a layer"
        help_ = f"Declare a family there, or read the image as `{use.name}.{INPUT}`."
    else:
        theirs = () if inner is None else inner[0].families
        known = [*families, *(text.removesuffix(inner[1] if inner else "") + n for n in theirs)]
        message = with_hint(f"no family `{text}`", text, known)
        help_ = ""
        if text == INPUT and use is not None:
            help_ = f"The image is written `{use.name}.{INPUT}`."
    findings.error("E201", message, name.span, help=help_)


# ---- motifs in use


def _find_motif(module: Module, name: str) -> tuple[Module, str] | None:
    return module.home_of("motifs", name)


def _motif(
    module: Module, node: nodes.Connect, evaluator: Evaluator
) -> tuple[Motif | None, dict[str, Scalar] | None]:
    call = node.motif
    if call is None:
        return None, None
    name = call.name.text
    found = _find_motif(module, name)
    if found is None:
        if not module.silent(name):
            _unknown_motif(module, call.name, evaluator.findings)
        return None, None
    motif = pattern(*found, evaluator.findings)
    if motif is None:
        return None, None
    formals = {formal.name: formal.default is None for formal in motif.formals}
    given = match(call, formals, evaluator.findings)
    if given is None:
        return None, None
    bindings: dict[str, Scalar] = {}
    for formal in motif.formals:
        value = formal.default
        if formal.name in given:
            what = f"`{formal.name}` of `{name}()`"
            value = evaluator.scalar(given[formal.name], formal.unit, what)
        if value is None:
            return None, None
        bindings[formal.name] = value
    return motif, bindings


def _unknown_motif(module: Module, name: nodes.Name, findings: Findings) -> None:
    text = name.text
    home = standard_home(text)
    if home == "std.motifs":
        message, help_ = f"`{text}` has not been imported", f"Add `from {home} import {text}`."
    else:
        message = with_hint(f"no motif `{text}`", text, module.motifs)
        help_ = ""
        if home or text in module.functions:
            help_ = f"`{text}` is no motif; write `{{ place = ... }}` to use it."
    findings.error("E201", message, name.span, help=help_)
