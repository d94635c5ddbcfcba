"""Lowering: a circuit and the settings of its dials -> the arrays of a network.

In: `Circuit` and dials (px, degrees, plain numbers). Out: a dict of float32 arrays:
`CONNECTION` -> kernel `[height, width, in, out]`, members in channel order; `FAMILY.gain`,
`FAMILY.bias` and, where it is normalised, `FAMILY.floor` -> scalars.

Lowering is a pure function of the dials. Where they are numbers NumPy computes the kernels, and
nothing is compiled. Where they are traced JAX does, with one program for each *form* (see `forms`),
which it traces once however often it is transformed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from math import isfinite
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.core import Tracer
from jax.typing import ArrayLike

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
        numbers: Any = np.asarray(values, np.float32)
        # no dial is refused because a tap far outside a template overflows
        with np.errstate(all="ignore"):
            return _kernel(self.form, self.static, numbers)


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
        weights: dict[str, Any] = {name: part.kernel(dials) for name, part in self.parts.items()}
        for name, scalar in self.scalars.items():
            number = value_of(scalar, dials)
            weights[name] = number if isinstance(number, Tracer) else np.float32(number)
        # all at once: one by one they would take longer than the kernels
        return jax.device_put(weights)


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
    """The plan of a connection."""
    plan = plan_connection(pairing)
    arrays: Any = plan
    views = Views(*(getattr(plan, name) for name in Views._fields))
    return views, arrays.entries, arrays.rows, arrays.row_of


@lru_cache(maxsize=256)
def _program(form: ConnectionForm) -> Callable[[Static, Array], Array]:
    """The function of a form: plan and slot values -> kernel."""

    # one function for a form, so that JAX traces it once, whatever transforms it
    @jax.jit
    def program(static: Static, scalars: Array) -> Array:
        # inside somebody's jit the plan is a constant, and the compiler would take seconds to
        # evaluate whatever depends on nothing else
        return _kernel(form, lax.optimization_barrier(static), scalars)

    return program


def _kernel(form: ConnectionForm, static: Static, scalars: Array) -> Array:
    """One connection's kernel, `[k, k, in, out]`."""
    xp: Any = scalars.__array_namespace__()
    views, entries, rows, row_of = static
    shape = (len(views.turn_of), len(views.centre), views.delta.shape[-1])
    sampled = xp.broadcast_to(columns(form, views, scalars), shape)
    colour = _colour(form, xp, scalars)
    kernel = _taken(sampled.reshape(-1), entries)
    if form.orbits:
        # sorted, so that the sum does not depend on which element comes first
        kernel = xp.sort(kernel[:, :, np.asarray(form.orbits)], axis=3).sum(axis=3)
    kernel = kernel * colour
    mass, balance = scalars[form.mass], scalars[form.balance]

    def totals(*parts: Callable[[Array], Array]) -> Array:
        """Sums over each target member's taps and sources, before colour, `[parts, out]`."""
        if form.orbits:
            # sums over orbits are no columns; sorted for the same reason
            terms = xp.sort(kernel.reshape(-1, kernel.shape[-1]), axis=0)
            return xp.stack([part(terms).sum(axis=0) for part in parts])
        by_column = xp.stack([part(sampled) for part in parts]).sum(axis=2)
        by_column = by_column.reshape(len(parts), -1)
        by_row = _taken(by_column, (slice(None), rows)).sum(axis=-1)
        return _taken(by_row, (slice(None), row_of))

    match form.norm:
        case "none":
            factor: Array | float = 1.0
        case "l1":
            (total,) = totals(xp.abs)
            factor = 1.0 / xp.maximum(total * xp.abs(colour).sum(axis=0), SMALLEST)
        case "l2":
            (total,) = totals(xp.square)
            factor = 1.0 / xp.sqrt(xp.maximum(total * (colour**2).sum(axis=0), SMALLEST**2))
        case "mass":
            up, down = totals(partial(_positive, xp), lambda x: _positive(xp, -x))
            light, dark = _positive(xp, colour).sum(axis=0), _positive(xp, -colour).sum(axis=0)
            above = mass / xp.maximum(up * light + down * dark, SMALLEST)
            below = mass * balance / xp.maximum(up * dark + down * light, SMALLEST)
            factor = xp.where(kernel > 0, above, below)
    return kernel * (factor * scalars[form.gain])


def _taken(array: Array, places: Any) -> Array:
    """`array[places]`, which a plan always has within."""
    if isinstance(array, np.ndarray):
        return array[places]
    return array.at[places].get(mode="promise_in_bounds")


def _positive(xp: Any, array: Array) -> Array:
    """Half-wave rectification; at 0 its slope is 0."""
    return xp.where(array > 0, array, 0.0)


def _colour(form: ConnectionForm, xp: Any, scalars: Array) -> Array:
    """What a connection reads of its source.

    `[3, out or 1]` of the image's channels, `[1, 1]` of a family.

    The opponent plane's axes are (2, -1, -1)/sqrt 6 and (0, 1, -1)/sqrt 2.
    """
    if form.colour is None:
        return xp.ones((1, 1), np.float32)
    if form.colour == "luma":
        return xp.full((3, 1), 3**-0.5, np.float32)
    turns_deg = np.asarray(form.hues_deg or (0.0,), np.float32)
    vectors = _hues(xp, scalars[form.hue_deg] + turns_deg)
    if form.colour == "hue":
        return vectors
    apart = vectors - _hues(xp, scalars[form.against_deg] + turns_deg)
    length = xp.sqrt(xp.maximum((apart**2).sum(axis=0), SMALLEST**2))
    return apart / length


def _hues(xp: Any, angles_deg: Array) -> Array:
    """Unit vectors of hues, `[3, hues]`."""
    turn_rad = xp.radians(angles_deg)
    first = np.asarray(((2.0,), (-1.0,), (-1.0,)), np.float32) * 6**-0.5
    second = np.asarray(((0.0,), (1.0,), (-1.0,)), np.float32) * 2**-0.5
    return xp.cos(turn_rad) * first + xp.sin(turn_rad) * second
