"""The names of one file, and where each leads.

In: the tree of a file. Out: a `Module`: its declarations by name, with duplicates reported. Dials,
lets and functions share one space of names; families, motifs and stimuli have one each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.backbones.directions import Direction, with_directions
from circuitdsl.syntax import nodes


@dataclass(frozen=True, eq=False)
class Bound:
    """A function and the file whose names its body means."""

    node: nodes.Function
    home: Module


@dataclass(frozen=True, eq=False)
class Setting:
    """What a dial of another file is set to, and the file that sets it."""

    node: nodes.Attribute
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
        dials: Dials, as declared.
        lets: Named expressions.
        functions: Functions, imported ones too.
        families: Families.
        motifs: Motifs, with the module that each was declared in.
        circuits: Circuits, each to be made instances of.
        stimuli: Stimulus sets.
        directions: Directions of layers.
        settings: What its dials, and those of the files and copies in it, are set to by others, by
            their names from here.
        set_here: Whether these settings were written for this file, not for one around it.
    """

    file: nodes.CircuitFile
    prefix: str = ""
    standard: bool = False
    parent: Module | None = None
    caller: Module | None = None
    modules: dict[str, Module] = field(default_factory=dict[str, "Module"])
    dials: dict[str, nodes.Dial] = field(default_factory=dict[str, nodes.Dial])
    lets: dict[str, nodes.Let] = field(default_factory=dict[str, nodes.Let])
    functions: dict[str, Bound] = field(default_factory=dict[str, Bound])
    families: dict[str, nodes.Family] = field(default_factory=dict[str, nodes.Family])
    motifs: dict[str, tuple[Module, nodes.Motif]] = field(
        default_factory=dict[str, "tuple[Module, nodes.Motif]"]
    )
    circuits: dict[str, nodes.Subcircuit] = field(default_factory=dict[str, nodes.Subcircuit])
    stimuli: dict[str, nodes.Stimulus] = field(default_factory=dict[str, nodes.Stimulus])
    directions: dict[str, nodes.Direction] = field(default_factory=dict[str, nodes.Direction])
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    set_here: bool = False

    @cached_property
    def geometry(self) -> tuple[str, Backbone] | None:
        """What the file calls its backbone, and the backbone; None if none is known.

        Directions are layers of it, as far as their own layers have units.
        """
        for item in self.file.items:
            if isinstance(item, nodes.Backbone) and item.value.name.text in BACKBONES:
                name = item.name.text
                return name, self._directed(name, BACKBONES[item.value.name.text])
        return None

    def _directed(self, name: str, backbone: Backbone) -> Backbone:
        for item in self.directions.values():
            layer = backbone.called(item.on.text.removeprefix(f"{name}."))
            known, row = backbone.by_name, backbone.by_name.get(layer)
            direction = Direction(item.name.text, layer, ())
            taken = any(part in known for part in direction.layers)
            if row is not None and (row.has_units or row.kind == "concat") and not taken:
                backbone = with_directions(backbone, [direction])
        return backbone

    def settings_under(self, name: str) -> dict[str, Setting]:
        """The settings of what stands under a name in this module, by their names there."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): setting
            for key, setting in self.settings.items()
            if key.startswith(prefix)
        }

    def silent(self, name: str) -> bool:
        """Whether a name belongs to a declaration that could not be read."""
        broken = self.file.broken
        return name in broken or name.split(".", maxsplit=1)[0] in broken or "*" in broken

    def inner(self, name: str) -> tuple[Module, str] | None:
        """The imported module that a dotted name leads to, and the rest of the name."""
        first, _, rest = name.partition(".")
        return (self.modules[first], rest) if rest and first in self.modules else None

    def follow(self, name: str) -> tuple[Module, str]:
        """The module that a dotted name leads to, and the rest of the name there."""
        where, key = self, name
        while (inner := where.inner(key)) is not None:
            where, key = inner
        return where, key

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
        yield from self.dials
        yield from self.lets
        yield from self.functions
        yield from self.directions
        for name, module in self.modules.items():
            yield from (f"{name}.{inner}" for inner in (*module.dials, *module.lets))
