"""The nodes of expressions, and what every node is.

In: nothing; the parser builds them. Out: frozen nodes that each know their place in the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from circuitdsl.text.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name(Node):
    """An identifier, or several joined by dots."""

    text: str


# ---- expressions


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal: its value, its unit (empty without one) and how it was spelt."""

    value: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A string, without its quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """A name that stands for a value."""

    name: Name


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """An argument of a call; `name` is None where it was given by position."""

    name: Name | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`NAME(arguments)`."""

    name: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Pair(Node):
    """`(x, y)`: a point."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """`[a, b, c]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Sums (`+`, `-`) or products (`*`, `/`) of two or more parts, from left to right.

    `operators[i]` stands between `parts[i]` and `parts[i + 1]`.
    """

    parts: tuple[Expression, ...]
    operators: tuple[str, ...]

    @property
    def is_sum(self) -> bool:
        """Whether the operators are `+` and `-`."""
        return self.operators[0] in "+-"


@dataclass(frozen=True, slots=True)
class Signed(Node):
    """`-x` or `+x`."""

    sign: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Power(Node):
    """`x ^ y`."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Relative(Node):
    """`profile @ frame`."""

    operand: Expression
    frame: Name


@dataclass(frozen=True, slots=True)
class Both(Node):
    """`a and b`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unit(Node):
    """`3b:379`: a neuron of a trained network."""

    text: str


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`FIRST..LAST` in a selection; both ends count."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Selection(Node):
    """`NAME[picks]`: some units of what NAME stands for."""

    name: Name
    picks: tuple[Argument | Range, ...]


Expression = (
    Number
    | Text
    | Reference
    | Call
    | Pair
    | Listing
    | Chain
    | Signed
    | Power
    | Relative
    | Both
    | Unit
    | Selection
)
