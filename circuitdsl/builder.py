"""Circuits from Python: the declarations of the language as method calls.

In: calls. Out: the same circuit that the text would give, and the text. Expressions are objects
that remember how the language writes them, so everything that a file can say can be built, its
names are checked as those of a file are, and messages show the line that was built.

    curves = Builder("Early curves.")
    bow = curves.dial("bow", px(20), px(10), px(60), free=True)
    line = curves.family("line", "conv2d2", {"th": orient(16)})
    early = curves.family("early", "mixed3a_3x3", {"th": rot(16)})
    tuned = (profiles.bump(deg(25)) - 0.3) @ "tangent"
    arcs = shapes.arc(bow, span=px(24), width=tap(0.5))
    curves.connect(line, early, place=arcs, tune={"th": tuned})
    circuit = curves.circuit()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from circuitdsl.checking.load import check_source, circuit_of
from circuitdsl.checking.names.standard import comment_above, signature_of, standard_file
from circuitdsl.ir.backbones import USUAL
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.expressions import ScalarUnit
from circuitdsl.ir.writing.spelling import number
from circuitdsl.syntax import nodes
from circuitdsl.syntax.format import format_source
from circuitdsl.text.layout import quoted
from circuitdsl.text.source import Source

_FRAMED, _SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(6)
"""How tightly the parts of an expression hold together."""

Use = tuple[str, str]
"""A file of the standard library, and a name in it."""

Operand = Any
"""An `Expression`, a plain number, a tuple (a point), a list, or text in the language."""


@dataclass(frozen=True)
class Expression:
    """An expression of the language.

    Attributes:
        text: How it is written.
        level: How tightly its parts hold together.
        uses: What must be imported for it.
    """

    text: str
    level: int = _ATOM
    uses: frozenset[Use] = frozenset()

    def __str__(self) -> str:
        return self.text

    def _within(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"

    def _joined(self, operator: str, other: Operand, level: int, *, swapped: bool) -> Expression:
        second = expression(other)
        left, right = (second, self) if swapped else (self, second)
        text = f"{left._within(level)} {operator} {right._within(level + 1)}"
        return Expression(text, level, self.uses | second.uses)

    def __add__(self, other: Operand) -> Expression:
        return self._joined("+", other, _SUM, swapped=False)

    def __radd__(self, other: Operand) -> Expression:
        return self._joined("+", other, _SUM, swapped=True)

    def __sub__(self, other: Operand) -> Expression:
        return self._joined("-", other, _SUM, swapped=False)

    def __rsub__(self, other: Operand) -> Expression:
        return self._joined("-", other, _SUM, swapped=True)

    def __mul__(self, other: Operand) -> Expression:
        return self._joined("*", other, _PRODUCT, swapped=False)

    def __rmul__(self, other: Operand) -> Expression:
        return self._joined("*", other, _PRODUCT, swapped=True)

    def __truediv__(self, other: Operand) -> Expression:
        return self._joined("/", other, _PRODUCT, swapped=False)

    def __rtruediv__(self, other: Operand) -> Expression:
        return self._joined("/", other, _PRODUCT, swapped=True)

    def __pow__(self, other: Operand) -> Expression:
        second = expression(other)
        text = f"{self._within(_ATOM)}^{second._within(_ATOM)}"
        return Expression(text, _POWER, self.uses | second.uses)

    def __neg__(self) -> Expression:
        return Expression(f"-{self._within(_POWER)}", _SIGNED, self.uses)

    def __abs__(self) -> Expression:
        return Expression(f"abs({self.text})", _ATOM, self.uses)

    def __matmul__(self, frame: str) -> Expression:
        """`profile @ "tangent"`: what a profile is relative to."""
        return Expression(f"{self._within(_SUM)} @ {frame}", _FRAMED, self.uses)


@dataclass(frozen=True)
class Name(Expression):
    """Something with a name, which may be called, and may have named parts."""

    def __call__(self, *arguments: Operand, **named: Operand) -> Expression:
        """`NAME(arguments)`."""
        given = [expression(each) for each in arguments]
        keyed = {key: expression(value) for key, value in named.items()}
        written = [each.text for each in given]
        written += [f"{key}={value.text}" for key, value in keyed.items()]
        uses = self.uses.union(*(each.uses for each in (*given, *keyed.values())))
        return Expression(f"{self.text}({', '.join(written)})", _ATOM, uses)

    def __getattr__(self, part: str) -> Name:
        if part.startswith("_"):
            raise AttributeError(part)
        return Name(f"{self.text}.{part}", _ATOM, self.uses)


class Library:
    """The names of a file of the standard library; using one imports it."""

    def __init__(self, source: str) -> None:
        """Take the names of `source`, such as `std.shapes`."""
        self._source = source

    def __dir__(self) -> list[str]:
        """What the file declares."""
        return sorted(_declared(self._source))

    def __getattr__(self, name: str) -> Name:
        if name.startswith("_"):
            raise AttributeError(name)
        kind = _declared(self._source).get(name, Name)
        return kind(name, _ATOM, frozenset({(self._source, name)}))


@cache
def _declared(source: str) -> dict[str, type[Name]]:
    """The names of a file of the standard library, each as a kind of name with its own help."""
    file = standard_file(source)
    return {
        item.name.text: _documented(item, comment_above(file, item))
        for item in file.items
        if isinstance(item, nodes.Function | nodes.Motif)
    }


def _documented(node: nodes.Function | nodes.Motif, comment: str) -> type[Name]:
    """A kind of name whose signature is that of a declaration, and whose help its comment."""
    signature = signature_of(node)
    help_ = {"__doc__": f"{node.name.text}{signature}\n\n{comment}", "__signature__": signature}
    return type(node.name.text, (Name,), help_)


shapes = Library("std.shapes")
profiles = Library("std.profiles")
motifs = Library("std.motifs")

rot, orient, phase = Name("rot"), Name("orient"), Name("phase")
flip, hue, scale, cases = Name("flip"), Name("hue"), Name("scale"), Name("cases")
mass, spot = Name("mass"), Name("spot")
line, arc, ring, dot = Name("line"), Name("arc"), Name("ring"), Name("dot")
corner, tee, cross, spiral = Name("corner"), Name("tee"), Name("cross"), Name("spiral")
stripes, hatch, dots = Name("stripes"), Name("hatch"), Name("dots")
smallest, largest = Name("min"), Name("max")


def px(value: float) -> Expression:
    """A length in pixels."""
    return _number(value, "px")


def tap(value: float) -> Expression:
    """A length in taps."""
    return _number(value, "tap")


def deg(value: float) -> Expression:
    """An angle in degrees, counter-clockwise."""
    return _number(value, "angle")


def point(x: Operand, y: Operand) -> Expression:
    """A place in the plane, or a step in it; points are added, negated and multiplied."""
    return expression((x, y))


def expression(value: Operand) -> Expression:
    """Anything that can stand in an expression, as an `Expression`.

    Raises:
        TypeError: nothing of the language is written so.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return Expression(value, _FRAMED)
    if isinstance(value, int | float):
        return _number(float(value), "real")
    if isinstance(value, tuple | list):
        several: Iterable[Any] = value
        items = [expression(each) for each in several]
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        inner = ", ".join(each.text for each in items)
        uses = frozenset[Use]().union(*(each.uses for each in items))
        return Expression(f"{opening}{inner}{closing}", _ATOM, uses)
    raise TypeError(f"{value!r} has no meaning in a circuit")


