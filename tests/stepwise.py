"""JAX programs, done step by step in NumPy: for programs that run once, and compile for seconds.

In: a function of arrays that JAX can trace. Out: what the traced program gives. Its steps and
their order are those that XLA is given to compile; a step that is not in the table below is left to
JAX, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit
from circuitdsl.lowering import weights
from circuitdsl.lowering.forms import value_of
from circuitdsl.models.written.handwritten import HandwrittenNetwork

Array = NDArray[Any]


def evaluated(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives, without a compiler."""
    traced, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    found = _run(traced.jaxpr, traced.consts, jax.tree.leaves(arguments))
    return jax.tree.unflatten(jax.tree.structure(shape), found)


def lowered(circuit: Circuit) -> dict[str, Array]:
    """What `lower` gives where dials are traced, at their defaults."""
    lowering = weights.lower(circuit)
    dials = {dial.name: dial.default for dial in lowering.dials}
    arrays: dict[str, Array] = {}
    for name, part in lowering.parts.items():
        values = np.asarray(part.slots.values(dials), np.float32)
        arrays[name] = evaluated(weights._program(part.form), part.static, values)
    numbers = {name: value_of(scalar, dials) for name, scalar in lowering.scalars.items()}
    return arrays | {name: np.asarray(value, np.float32) for name, value in numbers.items()}


def responses(
    circuit: Circuit, arrays: Mapping[str, Array], image: Array, given: Mapping[str, Array]
) -> dict[str, Array]:
    """What the circuit's network answers to one image, by family, `[height, width, members]`."""
    units = {name: activations[None] for name, activations in given.items()}
    network = HandwrittenNetwork(circuit, arrays, units)
    names = [family.name for family in circuit.families]
    found = evaluated(lambda images: network.activations(images, names), image[None])
    return {name: np.asarray(array)[0] for name, array in found.items()}


def _run(program: Jaxpr, constants: list[Any], arguments: list[Any]) -> list[Array]:
    known: dict[Any, Array] = {}
    known |= zip(program.constvars, map(np.asarray, constants), strict=True)
    known |= zip(program.invars, map(np.asarray, arguments), strict=True)

    def value(atom: Any) -> Array:
        return np.asarray(atom.val, atom.aval.dtype) if isinstance(atom, Literal) else known[atom]

    for step in program.eqns:
        found = _step(step.primitive, [value(atom) for atom in step.invars], step.params)
        for variable, array in zip(step.outvars, found, strict=True):
            shape, dtype = variable.aval.shape, variable.aval.dtype
            if array.shape != shape or array.dtype != dtype:
                raise TypeError(f"{step.primitive} gave {array.dtype}{array.shape}, not {shape}")
            known[variable] = array
    return [value(atom) for atom in program.outvars]


def _step(primitive: Any, x: list[Array], params: dict[str, Any]) -> list[Array]:
    name = primitive.name
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    if isinstance(inner, ClosedJaxpr):
        return _run(inner.jaxpr, inner.consts, x)
    if name == "optimization_barrier":
        return x
    if name in _PLAIN:
        return [np.asarray(_PLAIN[name](*x))]
    if name in _SHAPED:
        return [_SHAPED[name](*x, **params)]
    found = primitive.bind(*x, **params)
    return [np.asarray(each) for each in (found if primitive.multiple_results else [found])]


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": np.add,
    "cos": np.cos,
    "div": np.divide,
    "exp": np.exp,
    "exp2": np.exp2,
    "gt": np.greater,
    "lt": np.less,
    "max": np.maximum,
    "mul": np.multiply,
    "neg": np.negative,
    "rsqrt": lambda x: np.float32(1) / np.sqrt(x),
    "select_n": lambda chosen, no, yes: np.where(chosen, yes, no),
    "sin": np.sin,
    "sqrt": np.sqrt,
    "square": np.square,
    "sub": np.subtract,
}
_PLAIN = {
    name: lambda *x, function=function, **_: np.asarray(function(*x))
    for name, function in _PLAIN.items()
}


def _broadcast(x: Array, *, shape: Any, broadcast_dimensions: Any, **_: Any) -> Array:
    aligned = [1] * len(shape)
    for own, there in enumerate(broadcast_dimensions):
        aligned[there] = x.shape[own]
    return np.broadcast_to(x.reshape(aligned), shape)


