"""The names of a file and where each is declared, from its tree alone.

In: trees, of a file and of those that it imports. Out: a `Scope` for each: symbols by space and
name. It asks nothing of the checker, so that a file with errors has names too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from circuitdsl.checking.names.standard import standard_file, standard_names
from circuitdsl.syntax import nodes
from circuitdsl.text.source import NOWHERE, Source, Span

Kind = Literal[
    "architecture",
    "attribute",
    "axis",
    "axis kind",
    "backbone",
    "circuit",
    "colour",
    "connection",
    "dial",
    "edit",
    "family",
    "fit",
    "formal",
    "frame",
    "function",
    "generator",
    "layer",
    "let",
    "measure",
    "module",
    "motif",
    "norm",
    "score",
    "stimulus",
    "type",
    "verb",
]
Space = Literal["expression", "family", "motif", "stimulus", "module", "network", "connection"]
Load = Callable[[Source, str], nodes.CircuitFile | None]
"""The tree of a file that another one imports by a path; None if there is none."""

DEEPEST = 16
"""Imports inside imports that names are looked for in."""


@dataclass(frozen=True)
class Symbol:
    """Something with a name.

    Attributes:
        kind: What it is.
        name: Its name where it is declared.
        span: Of the name there; `NOWHERE` for words of the language.
        node: The declaration.
        file: The file that it stands in.
    """

    kind: Kind
    name: str
    span: Span = NOWHERE
    node: nodes.Node | None = field(default=None, compare=False, repr=False)
    file: nodes.CircuitFile | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What is the same for one declaration read twice."""
        source = self.span.source
        place = source.name if source.path is None else str(source.path.resolve())
        return place, self.kind, self.name, self.span.start


@dataclass(eq=False)
class Scope:
    """The names of a file, or of a circuit inside of one.

    Attributes:
        file: The tree.
        names: Symbols by space and name.
        inner: What dotted names lead into: imported files, and copies of circuits.
        outer: Where names are looked for next.
        base: The scope of the file whose dials this one sets.
    """

    file: nodes.CircuitFile
    names: dict[Space, dict[str, Symbol]] = field(default_factory=dict[Space, "dict[str, Symbol]"])
    inner: dict[str, Scope] = field(default_factory=dict[str, "Scope"])
    outer: Scope | None = None
    base: Scope | None = None

    def add(self, space: Space, symbol: Symbol) -> None:
        """Enter a symbol; the first of a name counts."""
        self.names.setdefault(space, {}).setdefault(symbol.name, symbol)

    def all(self, space: Space) -> dict[str, Symbol]:
        """The symbols of a space, those of the scopes around too, by name."""
        outer = {} if self.outer is None else self.outer.all(space)
        return outer | self.names.get(space, {})

    def find(self, name: str, spaces: Iterable[Space]) -> Symbol | None:
        """What a name means, dots and all."""
        parts = self.resolve(name, spaces)
        complete = parts and parts[-1][1] == len(name)
        return parts[-1][2] if complete else None

    def resolve(self, name: str, spaces: Iterable[Space]) -> list[tuple[int, int, Symbol]]:
        """What the parts of a dotted name mean, each with where it starts and ends in the name."""
        wanted = tuple(spaces)
        where: Scope | None = self
        while where is not None:
            if parts := where.within(name, wanted, 0):
                return parts
            where = where.outer
        return []

    def within(
        self, name: str, spaces: tuple[Space, ...], at: int
    ) -> list[tuple[int, int, Symbol]]:
        """The same, in this scope alone, of a name that starts at an offset."""
        for space in spaces:
            if (symbol := self.names.get(space, {}).get(name)) is not None:
                return [(at, at + len(name), symbol)]
        first, _, rest = name.partition(".")
        if not rest or first not in self.inner:
            return [] if self.base is None else self.base.within(name, spaces, at)
        inside = self.inner[first].within(rest, spaces, at + len(first) + 1)
        heads = ("module", "expression", "connection")
        head = next((s for h in heads if (s := self.names.get(h, {}).get(first))), None)
        return [] if head is None else [(at, at + len(first), head), *inside]


