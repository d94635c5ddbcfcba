"""Sums of measures: the one reader of what stands beside `expect` and `maximise`.

In: an expression. Out: a linear form (`ir.expect`), or None after reporting what is wrong with it.
What stands in the brackets of a measure is read by the caller, which knows what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import listed, no_value, not_fixed, unknown, wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.standard import standard_home
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.kinds import described
from circuitdsl.ir.algebra import nodes_of
from circuitdsl.ir.expect import Comparison, Expect, Form, Measured, Term
from circuitdsl.ir.expressions import Apply, DialValue, Number
from circuitdsl.ir.tables.measures import BY_NAME, Measure, Place, Unit, legal
from circuitdsl.syntax import nodes

Use = nodes.Call | nodes.Reference
"""A measure as it is written, with brackets or without."""


_MEANT = ("found",)
"""Names of the language that an expression may have and no file declares."""


@dataclass(frozen=True)
class Side:
    """A linear form and its unit.

    Attributes:
        terms: The form.
        power: How often an angle is a factor: 1 for angles, 0 for plain numbers. On the way to a
            ratio it may be another.
    """

    terms: Form
    power: int

    @property
    def measures(self) -> bool:
        """Whether anything in it is measured."""
        return any(term.measures for term in self.terms)


@dataclass(frozen=True)
class Reader:
    """Reads the forms of one block.

    Attributes:
        analysis: The file whose names the numbers may read, and where to report.
        place: What kind of block it is: which measures are legal.
        measured: Reads what stands in the brackets of a measure.
    """

    analysis: Analysis
    place: Place
    measured: Callable[[Use, Measure], Measured | None]

    def expect(self, node: nodes.Expectation) -> Expect | None:
        """An `expect` line."""
        left, right = self.side(node.left), self.side(node.right)
        if left is None or right is None:
            return None
        if left.power != right.power or left.power not in (0, 1):
            words = [_words(side.power) for side in (left, right)]
            message = f"`expect` compares {words[0]} with {words[1]}"
            self.analysis.error("E301", message, node.span)
            return None
        if not left.measures and not right.measures:
            message = "this expects nothing that is measured"
            self.analysis.error("E804", message, node.span, help=self.known)
            return None
        unit: Unit = "angle" if left.power == 1 else "real"
        comparison = cast("Comparison", node.comparison)
        return Expect(left.terms, comparison, right.terms, unit, node.span)

    @property
    def known(self) -> str:
        """The legal measures, for messages."""
        return f"Measures here: {listed(legal(self.place))}."

    def side(self, node: nodes.Expression) -> Side | None:
        """One side of a comparison, or a part of it."""
        if isinstance(node, nodes.Call | nodes.Reference) and self.is_measure(node):
            return self.measure(node)
        if not any(self.is_measure(use) for use in _uses(node)):
            return self.number(node)
        if isinstance(node, nodes.Signed):
            inner = self.side(node.operand)
            return None if inner is None else _times(inner, -1.0 if node.sign == "-" else 1.0)
        if isinstance(node, nodes.Chain):
            return self.sum(node) if node.is_sum else self.product(node)
        message = "a measure has no power"
        help_ = "Compare the measure itself: `x > 2` for `x^2 > 4`."
        if not isinstance(node, nodes.Power):
            message, help_ = "measures are added, and multiplied by numbers", self.known
        self.analysis.error("E302", message, node.span, help=help_)
        return None

    def sum(self, node: nodes.Chain) -> Side | None:
        """Forms of one unit, added and subtracted."""
        parts = [self.side(part) for part in node.parts]
        sound = [part for part in parts if part is not None]
        if len(sound) < len(parts):
            return None
        if len({part.power for part in sound}) > 1:
            words = " and ".join(dict.fromkeys(_words(part.power) for part in sound))
            message = f"cannot add {words}"
            self.analysis.error("E301", message, node.span, label="sums need like units")
            return None
        signs = ["+", *node.operators]
        terms = [
            term
            for sign, part in zip(signs, sound, strict=True)
            for term in _times(part, 1.0 if sign == "+" else -1.0).terms
        ]
        return Side(tuple(terms), sound[0].power)

    def product(self, node: nodes.Chain) -> Side | None:
        """A form times numbers and over numbers or a measure."""
        total = self.side(node.parts[0])
        for operator, part in zip(node.operators, node.parts[1:], strict=True):
            factor = None if total is None else self.side(part)
            if total is None or factor is None:
                return None
            total = self.combined(operator, total, factor, node)
        return total

    def combined(self, operator: str, left: Side, right: Side, node: nodes.Chain) -> Side | None:
        """`left * right` or `left / right`."""
        power = left.power + (right.power if operator == "*" else -right.power)
        if operator == "*" and left.measures and right.measures:
            message = "measures are not multiplied with one another"
            help_ = "Multiply a measure by numbers, or compare the ratio of two measures."
            self.analysis.error("E302", message, node.span, help=help_)
            return None
        if operator == "/" and right.measures:
            return self.ratio(left, right, power, node)
        if not right.measures:
            value = _sum(right)
            if operator == "/" and value == 0:
                no_value(self.analysis, "division by zero", node.span)
                return None
            return replace(_times(left, value if operator == "*" else 1 / value), power=power)
        return replace(_times(right, _sum(left)), power=power)

    def ratio(self, left: Side, right: Side, power: int, node: nodes.Chain) -> Side | None:
        """A form over one measure."""
        (first, *more) = right.terms
        over = first.measure
        if more or over is None or first.over is not None or first.weight == 0:
            message = "a sum is not divided by"
        elif any(term.over is not None for term in left.terms):
            message = "a ratio is not divided by a measure again"
        else:
            terms = tuple(replace(t, weight=t.weight / first.weight, over=over) for t in left.terms)
            return Side(terms, power)
        help_ = "Multiply both sides: `a > 4*(b + c)` for `a/(b + c) > 4`."
        self.analysis.error("E302", message, node.span, help=help_)
        return None

    def number(self, node: nodes.Expression) -> Side | None:
        """A side without a measure: a fixed number."""
        for use in _uses(node):
            if not self.is_known(use):
                self.unknown(use)
                return None
        value = Evaluator(self.analysis).value(node)
        if value is None:
            return None
        if isinstance(value, Number) and value.unit in ("real", "int", "angle"):
            return Side((Term(value.value),), int(value.unit == "angle"))
        dial = next((part for part in _parts(value) if isinstance(part, DialValue)), None)
        if dial is not None:
            not_fixed(self.analysis, "what stands beside measures", dial.name, node.span)
            return None
        what, requirement = "what stands beside measures", "a plain number or an angle"
        wrong_type(self.analysis, what, requirement, node.span, got=described(value))
        return None

    def measure(self, node: Use) -> Side | None:
        """A measure alone."""
        row = legal(self.place).get(node.name.text)
        if row is None:
            message = f"`{node.name.text}` is not measured here"
            self.analysis.error("E804", message, node.span, help=self.known)
            return None
        if isinstance(node, nodes.Call) and row.places[self.place] in ("none", "pairs"):
            message = f"`{row.name}` has nothing in brackets"
            self.analysis.error("E206", message, node.span, help=f"Write `{row.name}`.")
            return None
        needs_none = row.places[self.place] == "none"
        measure = Measured(row.name, span=node.span) if needs_none else self.measured(node, row)
        return None if measure is None else Side((Term(1.0, measure),), int(row.unit == "angle"))

    def is_measure(self, node: Use) -> bool:
        """Whether a name means a measure; those of other places only where it means no more."""
        name = node.name.text
        return name in legal(self.place) or (name in BY_NAME and not self.declared(node))

    def is_known(self, node: Use) -> bool:
        """Whether a name means something that is no measure."""
        name = node.name.text
        return "." in name or self.declared(node) or standard_home(name) is not None

    def declared(self, node: Use) -> bool:
        """Whether a name is one of the file's own, or may be one of a part that has errors."""
        name, module = node.name.text, self.analysis.module
        meaningful = name in self.analysis.values or name in _MEANT
        where: Module | None = module
        while where is not None and not meaningful:
            meaningful = name in where.expression_names() or where.silent(name)
            where = where.parent
        return meaningful or (module.geometry is not None and name == module.geometry[0])

    def unknown(self, node: Use) -> None:
        """Report a name that means nothing here (E201)."""
        name = node.name.text
        names = legal(self.place)
        unknown(self.analysis, "measure", name, names, node.name.span, help=self.known)


def _uses(node: nodes.Expression) -> Iterator[Use]:
    """The names of an expression, those inside of brackets of calls left out."""
    if isinstance(node, nodes.Call | nodes.Reference):
        yield node
    elif isinstance(node, nodes.Chain):
        for part in node.parts:
            yield from _uses(part)
    elif isinstance(node, nodes.Signed):
        yield from _uses(node.operand)
    elif isinstance(node, nodes.Power):
        yield from (*_uses(node.base), *_uses(node.exponent))
    elif isinstance(node, nodes.Listing | nodes.Pair | nodes.Both):
        for part in node.items:
            yield from _uses(part)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Number | DialValue | Apply):
        yield from nodes_of(value)


def _sum(side: Side) -> float:
    return sum(term.weight for term in side.terms)


def _times(side: Side, factor: float) -> Side:
    terms = tuple(replace(term, weight=factor * term.weight) for term in side.terms)
    return Side(terms, side.power)


def _words(power: int) -> str:
    return {0: "a plain number", 1: "an angle"}.get(power, f"an angle to the power of {power}")
