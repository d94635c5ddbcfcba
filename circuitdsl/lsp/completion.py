"""What may be written in a place.

In: a document and a place. Out: completion items: words, layers, families, shapes with their
arguments, profiles, units, measures. What is not imported yet comes with its import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lsprotocol import types

from circuitdsl.checking.names.imports import SHIPPED
from circuitdsl.checking.names.standard import standard_names
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import INPUT
from circuitdsl.ir.expressions import CALLED
from circuitdsl.ir.tables.generators import GENERATORS
from circuitdsl.ir.tables.measures import Place, legal
from circuitdsl.lsp.context import Context, context_at
from circuitdsl.lsp.documents import Document
from circuitdsl.lsp.hover import documentation
from circuitdsl.lsp.positions import Positions
from circuitdsl.lsp.scopes import Space, Symbol, formals_of, standard_scope
from circuitdsl.syntax import nodes, words
from circuitdsl.text.resources import circuits_folder

Kinds = types.CompletionItemKind
Items = Iterator[types.CompletionItem]

_SYMBOLS = {
    "family": Kinds.Class,
    "dial": Kinds.Constant,
    "let": Kinds.Variable,
    "function": Kinds.Function,
    "motif": Kinds.Interface,
    "circuit": Kinds.Module,
    "stimulus": Kinds.Event,
    "module": Kinds.Module,
    "formal": Kinds.Property,
}
_PLACES: Mapping[str, tuple[Place, ...]] = {
    "family": ("family",),
    "edit": ("edit",),
    "score": ("sides", "recovery"),
    "fit": ("fit",),
}


def completion(document: Document, offset: int, positions: Positions) -> list[types.CompletionItem]:
    """What may stand in a place, each once."""
    context = context_at(document.source.text, offset)
    if context.inside == "comment":
        return []
    items = {item.label: item for item in _Offers(document, context, positions).items()}
    return list(items.values())


class _Offers:
    """What may stand in one place."""

    def __init__(self, document: Document, context: Context, positions: Positions) -> None:
        self.document = document
        self.context = context
        self.positions = positions
        self.scope = document.scope

    def items(self) -> Items:
        context, head = self.context, self.context.head
        if context.inside == "string":
            yield from self.files()
        elif re.fullmatch(r"\d[\d.]*[a-z]*", context.word):
            yield from self.units()
        elif "." in context.word and self.network(context.word):
            yield from self.layers()
        elif not context.declaration or not head.strip() or context.first:
            yield from table(words.DECLARATIONS, Kinds.Keyword)
        elif context.declaration == "from":
            yield from self.library()
        elif head.rstrip().endswith("@"):
            yield from table(words.FRAMES, Kinds.EnumMember)
        elif re.search(r":\s*$", head) and context.declaration in ("dial", "let", "fn", "motif"):
            yield from table(words.TYPES, Kinds.TypeParameter)
        elif context.call:
            yield from self.arguments()
        elif context.declaration == "edit" and context.block and head.rstrip()[-1:] in "{}":
            yield from table(words.VERBS, Kinds.Function)
        elif context.block:
            yield from self.in_block()
        else:
            yield from self.in_head()

    def network(self, word: str) -> bool:
        first = word.partition(".")[0]
        return first in self.scope.all("network")

    # ---- tables

    def units(self) -> Items:
        number = re.match(r"[\d.]+", self.context.word)
        digits = number[0] if number else ""
        for unit, meaning in words.UNITS.items():
            yield item(f"{digits}{unit}", Kinds.Unit, meaning)

    def layers(self) -> Items:
        name = self.context.word.partition(".")[0]
        yield item(f"{name}.{INPUT}", Kinds.EnumMember, "the image")
        for node in self.document.file.items:
            if isinstance(node, nodes.Backbone) and node.value.name.text in BACKBONES:
                for layer in BACKBONES[node.value.name.text].layers:
                    if layer.kind == "conv":
                        size = f"{layer.width} units, kernel {layer.kernel}x{layer.kernel}"
                        yield item(f"{name}.{layer.name}", Kinds.EnumMember, size)

    def library(self) -> Items:
        named = re.search(r"\bfrom\s+(std\.\w+)\s+import\b", self.context.head)
        if named is None:
            for name in standard_names():
                yield item(name, Kinds.Module, "standard library")
        elif named[1] in standard_names():
            for space in ("expression", "motif", "stimulus"):
                for symbol in standard_scope(named[1]).names.get(space, {}).values():
                    yield of_symbol(symbol)

    def files(self) -> Items:
        path = self.document.source.path
        if self.context.declaration != "import" or path is None:
            return
        for file in sorted(path.parent.rglob("*.circ")):
            if file != path:
                name = file.relative_to(path.parent).as_posix()
                yield item(name, Kinds.File, "")
        shipped = circuits_folder()
        for file in sorted(shipped.glob("*.circ")):
            yield item(f"{SHIPPED}{file.name}", Kinds.File, "ships with the package")

    # ---- by place

    def in_head(self) -> Items:
        head, declaration = self.context.head, self.context.declaration
        if declaration == "connect" and "=" in head:
            yield from self.symbols("motif", call=True)
            yield from self.standard("std.motifs", "motif")
        elif declaration in ("connect", "normalise"):
            yield from self.symbols("family")
        elif declaration == "family" and re.search(r"\bat\s*$", head):
            for name in self.scope.all("network"):
                yield item(f"{name}.", Kinds.Module, "the backbone")
        elif declaration == "family":
            yield from table(words.AXES, Kinds.Function)
            yield item("at", Kinds.Keyword, words.OTHERS["at"])
        elif declaration == "backbone":
            for name in BACKBONES:
                yield item(name, Kinds.Function, "architecture")
        elif declaration == "stimulus":
            yield from self.generators()
        elif declaration in ("let", "fn", "dial"):
            yield from self.values()

    def generators(self) -> Items:
        for name, settings in GENERATORS.items():
            yield item(name, Kinds.Function, f"with {', '.join(settings)}")

    def in_block(self) -> Items:
        declaration = self.context.declaration
        kind = "connect" if declaration == "motif" else declaration
        after = self.context.head.rstrip()[-1:]
        if re.search(r"\bexpect\s*$", self.context.head) or after in "<>":
            for place in _PLACES.get(declaration, ()):
                for row in legal(place).values():
                    yield item(row.name, Kinds.Function, row.doc)
            yield from self.values()
            return
        value = after in "=+-*/([,"
        if not value:
            known = dict(words.ATTRIBUTES.get(kind, {}))
            tune = known.pop("tune", None)
            if tune is not None:
                for axis in self.axes():
                    yield item(f"tune.{axis}", Kinds.Property, tune, insert=f"tune.{axis} = ")
            for name, meaning in known.items():
                yield item(name, Kinds.Property, meaning, insert=f"{name} = ")
            if declaration in _PLACES:
                yield item("expect", Kinds.Keyword, words.OTHERS["expect"])
            return
        yield from self.value_of(self.context.attribute, kind)

    def value_of(self, attribute: str, kind: str) -> Items:
        first = attribute.partition(".")[0]
        if first == "place":
            yield from self.standard("std.shapes", "expression")
        elif first == "tune":
            yield from self.standard("std.profiles", "expression")
        elif first == "norm":
            yield from table(words.NORMS, Kinds.EnumMember)
        elif first == "colour":
            yield from table(words.COLOURS, Kinds.EnumMember)
        elif first == "over":
            for axis in self.axes():
                yield item(axis, Kinds.Property, "an axis of the source")
        elif first == "pool":
            yield from self.symbols("family")
        elif first in ("calibrate", "using"):
            yield from self.symbols("stimulus")
        elif kind == "fit" and first == "maximise":
            for row in legal("fit").values():
                yield item(row.name, Kinds.Function, row.doc)
        yield from self.values()

    def axes(self) -> list[str]:
        """The axes of the families that the connection names, or else of all."""
        families = self.scope.all("family")
        written = re.findall(r"[\w.]+", self.context.head)
        named = [families[name] for name in written if name in families]
        trees = [symbol.node for symbol in named or families.values()]
        axes = [axis for node in trees if isinstance(node, nodes.Family) for axis in node.axes]
        return list(dict.fromkeys(axis.name.text for axis in axes))

    def arguments(self) -> Items:
        name = self.context.call
        symbol = self.scope.find(name, ("expression", "motif")) or _standard(name)
        for formal in () if symbol is None else formals_of(symbol):
            node = formal.node
            meaning = " ".join(node.span.text.split()) if node is not None else ""
            yield item(f"{formal.name}=", Kinds.Property, meaning)
        for setting, row in GENERATORS.get(name, {}).items():
            yield item(f"{setting}=", Kinds.Property, row.doc)
        if any(name in legal(place) for places in _PLACES.values() for place in places):
            yield from self.symbols("stimulus")
        yield from self.values()

    # ---- names of the file

    def values(self) -> Items:
        yield from self.symbols("expression", call=True)
        for name in CALLED:
            yield item(name, Kinds.Function, "every file knows it")
        for library in ("std.shapes", "std.profiles"):
            yield from self.standard(library, "expression")

    def symbols(self, space: Space, *, call: bool = False) -> Items:
        for symbol in self.scope.all(space).values():
            yield of_symbol(symbol, call=call)
        for prefix, inner in self.scope.inner.items():
            for symbol in inner.names.get(space, {}).values():
                yield of_symbol(symbol, prefix=f"{prefix}.", call=call)

    def standard(self, library: str, space: Space) -> Items:
        """What a library has; what is not imported comes with its import."""
        known = self.scope.all(space)
        for symbol in standard_scope(library).names.get(space, {}).values():
            if symbol.span.source.name != library:
                continue  # the library's own imports
            made = of_symbol(symbol, call=True)
            if symbol.name not in known:
                made.additional_text_edits = [self.importing(library, symbol.name)]
                made.detail = f"{made.detail} (adds the import from {library})"
            yield made

    def importing(self, library: str, name: str) -> types.TextEdit:
        file = self.document.file
        end = 0 if file.header is None else file.header.span.end
        text = f"\nfrom {library} import {name}"
        for node in file.items:
            if isinstance(node, nodes.ImportNames):
                end = node.span.end
                if isinstance(node.source, nodes.Name) and node.source.text == library:
                    text = f", {name}"
                    break
        place = self.positions.position(self.document.source, end)
        return types.TextEdit(types.Range(place, place), text)


def _standard(name: str) -> Symbol | None:
    spaces: tuple[Space, ...] = ("expression", "motif")
    found = (standard_scope(library).find(name, spaces) for library in standard_names())
    return next((symbol for symbol in found if symbol is not None), None)


def table(meanings: Mapping[str, str], kind: types.CompletionItemKind) -> Items:
    """The words of a table."""
    for word, meaning in meanings.items():
        yield item(word, kind, meaning)


def item(
    label: str, kind: types.CompletionItemKind, meaning: str, insert: str | None = None
) -> types.CompletionItem:
    """A word with what it means."""
    return types.CompletionItem(label=label, kind=kind, detail=meaning or None, insert_text=insert)


def of_symbol(symbol: Symbol, prefix: str = "", *, call: bool = False) -> types.CompletionItem:
    """A name, with its arguments as places to fill in where it is called."""
    made = item(prefix + symbol.name, _SYMBOLS.get(symbol.kind, Kinds.Text), symbol.kind)
    formals = list(formals_of(symbol))
    if formals or symbol.kind in ("function", "motif"):
        made.detail = f"{symbol.name}({', '.join(_formals(formals))})"
    if call and symbol.kind in ("function", "motif", "circuit"):
        needed = [each for each in formals if _is_needed(each)]
        holes = (f"${{{at}:{each.name}}}" for at, each in enumerate(needed, 1))
        made.insert_text = f"{prefix}{symbol.name}({', '.join(holes)})"
        made.insert_text_format = types.InsertTextFormat.Snippet
    meaning = documentation(symbol)
    made.documentation = meaning or None
    return made


def _formals(formals: Iterable[Symbol]) -> Iterator[str]:
    for formal in formals:
        if isinstance(formal.node, nodes.Formal):
            yield " ".join(formal.node.span.text.split())


def _is_needed(formal: Symbol) -> bool:
    return isinstance(formal.node, nodes.Formal) and formal.node.default is None
