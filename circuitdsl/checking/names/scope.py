"""The names of one file, and where each leads.

In: the tree of a file. Out: a `Module`: its declarations by name, with duplicates reported. Dials,
lets and functions share one space of names; families, motifs and stimuli have one each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from circuitdsl.checking.findings import Findings, with_hint
from circuitdsl.checking.values.kinds import Value
from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.circuit import Motif, Param
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Label
from circuitdsl.text.source import Span


@dataclass(frozen=True, eq=False)
class Bound:
    """A function and the file whose names its body means."""

    node: nodes.Function
    home: Module


@dataclass(eq=False)
class Module:
    """One file as another one sees it.

    Attributes:
        file: Its tree.
        prefix: What its names start with in the circuit: empty for the file that is checked, `lab.`
            for one imported as `lab`.
        standard: Whether it belongs to the standard library.
        parent: For an instance of a circuit, the file that declares the circuit; its names are
            known too.
        caller: For an instance, the module in which it was made.
        modules: Imported files by name.
        params: Dials.
        lets: Named expressions.
        functions: Functions, imported ones too.
        families: Families.
        motifs: Motifs, with the module that each was declared in.
        circuits: Circuits, each to be made instances of.
        stimuli: Stimulus sets.
        dials: The dials of the circuit that stand for its params, as they are evaluated.
        values: Values of its lets, as they are evaluated, and of the formals of an instance; None
            for faulty ones.
        patterns: Its motifs, as they are evaluated; None for faulty ones.
        busy: Lets whose evaluation has begun.
    """

    file: nodes.CircuitFile
    prefix: str = ""
    standard: bool = False
    parent: Module | None = None
    caller: Module | None = None
    modules: dict[str, Module] = field(default_factory=dict[str, "Module"])
    params: dict[str, nodes.Param] = field(default_factory=dict[str, nodes.Param])
    lets: dict[str, nodes.Let] = field(default_factory=dict[str, nodes.Let])
    functions: dict[str, Bound] = field(default_factory=dict[str, Bound])
    families: dict[str, nodes.Family] = field(default_factory=dict[str, nodes.Family])
    motifs: dict[str, tuple[Module, nodes.Motif]] = field(
        default_factory=dict[str, "tuple[Module, nodes.Motif]"]
    )
    circuits: dict[str, nodes.Subcircuit] = field(default_factory=dict[str, nodes.Subcircuit])
    stimuli: dict[str, nodes.Stimulus] = field(default_factory=dict[str, nodes.Stimulus])
    dials: dict[str, Param | None] = field(default_factory=dict[str, "Param | None"])
    values: dict[str, Value | None] = field(default_factory=dict[str, "Value | None"])
    patterns: dict[str, Motif | None] = field(default_factory=dict[str, "Motif | None"])
    busy: list[str] = field(default_factory=list[str])

    @cached_property
    def geometry(self) -> tuple[str, Backbone] | None:
        """What the file calls its backbone, and the backbone; None if none is known."""
        for item in self.file.items:
            if isinstance(item, nodes.Backbone) and item.value.name.text in BACKBONES:
                return item.name.text, BACKBONES[item.value.name.text]
        return None

    def silent(self, name: str) -> bool:
        """Whether a name belongs to a declaration that could not be read."""
        broken = self.file.broken
        return name in broken or name.split(".", maxsplit=1)[0] in broken or "*" in broken

    def inner(self, name: str) -> tuple[Module, str] | None:
        """The imported module that a dotted name leads to, and the rest of the name."""
        first, _, rest = name.partition(".")
        return (self.modules[first], rest) if rest and first in self.modules else None

    def around(self, name: str) -> tuple[Module, str] | None:
        """For an instance, the file around it, where a name is looked for next."""
        return None if self.parent is None else (self.parent, name)

    def is_copy(self, let: nodes.Let) -> bool:
        """Whether a `let` names a copy of a circuit."""
        call = let.value
        return isinstance(call, nodes.Call) and self.home_of("circuits", call.name.text) is not None

    @property
    def whole_file(self) -> Module:
        """The module of the file that a copy of a circuit was declared in; of a file, itself."""
        return self if self.parent is None else self.parent.whole_file

    def home_of(self, kind: str, name: str) -> tuple[Module, str] | None:
        """Where a name of one kind is declared, and its name there.

        Args:
            kind: An attribute of modules, such as `circuits`.
            name: A name, or several joined by dots that lead through imported files.
        """
        where, key = self, name
        while key not in getattr(where, kind):
            inner = where.inner(key)
            if inner is None:
                return None if self.parent is None else self.parent.home_of(kind, name)
            where, key = inner
        return where, key

    def expression_names(self) -> Iterator[str]:
        """Everything that an expression can name."""
        yield from self.params
        yield from self.lets
        yield from self.functions
        for name, module in self.modules.items():
            yield from (f"{name}.{inner}" for inner in (*module.params, *module.lets))


def declare(module: Module, findings: Findings) -> None:
    """Enter a file's own declarations into its module, imports excepted."""
    places: dict[tuple[str, str], Span] = {}
    for item in module.file.items:
        if isinstance(item, nodes.Param | nodes.Let | nodes.Function | nodes.Subcircuit):
            kind = "expression"
        elif isinstance(item, nodes.Family | nodes.Motif | nodes.Stimulus):
            kind = type(item).__name__
        else:
            continue
        name = item.name.text
        if not _is_new(places, kind, item.name, findings):
            continue
        if isinstance(item, nodes.Param):
            module.params[name] = item
        elif isinstance(item, nodes.Let):
            module.lets[name] = item
        elif isinstance(item, nodes.Function):
            module.functions[name] = Bound(item, module)
        elif isinstance(item, nodes.Subcircuit):
            module.circuits[name] = item
        elif isinstance(item, nodes.Family):
            module.families[name] = item
        elif isinstance(item, nodes.Motif):
            module.motifs[name] = (module, item)
        else:
            module.stimuli[name] = item


