"""Lowering: a circuit and the settings of its dials -> the arrays of a network.

In: `Circuit` and dials (px, degrees, plain numbers). Out: a dict of float32 arrays:
`CONNECTION` -> kernel `[height, width, in, out]`, members in channel order; `FAMILY.gain`,
`FAMILY.bias` and, where it is normalised, `FAMILY.floor` -> scalars.

Lowering is a pure function of the dials. It is compiled connection by connection, once for each
*form* (see `forms`): reading a text again, or changing numbers in it, compiles nothing, and another
connection compiles itself alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from math import isfinite
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer
from jax.typing import ArrayLike

from circuitdsl.compiling import UNOPTIMISED, known
from circuitdsl.ir.circuit import Circuit, Connection, Dial
from circuitdsl.ir.expressions import Scalar
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.dials import check_range
from circuitdsl.lowering.forms import (
    ConnectionForm,
    Slots,
    connection_form,
    scalar_arrays,
    value_of,
)
from circuitdsl.lowering.kernels import SMALLEST, columns
from circuitdsl.lowering.plan import Pairing, plan_connection
from circuitdsl.lowering.sampling import Views
from circuitdsl.text.diagnostics import InputError, suggestion

Weights = dict[str, Array]

Static = tuple[Views, Array, Array, Array]
"""The arrays of one connection's plan: views, entries, rows, row_of."""

Program = Callable[[Static, ArrayLike], Array]
"""What computes the kernel of a connection from its plan and the values of its slots."""


@lru_cache(maxsize=64)
def lower(circuit: Circuit) -> Lowering:
    """The pure function from dials to arrays, for `jax.jit`, `jax.grad` and `jax.vmap`.

    Equal circuits, wherever they were read from, give the same object.
    """
    expanded = expand_motifs(circuit)
    parts = {c.name: _part(expanded, c) for c in expanded.connections}
    return Lowering(circuit.dials, parts, scalar_arrays(circuit))


@dataclass(frozen=True, eq=False)
class Part:
    """A connection, ready to be lowered.

    Attributes:
        form: Its program.
        slots: The scalar expressions that the program reads.
        static: Its plan.
    """

    form: ConnectionForm
    slots: Slots
    static: Static

    def kernel(self, dials: Mapping[str, Any]) -> Array:
        """The kernel at some setting of the dials, which are Python numbers or traced."""
        values = self.slots.values(dials)
        if any(isinstance(value, Tracer) for value in values):
            scalars = jnp.stack([jnp.asarray(value, jnp.float32) for value in values])
            return _program(self.form)(self.static, scalars)
        return self._executable(self.static, np.asarray(values, np.float32))

    @cached_property
    def _executable(self) -> Program:
        def spec(array: Array) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct(array.shape, array.dtype)

        specs = jax.tree.map(spec, self.static)
        return _compiled(self.form, specs, len(self.slots.expressions))


@dataclass(frozen=True, eq=False)
class Lowering:
    """A circuit, ready to be lowered at any setting of its dials.

    Attributes:
        dials: The dials, with their defaults and ranges.
        parts: Its connections.
        scalars: The expressions of the arrays that are single numbers.
    """

    dials: tuple[Dial, ...]
    parts: dict[str, Part]
    scalars: dict[str, Scalar]

    def __repr__(self) -> str:
        """The number of dials and of arrays, without the programs."""
        return (
            f"<lowering: {len(self.dials)} dials to {len(self.parts)} kernels "
            f"and {len(self.scalars)} scalars>"
        )

    def __call__(self, settings: Mapping[str, ArrayLike] | None = None) -> Weights:
        """The arrays with the dials at `settings`, the others at their defaults.

        Settings are px, degrees or plain numbers. Only numbers can be held to a dial's range;
        traced settings are taken as they are.

        Raises:
            InputError: an unknown dial, a value that is no finite number or outside the dial's
                range, or an expression that has no value at these settings.
        """
        settings = settings or {}
        by_name = {dial.name: dial for dial in self.dials}
        dials: dict[str, Any] = {dial.name: dial.default for dial in self.dials}
        for name, value in settings.items():
            if name not in by_name:
                names = ", ".join(by_name) or "none"
                raise InputError(
                    f"the circuit has no dial `{name}`",
                    help=suggestion(name, by_name) or f"its dials are: {names}",
                )
            dials[name] = _scalar(name, value)
            if isinstance(dials[name], float):
                check_range(by_name[name], dials[name])
        weights = {name: part.kernel(dials) for name, part in self.parts.items()}
        numbers = {name: value_of(scalar, dials) for name, scalar in self.scalars.items()}
        # all at once: one by one they would take longer than the kernels
        return weights | jax.device_put(
            {name: n if isinstance(n, Tracer) else np.float32(n) for name, n in numbers.items()}
        )


def _scalar(name: str, value: ArrayLike) -> float | Array:
    """A dial's setting: a Python number, or a float32 scalar that can be traced."""
    if np.shape(value) != ():
        raise InputError(
            f"dial `{name}` needs one number, not an array of shape {np.shape(value)}",
            help="lower many settings at once with jax.vmap(lower(circuit))",
        )
    if isinstance(value, Tracer):
        return jnp.asarray(value, jnp.float32)
    try:
        number = float(np.asarray(value).item())
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise InputError(f"dial `{name}` needs a finite number, not {value!r}")
    return number


