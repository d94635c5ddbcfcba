"""Expressions to values: names are looked up, functions written out, constants folded.

In: an expression of the tree and the module whose names it means. Out: a `Value`, or None after a
diagnostic. There is no recursion in the language: lets and functions may not lead back to
themselves, and how much a file may write out is bounded, so that every file ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any, ClassVar, cast

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import (
    another_kind,
    listed,
    no_taps,
    not_fixed,
    not_imported,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names import units
from circuitdsl.checking.names.standard import standard_functions, standard_home
from circuitdsl.checking.scope import Bound, Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.arithmetic import combined, negated
from circuitdsl.checking.values.functions import called
from circuitdsl.checking.values.kinds import (
    LARGEST,
    SCALAR_TYPES,
    TYPES,
    Point,
    Value,
    as_profile,
    as_type,
    described,
    is_scalar,
    literal,
    named_type,
)
from circuitdsl.checking.values.primitives import moved, primitive
from circuitdsl.checking.values.ranges import check_range, check_value, unit_of
from circuitdsl.ir.algebra import has_taps, nodes_of
from circuitdsl.ir.circuit import Dial, Frame
from circuitdsl.ir.expressions import CALLED, DialValue, Number, Scalar, ScalarUnit, type_name
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

FRAMES: tuple[Frame, ...] = ("frame", "tangent", "radial", "field")

DEEPEST_CALLS = 48
"""Functions and lets inside one another."""


class Evaluator:
    """Evaluates expressions of one module.

    Attributes:
        analysis: Whose names the expressions mean, and where faults are reported.
        formals: Values of the formals around the expression; they hide other names.
        inside: The functions being written out, outermost first.
    """

    def __init__(
        self,
        analysis: Analysis,
        formals: dict[str, Value | None] | None = None,
        inside: tuple[Bound, ...] = (),
    ) -> None:
        self.analysis = analysis
        self.formals = formals or {}
        self.inside = inside

    def value(self, node: nodes.Expression) -> Value | None:
        """The value of an expression, or None after reporting what is wrong with it."""
        handler = self._handlers.get(type(node))
        if handler is not None:
            return handler(self, node)
        kinds: dict[type, str] = {nodes.Text: "a string", nodes.Listing: "a list"}
        kind = kinds.get(type(node), "`and`")
        self.analysis.error("E302", f"{kind} has no meaning here", node.span)
        return None

    def typed(self, node: nodes.Expression, type_: str, what: str) -> Value | None:
        """The value of an expression as one of `TYPES`."""
        value = self.value(node)
        if value is None:
            return None
        return as_type(value, type_, node.span, what, self.analysis)

    def declared(self, node: nodes.Expression, unit: nodes.Name | None, what: str) -> Value | None:
        """The value of an expression as the type that its declaration names, if it names one."""
        if unit is None:
            return self.value(node)
        type_ = named_type(unit, TYPES, self.analysis)
        value = self.value(node)
        if type_ is None or value is None:
            return None
        return as_type(value, type_, node.span, what, self.analysis)

    def scalar(self, node: nodes.Expression, type_: ScalarUnit, what: str) -> Scalar | None:
        """The value of an expression as a scalar."""
        return cast("Scalar | None", self.typed(node, type_name(type_), what))

    def constant(self, node: nodes.Expression, type_: ScalarUnit, what: str) -> float | None:
        """The value of an expression that reads no dial; lengths in pixels, angles in degrees."""
        number = self.fixed(node, type_, what)
        if number is not None and number.unit == "tap":
            no_taps(self.analysis, node.span)
            return None
        return None if number is None else number.value

    def fixed(self, node: nodes.Expression, type_: ScalarUnit, what: str) -> Number | None:
        """The value of an expression that reads no dial, in the unit that it is written in."""
        scalar = self.scalar(node, type_, what)
        if scalar is None or isinstance(scalar, Number):
            return scalar
        dial = next((part for part in nodes_of(scalar) if isinstance(part, DialValue)), None)
        if dial is None or has_taps(scalar):
            no_taps(self.analysis, node.span)
            return None
        not_fixed(self.analysis, what, dial.name, node.span)
        return None

    # ---- parts of expressions

    def _number(self, node: nodes.Number) -> Value | None:
        number = literal(node.value, node.unit, node.span)
        if number.value > LARGEST:
            self.analysis.error("E113", f"`{node.text}` is too large a number", node.span)
            return None
        return number

    def _signed(self, node: nodes.Signed) -> Value | None:
        operand = self.value(node.operand)
        if operand is None or node.sign == "+":
            return operand
        return negated(operand, node.span, self.analysis)

    def _power(self, node: nodes.Power) -> Value | None:
        base, exponent = self.value(node.base), self.value(node.exponent)
        if base is None or exponent is None:
            return None
        return combined("^", base, exponent, node.span, self.analysis)

    def _chain(self, node: nodes.Chain) -> Value | None:
        values = [self.value(part) for part in node.parts]
        total = values[0]
        for index, operator in enumerate(node.operators):
            part = values[index + 1]
            if total is None or part is None:
                return None
            span = node.span
            if index + 1 < len(node.operators):
                span = Span(span.source, span.start, node.parts[index + 1].span.end)
            total = combined(operator, total, part, span, self.analysis)
        return total

    def _point(self, node: nodes.Pair) -> Value | None:
        if len(node.items) != 2:
            wrong_type(self.analysis, "a point", "a pair `(x, y)` of lengths", node.span)
            return None
        items = [self.scalar(item, "length", "a coordinate") for item in node.items]
        if items[0] is None or items[1] is None:
            return None
        return Point((items[0], items[1]))

    def _relative(self, node: nodes.Relative) -> Value | None:
        value = self.value(node.operand)
        name = node.frame.text
        if name not in FRAMES:
            unknown(self.analysis, "frame", name, FRAMES, node.frame.span, table=True)
            return None
        if value is None:
            return None
        profile = as_profile(value, node.operand.span)
        if profile is None or profile.frame is not None:
            kind = "a profile with a frame" if profile else described(value)
            message = f"`@ {name}` follows a profile, not {kind}"
            self.analysis.error("E307", message, node.span)
            return None
        return replace(profile, frame=name)

    # ---- names

    def _reference(self, node: nodes.Reference) -> Value | None:
        name = node.name.text
        if name in self.formals:
            return self.formals[name]
        return self._named(self.analysis.module, name, node.name)

    def _named(self, module: Module, name: str, node: nodes.Name) -> Value | None:
        own = module is self.analysis.module
        if units.names_layer(module, name) or (own and name in module.directions):
            return units.whole(self.analysis.within(module), node)
        if name in module.dials:
            return self._dial(module, name, node.span)
        if name in module.lets or name in self.analysis.within(module).values:
            return self._let(module, name, node.span)
        if name in module.functions:
            call = nodes.Call(node.span, node, ())
            return self._apply(module.functions[name], call)
        further = module.inner(name) or module.around(name)
        if further is not None:
            return self._named(*further, node)
        if not module.silent(name):
            self._unknown(module, name, node)
        return None

    def _unknown(self, module: Module, name: str, node: nodes.Name) -> None:
        home = standard_home(name)
        if home is not None:
            not_imported(self.analysis, name, home, node.span)
            return
        path = node.text.removesuffix(name)  # of the file that was looked into
        names = chain(self.formals, (path + other for other in module.expression_names()))
        note = ""
        if name in module.families or name in module.stimuli:
            kind = "family" if name in module.families else "stimulus set"
            note = f"`{name}` is a {kind}, which has no value of its own"
        unknown(self.analysis, "value", node.text, names, node.span, note=note)

    def _dial(self, module: Module, name: str, span: Span) -> Value | None:
        declaration = dial(self.analysis.of(module), name)
        return None if declaration is None else DialValue(declaration.name, declaration.unit, span)

    def _let(self, module: Module, name: str, span: Span) -> Value | None:
        home = self.analysis.of(module)
        values, busy = home.values, home.busy
        if name in values:
            return values[name]
        if name in busy or len(busy) + len(self.inside) > DEEPEST_CALLS:
            self._circular(name, busy, name in busy, span)
            return None
        node = module.lets[name]
        if module.is_copy(node):
            kind, help_ = "a copy of a circuit", f"Connect `{name}.FAMILY`."
            another_kind(self.analysis, name, kind, "a value", span, help=help_)
            return None
        busy.append(name)
        evaluator = Evaluator(home, inside=self.inside)
        value = evaluator.declared(node.value, node.unit, f"`{name}`")
        busy.pop()
        values[name] = value
        return value

    def _circular(self, name: str, chain: list[str], circular: bool, span: Span) -> None:
        if circular:
            around = " -> ".join((*chain[chain.index(name) :], name))
            message = f"`{name}` is defined through itself: {around}"
            self.analysis.error("E210", message, span, help="Definitions may not go in a circle.")
        else:
            message = f"definitions lead through more than {DEEPEST_CALLS} others"
            self.analysis.error("E113", message, span)

    # ---- calls

    def _call(self, node: nodes.Call) -> Value | None:
        module, name = self.analysis.module, node.name.text
        if (function := module.home_of("functions", name)) is not None:
            return self._apply(function[0].functions[function[1]], node)
        if name in CALLED:
            return called(node, self.value, self.analysis)
        if name == units.FOUND:
            return units.found(self.analysis, node, self._count)
        module, name = module.follow(name)
        if module.silent(name):
            return None
        self._unknown_function(module, name, node.name)
        return None

    def _unknown_function(self, module: Module, name: str, node: nodes.Name) -> None:
        home, kind, help_ = standard_home(name), "", ""
        if module.home_of("circuits", name):
            kind, help_ = "a circuit", f"Copy it by `let NAME = {node.text}(...)`."
        elif name in module.motifs:
            kind, help_ = "a motif", f"Write `connect A -> B = {name}(...)`."
        elif home is not None:
            not_imported(self.analysis, name, home, node.span)
            return
        elif name in module.dials or name in module.lets:
            kind, help_ = "a value", f"Write `{name}` without `(...)`."
        if kind:
            another_kind(self.analysis, node.text, kind, "a function", node.span, help=help_)
            return
        path = node.text.removesuffix(name)
        names = (*(path + other for other in module.functions), *CALLED, *standard_functions())
        help_ = f"Functions are {listed((*CALLED, *standard_functions()), 24)}."
        unknown(self.analysis, "function", node.text, dict.fromkeys(names), node.span, help=help_)

    def _apply(self, bound: Bound, call: nodes.Call) -> Value | None:
        function, home = bound.node, bound.home
        arguments = None
        if self._may_write_out(bound, call):
            formals = {formal.name.text: formal.default is None for formal in function.formals}
            arguments = match(call, formals, self.analysis)
        if arguments is None:
            return None
        name = function.name.text
        inner = Evaluator(self.analysis.within(home), inside=(*self.inside, bound))
        values: dict[str, Value | None] = {}
        for formal in function.formals:
            key = formal.name.text
            source = self if key in arguments else inner
            node = arguments.get(key, formal.default)
            if node is not None:
                value = source.declared(node, formal.unit, f"`{key}` of `{name}()`")
                values[key] = value if key in arguments else self._own(value, home, call.span)
        if any(value is None for value in values.values()):
            return None
        if function.body is None:
            return primitive(function, values, call.span, self.analysis)
        inner.formals = values
        value = inner.declared(function.body, function.unit, f"`{name}()`")
        return self._own(value, home, call.span)

    def _own(self, value: Value | None, home: Module, span: Span) -> Value | None:
        """A value of the library with the span of the user's call."""
        if value is None or not home.standard or self.analysis.module.standard:
            return value
        return moved(value, span)

    def _may_write_out(self, bound: Bound, call: nodes.Call) -> bool:
        """Whether a function may be written out here; reports recursion and too many calls."""
        if not self.analysis.findings.affords(nested=bool(self.inside)):
            message = "functions call one another too often to be written out"
            self.analysis.error("E113", message, bound.node.name.span)
            return False
        if bound in self.inside or len(self.inside) > DEEPEST_CALLS:
            chain = [outer.node.name.text for outer in self.inside]
            self._circular(bound.node.name.text, chain, bound in self.inside, call.span)
            return False
        return True

    def _count(self, node: nodes.Expression, what: str) -> float | None:
        return self.constant(node, "int", what)

    _handlers: ClassVar[dict[type, Callable[[Evaluator, Any], Value | None]]] = {
        nodes.Number: _number,
        nodes.Reference: _reference,
        nodes.Call: _call,
        nodes.Chain: _chain,
        nodes.Signed: _signed,
        nodes.Power: _power,
        nodes.Pair: _point,
        nodes.Relative: _relative,
        nodes.Unit: lambda self, node: units.one_unit(self.analysis, node),
        nodes.Selection: lambda self, node: units.selection(self.analysis, node),
    }


