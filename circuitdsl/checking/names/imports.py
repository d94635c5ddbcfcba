"""Imports: which files a file reads, and where they may be.

In: a tree and a loader. Out: its `Module` with every imported file's module inside. A file is found
relative to the one that imports it, below that one's folder; nothing else of the disk is in reach.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import Findings
from circuitdsl.checking.messages import declared_twice, listed, unknown, with_hint
from circuitdsl.checking.names.declare import declare
from circuitdsl.checking.names.standard import standard_file, standard_names
from circuitdsl.checking.scope import Module
from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.source import Source, Span

DEEPEST_IMPORTS = 32


class Loader(Protocol):
    """Finds the text of an imported file."""

    def load(self, importing: Source, path: str) -> Source:
        """The text that `path` means in `importing`.

        Raises:
            InputError: there is none, or it can't be read.
        """
        ...


class FileLoader:
    """Finds imported files on the disk, beside the importing one or below.

    What is not there is looked for in the same way in the folder that holds this one, so that
    files may stand in a sub-folder of those that they build on.
    """

    def load(self, importing: Source, path: str) -> Source:
        """The text of the file."""
        if importing.path is None:
            raise InputError(
                f"{importing.name} is no file, so nothing can be found relative to it.",
                help="Save it, or write the declarations in it.",
            )
        folder, name = importing.path.parent, Path(importing.name).parent
        above = folder.resolve().parent
        try:
            if not (folder / path).exists() and (above / path).is_file():
                folder, name = above, name.parent if name.name else Path("..")
            inside = (folder / path).resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError) as error:  # a link that leads to itself, a name too long
            reason = getattr(error, "strerror", None) or "its links lead to themselves"
            raise InputError(
                f"cannot read the imported file: {reason[0].lower()}{reason[1:]}.",
                help="Check the path.",
            ) from error
        display = str(name / path)
        if not inside:
            raise InputError(
                f"{display} leads out of the folder through a link.",
                help="Put the file itself beside this one, or in a folder below.",
            )
        return read_source(folder / path, display)


def open_module(
    file: nodes.CircuitFile, loader: Loader, findings: Findings, prefix: str = ""
) -> Analysis:
    """A file ready to be asked about: its imports opened and its names declared."""
    analysis = Analysis(Module(file, prefix), findings)
    analysis.enter(analysis.module)
    _open(analysis, loader, ())
    return analysis


def _open(analysis: Analysis, loader: Loader, outer: tuple[Source, ...]) -> None:
    file = analysis.module.file
    declare(analysis)
    for item in file.items:
        if isinstance(item, nodes.ImportNames):
            _import_names(analysis, item)
        elif isinstance(item, nodes.ImportModule):
            _import_module(analysis, item, loader, (*outer, file.source))


def _import_names(analysis: Analysis, item: nodes.ImportNames) -> None:
    module = analysis.module
    if isinstance(item.source, nodes.Text):
        path = item.source.value
        analysis.error(
            "E209",
            "names are imported one by one from the standard library only",
            item.source.span,
            help=f'Write `import "{path}" as NAME`, then `NAME.arcs` for its `arcs`.',
        )
        return
    home_name = item.source.text
    if home_name not in standard_names():
        libraries = standard_names()
        unknown(analysis, "library file", home_name, libraries, item.source.span, table=True)
        return
    home = _standard_module(home_name)
    for name in item.names:
        key = name.text
        if key in home.functions:
            imported = module.functions.get(key)
            first = module.dials.get(key) or module.lets.get(key) or (imported and imported.node)
            if first is not None:
                _taken(name, first.name.span, analysis)
                continue
            module.functions[key] = home.functions[key]
        elif key in home.motifs:
            if key in module.motifs:
                _taken(name, module.motifs[key][1].name.span, analysis)
                continue
            module.motifs[key] = home.motifs[key]
        else:
            own = [name for name, bound in home.functions.items() if bound.home is home]
            own += [name for name, (where, _) in home.motifs.items() if where is home]
            message = with_hint(analysis, f"`{home_name}` has no `{key}`", key, own)
            analysis.error("E201", message, name.span, help=f"It has {listed(own)}.")


def _taken(name: nodes.Name, first: Span, analysis: Analysis) -> None:
    if first.source is analysis.module.file.source:
        declared_twice(analysis, name.text, name.span, first)
    else:
        message = f"`{name.text}` is imported twice"
        analysis.error("E203", message, name.span, help="Remove one of the imports.")


@cache
def _standard_module(name: str) -> Module:
    """A module of the library, which its own tests have checked."""
    module = Module(standard_file(name), standard=True)
    analysis = Analysis(module, Findings())
    declare(analysis)
    for item in module.file.items:
        if isinstance(item, nodes.ImportNames):
            _import_names(analysis, item)
    return module


def _import_module(
    analysis: Analysis,
    item: nodes.ImportModule,
    loader: Loader,
    outer: tuple[Source, ...],
) -> None:
    module = analysis.module
    name = item.name.text
    if name in module.modules:
        declared_twice(analysis, name, item.name.span)
        return
    module.modules[name] = Module(
        nodes.CircuitFile(module.file.source, None, (), broken=frozenset("*"))
    )
    source = _found(item.path, loader, analysis, outer)
    if source is None:
        return
    allowed = analysis.findings.another_module()
    if allowed is None or (allowed and len(outer) > DEEPEST_IMPORTS):
        analysis.error("E113", "imports lead to too many files", item.path.span)
    if not allowed or len(outer) > DEEPEST_IMPORTS:
        return
    file, faults = parse(source)
    for fault in faults:
        analysis.add(fault)
    if file.header is not None:
        module.modules[name] = inner = Module(file, f"{module.prefix}{name}.")
        _open(analysis.within(inner), loader, outer)


def _found(
    path: nodes.Text, loader: Loader, analysis: Analysis, outer: tuple[Source, ...]
) -> Source | None:
    text = path.value
    parts = (*PurePosixPath(text).parts, *PureWindowsPath(text).parts)
    if (
        PurePosixPath(text).is_absolute()
        or PureWindowsPath(text).anchor
        or ".." in parts
        or not text.strip()
        or "\0" in text
    ):
        analysis.error(
            "E209",
            f'"{text}" is outside the folder of the importing file',
            path.span,
            note="absolute paths and `..` are refused, so that a circuit never reads other files",
            help="Put the file beside this one, or in a folder below.",
        )
        return None
    try:
        source = loader.load(outer[-1], text)
    except InputError as error:
        analysis.error("E209", error.message.rstrip("."), path.span, help=error.help)
        return None
    keys = [_key(importing) for importing in outer]
    if _key(source) in keys:
        start = keys.index(_key(source))
        around = [*(importing.name for importing in outer[start:]), source.name]
        circle = " -> ".join(Path(name).name for name in around)
        analysis.error(
            "E205",
            f"import cycle: {circle}",
            path.span,
            help="Move what both need into a third file.",
        )
        return None
    return source


def _key(source: Source) -> str:
    return source.name if source.path is None else str(source.path.resolve())
