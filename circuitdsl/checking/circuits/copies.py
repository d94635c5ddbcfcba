"""Copies of circuits: each `let NAME = CIRCUIT(...)` becomes a module of its own.

Its declarations stand in the circuit under dotted names, and its formals are bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.findings import MOST_COPIED
from circuitdsl.checking.messages import declared_twice
from circuitdsl.checking.names.declare import declare
from circuitdsl.checking.names.evaluate import DEEPEST_CALLS, Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.kinds import Value
from circuitdsl.syntax import nodes


@question
def copy_of(analysis: Analysis, name: str) -> Analysis | None:
    """The copy of a circuit that a `let` names; None if it is faulty."""
    module, let = analysis.module, analysis.module.lets[name]
    call = cast("nodes.Call", let.value)
    declaration = module.home_of("circuits", call.name.text)
    if declaration is None:
        return None
    if let.unit is not None:
        analysis.error("E302", "a copy of a circuit has no type", let.unit.span, help="Remove it.")
    if name in module.modules:
        declared_twice(analysis, name, let.name.span)
        return None
    home, key = declaration
    return opened(home, home.circuits[key], call, analysis, name=name)


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
    if any(outer.file.items is node.items for outer in _callers(caller.module)):
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
    arguments = match(call, {f.name.text: f.default is None for f in node.formals}, caller)
    if arguments is None:
        return None
    values: dict[str, Value | None] = {}
    for formal in node.formals:
        key = formal.name.text
        value = arguments.get(key, formal.default)
        evaluator = Evaluator(caller if key in arguments else caller.within(home))
        if value is not None:
            what = f"`{key}` of `{node.name.text}()`"
            values[key] = evaluator.declared(value, formal.unit, what)
    source = home.file
    file = nodes.CircuitFile(source.source, source.header, node.items, broken=source.broken)
    prefix = f"{caller.module.prefix}{name}."
    settings = caller.module.settings_under(name)
    module = Module(file, prefix, parent=home, caller=caller.module, settings=settings)
    copy = caller.enter(module)
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
    for copy in _callers(module):
        circuits = () if copy.parent is None else copy.parent.circuits.values()
        yield from (c.name.text for c in circuits if c.items is copy.file.items)
