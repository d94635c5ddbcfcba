"""Settings of dials, and free dials as unbounded numbers for optimisers.

In: a circuit and settings of its `free` dials. Out: numbers z on the whole line, and back:
`p = low + (high - low) * sigmoid(z)`, so that no step of an optimiser leaves a dial's legal range.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.ir.circuit import Circuit, Dial
from circuitdsl.ir.writing.spelling import number
from circuitdsl.text.diagnostics import InputError, suggestion

_MARGIN = 1e-3
"""A dial at the end of its range starts this part of the range inside.

At the end itself z is infinite and no gradient moves it.
"""


def free_dials(circuit: Circuit) -> dict[str, Dial]:
    """The dials that may be fitted, in the order of the text."""
    return {dial.name: dial for dial in circuit.dials if dial.free}


def only_free(circuit: Circuit, names: Collection[str]) -> Circuit:
    """The circuit with these dials free and no others.

    Raises:
        InputError: it has no such dial.
    """
    known = {dial.name for dial in circuit.dials}
    for name in names:
        if name not in known:
            raise InputError(
                f"the circuit has no dial `{name}`", help=suggestion(name, known) or ""
            )
    dials = tuple(replace(dial, free=dial.name in names) for dial in circuit.dials)
    return replace(circuit, dials=dials)


def with_settings(circuit: Circuit, settings: Mapping[str, float]) -> Circuit:
    """The circuit with some dials set.

    Args:
        circuit: Any circuit.
        settings: By dial, in px, degrees or plain numbers; the other dials stay where they are.

    Raises:
        InputError: the circuit has no such dial, or a value is outside its range.
    """
    dials = {dial.name: dial for dial in circuit.dials}
    for name, value in settings.items():
        if name not in dials:
            names = ", ".join(dials) or "none"
            raise InputError(
                f"the circuit has no dial `{name}`",
                help=suggestion(name, dials) or f"its dials are: {names}",
            )
        check_range(dials[name], value)
        dials[name] = replace(dials[name], default=float(value))
    return replace(circuit, dials=tuple(dials.values()))


def check_range(dial: Dial, value: float) -> None:
    """Check that a setting lies in its dial's range, in the float32 that kernels are computed in.

    Raises:
        InputError: it does not.
    """
    if dial.low is None or dial.high is None:
        return
    if not np.float32(dial.low) <= np.float32(value) <= np.float32(dial.high):
        low, high = number(dial.low, dial.unit), number(dial.high, dial.unit)
        raise InputError(
            f"dial `{dial.name}` = {number(value, dial.unit)} is outside its range [{low}, {high}]",
            help="set it within the range, or widen the range where the dial is declared",
        )


def unbounded(
    circuit: Circuit, settings: Mapping[str, ArrayLike] | None = None
) -> dict[str, Array]:
    """Free dials -> z, one float32 scalar each.

    Args:
        circuit: Any circuit.
        settings: Settings of some free dials (px, degrees, plain numbers); the others have their
            defaults.

    Raises:
        InputError: `settings` names no free dial, or a setting is outside its range.
    """
    free = free_dials(circuit)
    settings = settings or {}
    _check_names(free, settings)
    values = {
        name: float(np.asarray(settings.get(name, dial.default), np.float64))
        for name, dial in free.items()
    }
    return {
        name: jnp.asarray(_to_line(free[name], value), jnp.float32)
        for name, value in values.items()
    }


def bounded(circuit: Circuit, z: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Unbounded z -> settings of the same dials, for `lower`. Differentiable, of any shape.

    Raises:
        InputError: `z` names no free dial.
    """
    free = free_dials(circuit)
    _check_names(free, z)
    return {name: _from_line(free[name], jnp.asarray(value)) for name, value in z.items()}


def _check_names(free: Mapping[str, Dial], settings: Mapping[str, ArrayLike]) -> None:
    for name in settings:
        if name not in free:
            names = ", ".join(free) or "none"
            raise InputError(
                f"the circuit has no free dial `{name}`",
                help=suggestion(name, free) or f"its free dials are: {names}",
            )


def _to_line(dial: Dial, value: float) -> float:
    if dial.low is None or dial.high is None:
        return value
    check_range(dial, value)
    part = (value - dial.low) / (dial.high - dial.low) if dial.high > dial.low else 0.5
    part = min(max(part, _MARGIN), 1.0 - _MARGIN)
    return float(np.log(part) - np.log1p(-part))


def _from_line(dial: Dial, z: Array) -> Array:
    if dial.low is None or dial.high is None:
        return z
    return dial.low + (dial.high - dial.low) * jax.nn.sigmoid(z)
