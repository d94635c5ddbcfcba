"""Where the names of a file are used, and what each means there.

In: a scope. Out: `Use` values in order of place. Definitions, references, renaming, hovers and
colours all read this one list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import BY_NAME
from circuitdsl.lsp.scopes import Kind, Scope, Space, Symbol, declared, formals_of, inside
from circuitdsl.syntax import nodes, words
from circuitdsl.text.source import Span

ANY: tuple[Space, ...] = ("expression", "family", "stimulus", "network", "motif")
VALUE: tuple[Space, ...] = ("expression",)


@dataclass(frozen=True)
class Use:
    """A name in the text.

    Attributes:
        span: Where it stands.
        symbol: What it means.
        declares: Whether it is the declaration itself.
    """

    span: Span
    symbol: Symbol
    declares: bool = False


def uses_of(scope: Scope) -> list[Use]:
    """Every name of a file that means something, in order."""
    walk = _Walk(scope)
    walk.items(scope.file.items)
    return sorted(walk.uses, key=lambda use: use.span.start)


def use_at(uses: Iterable[Use], offset: int) -> Use | None:
    """The name that a place is in, or right behind."""
    touching = [use for use in uses if use.span.start <= offset <= use.span.end]
    return next(
        (use for use in touching if offset < use.span.end), touching[0] if touching else None
    )


class _Walk:
    """One pass over the declarations of a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.uses: list[Use] = []
        self.formals: dict[str, Symbol] = {}
        self.axes: dict[str, Symbol] = {}

    def add(self, span: Span, symbol: Symbol | None, *, declares: bool = False) -> None:
        if symbol is not None:
            self.uses.append(Use(span, symbol, declares))

    def word(self, name: nodes.Name, kind: Kind, known: Iterable[str]) -> bool:
        """A word of a table; whether it is one."""
        if name.text in known:
            self.add(name.span, Symbol(kind, name.text))
            return True
        return False

    def named(self, name: nodes.Name, spaces: tuple[Space, ...]) -> Symbol | None:
        """A name of some spaces; what its last part means."""
        if self.layer(name):
            return None
        parts = self.scope.resolve(name.text, spaces)
        whole = name.span.text == name.text
        for start, end, symbol in parts:
            span = name.span
            if whole:
                span = replace(span, start=span.start + start, end=span.start + end)
            self.add(span, symbol)
        return parts[-1][2] if parts else None

    def layer(self, name: nodes.Name) -> bool:
        """`V.conv2d0`: whether a name is a layer of the backbone."""
        first, _, rest = name.text.partition(".")
        networks = self.scope.all("network")
        if first not in networks:
            return False
        span, network = name.span, networks[first]
        self.add(replace(span, end=span.start + len(first)), network)
        if rest and network.kind == "backbone":
            self.add(replace(span, start=span.start + len(first) + 1), Symbol("layer", rest))
        return True

    # ---- declarations

    def items(self, items: Iterable[nodes.Item]) -> None:
        for item in items:
            self.formals, self.axes = {}, {}
            if (entry := declared(item, self.scope.file)) is not None:
                self.add(entry[1].span, entry[1], declares=True)
            self.item(item)

    def item(self, item: nodes.Item) -> None:
        handler = self._handlers.get(type(item))
        if handler is not None:
            handler(self, item)

    def backbone(self, item: nodes.Backbone) -> None:
        self.word(item.value.name, "architecture", BACKBONES)
        self.arguments(item.value, {})

    def dial(self, item: nodes.Dial) -> None:
        self.type(item.unit)
        for part in (item.default, *(item.interval or ())):
            self.expression(part)

    def let(self, item: nodes.Let) -> None:
        self.type(item.unit)
        self.expression(item.value)

    def direction(self, item: nodes.Direction) -> None:
        self.layer(item.on)
        self.expression(item.value)

    def function(self, item: nodes.Function) -> None:
        self.declare_formals(item.formals)
        self.type(item.unit)
        if item.body is not None:
            self.expression(item.body)

    def motif(self, item: nodes.Motif) -> None:
        self.declare_formals(item.formals)
        self.block(item.block, "connect")

    def normalise(self, item: nodes.Normalise) -> None:
        for name in item.families:
            self.named(name, ("family",))
        self.block(item.block, "normalise")

    def stimulus(self, item: nodes.Stimulus) -> None:
        self.word(item.value.name, "generator", GENERATORS)
        self.arguments(item.value, {})
        self.block(item.block, "stimulus")

    def score(self, item: nodes.Score) -> None:
        self.block(item.block, "score", ANY)

    def fit(self, item: nodes.Fit) -> None:
        self.block(item.block, "fit", ANY)

    def import_module(self, item: nodes.ImportModule) -> None:
        symbol = self.scope.all("module").get(item.name.text)
        self.add(item.name.span, symbol, declares=True)
        self.settings(item.block, self.scope.inner.get(item.name.text))

    def set_circuit(self, item: nodes.SetCircuit) -> None:
        self.settings(item.block, self.scope.base)

    def import_names(self, item: nodes.ImportNames) -> None:
        for name in item.names:
            self.named(name, ("expression", "motif", "stimulus"))

    def settings(self, block: nodes.Block | None, home: Scope | None) -> None:
        for attribute in () if block is None else block.attributes:
            name = attribute.name
            for start, end, symbol in () if home is None else home.resolve(name.text, VALUE):
                at = name.span.start
                self.add(replace(name.span, start=at + start, end=at + end), symbol)
            self.expression(attribute.value)

    def subcircuit(self, node: nodes.Subcircuit) -> None:
        inner = _Walk(inside(node, self.scope))
        inner.declare_formals(node.formals)
        inner.items(node.items)
        self.uses += inner.uses

    def declare_formals(self, formals: Iterable[nodes.Formal]) -> None:
        for formal in formals:
            symbol = Symbol("formal", formal.name.text, formal.name.span, formal, self.scope.file)
            self.formals[formal.name.text] = symbol
            self.add(formal.name.span, symbol, declares=True)
            self.type(formal.unit)
            for part in (formal.default, *(formal.interval or ())):
                if part is not None:
                    self.expression(part)

    def family(self, node: nodes.Family) -> None:
        for axis in node.axes:
            symbol = Symbol("axis", axis.name.text, axis.name.span, axis, self.scope.file)
            self.axes[axis.name.text] = symbol
            self.add(axis.name.span, symbol, declares=True)
            if isinstance(axis.kind, nodes.Call | nodes.Reference):
                self.word(axis.kind.name, "axis kind", words.AXES)
            if isinstance(axis.kind, nodes.Call):
                self.arguments(axis.kind, {}, ("family",))
        self.layer(node.layer)
        self.block(node.block, "family", ("expression", "stimulus"))

    def connect(self, node: nodes.Connect) -> None:
        for name in (node.source, node.target):
            symbol = self.named(name, ("family",))
            if symbol is not None and isinstance(symbol.node, nodes.Family):
                for axis in symbol.node.axes:
                    entry = Symbol("axis", axis.name.text, axis.name.span, axis, symbol.file)
                    self.axes.setdefault(axis.name.text, entry)
        if node.motif is not None:
            self.call(node.motif, ("motif",))
        self.block(node.block, "connect")

    def edit(self, node: nodes.Edit) -> None:
        self.named(node.on, ("network",))
        for verb in node.block.verbs:
            self.word(verb.name, "verb", words.VERBS)
            for part in (*verb.units, *verb.targets):
                self.expression(part, ANY)
            for clause in verb.clauses:
                for part in (clause.value, clause.target):
                    if part is not None:
                        self.expression(part, ANY)
                for condition in clause.conditions:
                    self.expression(condition.right, ANY)
            self.block(verb.block, "edit", ANY)
        for claim in node.block.expectations:
            self.claim(claim)

    # ---- blocks

    def block(
        self, block: nodes.Block | None, kind: str, spaces: tuple[Space, ...] = VALUE
    ) -> None:
        if block is None:
            return
        known = words.ATTRIBUTES.get(kind, {})
        for attribute in block.attributes:
            name = attribute.name
            first, _, axis = name.text.partition(".")
            if first in known or kind in ("stimulus", "edit"):
                end = name.span.start + len(first)
                self.add(replace(name.span, end=end), Symbol("attribute", f"{kind} {first}"))
                if axis and axis in self.axes:
                    self.add(replace(name.span, start=end + 1), self.axes[axis])
            self.attribute(first, attribute.value, spaces)
        for claim in block.expectations:
            self.claim(claim)

    def attribute(self, name: str, value: nodes.Expression, spaces: tuple[Space, ...]) -> None:
        tables: Mapping[str, tuple[Kind, Iterable[str]]] = {
            "norm": ("norm", words.NORMS),
            "colour": ("colour", words.COLOURS),
            "measure": ("measure", BY_NAME),
        }
        if name in tables and isinstance(value, nodes.Call | nodes.Reference):
            self.word(value.name, *tables[name])
            if isinstance(value, nodes.Call):
                self.arguments(value, {})
            return
        if name in ("over", "pool"):
            for part in value.items if isinstance(value, nodes.Listing) else (value,):
                if isinstance(part, nodes.Reference) and name == "over":
                    self.add(part.span, self.axes.get(part.name.text))
                elif isinstance(part, nodes.Reference):
                    self.named(part.name, ("family",))
            return
        self.expression(value, spaces)

    def claim(self, claim: nodes.Expectation) -> None:
        for side in (claim.left, claim.right):
            self.expression(side, ("expression", "stimulus", "network", "family"))

    # ---- expressions

    def type(self, name: nodes.Name | None) -> None:
        if name is not None:
            self.word(name, "type", words.TYPES)

    def expression(self, node: nodes.Expression, spaces: tuple[Space, ...] = VALUE) -> None:
        if isinstance(node, nodes.Reference):
            if node.name.text in self.formals:
                self.add(node.span, self.formals[node.name.text])
            elif self.named(node.name, spaces) is None:
                self.word(node.name, "measure", BY_NAME)
        elif isinstance(node, nodes.Call):
            self.call(node, spaces)
        elif isinstance(node, nodes.Selection):
            self.named(node.name, ANY)
        elif isinstance(node, nodes.Relative):
            self.word(node.frame, "frame", words.FRAMES)
        for part in _parts(node):
            self.expression(part, spaces)

    def call(self, node: nodes.Call, spaces: tuple[Space, ...]) -> None:
        if self.scope.find(node.name.text, spaces) is None and self.word(
            node.name, "measure", BY_NAME
        ):
            self.arguments(node, {}, ("stimulus", *spaces))
            return
        symbol = self.named(node.name, spaces)
        formals = {} if symbol is None else {each.name: each for each in formals_of(symbol)}
        inner: tuple[Space, ...] = VALUE if spaces == ("motif",) else spaces
        self.arguments(node, formals, inner)

    def arguments(
        self,
        node: nodes.Call,
        formals: Mapping[str, Symbol],
        spaces: tuple[Space, ...] = VALUE,
    ) -> None:
        for argument in node.arguments:
            if argument.name is not None:
                self.add(argument.name.span, formals.get(argument.name.text))
            self.expression(argument.value, spaces)

    _handlers: ClassVar[dict[type, Callable[[_Walk, Any], None]]] = {
        nodes.Backbone: backbone,
        nodes.Connect: connect,
        nodes.Dial: dial,
        nodes.Direction: direction,
        nodes.Edit: edit,
        nodes.Family: family,
        nodes.Fit: fit,
        nodes.Function: function,
        nodes.ImportModule: import_module,
        nodes.ImportNames: import_names,
        nodes.Let: let,
        nodes.Motif: motif,
        nodes.Normalise: normalise,
        nodes.Score: score,
        nodes.SetCircuit: set_circuit,
        nodes.Stimulus: stimulus,
        nodes.Subcircuit: subcircuit,
    }


def _parts(node: nodes.Expression) -> tuple[nodes.Expression, ...]:
    """The expressions inside of one, those in the brackets of calls left out."""
    if isinstance(node, nodes.Chain):
        return node.parts
    if isinstance(node, nodes.Pair | nodes.Listing | nodes.Both):
        return node.items
    if isinstance(node, nodes.Signed | nodes.Relative):
        return (node.operand,)
    if isinstance(node, nodes.Power):
        return (node.base, node.exponent)
    if isinstance(node, nodes.Selection):
        return tuple(pick.value for pick in node.picks if isinstance(pick, nodes.Argument))
    return ()