def _slice(x: Array, *, start_indices: Any, limit_indices: Any, strides: Any, **_: Any) -> Array:
    steps = strides or [1] * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, steps))]


def _iota(*, dtype: Any, shape: Any, dimension: int, **_: Any) -> Array:
    return np.moveaxis(
        np.broadcast_to(np.arange(shape[dimension], dtype=dtype), shape), -1, dimension
    )


def _gather(x: Array, at: Array, *, dimension_numbers: Any, slice_sizes: Any, **_: Any) -> Array:
    """Whole slices across one axis."""
    (axis,) = dimension_numbers.start_index_map
    whole = [size for number, size in enumerate(x.shape) if number != axis]
    if dimension_numbers.collapsed_slice_dims != (axis,) or sorted(whole) != sorted(
        size for number, size in enumerate(slice_sizes) if number != axis
    ):
        raise NotImplementedError(f"gather {dimension_numbers} of {slice_sizes}")
    rows = np.moveaxis(x, axis, 0)[at[..., 0]]
    slices = dimension_numbers.offset_dims
    return np.moveaxis(rows, range(rows.ndim - len(slices), rows.ndim), slices)


def _dot(x: Array, y: Array, *, dimension_numbers: Any, **_: Any) -> Array:
    (x_summed, y_summed), (x_batch, y_batch) = dimension_numbers
    letters = iter("abcdefghijklmnop")
    of_x = [next(letters) for _ in x.shape]
    of_y = [next(letters) for _ in y.shape]
    for own, other in zip((*x_summed, *x_batch), (*y_summed, *y_batch), strict=True):
        of_y[other] = of_x[own]
    batch = [of_x[number] for number in x_batch]
    free = [c for n, c in enumerate(of_x) if n not in (*x_summed, *x_batch)]
    free += [c for n, c in enumerate(of_y) if n not in (*y_summed, *y_batch)]
    spelled = f"{''.join(of_x)},{''.join(of_y)}->{''.join(batch + free)}"
    return np.einsum(spelled, x, y, optimize=True)


def _windows(x: Array, sides: Any, strides: Any, padding: Any, fill: float) -> Array:
    """Every window of an array, the axes of the windows last."""
    padded = np.pad(x, padding, constant_values=fill)
    places = tuple(slice(None, None, step) for step in strides)
    return sliding_window_view(padded, sides)[places]


def _pooled(function: Callable[..., Array], fill: float) -> Callable[..., Array]:
    def pool(
        x: Array, *, window_dimensions: Any, window_strides: Any, padding: Any, **_: Any
    ) -> Array:
        found = _windows(x, window_dimensions, window_strides, padding, fill)
        return function(found, axis=tuple(range(x.ndim, 2 * x.ndim)))

    return pool


def _convolution(x: Array, kernel: Array, *, window_strides: Any, padding: Any, **_: Any) -> Array:
    """`[batch, height, width, in]` with `[height, width, in, out]`."""
    sides = (1, *kernel.shape[:2], 1)
    margins = ((0, 0), *padding, (0, 0))
    found = _windows(x, sides, (1, *window_strides, 1), margins, 0.0)[..., 0, :, :, 0]
    return np.tensordot(found, np.moveaxis(kernel, 2, 0), axes=3)


_SHAPED: dict[str, Callable[..., Array]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda *x, dimension, **_: np.concatenate(x, axis=dimension),
    "conv_general_dilated": _convolution,
    "convert_element_type": lambda x, *, new_dtype, **_: x.astype(new_dtype),
    "dot_general": _dot,
    "gather": _gather,
    "integer_pow": lambda x, *, y, **_: x**y,
    "iota": _iota,
    "pad": lambda x, fill, *, padding_config, **_: np.pad(
        x, [margin[:2] for margin in padding_config], constant_values=fill
    ),
    "reduce_sum": lambda x, *, axes, **_: np.asarray(x.sum(axis=axes)),
    "reduce_window_max": _pooled(np.max, -np.inf),
    "reduce_window_sum": _pooled(np.sum, 0.0),
    "reshape": lambda x, *, new_sizes, **_: x.reshape(new_sizes),
    "slice": _slice,
    "sort": lambda x, *, dimension, **_: np.sort(x, axis=dimension),
    "squeeze": lambda x, *, dimensions, **_: x.squeeze(axis=dimensions),
    "stack": lambda *x, axis, **_: np.stack(x, axis=axis),
}
