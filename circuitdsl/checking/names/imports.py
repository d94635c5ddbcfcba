"""Imports: which files a file reads, and where they may be.

In: a tree and a loader. Out: its `Module` with every imported file's module inside. A file is found
relative to the one that imports it, below that one's folder; nothing else of the disk is in reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import MOST_IMPORTED, MOST_MODULES, Findings
from circuitdsl.checking.messages import declared_twice, listed, unknown, with_hint
from circuitdsl.checking.names.declare import declare
from circuitdsl.checking.names.settings import settings_of
from circuitdsl.checking.names.standard import standard_file, standard_names
from circuitdsl.checking.scope import Module, Setting
from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source
from circuitdsl.text.diagnostics import Fix, InputError, Label, suggestion
from circuitdsl.text.resources import circuits_folder
from circuitdsl.text.source import Source, Span

DEEPEST_IMPORTS = 32

SHIPPED = "shipped/"
"""What the paths of circuits start with that come with the package, from any folder."""


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
        if path.startswith(SHIPPED) and not _beside(importing, path):
            return _shipped(path)
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


def _beside(importing: Source, path: str) -> bool:
    """Whether a file of the user's own has the path of a shipped one."""
    return importing.path is not None and (importing.path.parent / path).is_file()


def _shipped(path: str) -> Source:
    """The text of a circuit that ships with the package."""
    name, names = path.removeprefix(SHIPPED), _shipped_names()
    if name not in names:
        hint = suggestion(name, names)
        raise InputError(
            f"no circuit `{name}` ships with the package{f'; {hint}' if hint else ''}",
            help=f"There are {', '.join(names)}.",
        )
    return read_source(circuits_folder() / name, path)


def _shipped_names() -> list[str]:
    """The circuits that ship with the package, in order."""
    folder = circuits_folder()
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.circ"))


def open_module(
    file: nodes.CircuitFile,
    loader: Loader,
    findings: Findings,
    settings: Mapping[str, Setting] | None = None,
) -> Analysis:
    """A file ready to be asked about: its imports opened and its names declared.

    A file that sets the dials of another one is that other file, its dials set.

    Args:
        file: Its tree.
        loader: Finds imported files.
        findings: Where faults are reported.
        settings: What its dials are set to by the file that imports it.
    """
    above = Analysis(Module(file), findings)
    module, outer = _module(above, "", settings or {}, loader, ())
    analysis = above.within(module)
    analysis.enter(module)
    _open(analysis, loader, outer)
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
        elif key in home.stimuli:
            if key in module.stimuli:
                _taken(name, module.stimuli[key].name.span, analysis)
                continue
            module.stimuli[key] = home.stimuli[key]
        else:
            own = [name for name, function in home.functions.items() if function.home is home]
            own += [name for name, (where, _) in home.motifs.items() if where is home]
            own += home.stimuli
            message, fixes = with_hint(
                analysis, f"`{home_name}` has no `{key}`", key, own, name.span
            )
            help_ = f"It has {listed(own)}."
            analysis.error("E201", message, name.span, help=help_, fixes=fixes)


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
    settings = module.settings_under(name)
    if item.block is not None:
        settings = settings_of(item.block, analysis) | settings
    file = _read(item.path, loader, analysis, outer)
    if file is not None:
        above = analysis.within(Module(file))
        inner, further = _module(above, f"{module.prefix}{name}.", settings, loader, outer)
        inner.set_here = inner.set_here or item.block is not None
        module.modules[name] = inner
        _open(analysis.within(inner), loader, further)


def _module(
    analysis: Analysis,
    prefix: str,
    settings: Mapping[str, Setting],
    loader: Loader,
    outer: tuple[Source, ...],
) -> tuple[Module, tuple[Source, ...]]:
    """The module of a file; of one that sets the dials of another, the other's.

    Args:
        analysis: The file as it was read.
        prefix: What its names start with in the circuit.
        settings: What its dials are set to by the files that import it.
        loader: Finds imported files.
        outer: The files on the way to it.

    Returns:
        The module, and the files on the way to its own.
    """
    file, set_here = analysis.module.file, False
    while (item := _set_circuit(analysis)) is not None:
        analysis.enter(analysis.module)
        settings = settings_of(item.block, analysis) | dict(settings)
        outer, set_here = (*outer, file.source), True
        other = _read(item.path, loader, analysis, outer)
        if other is None:
            nothing = nodes.CircuitFile(file.source, file.header, (), broken=frozenset("*"))
            return Module(nothing, prefix), outer
        file = replace(other, header=file.header)
        analysis = analysis.within(Module(file))
    return Module(file, prefix, settings=settings, set_here=set_here), outer


def _set_circuit(analysis: Analysis) -> nodes.SetCircuit | None:
    """The line that makes a file the circuit of another one; it stands alone (E214)."""
    items = analysis.module.file.items
    lines = [item for item in items if isinstance(item, nodes.SetCircuit)]
    if not lines:
        return None
    for item in items:
        if item is not lines[0]:
            analysis.error(
                "E214",
                "this file is the circuit that it imports, and declares nothing of its own",
                item.span,
                also=[Label(lines[0].path.span, "imported here")],
                help="Move it into the imported file, or import that one `as NAME`.",
            )
    return lines[0]


def _read(
    path: nodes.Text, loader: Loader, analysis: Analysis, outer: tuple[Source, ...]
) -> nodes.CircuitFile | None:
    """The tree of an imported file; None if there is none that can be used."""
    source = _found(path, loader, analysis, outer)
    if source is None:
        return None
    allowed = analysis.findings.another_module(len(source.text))
    if allowed is None or (allowed and len(outer) > DEEPEST_IMPORTS):
        analysis.error(
            "E113",
            "imports lead to too many files, or to too long ones",
            path.span,
            note=f"at most {MOST_MODULES} files, {DEEPEST_IMPORTS} deep, of {MOST_IMPORTED:,} "
            "characters together, each counted as often as it is imported",
        )
    if not allowed or len(outer) > DEEPEST_IMPORTS:
        return None
    file, faults = parse(source)
    for fault in faults:
        analysis.add(fault)
    return None if file.header is None else file


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
        help_, fixes = error.help, ()
        if text in _shipped_names():
            shipped = f'"{SHIPPED}{text}"'
            help_ = f"A circuit of that name ships with the package: write {shipped}."
            fixes = (Fix(f"Write {shipped}", path.span, shipped),)
        analysis.error("E209", error.message.rstrip("."), path.span, help=help_, fixes=fixes)
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