def _is_new(
    places: dict[tuple[str, str], Span], kind: str, name: nodes.Name, findings: Findings
) -> bool:
    first = places.setdefault((kind, name.text), name.span)
    if first is name.span:
        return True
    twice(name.text, name.span, first, findings)
    return False


def twice(name: str, span: Span, first: Span, findings: Findings) -> None:
    """Report that a name is declared twice."""
    findings.error(
        "E203",
        f"`{name}` is declared twice (first at {first.line}:{first.column})",
        span,
        also=[Label(first, "first declared here")] if first.source is span.source else (),
        help="Rename one of them.",
    )


def attributes(
    block: nodes.Block | None, known: tuple[str, ...], what: str, findings: Findings
) -> dict[str, nodes.Attribute]:
    """The attributes of a block by name; unknown and repeated ones are reported.

    Args:
        block: The block, if there is one.
        known: Legal names; `tune` stands for every `tune.AXIS`.
        what: What the block belongs to, as a message names it.
        findings: Where to report.
    """
    found: dict[str, nodes.Attribute] = {}
    for attribute in () if block is None else block.attributes:
        name = attribute.name.text
        first, _, axis = name.partition(".")
        legal = (first == "tune" and bool(axis) and "." not in axis) if axis else name != "tune"
        if name == "tune" and "tune" in known:
            findings.error(
                "E202",
                "`tune` needs the axis that it tunes",
                attribute.name.span,
                help="Write `tune.th = ...` for the axis `th`.",
            )
        elif first not in known or not legal:
            findings.error(
                "E202",
                with_hint(f"{what} has no attribute `{name}`", name, known),
                attribute.name.span,
                help=f"It has: {', '.join('tune.AXIS' if n == 'tune' else n for n in known)}.",
            )
        elif name in found:
            findings.error(
                "E208",
                f"`{name}` is given twice",
                attribute.name.span,
                also=[Label(found[name].name.span, "first given here")],
                help="Keep one of them.",
            )
        else:
            found[name] = attribute
    return found
