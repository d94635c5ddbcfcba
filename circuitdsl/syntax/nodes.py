"""The syntax tree: what was written, before anything is known about what it means.

In: nothing; the parser builds it. Out: frozen nodes that each know their place in the text. Spans
take no part in equality, so two trees are equal when the same things were written in them, however
they were laid out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from circuitdsl.syntax.expressions import (
    Argument,
    Both,
    Call,
    Chain,
    Expression,
    Listing,
    Name,
    Node,
    Number,
    Pair,
    Power,
    Range,
    Reference,
    Relative,
    Selection,
    Signed,
    Text,
    Unit,
)
from circuitdsl.text.source import Source

__all__ = [  # the nodes of expressions, beside those below
    "Argument",
    "Both",
    "Call",
    "Chain",
    "Expression",
    "Listing",
    "Name",
    "Node",
    "Number",
    "Pair",
    "Power",
    "Range",
    "Reference",
    "Relative",
    "Selection",
    "Signed",
    "Text",
    "Unit",
]

# ---- declarations


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`name = value` in a block."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Expectation(Node):
    """`expect LEFT COMPARISON RIGHT` in a block; it compares by one of `<= >= == != < >`."""

    left: Expression
    comparison: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`{ attributes and expectations }`, which may stand in any order."""

    attributes: tuple[Attribute, ...]
    expectations: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportModule(Node):
    """`import "FILE" as NAME with { dials set }`."""

    path: Text
    name: Name
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class SetCircuit(Node):
    """`import "FILE" with { dials set }`: the circuit of another file, as this file's own."""

    path: Text
    block: Block


@dataclass(frozen=True, slots=True)
class ImportNames(Node):
    """`from SOURCE import names`; SOURCE is dotted, or a string."""

    source: Name | Text
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Backbone(Node):
    """`backbone NAME = ARCHITECTURE(...)`."""

    name: Name
    value: Call


@dataclass(frozen=True, slots=True)
class Dial(Node):
    """`dial NAME : UNIT = DEFAULT in [LOW, HIGH] free`."""

    name: Name
    unit: Name | None
    default: Expression
    interval: tuple[Expression, Expression] | None
    free: bool


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let NAME : UNIT = VALUE`."""

    name: Name
    unit: Name | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Formal(Node):
    """A parameter of a function or a motif; a motif's may have a range, as a dial has."""

    name: Name
    unit: Name | None
    default: Expression | None
    interval: tuple[Expression, Expression] | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`fn NAME(formals) : UNIT = BODY`; without a body, a primitive of the compiler."""

    name: Name
    formals: tuple[Formal, ...]
    unit: Name | None
    body: Expression | None


@dataclass(frozen=True, slots=True)
class Motif(Node):
    """`motif NAME(formals) { ... }`."""

    name: Name
    formals: tuple[Formal, ...]
    block: Block


@dataclass(frozen=True, slots=True)
class Axis(Node):
    """`NAME: KIND(...)` of a family."""

    name: Name
    kind: Expression


@dataclass(frozen=True, slots=True)
class Family(Node):
    """`family NAME [axes] at LAYER { ... }`."""

    name: Name
    axes: tuple[Axis, ...]
    layer: Name
    block: Block | None


@dataclass(frozen=True, slots=True)
class Connect(Node):
    """`connect SOURCE -> TARGET as ALIAS = MOTIF(...) { ... }`."""

    source: Name
    target: Name
    alias: Name | None
    motif: Call | None
    block: Block | None


@dataclass(frozen=True, slots=True)
class Normalise(Node):
    """`normalise FAMILY, FAMILY { ... }`: one family, or several alike."""

    families: tuple[Name, ...]
    block: Block


@dataclass(frozen=True, slots=True)
class Stimulus(Node):
    """`stimulus NAME = GENERATOR(...) { ... }`."""

    name: Name
    value: Call
    block: Block | None


@dataclass(frozen=True, slots=True)
class Direction(Node):
    """`direction NAME on LAYER = WEIGHT*UNIT - WEIGHT*UNIT`."""

    name: Name
    on: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Condition(Node):
    """`LEFT COMPARISON RIGHT` behind `where`."""

    left: Expression
    comparison: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Clause(Node):
    """`WORD VALUE`, `WORD SOURCE -> TARGET`, or `where` and its conditions.

    Attributes:
        word: Such as `to`.
        value: None after `where`.
        target: What the arrow points at, where there is one.
        conditions: Those of `where`.
    """

    word: Name
    value: Expression | None
    target: Expression | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb(Node):
    """`NAME units clauses { ... }`, or `NAME sources -> targets ...`: a step of an edit."""

    name: Name
    units: tuple[Expression, ...]
    targets: tuple[Expression, ...]
    clauses: tuple[Clause, ...]
    block: Block | None


@dataclass(frozen=True, slots=True)
class Steps(Node):
    """`{ verbs and expectations }`; expectations may stand anywhere."""

    verbs: tuple[Verb, ...]
    expectations: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit(Node):
    """`edit NAME on NETWORK { ... }`."""

    name: Name
    on: Name
    block: Steps


@dataclass(frozen=True, slots=True)
class Score(Node):
    """`score NAME { ... }`."""

    name: Name
    block: Block


@dataclass(frozen=True, slots=True)
class Fit(Node):
    """`fit NAME { ... }`."""

    name: Name
    block: Block


@dataclass(frozen=True, slots=True)
class Subcircuit(Node):
    """`circuit NAME(formals) { declarations }`; `opening` is the offset behind the brace."""

    name: Name
    formals: tuple[Formal, ...]
    items: tuple[Inner, ...]
    opening: int = field(compare=False, repr=False)


Inner = Dial | Let | Function | Motif | Family | Connect | Normalise | Stimulus
"""Declarations that may stand in a `circuit`."""

Item = (
    ImportModule
    | SetCircuit
    | ImportNames
    | Backbone
    | Dial
    | Let
    | Function
    | Motif
    | Subcircuit
    | Family
    | Connect
    | Normalise
    | Stimulus
    | Direction
    | Edit
    | Score
    | Fit
)

# ---- the file


@dataclass(frozen=True, slots=True)
class Header(Node):
    """`circ VERSION "DOC"`."""

    version: int
    doc: Text | None


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`# text` to the end of a line, the mark included."""

    text: str


@dataclass(frozen=True, slots=True)
class CircuitFile:
    """A whole file.

    Attributes:
        source: The text.
        header: None where it could not be read.
        items: The declarations that could be read, in order.
        comments: In order; they belong to no node.
        broken: Names that unreadable declarations seem to declare, about which the checker says
            nothing more.
    """

    source: Source = field(compare=False, repr=False)
    header: Header | None
    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, default=())
    broken: frozenset[str] = frozenset()
