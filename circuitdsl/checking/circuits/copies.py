"""Copies of circuits, and families of imported files: what else stands in a circuit.

In: a file's module. Out: modules whose declarations stand in the circuit under dotted names: one
for each `let NAME = CIRCUIT(...)`, and each imported file whose families this one names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.findings import MOST_COPIED
from circuitdsl.checking.messages import declared_twice
from circuitdsl.checking.names.declare import declare
from circuitdsl.checking.names.evaluate import DEEPEST_CALLS, Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.kinds import Value
from circuitdsl.ir.circuit import BackboneUse
from circuitdsl.syntax import nodes


def instance(analysis: Analysis, let: nodes.Let) -> Analysis | None:
    """The module of a copy of a circuit; None if it is faulty.

    Args:
        analysis: Where the `let` stands, and where faults are reported.
        let: One that is a copy.
    """
    call = let.value
    found = (
        analysis.module.home_of("circuits", call.name.text)
        if isinstance(call, nodes.Call)
        else None
    )
    if not isinstance(call, nodes.Call) or found is None:
        return None
    if let.unit is not None:
        analysis.error("E302", "a copy of a circuit has no type", let.unit.span, help="Remove it.")
    name = let.name
    if name.text in analysis.module.modules:
        declared_twice(analysis, name.text, name.span)
        return None
    home, key = found
    return opened(home, home.circuits[key], call, analysis, name=name.text)


def opened(
    home: Module,
    node: nodes.Subcircuit,
    call: nodes.Call,
    caller: Analysis,
    *,
    name: str,
) -> Analysis | None:
    """A circuit's declarations as a module, its formals bound.

    Args:
        home: The file that declares the circuit.
        node: The circuit.
        call: What it is called with.
        caller: Where the call stands, and where faults are reported.
        name: What the copy is called there.
    """
    chain = [node.name.text, *_around(caller.module)]
    if any(each.file.items is node.items for each in _callers(caller.module)):
        around = " -> ".join(reversed(chain))
        help_ = "Definitions may not go in a circle."
        caller.error("E210", f"a circuit copies itself: {around}", call.span, help=help_)
        return None
    affords = caller.findings.affords_copy(len(node.items))
    if len(chain) > DEEPEST_CALLS or affords is None:
        message = f"the copies of circuits hold more than {MOST_COPIED:,} declarations"
        caller.error("E113", message, call.span)
    if len(chain) > DEEPEST_CALLS or not affords:
        return None
    given = match(call, {f.name.text: f.default is None for f in node.formals}, caller)
    if given is None:
        return None
    values: dict[str, Value | None] = {}
    for formal in node.formals:
        key = formal.name.text
        written = given.get(key, formal.default)
        evaluator = Evaluator(caller if key in given else caller.within(home))
        if written is not None:
            what = f"`{key}` of `{node.name.text}()`"
            values[key] = evaluator.declared(written, formal.unit, what)
    source = home.file
    file = nodes.CircuitFile(source.source, source.header, node.items, broken=source.broken)
    prefix = f"{caller.module.prefix}{name}."
    copy = caller.enter(Module(file, prefix, parent=home, caller=caller.module))
    copy.values.update(values)
    declare(copy)
    return copy


def _callers(module: Module) -> Iterator[Module]:
    """The copies around a copy, itself first."""
    here: Module | None = module
    while here is not None and here.parent is not None:
        yield here
        here = here.caller


def _around(module: Module) -> Iterator[str]:
    for each in _callers(module):
        circuits = () if each.parent is None else each.parent.circuits.values()
        yield from (c.name.text for c in circuits if c.items is each.file.items)


def files_used(module: Module) -> dict[str, Module]:
    """The imported files whose families stand in a circuit, by their path from its file.

    A file connects or normalises them, or it copies a circuit that does.
    """
    items = [*module.file.items, *(i for c in module.circuits.values() for i in c.items)]
    found: dict[str, Module] = {}
    for name in _ends(items):
        where, key = module, name
        while (inner := where.inner(key)) is not None:
            where, key = inner
        if where is not module and _lends(where, key):
            found[name.removesuffix(key)] = where
    for let in items:
        call = let.value if isinstance(let, nodes.Let) else None
        home = module.home_of("circuits", call.name.text) if isinstance(call, nodes.Call) else None
        if isinstance(call, nodes.Call) and home is not None and home[0] is not module:
            where, key = home
            if any(_lends(where, name) for name in _ends(where.circuits[key].items)):
                found[call.name.text.removesuffix(key)] = where
    return found


def _ends(items: Iterable[nodes.Item]) -> Iterator[str]:
    """The families that connections and normalisations name."""
    for item in items:
        if isinstance(item, nodes.Connect):
            yield from (item.source.text, item.target.text)
        elif isinstance(item, nodes.Normalise):
            yield item.family.text


def _lends(where: Module, name: str) -> bool:
    first = name.partition(".")[0]
    return first in where.families or first in where.lets


def same_backbone(
    path: str, analysis: Analysis, mine: BackboneUse, other: BackboneUse | None
) -> bool:
    """Whether the families of an imported file were written for this file's backbone."""
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
            f"`{path.rstrip('.')}` is written for {_backbone(other)}, this file for "
            f"{_backbone(mine)}",
            item.span,
            note="its families stand in this circuit, so they need the same layers",
            help="Give both files the same backbone.",
        )
    return alike


def _backbone(use: BackboneUse) -> str:
    return f"{use.architecture}(norm={use.norm})"


def renamed(use: BackboneUse | None, home: Module) -> BackboneUse | None:
    """The backbone under the name that another file calls it."""
    declared = (item for item in home.file.items if isinstance(item, nodes.Backbone))
    own = next(declared, None)
    return use if use is None or own is None else replace(use, name=own.name.text)