def _number(value: float, unit: ScalarUnit) -> Expression:
    return Expression(number(float(value), unit), _SIGNED if value < 0 else _ATOM)


class Builder:
    """A circuit as it grows; declarations stand in the order in which they are made.

    Values are expressions, plain numbers, tuples for points, lists, or strings, which are text of
    the language: `norm="l2"`, `over="ph"`.
    """

    def __init__(
        self,
        doc: str = "",
        backbone: str = USUAL,
        *,
        input_px: int | None = None,
        normalisation: str | None = None,
    ) -> None:
        """Begin a circuit on a backbone, which goes by the name `V`."""
        self._doc = doc
        options = {
            "input": None if input_px is None else px(input_px),
            "normalisation": normalisation,
        }
        given = {key: value for key, value in options.items() if value is not None}
        self._lines = [f"backbone V = {Name(backbone)(**given)}"]
        self._imports, self._uses = list[str](), set[Use]()

    def __repr__(self) -> str:
        """The number of declarations; `source` has their text."""
        return f"<builder {self._doc!r}: {len(self._imports) + len(self._lines)} declarations>"

    @property
    def input(self) -> Name:
        """The image."""
        return Name("V.input")

    def use(self, path: str, name: str) -> Name:
        """`import "PATH" as NAME`; what it declares are attributes of what is returned."""
        self._imports.append(f'import "{path}" as {name}')
        return Name(name)

    def declare(self, text: str) -> None:
        """A declaration in the language's own words: a `motif`, say, or a `fn`."""
        self._lines.append(text)

    def dial(
        self,
        name: str,
        default: Operand,
        low: Operand = None,
        high: Operand = None,
        *,
        free: bool = False,
    ) -> Name:
        """A dial, with its range if it has one."""
        line = f"dial {name} = {self._text(default)}"
        if low is not None and high is not None:
            line += f" in [{self._text(low)}, {self._text(high)}]"
        self._lines.append(line + " free" * free)
        return Name(name)

    def let(self, name: str, value: Operand) -> Name:
        """A name for an expression."""
        self._lines.append(f"let {name} = {self._text(value)}")
        return Name(name)

    def stimulus(self, name: str, generator: str, **settings: Operand) -> Name:
        """A set of synthetic images."""
        self._lines.append(f"stimulus {name} = {self._text(Name(generator)(**settings))}")
        return Name(name)

    def family(
        self,
        name: str,
        layer: str,
        axes: Mapping[str, Operand] | None = None,
        *,
        doc: str = "",
        expect: Iterable[str] = (),
        **attributes: Operand,
    ) -> Name:
        """A family in a layer, with its axes by name.

        Args:
            name: The family's name.
            layer: A layer of the backbone.
            axes: Axes by name, such as `{"th": rot(8)}`.
            doc: What it stands for.
            expect: Claims, such as `"echo(arcs) <= 0.1"`.
            attributes: `gain`, `bias`, `calibrate` and the like.
        """
        written = ", ".join(f"{key}: {self._text(axis)}" for key, axis in (axes or {}).items())
        lines = [f"doc = {quoted(doc)}"] if doc else []
        lines += self._attributes(attributes) + [f"expect {claim}" for claim in expect]
        head = f"family {name} [{written}]" if written else f"family {name}"
        self._declare(f"{head} at V.{layer}", lines)
        return Name(name)

    def connect(
        self,
        source: Operand,
        target: Operand,
        *,
        name: str = "",
        motif: Operand = None,
        tune: Mapping[str, Operand] | None = None,
        **attributes: Operand,
    ) -> None:
        """Weighted edges from a family, or from `input`, to a family.

        Args:
            source: Where they begin.
            target: Where they end.
            name: Tells several connections of the same two apart.
            motif: A motif, called: `motifs.copy()`.
            tune: Profiles by axis.
            attributes: `place`, `over`, `colour`, `dc`, `norm`, `gain`.
        """
        head = f"connect {self._text(source)} -> {self._text(target)}"
        head += f" as {name}" if name else ""
        head += "" if motif is None else f" = {self._text(motif)}"
        tunes = {f"tune.{axis}": profile for axis, profile in (tune or {}).items()}
        lines = self._attributes({**attributes, **tunes})
        self._declare(head, lines, always=motif is None)

    def normalise(self, *families: Operand, **attributes: Operand) -> None:
        """Divide one family or several, all alike, by the energy around.

        Args:
            families: Which.
            attributes: `window`, `floor`, `pool`.
        """
        names = ", ".join(map(self._text, families))
        self._declare(f"normalise {names}", self._attributes(attributes), always=True)

    def source(self) -> str:
        """The circuit as text, in canonical layout.

        Raises:
            DiagnosticError: something that was given as text is not of the language.
        """
        return format_source(Source("<builder>", self._written()))

    def circuit(self, folder: Path | None = None) -> Circuit:
        """The circuit.

        Args:
            folder: Where imported files lie.

        Raises:
            DiagnosticError: what was built has errors, which are shown in the text of it.
            InputError: it has no families.
        """
        path = None if folder is None else folder / "builder.circ"
        source = Source("<builder>", self.source(), path)
        return circuit_of(check_source(source), source.name)

    def _written(self) -> str:
        header = f"circ 1 {quoted(self._doc)}" if self._doc else "circ 1"
        by_file: dict[str, list[str]] = {}
        for source, name in sorted(self._uses):
            by_file.setdefault(source, []).append(name)
        names = [f"from {source} import {', '.join(used)}" for source, used in by_file.items()]
        return "\n\n".join([header, "\n".join([*names, *self._imports]), *self._lines]) + "\n"

    def _text(self, value: Operand) -> str:
        written = expression(value)
        self._uses |= written.uses
        return written.text

    def _attributes(self, attributes: Mapping[str, Operand]) -> list[str]:
        return [f"{name} = {self._text(value)}" for name, value in attributes.items()]

    def _declare(self, head: str, lines: list[str], *, always: bool = False) -> None:
        block = "{\n" + "\n".join(lines) + "\n}" if lines else "{ }"
        self._lines.append(f"{head} {block}" if lines or always else head)
