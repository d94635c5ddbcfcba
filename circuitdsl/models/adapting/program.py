"""A jaxpr as one list of equations, with nothing nested but loops and branches.

In: a closed jaxpr. Out: a `Program`: numbered values, equations between them, where each stands in
the user's code; and the values of any of them for some arguments.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Primitive, Var

from circuitdsl.text.diagnostics import InputError

CONTROL = ("scan", "while", "cond")
"""Primitives whose inner jaxprs run as often as their values say."""

_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_LIBRARIES = ("jax", "jaxlib", "flax", "equinox", "circuitdsl")
_SHOWN = 3


@dataclass(frozen=True)
class Origin:
    """Where an equation stands.

    Attributes:
        line: The innermost line of the user's own code, `net.py:12 (Net.__call__)`.
        scope: Names of the scopes around it, outermost first.
    """

    line: str
    scope: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """One primitive applied to numbered values."""

    primitive: Primitive
    params: Mapping[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    origin: Origin

    @property
    def name(self) -> str:
        """The primitive's name."""
        return self.primitive.name


@dataclass
class Program:
    """Equations in order of computation.

    Attributes:
        arguments: The values that are given.
        results: The values that come out.
        constants: Values that the equations hold themselves.
        types: Of every value, as JAX prints them: `float32[2,8,8,3]`.
        shapes: Of every value.
    """

    arguments: tuple[int, ...] = ()
    results: tuple[int, ...] = ()
    equations: list[Equation] = field(default_factory=list[Equation])
    constants: dict[int, Any] = field(default_factory=dict[int, Any])
    types: list[str] = field(default_factory=list[str])
    shapes: list[tuple[int, ...]] = field(default_factory=list["tuple[int, ...]"])

    def shown(self, equation: Equation) -> str:
        """An equation with the types of its values."""

        def listed(numbers: Sequence[int]) -> str:
            more = ", ..." if len(numbers) > _SHOWN else ""
            return ", ".join(self.types[number] for number in numbers[:_SHOWN]) + more

        return f"{listed(equation.outputs)} = {equation.name} {listed(equation.inputs)}"

    def unreadable(self, equation: Equation, reason: str, help: str = "") -> InputError:
        """The message on an equation of which no layer can be made."""
        inside = f" in {'/'.join(equation.origin.scope)}" if equation.origin.scope else ""
        return InputError(
            f"{reason}: {equation.origin.line}",
            why=f"the equation is `{self.shown(equation)}`{inside}",
            help=help
            or "readable are convolutions, products, sums, concatenations, pools, ReLUs and "
            "normalisations by constants",
        )

    def dependent(self, number: int) -> set[int]:
        """The values that depend on one of them."""
        found = {number}
        for equation in self.equations:
            if found.intersection(equation.inputs):
                found.update(equation.outputs)
        return found

    def values(self, given: Mapping[int, Any], wanted: Collection[int]) -> dict[int, Array]:
        """Some values, computed from given ones in one compiled program."""
        # arrays are arguments: XLA takes long over large constants
        large = {at: value for at, value in self.constants.items() if np.ndim(value)}
        arguments = {**large, **given}
        needed = self.needed(wanted)

        def run(values: Sequence[Any]) -> list[Any]:
            known = {**self.constants, **dict(zip(arguments, values, strict=True))}
            for equation in needed:
                read = [known[number] for number in equation.inputs]
                out = equation.primitive.bind(*read, **equation.params)
                outs = out if equation.primitive.multiple_results else [out]
                known.update(zip(equation.outputs, outs, strict=True))
            return [known[number] for number in wanted]

        return dict(zip(wanted, jax.jit(run)(list(arguments.values())), strict=True))

    def needed(self, wanted: Collection[int]) -> list[Equation]:
        """The equations that some values are computed by."""
        demanded, found = set(wanted), list[Equation]()
        for equation in reversed(self.equations):
            if demanded.intersection(equation.outputs):
                demanded.update(equation.inputs)
                found.append(equation)
        return found[::-1]


def flattened(closed: ClosedJaxpr) -> Program:
    """A jaxpr with calls, custom derivatives and rematerialised parts written out in place."""
    program = Program()
    around = Origin("in no file", ())
    program.arguments = tuple(_numbered(program, var) for var in closed.jaxpr.invars)
    program.results = _written(program, closed.jaxpr, closed.consts, program.arguments, around)
    program.equations = program.needed(program.results)
    return program


def _numbered(program: Program, var: Var | Literal) -> int:
    aval: Any = var.aval
    program.types.append(aval.str_short())
    program.shapes.append(tuple(getattr(aval, "shape", ())))
    return len(program.types) - 1


def _written(
    program: Program,
    jaxpr: Jaxpr,
    consts: Sequence[Any],
    arguments: Sequence[int],
    around: Origin,
) -> tuple[int, ...]:
    """Append the equations of a jaxpr; the numbers of its results."""
    numbers: dict[Var, int] = dict(zip(jaxpr.invars, arguments, strict=True))
    for var, value in zip(jaxpr.constvars, consts, strict=True):
        numbers[var] = _numbered(program, var)
        program.constants[numbers[var]] = value

    def number(atom: Var | Literal) -> int:
        if isinstance(atom, Literal):
            new = _numbered(program, atom)
            program.constants[new] = atom.val
            return new
        return numbers[atom]

    for eqn in jaxpr.eqns:
        origin = _origin(eqn, around)
        inputs = tuple(number(atom) for atom in eqn.invars)
        inner = None if eqn.primitive.name in CONTROL else _inner(eqn)
        if inner is not None:
            outs = _written(program, *inner, inputs, origin)
            numbers.update(zip(eqn.outvars, outs, strict=True))
            continue
        outputs = tuple(_numbered(program, var) for var in eqn.outvars)
        numbers.update(zip(eqn.outvars, outputs, strict=True))
        program.equations.append(Equation(eqn.primitive, eqn.params, inputs, outputs, origin))
    return tuple(number(atom) for atom in jaxpr.outvars)


def _inner(eqn: JaxprEqn) -> tuple[Jaxpr, Sequence[Any]] | None:
    for key in _INNER:
        inner = eqn.params.get(key)
        if isinstance(inner, ClosedJaxpr):
            return inner.jaxpr, inner.consts
        if isinstance(inner, Jaxpr):
            return inner, ()
    return None


def _origin(eqn: JaxprEqn, around: Origin) -> Origin:
    """Where an equation stands; within a library's function, where that is called."""
    own = str(eqn.source_info.name_stack)
    while re.search(r"\w+\(([^()]*)\)", own):  # transforms: `vmap(conv1)`
        own = re.sub(r"\w+\(([^()]*)\)", r"\1", own)
    return Origin(
        _line(eqn) or around.line, (*around.scope, *(name for name in own.split("/") if name))
    )


def _line(eqn: JaxprEqn) -> str:
    traceback = eqn.source_info.traceback
    libraries = _library_folders()
    for frame in traceback.frames if traceback is not None else ():
        path = Path(frame.file_name)
        if not any(path.is_relative_to(folder) for folder in libraries):
            return f"{path.name}:{frame.line_num} ({frame.function_name})"
    return ""


@cache
def _library_folders() -> tuple[Path, ...]:
    files = [getattr(sys.modules.get(name), "__file__", None) for name in _LIBRARIES]
    return tuple(Path(file).parent for file in files if file)
