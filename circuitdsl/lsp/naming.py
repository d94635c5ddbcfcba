"""Where a name is declared, where it is used, and what renaming it changes.

In: a document and a place. Out: locations and edits, in all files that import the declaring one.
"""

from __future__ import annotations

import re

from lsprotocol import types

from circuitdsl.checking.names.standard import is_standard
from circuitdsl.lsp.documents import Document, uri_of
from circuitdsl.lsp.positions import Positions
from circuitdsl.lsp.scopes import Symbol
from circuitdsl.lsp.uses import Use
from circuitdsl.syntax.nodes import ImportModule, SetCircuit
from circuitdsl.syntax.words import RESERVED
from circuitdsl.text.diagnostics import InputError

Place = tuple[Document, Use]


def definition(document: Document, offset: int, positions: Positions) -> types.Location | None:
    """Where what stands in a place is declared; for the path of an import, the file."""
    for item in document.file.items:
        if isinstance(item, ImportModule | SetCircuit):
            path = item.path.span
            if path.start <= offset <= path.end:
                other = document.files.tree(document.source, item.path.value)
                if other is None or other.source.path is None:
                    return None
                start = types.Position(0, 0)
                return types.Location(uri_of(other.source.path), types.Range(start, start))
    use = document.use_at(offset)
    if use is None or not use.symbol.span.source.text:
        return None
    return _location(document, use.symbol, positions)


def _location(document: Document, symbol: Symbol, positions: Positions) -> types.Location:
    source = symbol.span.source
    uri = document.uri if source.path is None else uri_of(source.path)
    return types.Location(uri, positions.range(symbol.span))


def places(document: Document, offset: int) -> list[Place]:
    """Every use, in every file in reach, of what stands in a place."""
    use = document.use_at(offset)
    if use is None or not use.symbol.span.source.text:
        return []
    key, symbol = use.symbol.key, use.symbol
    alone = document.source.path is None
    documents = [document] if alone else document.files.around(symbol)
    found: list[Place] = []
    for other in documents:
        found += [(other, each) for each in other.uses if each.symbol.key == key]
    return found


def references(
    document: Document, offset: int, positions: Positions, *, declaration: bool
) -> list[types.Location]:
    """Where what stands in a place is used."""
    return [
        types.Location(other.uri, positions.range(use.span))
        for other, use in places(document, offset)
        if declaration or not use.declares
    ]


def renamed(
    document: Document, offset: int, name: str, positions: Positions
) -> types.WorkspaceEdit:
    """The edits that give what stands in a place another name.

    Raises:
        InputError: it is no name of these files, or the new one cannot be a name.
    """
    use = renamable(document, offset)
    if use is None:
        raise InputError("nothing here can be renamed", help="Put the cursor on a name.")
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name, re.ASCII):
        raise InputError(f"`{name}` cannot be a name", help="Use letters, digits and `_`.")
    if any(part in RESERVED for part in name.split(".")):
        raise InputError(f"`{name}` is a word of the language", help=f"Try `{name}_`.")
    changes: dict[str, list[types.TextEdit]] = {}
    for other, each in places(document, offset):
        edit = types.TextEdit(positions.range(each.span), name)
        if edit not in changes.setdefault(other.uri, []):
            changes[other.uri].append(edit)
    return types.WorkspaceEdit(changes=changes)


def renamable(document: Document, offset: int) -> Use | None:
    """The name in a place, if its declaration may be changed."""
    use = document.use_at(offset)
    if use is None or not use.symbol.span.source.text or is_standard(use.symbol.span.source):
        return None
    return use
