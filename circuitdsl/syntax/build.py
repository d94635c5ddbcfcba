# ruff: noqa: D102
"""From the parser's reductions to nodes.

In: the children of each grammar rule, bottom-up. Out: nodes of `nodes.py`. The method names are the
rule names and aliases of `circ.lark`. Every method is called once per reduction, so building needs
no recursion, and positions come from the first and last child.
"""

from __future__ import annotations

from typing import Any

from circuitdsl.syntax import nodes
from circuitdsl.text.source import Source, Span

_NUMERIC = "0123456789.eE+-"
"""What the number of a quantity is written with; no unit starts with any of it."""


class NodeBuilder:
    """Builds the nodes of one source at a time; `source` is set before each parse."""

    source: Source = Source("", "")

    def _at(self, first: Any, last: Any) -> Span:
        # tokens of the parser know their place by themselves, nodes by their span
        start = first.span.start if isinstance(first, nodes.Node) else first.start_pos
        end = last.span.end if isinstance(last, nodes.Node) else last.end_pos
        return Span(self.source, start, end)

    def _name(self, token: Any) -> nodes.Name:
        return nodes.Name(self._at(token, token), str(token))

    def _optional_name(self, token: Any) -> nodes.Name | None:
        return None if token is None else self._name(token)

    # ---- file

    def start(self, children: list[Any]) -> tuple[nodes.Header, tuple[nodes.Item, ...]]:
        return children[0], tuple(children[1:])

    def items(self, children: list[Any]) -> tuple[nodes.Item, ...]:
        return tuple(children)

    def header(self, children: list[Any]) -> nodes.Header:
        circ, version, doc = children
        text = None if doc is None else self.text([doc])
        # more digits than any version has would not convert
        number = int(version) if len(version) < 10 else -1
        return nodes.Header(self._at(circ, version if doc is None else doc), number, text)

    # ---- declarations

    def import_module(self, children: list[Any]) -> nodes.ImportModule:
        keyword, path, name, block = children
        span = self._at(keyword, name if block is None else block)
        return nodes.ImportModule(span, self.text([path]), self._name(name), block)

    def set_circuit(self, children: list[Any]) -> nodes.SetCircuit:
        keyword, path, block = children
        return nodes.SetCircuit(self._at(keyword, block), self.text([path]), block)

    def settings(self, children: list[Any]) -> nodes.Block:
        _, block = children
        return block

    def import_names(self, children: list[Any]) -> nodes.ImportNames:
        keyword, source, *names = children
        span = self._at(keyword, names[-1])
        return nodes.ImportNames(span, source, tuple(map(self._name, names)))

    def backbone(self, children: list[Any]) -> nodes.Backbone:
        keyword, name, call = children
        return nodes.Backbone(self._at(keyword, call), self._name(name), call)

    def dial(self, children: list[Any]) -> nodes.Dial:
        keyword, name, unit, default, interval, free = children
        last = next(part for part in (free, interval, default) if part is not None)
        bounds = None if interval is None else interval.items
        span = self._at(keyword, last)
        unit = self._optional_name(unit)
        return nodes.Dial(span, name, unit, default, bounds, free is not None)

    def interval(self, children: list[Any]) -> nodes.Listing:
        left, low, high, right = children
        return nodes.Listing(self._at(left, right), (low, high))

    def let(self, children: list[Any]) -> nodes.Let:
        keyword, name, unit, value = children
        span = self._at(keyword, value)
        return nodes.Let(span, self._name(name), self._optional_name(unit), value)

    def fn(self, children: list[Any]) -> nodes.Function:
        keyword, name, formals, closing, unit, body = children
        last = next(part for part in (body, unit, closing) if part is not None)
        unit = self._optional_name(unit)
        return nodes.Function(
            self._at(keyword, last), self._name(name), tuple(formals or ()), unit, body
        )

    def formals(self, children: list[Any]) -> tuple[nodes.Formal, ...]:
        return tuple(children)

    def formal(self, children: list[Any]) -> nodes.Formal:
        name, unit, default = children
        last = next(part for part in (default, unit, name) if part is not None)
        span = self._at(name, last)
        return nodes.Formal(span, self._name(name), self._optional_name(unit), default)

    def ranged_formals(self, children: list[Any]) -> tuple[nodes.Formal, ...]:
        return tuple(children)

    def ranged(self, children: list[Any]) -> nodes.Formal:
        name, unit, default, interval, free = children
        last = next(part for part in (free, interval, default, unit, name) if part is not None)
        bounds = None if interval is None else interval.items
        span = self._at(name, last)
        unit = self._optional_name(unit)
        return nodes.Formal(span, self._name(name), unit, default, bounds, free is not None)

    def motif(self, children: list[Any]) -> nodes.Motif:
        keyword, name, formals, block = children
        return nodes.Motif(self._at(keyword, block), name, tuple(formals or ()), block)

    def circuit(self, children: list[Any]) -> nodes.Subcircuit:
        keyword, name, formals, brace, *items, closing = children
        span = self._at(keyword, closing)
        inner, opening = tuple(items), brace.end_pos
        return nodes.Subcircuit(span, self._name(name), tuple(formals or ()), inner, opening)

    def family(self, children: list[Any]) -> nodes.Family:
        keyword, name, axes, _, layer, block = children
        span = self._at(keyword, layer if block is None else block)
        return nodes.Family(span, name, tuple(axes or ()), layer, block)

    def axes(self, children: list[Any]) -> tuple[nodes.Axis, ...]:
        return tuple(children)

    def axis(self, children: list[Any]) -> nodes.Axis:
        name, kind = children
        return nodes.Axis(self._at(name, kind), self._name(name), kind)

    def connect(self, children: list[Any]) -> nodes.Connect:
        keyword, source, _, target, alias, motif, block = children
        last = next(part for part in (block, motif, alias, target) if part is not None)
        span = self._at(keyword, last)
        return nodes.Connect(span, source, target, alias, motif, block)

    def normalise(self, children: list[Any]) -> nodes.Normalise:
        keyword, *families, block = children
        return nodes.Normalise(self._at(keyword, block), tuple(families), block)

    def stimulus(self, children: list[Any]) -> nodes.Stimulus:
        keyword, name, value, block = children
        span = self._at(keyword, value if block is None else block)
        return nodes.Stimulus(span, name, value, block)

    def direction(self, children: list[Any]) -> nodes.Direction:
        keyword, name, on, value = children
        return nodes.Direction(self._at(keyword, value), self._name(name), on, value)

    def edit(self, children: list[Any]) -> nodes.Edit:
        keyword, name, on, opening, *lines, closing = children
        steps = nodes.Steps(
            self._at(opening, closing),
            tuple(line for line in lines if isinstance(line, nodes.Verb)),
            tuple(line for line in lines if isinstance(line, nodes.Expectation)),
        )
        return nodes.Edit(self._at(keyword, closing), self._name(name), on, steps)

    def verb(self, children: list[Any]) -> nodes.Verb:
        name, units, targets, *clauses, block = children
        last = next(part for part in (block, *clauses[::-1], *(targets or units)[::-1]) if part)
        span = self._at(name, last)
        return nodes.Verb(span, self._name(name), units, targets or (), tuple(clauses), block)

    def units(self, children: list[Any]) -> tuple[nodes.Expression, ...]:
        return tuple(children)

    def clause(self, children: list[Any]) -> nodes.Clause:
        word, value, target = children
        span = self._at(word, value if target is None else target)
        return nodes.Clause(span, self._name(word), value, target)

    def where(self, children: list[Any]) -> nodes.Clause:
        word, *conditions = children
        span = self._at(word, conditions[-1])
        return nodes.Clause(span, self._name(word), None, None, tuple(conditions))

    def condition(self, children: list[Any]) -> nodes.Condition:
        left, comparison, right = children
        return nodes.Condition(self._at(left, right), left, str(comparison), right)

    def score(self, children: list[Any]) -> nodes.Score:
        keyword, name, block = children
        return nodes.Score(self._at(keyword, block), self._name(name), block)

    def fit(self, children: list[Any]) -> nodes.Fit:
        keyword, name, block = children
        return nodes.Fit(self._at(keyword, block), self._name(name), block)

    def block(self, children: list[Any]) -> nodes.Block:
        opening, *lines, closing = children
        return nodes.Block(
            self._at(opening, closing),
            tuple(line for line in lines if isinstance(line, nodes.Attribute)),
            tuple(line for line in lines if isinstance(line, nodes.Expectation)),
        )

    def expectation(self, children: list[Any]) -> nodes.Expectation:
        keyword, left, comparison, right = children
        return nodes.Expectation(self._at(keyword, right), left, str(comparison), right)

    def attr(self, children: list[Any]) -> nodes.Attribute:
        name, value = children
        return nodes.Attribute(self._at(name, value), name, value)

    # ---- expressions

    def both(self, children: list[Any]) -> nodes.Both:
        return nodes.Both(self._at(children[0], children[-1]), tuple(children))

    def relative(self, children: list[Any]) -> nodes.Relative:
        operand, frame = children
        return nodes.Relative(self._at(operand, frame), operand, self._name(frame))

    def sum_(self, children: list[Any]) -> nodes.Chain:
        operators = tuple(str(token) for token in children[1::2])
        return nodes.Chain(self._at(children[0], children[-1]), tuple(children[::2]), operators)

    product_ = sum_

    def sign(self, children: list[Any]) -> nodes.Signed:
        sign, operand = children
        return nodes.Signed(self._at(sign, operand), str(sign), operand)

    def power_(self, children: list[Any]) -> nodes.Power:
        base, exponent = children
        return nodes.Power(self._at(base, exponent), base, exponent)

    def number(self, children: list[Any]) -> nodes.Number:
        token = children[0]
        text = str(token)
        unit = text.lstrip(_NUMERIC) if token.type == "QUANTITY" else ""
        digits = text.removesuffix(unit)
        return nodes.Number(self._at(token, token), float(digits), unit, text)

    def text(self, children: list[Any]) -> nodes.Text:
        token = children[0]
        quotes = 3 if token.startswith('"""') and len(token) >= 6 else 1
        return nodes.Text(self._at(token, token), str(token)[quotes:-quotes].replace("\r\n", "\n"))

    def pair(self, children: list[Any]) -> nodes.Pair:
        opening, *items, closing = children
        return nodes.Pair(self._at(opening, closing), tuple(items))

    def listing(self, children: list[Any]) -> nodes.Listing:
        opening, *items, closing = children
        present = tuple(item for item in items if item is not None)
        return nodes.Listing(self._at(opening, closing), present)

    def call(self, children: list[Any]) -> nodes.Call:
        name, arguments, closing = children
        return nodes.Call(self._at(name, closing), name, tuple(arguments or ()))

    def args(self, children: list[Any]) -> tuple[nodes.Argument, ...]:
        return tuple(children)

    def named(self, children: list[Any]) -> nodes.Argument:
        name, value = children
        return nodes.Argument(self._at(name, value), self._name(name), value)

    def positional(self, children: list[Any]) -> nodes.Argument:
        (value,) = children
        return nodes.Argument(value.span, None, value)

    def kind(self, children: list[Any]) -> nodes.Argument:
        (word,) = children
        value = nodes.Reference(self._at(word, word), self._name(word))
        return nodes.Argument(value.span, None, value)

    def unit(self, children: list[Any]) -> nodes.Unit:
        (token,) = children
        return nodes.Unit(self._at(token, token), str(token))

    def selection(self, children: list[Any]) -> nodes.Selection:
        name, _, *picks, closing = children
        return nodes.Selection(self._at(name, closing), name, tuple(picks))

    def range_(self, children: list[Any]) -> nodes.Range:
        first, last = children
        # more digits than any unit's number has would not convert
        ends = [int(end) if len(end) < 10 else 10**9 for end in children]
        return nodes.Range(self._at(first, last), *ends)

    def reference(self, children: list[Any]) -> nodes.Reference:
        (name,) = children
        return nodes.Reference(name.span, name)

    def dotted(self, children: list[Any]) -> nodes.Name:
        return nodes.Name(self._at(children[0], children[-1]), ".".join(children))
