"""Families in reach: which ones a file or a copy of a circuit can name, and where they stand.

In: a module. Out: its own families, those of its copies of circuits, and those of imported files
that it names, each under the name that it has here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from circuitdsl.checking.analysis import Analysis, once
from circuitdsl.checking.circuits.copies import copy_of
from circuitdsl.checking.families.backbones import backbone
from circuitdsl.checking.families.families import family
from circuitdsl.checking.scope import Module
from circuitdsl.ir.circuit import BackboneUse, Family
from circuitdsl.syntax import nodes

Families = dict[str, Family | None]
"""Families by name; None for faulty ones."""


@once
def own_families(analysis: Analysis) -> Families:
    """The families that a module declares itself."""
    return {name: family(analysis, name) for name in analysis.module.families}


@once
def copies(analysis: Analysis) -> dict[str, Analysis | None]:
    """The copies of circuits that a module makes, by name; None for faulty ones."""
    lets = analysis.module.lets.items()
    return {name: copy_of(analysis, name) for name, let in lets if analysis.module.is_copy(let)}


@once
def files(analysis: Analysis) -> dict[str, Analysis | None]:
    """The imported files whose families stand in a circuit; None for another backbone's."""
    if analysis.module.parent is not None:
        return {}  # the file that the circuit is declared in names them
    analyses = {path: analysis.of(module) for path, module in _files_used(analysis.module).items()}
    return {
        path: file if _same_backbone(path, analysis, file) else None
        for path, file in analyses.items()
    }


@once
def lent(analysis: Analysis) -> Families:
    """The families of a module as others name them: its own, and those of its parts."""
    module, sources = analysis.module, _files_used(analysis.module)
    families = {**own_families(analysis)}
    for path, file in files(analysis).items():
        theirs = lent(analysis.of(sources[path]))
        families |= {
            path + name: declaration if file else None for name, declaration in theirs.items()
        }
    for name, copy in copies(analysis).items():
        theirs = dict.fromkeys(_declared(module, name)) if copy is None else lent(copy)
        families |= {f"{name}.{key}": declaration for key, declaration in theirs.items()}
    return families


@once
def in_reach(analysis: Analysis) -> Families:
    """The families that connections of a module can name."""
    module = analysis.module
    if module.caller is None:
        return lent(analysis)
    home, around = module.whole_file, analysis.of(module.caller)
    if home is not module.caller.whole_file:
        return {**lent(analysis.of(home)), **lent(analysis)}
    return {**in_reach(around), **lent(analysis)}


def _declared(module: Module, name: str) -> Iterator[str]:
    """The families of the circuit that a `let` copies."""
    call = module.lets[name].value
    circuit = module.home_of("circuits", call.name.text) if isinstance(call, nodes.Call) else None
    items = () if circuit is None else circuit[0].circuits[circuit[1]].items
    return (item.name.text for item in items if isinstance(item, nodes.Family))


def _files_used(module: Module) -> dict[str, Module]:
    """The imported files whose families stand in a circuit, by their path from its file.

    A file connects or normalises them, or it copies a circuit that does.
    """
    items = [*module.file.items, *(i for c in module.circuits.values() for i in c.items)]
    sources: dict[str, Module] = {}
    for name in _ends(items):
        where, key = module.follow(name)
        if where is not module and _lends(where, key):
            sources[name.removesuffix(key)] = where
    for let in items:
        call = let.value if isinstance(let, nodes.Let) else None
        home = module.home_of("circuits", call.name.text) if isinstance(call, nodes.Call) else None
        if isinstance(call, nodes.Call) and home is not None and home[0] is not module:
            where, key = home
            if any(_lends(where, name) for name in _ends(where.circuits[key].items)):
                sources[call.name.text.removesuffix(key)] = where
    return sources


def _ends(items: Iterable[nodes.Item]) -> Iterator[str]:
    """The families that connections and normalisations name."""
    for item in items:
        if isinstance(item, nodes.Connect):
            yield from (item.source.text, item.target.text)
        elif isinstance(item, nodes.Normalise):
            yield from (name.text for name in item.families)


def _lends(where: Module, name: str) -> bool:
    first = name.partition(".")[0]
    return first in where.families or first in where.lets


def _same_backbone(path: str, analysis: Analysis, file: Analysis) -> bool:
    """Whether the families of an imported file were written for this file's backbone."""
    mine, other = backbone(analysis), backbone(file)
    if mine is None:
        return True
    if other is None:
        return False
    alike = replace(other, name=mine.name, input_px=mine.input_px, span=mine.span) == mine
    if not alike:
        item = next(
            item
            for item in analysis.module.file.items
            if isinstance(item, nodes.ImportModule) and item.name.text == path.partition(".")[0]
        )
        analysis.error(
            "E213",
            f"`{path.rstrip('.')}` is written for {_written(other)}, this file for "
            f"{_written(mine)}",
            item.span,
            note="its families stand in this circuit, so they need the same layers",
            help="Give both files the same backbone.",
        )
    return alike


def _written(use: BackboneUse) -> str:
    return f"{use.architecture}(normalisation={use.normalisation})"
