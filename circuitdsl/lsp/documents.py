"""The files that an editor has open, each analysed once for every text it has had.

In: texts as they are typed. Out: a `Document`: its tree, its findings, its names, and the last
circuit that had no errors, which answers while the text is broken. Imported files are read as they
are in the editor, or else from the disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path

from circuitdsl.checking.load import CheckResult, check_tree
from circuitdsl.checking.names.imports import FileLoader
from circuitdsl.compare.expect import Outcome
from circuitdsl.ir.circuit import Circuit
from circuitdsl.lsp.scopes import Scope, Symbol, scope_of
from circuitdsl.lsp.uses import Use, use_at, uses_of
from circuitdsl.syntax.nodes import CircuitFile, ImportModule, SetCircuit
from circuitdsl.syntax.parse import parse, parse_edited
from circuitdsl.syntax.pieces import Pieces
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source

_ALONE = re.compile(r"\r(?!\n)")


@dataclass(eq=False)
class Document:
    """An open file and what is known of its text.

    Attributes:
        uri: What the editor calls it.
        files: The files that it may import.
        source: Its text.
        file: The tree of what can be read of it.
        result: Its check.
        circuit: That of the text, or of the last text without errors.
        outcomes: What its claims measured when they were last asked, by their text.
    """

    uri: str
    files: Files
    source: Source
    file: CircuitFile
    result: CheckResult
    circuit: Circuit | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    @cached_property
    def path(self) -> Path | None:
        """Where it is on the disk, links followed."""
        return None if self.source.path is None else self.source.path.resolve()

    @cached_property
    def scope(self) -> Scope:
        """The names of the tree."""
        return scope_of(self.file, self.files.tree)

    @cached_property
    def uses(self) -> list[Use]:
        """Every name in the text that means something."""
        return uses_of(self.scope)

    def use_at(self, offset: int) -> Use | None:
        """The name in a place."""
        return use_at(self.uses, offset)

    @cached_property
    def imports(self) -> frozenset[Path]:
        """The files that it imports, directly or not."""
        paths: set[Path] = set()
        waiting = [self.file]
        while waiting:
            file = waiting.pop()
            for item in file.items:
                if isinstance(item, ImportModule | SetCircuit):
                    other = self.files.tree(file.source, item.path.value)
                    path = None if other is None else other.source.path
                    if other is not None and path is not None and path.resolve() not in paths:
                        paths.add(path.resolve())
                        waiting.append(other)
        return frozenset(paths)


class Files(FileLoader):
    """All files in reach: those that are open, and those on the disk."""

    def __init__(self) -> None:
        self.open: dict[str, Document] = {}
        self._pieces: dict[str, Pieces] = {}

    def update(self, uri: str, text: str) -> Document:
        """Analyse a new text of a file."""
        before = self.open.get(uri)
        local = to_fs_path(uri)
        path = Path(local) if local and uri.startswith("file:") else None
        source = Source(uri if path is None else str(path), _ALONE.sub("\n", text), path)
        if before is not None and before.source == source:
            return self.check(before)
        file, faults = parse_edited(source, self._pieces.setdefault(uri, Pieces()))
        document = Document(uri, self, source, file, check_tree(file, faults, self))
        return self._keep(document, before)

    def check(self, document: Document) -> Document:
        """Check a file again, because one that it imports has changed."""
        file, faults = parse_edited(document.source, self._pieces[document.uri])
        result = check_tree(file, faults, self)
        again = Document(document.uri, self, document.source, file, result)
        return self._keep(again, document)

    def _keep(self, document: Document, before: Document | None) -> Document:
        document.circuit = document.result.circuit or (before and before.circuit)
        document.outcomes = {} if before is None else before.outcomes
        self.open[document.uri] = document
        return document

    def close(self, uri: str) -> None:
        """Forget a file's text; the one on the disk counts again."""
        self.open.pop(uri, None)
        self._pieces.pop(uri, None)

    def importing(self, document: Document) -> list[Document]:
        """The open files that import a file."""
        others = (other for other in self.open.values() if other is not document)
        return [other for other in others if document.path in other.imports]

    # ---- what imports mean

    def load(self, importing: Source, path: str) -> Source:
        """The text of an imported file, as it is in the editor if it is open."""
        source = super().load(importing, path)
        document = None if source.path is None else self.opened(source.path)
        return source if document is None else document.source

    def opened(self, path: Path) -> Document | None:
        """The open file at a path, whatever links led to it."""
        whole = path.resolve()
        return next((document for document in self.open.values() if document.path == whole), None)

    def tree(self, importing: Source, path: str) -> CircuitFile | None:
        """The tree of an imported file; None if it cannot be read."""
        try:
            return parse(self.load(importing, path))[0]
        except (InputError, OSError, ValueError):
            return None

    def around(self, symbol: Symbol) -> list[Document]:
        """The files in which a symbol may be used: open ones, and those in the same folders."""
        home = symbol.span.source.path
        paths = {document.path for document in self.open.values() if document.path is not None}
        folders = {path.parent for path in (*paths, *([home.resolve()] if home else []))}
        paths |= {path.resolve() for folder in folders for path in folder.rglob("*.circ")}
        return [document for path in sorted(paths) if (document := self.read(path)) is not None]

    def read(self, path: Path) -> Document | None:
        """A file with its names; it is not checked if it is not open."""
        document = self.opened(path)
        if document is not None:
            return document
        try:
            source = read_source(path)
        except InputError:
            return None
        file, _ = parse(source)
        return Document(uri_of(path), self, source, file, CheckResult(None, ()))


def uri_of(path: Path) -> str:
    """What an editor calls a file."""
    return from_fs_path(str(path.resolve())) or ""