def scope_of(file: nodes.CircuitFile, load: Load, depth: int = 0) -> Scope:
    """The names of a file.

    Args:
        file: Its tree.
        load: Finds the trees of files that it imports.
        depth: How many files lead to it.
    """
    scope = Scope(file)
    _declare(scope, file.items)
    for item in file.items:
        if isinstance(item, nodes.ImportNames):
            _import_names(scope, item)
        elif isinstance(item, nodes.ImportModule):
            scope.add("module", Symbol("module", item.name.text, item.name.span, item, file))
        if isinstance(item, nodes.ImportModule | nodes.SetCircuit) and depth < DEEPEST:
            other = load(file.source, item.path.value)
            if other is not None and other.source != file.source:
                inner = scope_of(other, load, depth + 1)
                if isinstance(item, nodes.SetCircuit):
                    scope.base = inner
                else:
                    scope.inner.setdefault(item.name.text, inner)
    _open_copies(scope, file.items)
    return scope


@cache
def standard_scope(name: str) -> Scope:
    """The names of a file of the standard library."""
    return scope_of(standard_file(name), lambda source, path: None)


def _import_names(scope: Scope, item: nodes.ImportNames) -> None:
    if not isinstance(item.source, nodes.Name) or item.source.text not in standard_names():
        return
    home = standard_scope(item.source.text)
    for name in item.names:
        for space in ("expression", "motif", "stimulus"):
            if (symbol := home.names.get(space, {}).get(name.text)) is not None:
                scope.add(space, symbol)


_KINDS: dict[type[nodes.Node], tuple[Space, Kind]] = {
    nodes.Dial: ("expression", "dial"),
    nodes.Let: ("expression", "let"),
    nodes.Function: ("expression", "function"),
    nodes.Subcircuit: ("expression", "circuit"),
    nodes.Direction: ("expression", "let"),
    nodes.Motif: ("motif", "motif"),
    nodes.Family: ("family", "family"),
    nodes.Stimulus: ("stimulus", "stimulus"),
    nodes.Backbone: ("network", "backbone"),
    nodes.Edit: ("network", "edit"),
    nodes.Score: ("network", "score"),
    nodes.Fit: ("network", "fit"),
}


def declared(item: nodes.Item, file: nodes.CircuitFile) -> tuple[Space, Symbol] | None:
    """The symbol that a declaration declares, and its space."""
    if isinstance(item, nodes.Connect):
        if item.alias is None:
            return None
        return "connection", Symbol("connection", item.alias.text, item.alias.span, item, file)
    if type(item) not in _KINDS or isinstance(
        item, nodes.ImportModule | nodes.ImportNames | nodes.SetCircuit | nodes.Normalise
    ):
        return None
    space, kind = _KINDS[type(item)]
    return space, Symbol(kind, item.name.text, item.name.span, item, file)


def _declare(scope: Scope, items: Iterable[nodes.Item]) -> None:
    for item in items:
        if (entry := declared(item, scope.file)) is not None:
            scope.add(*entry)


def _open_copies(scope: Scope, items: Iterable[nodes.Item]) -> None:
    """Scopes of copies of circuits, and of the dials of uses of motifs."""
    for item in items:
        if isinstance(item, nodes.Let) and isinstance(item.value, nodes.Call):
            symbol = scope.find(item.value.name.text, ("expression",))
            if symbol is not None and isinstance(symbol.node, nodes.Subcircuit):
                scope.inner.setdefault(item.name.text, inside(symbol.node, scope))
        elif isinstance(item, nodes.Connect) and item.alias is not None and item.motif is not None:
            symbol = scope.find(item.motif.name.text, ("motif",))
            if symbol is not None and isinstance(symbol.node, nodes.Motif):
                uses = Scope(scope.file)
                for formal in formals_of(symbol):
                    uses.add("expression", formal)
                scope.inner.setdefault(item.alias.text, uses)


def inside(node: nodes.Subcircuit, around: Scope) -> Scope:
    """The names inside of a circuit that is to be copied."""
    scope = Scope(around.file, outer=around)
    for formal in node.formals:
        scope.add("expression", Symbol("formal", formal.name.text, formal.name.span, formal))
    _declare(scope, node.items)
    _open_copies(scope, node.items)
    return scope


def formals_of(symbol: Symbol) -> Iterator[Symbol]:
    """The formals of a function, a motif or a circuit."""
    node = symbol.node
    if isinstance(node, nodes.Function | nodes.Motif | nodes.Subcircuit):
        for formal in node.formals:
            name = formal.name
            yield Symbol("formal", name.text, name.span, formal, symbol.file)