def _part(circuit: Circuit, connection: Connection) -> Part:
    form, slots, pair = connection_form(circuit, connection)
    return Part(form, slots, _static(pair))


@lru_cache(maxsize=256)
def _static(pairing: Pairing) -> Static:
    """The plan of a connection, on the device."""
    plan = plan_connection(pairing)
    views = Views(*(getattr(plan, name) for name in Views._fields))
    # concrete even where lowering is first asked for inside somebody's jit; jnp.asarray would
    # compile a program for each new shape
    with jax.ensure_compile_time_eval():
        return jax.device_put((views, plan.entries, plan.rows, plan.row_of))


@lru_cache(maxsize=256)
def _program(form: ConnectionForm) -> Program:
    """The function of a form: plan and slot values -> kernel."""
    # one function for a form, so that JAX traces it once, whatever transforms it
    return jax.jit(partial(_kernel, form))


@lru_cache(maxsize=256)
def _compiled(form: ConnectionForm, static: Static, slots: int) -> Program:
    """A form's program, compiled for one setting of the dials at a time.

    It runs for a fraction of a millisecond, and far from often enough to earn back the time that
    the compiler's optimisations take.
    """
    program = jax.jit(partial(_kernel, form))
    traced = program.lower(static, jax.ShapeDtypeStruct((slots,), jnp.float32))
    return traced.compile(compiler_options=known(UNOPTIMISED))


def _kernel(form: ConnectionForm, static: Static, scalars: Array) -> Array:
    """One connection's kernel, `[k, k, in, out]`."""
    # inside somebody's jit the plan is a constant, and the compiler would take seconds to evaluate
    # whatever depends on nothing else
    views, entries, rows, row_of = lax.optimization_barrier(static)
    shape = (len(views.turn_of), len(views.centre), views.delta.shape[-1])
    sampled = jnp.broadcast_to(columns(form, views, scalars), shape)
    colour = _colour(form, scalars)
    # a plan's places are always within
    kernel = sampled.reshape(-1).at[entries].get(mode="promise_in_bounds")
    if form.orbits:
        # sorted, so that the sum does not depend on which element comes first
        kernel = jnp.sort(kernel[:, :, np.asarray(form.orbits)], axis=3).sum(axis=3)
    kernel = kernel * colour
    mass, balance = scalars[form.mass], scalars[form.balance]

    def totals(*parts: Callable[[Array], Array]) -> Array:
        """Sums over each target member's taps and sources, before colour, `[parts, out]`."""
        if form.orbits:
            # sums over orbits are no columns; sorted for the same reason
            terms = jnp.sort(kernel.reshape(-1, kernel.shape[-1]), axis=0)
            return jnp.stack([part(terms).sum(axis=0) for part in parts])
        by_column = jnp.stack([part(sampled) for part in parts]).sum(axis=2)
        by_column = by_column.reshape(len(parts), -1)
        by_row = by_column.at[:, rows].get(mode="promise_in_bounds").sum(axis=-1)
        return by_row.at[:, row_of].get(mode="promise_in_bounds")

    match form.norm:
        case "none":
            factor: Array | float = 1.0
        case "l1":
            (total,) = totals(jnp.abs)
            factor = 1.0 / jnp.maximum(total * jnp.abs(colour).sum(axis=0), SMALLEST)
        case "l2":
            (total,) = totals(jnp.square)
            factor = 1.0 / jnp.sqrt(jnp.maximum(total * (colour**2).sum(axis=0), SMALLEST**2))
        case "mass":
            up, down = totals(jax.nn.relu, lambda x: jax.nn.relu(-x))
            light, dark = jax.nn.relu(colour).sum(axis=0), jax.nn.relu(-colour).sum(axis=0)
            above = mass / jnp.maximum(up * light + down * dark, SMALLEST)
            below = mass * balance / jnp.maximum(up * dark + down * light, SMALLEST)
            factor = jnp.where(kernel > 0, above, below)
    return kernel * (factor * scalars[form.gain])


def _colour(form: ConnectionForm, scalars: Array) -> Array:
    """What a connection reads of its source.

    `[3, out or 1]` of the image's channels, `[1, 1]` of a family.

    The opponent plane's axes are (2, -1, -1)/sqrt 6 and (0, 1, -1)/sqrt 2.
    """
    if form.colour is None:
        return jnp.ones((1, 1), jnp.float32)
    if form.colour == "luma":
        return jnp.full((3, 1), 3**-0.5, jnp.float32)
    turns_deg = jnp.asarray(form.hues_deg or (0.0,), jnp.float32)
    vectors = _hues(scalars[form.hue_deg] + turns_deg)
    if form.colour == "hue":
        return vectors
    apart = vectors - _hues(scalars[form.against_deg] + turns_deg)
    length = jnp.sqrt(jnp.maximum((apart**2).sum(axis=0), SMALLEST**2))
    return apart / length


def _hues(angles_deg: Array) -> Array:
    """Unit vectors of hues, `[3, hues]`."""
    turn_rad = jnp.radians(angles_deg)
    first = jnp.asarray(((2.0,), (-1.0,), (-1.0,)), jnp.float32) * 6**-0.5
    second = jnp.asarray(((0.0,), (1.0,), (-1.0,)), jnp.float32) * 2**-0.5
    return jnp.cos(turn_rad) * first + jnp.sin(turn_rad) * second