@question
def dial(analysis: Analysis, name: str) -> Dial | None:
    """The dial of a declaration; None if the declaration is faulty."""
    node = analysis.module.dials[name]
    evaluator = Evaluator(analysis)
    if node.unit is not None:
        unit = named_type(node.unit, SCALAR_TYPES, analysis)
    else:
        value = evaluator.value(node.default)
        if value is not None and not is_scalar(value):
            what, got = f"the dial `{name}`", described(value)
            wrong_type(analysis, what, "a number", node.default.span, got=got)
            return None
        unit = None if value is None else cast("Scalar", value).unit
    if unit is None:
        return None
    type_ = cast("ScalarUnit", unit)
    default = evaluator.fixed(node.default, type_, f"the default of `{name}`")
    bounds = [evaluator.fixed(end, type_, f"the range of `{name}`") for end in node.interval or ()]
    numbers = [number for number in (default, *bounds) if number is not None]
    if default is None or len(numbers) <= len(bounds):
        return None
    unit = unit_of(name, type_, numbers, analysis)
    if unit is None:
        return None
    low, high = (number.value for number in numbers[1:]) if bounds else (None, None)
    check_range(node, default.value, low, high, analysis)
    whole = analysis.module.prefix + name
    declaration = Dial(whole, unit, default.value, low, high, node.free, node.span)
    return as_set(analysis, name, declaration)


def as_set(analysis: Analysis, name: str, dial: Dial) -> Dial:
    """The dial where a file that imports this one sets it; `name` is its name in this module."""
    setting = analysis.module.settings.get(name)
    if setting is None:
        return dial
    home, written, what = analysis.of(setting.home), setting.node.value, setting.node.name.text
    value = Evaluator(home).fixed(written, cast("ScalarUnit", type_name(dial.unit)), f"`{what}`")
    stood = Number(dial.high or dial.default, dial.unit)
    if value is None or unit_of(what, dial.unit, [value, stood], home) is None:
        return dial
    check_value(dial, what, written, value.value, home)
    return replace(dial, default=value.value, set_at=setting.node.span)
