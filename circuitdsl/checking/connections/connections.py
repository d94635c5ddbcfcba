"""Connections: which families they join, and whether axes, profiles and shapes fit.

In: a `connect` declaration and the families of the circuit. Out: an IR `Connection`. Its merged
wiring, the motif's included, is what the rules hold for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.attributes import pattern, wiring
from circuitdsl.checking.messages import (
    another_kind,
    declared_twice,
    not_imported,
    trained,
    unknown,
)
from circuitdsl.checking.names.evaluate import Evaluator, as_set
from circuitdsl.checking.names.standard import standard_home
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.ranges import check_value, unit_of
from circuitdsl.ir.circuit import (
    INPUT,
    BackboneUse,
    Connection,
    Dial,
    Family,
    Formal,
    Motif,
    MotifUse,
    Wiring,
)
from circuitdsl.ir.expressions import DialValue, Number, Scalar, dials_of
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
        dials: Those that it has for itself: formals of its motif with a range, given a number.
    """

    connection: Connection
    source: Family | None
    target: Family
    wiring: Wiring
    mentioned: frozenset[str]
    node: nodes.Connect
    dials: tuple[Dial, ...] = ()

    @property
    def source_name(self) -> str:
        """The source as messages name it."""
        return f"`{self.source.name}`" if self.source is not None else "the image"

    @property
    def head(self) -> Span:
        """The text from the source's name to the target's."""
        return self.node.source.span.to(self.node.target.span)

    def at(self, span: Span) -> tuple[Span, tuple[Label, ...]]:
        """The place in this connection that a message about a part of its wiring points at.

        A part that a motif wrote is shown beside the place where the motif is used.
        """
        own = self.connection.span
        if span.source is own.source and own.start <= span.start and span.end <= own.end:
            return span, ()
        use = self.connection.motif
        also = (Label(span, "written here"),) if span.source is own.source else ()
        return (own if use is None else use.span), also


def connection(
    analysis: Analysis,
    node: nodes.Connect,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
) -> Joined | None:
    """A `connect` declaration; None if its ends are unknown."""
    source = _end(analysis, node.source, use, families)
    target = _end(analysis, node.target, use, families)
    evaluator = Evaluator(analysis)
    motif = _motif(analysis, node.motif)
    bound = None if motif is None else _bindings(analysis, node, motif)
    own = wiring(node.block, "`connect`", evaluator)
    if target == INPUT:
        analysis.error("E502", "nothing feeds the image", node.target.span)
        return None
    if source is None or target is None or not isinstance(target, Family):
        return None
    if target.units is not None:
        why = "which nothing can be connected to"
        help_ = "Remove `units` from the family to write it by hand."
        trained(analysis, target.name, why, node.target.span, help=help_)
        return None
    source_name = INPUT if isinstance(source, str) else source.name
    alias = f"{source_name}->{target.name}"
    if node.alias is not None:
        alias = analysis.module.prefix + node.alias.text
    call = None
    whole = own
    names = _mentioned(node.block)
    dials: tuple[Dial, ...] = ()
    if motif is not None and bound is not None:
        bindings, dials = bound
        call = MotifUse(motif.name, tuple(bindings.items()), cast("nodes.Call", node.motif).span)
        whole = merge(own, bind(motif.wiring, bindings))
    if node.motif is not None:
        names |= _motif_mentions(analysis.module, node.motif, motif)
    built = Connection(source_name, target.name, alias, own, call, node.span)
    family = source if isinstance(source, Family) else None
    return Joined(built, family, target, whole, names, node, dials)


def _mentioned(block: nodes.Block | None) -> frozenset[str]:
    if block is None:
        return frozenset()
    return frozenset(attribute.name.text for attribute in block.attributes)


def _motif_mentions(module: Module, call: nodes.Call, motif: Motif | None) -> frozenset[str]:
    if motif is None:
        return frozenset("*")  # an unknown motif may say anything
    declaration = _find_motif(module, call.name.text)
    return (
        _mentioned(declaration[0].motifs[declaration[1]][1].block)
        if declaration
        else frozenset("*")
    )


def _end(
    analysis: Analysis,
    name: nodes.Name,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
) -> Family | str | None:
    text = name.text
    if text in families:
        return families[text]
    if use is not None and text == f"{use.name}.{INPUT}":
        return INPUT
    if use is None and text.endswith(f".{INPUT}"):
        return None
    if not analysis.module.silent(text):
        _unknown_end(analysis, name, use, families)
    return None


def _unknown_end(
    analysis: Analysis,
    name: nodes.Name,
    use: BackboneUse | None,
    families: Mapping[str, Family | None],
) -> None:
    text = name.text
    owner, _, rest = text.partition(".")
    inner = analysis.module.inner(text)
    if use is not None and owner == use.name and rest:
        help_ = f"Declare a family there, or read the image as `{use.name}.{INPUT}`."
        another_kind(analysis, text, "a layer", "a family", name.span, help=help_)
        return
    theirs = () if inner is None else inner[0].families
    path = text.removesuffix(inner[1] if inner else "")
    names = chain(families, (path + other for other in theirs))
    help_ = ""
    if text == INPUT and use is not None:
        help_ = f"The image is written `{use.name}.{INPUT}`."
    unknown(analysis, "family", text, names, name.span, help=help_)


# ---- motifs in use


def _find_motif(module: Module, name: str) -> tuple[Module, str] | None:
    return module.home_of("motifs", name)


def _motif(analysis: Analysis, call: nodes.Call | None) -> Motif | None:
    """The motif that a connection calls."""
    if call is None:
        return None
    name = call.name.text
    home = _find_motif(analysis.module, name)
    if home is None:
        if not analysis.module.silent(name):
            _unknown_motif(analysis, call.name)
        return None
    where, key = home
    return pattern(analysis.of(where), key)


def _bindings(
    analysis: Analysis, node: nodes.Connect, motif: Motif
) -> tuple[dict[str, Scalar], tuple[Dial, ...]] | None:
    """What the formals of a connection's motif are bound to, and the dials that this use has."""
    call = cast("nodes.Call", node.motif)
    arguments = match(call, {f.name: f.default is None for f in motif.formals}, analysis)
    if arguments is None:
        return None
    bindings: dict[str, Scalar] = {}
    dials: list[Dial] = []
    for formal in motif.formals:
        value = formal.default
        if formal.name in arguments:
            what = f"`{formal.name}` of `{call.name.text}()`"
            value = Evaluator(analysis).scalar(arguments[formal.name], formal.unit, what)
        if value is not None and node.alias and formal.bounds and not dials_of(value):
            dial = _dial_of_use(analysis, node.alias.text, formal, arguments.get(formal.name))
            if dial is not None:
                dials.append(dial)
            value = dial and DialValue(dial.name, dial.unit, value.span)
        if value is None:
            return None
        bindings[formal.name] = value
    return bindings, tuple(dials)


def _dial_of_use(
    analysis: Analysis, use: str, formal: Formal, written: nodes.Expression | None
) -> Dial | None:
    """The dial that a formal with a range is in a use that gives it a fixed number.

    Args:
        analysis: Where the connection stands.
        use: What the connection is called there.
        formal: Of its motif.
        written: What the connection gives it; None if it leaves it at its default.
    """
    name = f"{use}.{formal.name}"
    number, span = formal.default, formal.span
    if written is not None:
        number, span = Evaluator(analysis).fixed(written, formal.unit, f"`{name}`"), written.span
    if formal.bounds is None or not isinstance(number, Number):
        return None
    unit = unit_of(name, formal.unit, [number, *formal.bounds], analysis)
    if unit is None:
        return None
    if name in analysis.module.dials:
        declared_twice(analysis, name, span, first=analysis.module.dials[name].name.span)
    whole = analysis.module.prefix + name
    low, high = (end.value for end in formal.bounds)
    dial = Dial(whole, unit, number.value, low, high, formal.free, span)
    if written is not None:
        check_value(dial, name, written, number.value, analysis)
    return as_set(analysis, name, dial)


def _unknown_motif(analysis: Analysis, name: nodes.Name) -> None:
    text = name.text
    home = standard_home(text)
    if home == "std.motifs":
        not_imported(analysis, text, home, name.span)
    elif home or text in analysis.module.functions:
        help_ = "Write `{ place = ... }` to use it."
        another_kind(analysis, text, "a function", "a motif", name.span, help=help_)
    else:
        unknown(analysis, "motif", text, analysis.module.motifs, name.span)
