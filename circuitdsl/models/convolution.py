"""The kernels of a forward pass.

In: activations `[batch, height, width, channels]` and kernels `[height, width, in, out]`, float32.
Out: activations. Convolution is cross-correlation, `out[p] = sum over d of w[d] x[stride p + d]`;
a `Layer` says where windows lie and what they read outside. Everything here can be jitted,
differentiated and vmapped.

The forms chosen are the fastest of those tried on a CPU (32 images, two AVX-512 cores; what lost is
named where it might be tempting). For kernels wider than a tap XLA's own convolution won over
im2col, over row-wise products and, but for a few shapes, over Winograd F(2x2, 3x3) and F(4x4, 3x3).
"""

from __future__ import annotations

from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from circuitdsl.ir.backbones import GeometryError, Layer, Lrn
from circuitdsl.text.diagnostics import InputError

Margins = tuple[tuple[int, int], tuple[int, int]]
"""Padding above and below, left and right."""


def margins(layer: Layer, x: Array) -> Margins:
    """The padding of a layer's windows over its source.

    Raises:
        InputError: the source is smaller than a window.
    """
    try:
        (_, top, bottom), (_, left, right) = (layer.window(side) for side in x.shape[1:3])
    except GeometryError as error:
        raise InputError(
            "an image is too small for this network", why=error.message, help="give a larger image"
        ) from error
    return (top, bottom), (left, right)


def convolve(x: Array, kernel: Array, layer: Layer, groups: int = 1) -> Array:
    """A convolution through the windows of `layer`, without bias.

    Args:
        x: What is read.
        kernel: `[height, width, in / groups, out]`, of the layer's side.
        layer: Gives stride, padding and border.
        groups: Parts of the channels that do not see each other.
    """
    around = margins(layer, x)
    if layer.border == "reflect" and any(map(any, around)):
        x = jnp.pad(x, ((0, 0), *around, (0, 0)), mode="reflect")
        around = ((0, 0), (0, 0))
    if groups == 1:
        return _convolve(x, kernel, layer.stride, around)
    if kernel.shape[2] == 1:
        return _each_channel(x, kernel, layer.stride, around)
    # XLA runs a convolution in two groups 2.7 times as long as two convolutions
    parts = zip(jnp.split(x, groups, -1), jnp.split(kernel, groups, -1), strict=True)
    return jnp.concatenate([_convolve(*part, layer.stride, around) for part in parts], axis=-1)


def _convolve(x: Array, kernel: Array, stride: int, around: Margins) -> Array:
    if kernel.shape[:2] == (1, 1) and stride == 1 and not any(map(any, around)):
        # a plain product is 1.2 to 4 times as fast as the same thing asked for as a convolution
        return x @ kernel[0, 0]
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), around, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _each_channel(x: Array, kernel: Array, stride: int, around: Margins) -> Array:
    """Each channel by itself, a tap at a time: 20 times as fast as XLA's grouped convolution."""
    padded = jnp.pad(x, ((0, 0), *around, (0, 0)))
    padded = jnp.repeat(padded, kernel.shape[-1] // x.shape[-1], axis=-1)
    side = kernel.shape[0]
    rows, columns = ((n - side) // stride * stride + 1 for n in padded.shape[1:3])
    taps = [
        padded[:, p : p + rows : stride, q : q + columns : stride] * kernel[p, q, 0]
        for p in range(side)
        for q in range(side)
    ]
    return sum(taps[1:], taps[0])


def pool(x: Array, layer: Layer) -> Array:
    """The pool that a layer is."""
    around = margins(layer, x)
    if layer.kind == "maxpool":
        return max_pool(x, layer.kernel, layer.stride, around)
    return average_pool(x, layer, around)


def average_pool(x: Array, layer: Layer, around: Margins) -> Array:
    """The mean of each window; `border` says whether zeros around the source count."""
    side, stride = layer.kernel, layer.stride
    total = lax.reduce_window(
        x, 0.0, lax.add, (1, side, side, 1), (1, stride, stride, 1), ((0, 0), *around, (0, 0))
    )
    rows, columns = (_counted(layer, size) for size in x.shape[1:3])
    return total / (rows[:, None] * columns)[..., None]


def _counted(layer: Layer, size: int) -> NDArray[np.float32]:
    """The positions that count in each window along an axis."""
    out, before, after = layer.window(size)
    # what only `ceil` adds is never counted
    beyond = after if layer.padding == "same" else layer.padding[1]
    inner = layer.border == "exclude"
    first = np.arange(out) * layer.stride - before
    last = np.minimum(first + layer.kernel, size if inner else size + beyond)
    return (last - (np.maximum(first, 0) if inner else first)).astype(np.float32)


@partial(jax.custom_jvp, nondiff_argnums=(1, 2, 3))
def max_pool(x: Array, side: int, stride: int, around: Margins) -> Array:
    """The largest value in each window; padding never wins.

    Rows first, then columns: the same values as one square window, 1.5 to 9 times as fast. Where
    several values of a window are largest, they share its gradient.
    """
    none, (rows, columns) = (0, 0), around
    x = lax.reduce_window(
        x, -jnp.inf, lax.max, (1, side, 1, 1), (1, stride, 1, 1), (none, rows, none, none)
    )
    return lax.reduce_window(
        x, -jnp.inf, lax.max, (1, 1, side, 1), (1, 1, stride, 1), (none, none, columns, none)
    )


@max_pool.defjvp
def _max_pool_jvp(
    side: int, stride: int, around: Margins, primals: tuple[Array], tangents: tuple[Array]
) -> tuple[Array, Array]:
    # the transpose of a window maximum is a slow scatter; slices transpose 3 times as fast
    def sliced(x: Array) -> Array:
        rows = _sliding_max(x, 1, side, stride, around[0])
        return _sliding_max(rows, 2, side, stride, around[1])

    return max_pool(primals[0], side, stride, around), jax.jvp(sliced, primals, tangents)[1]


def _sliding_max(x: Array, axis: int, side: int, stride: int, around: tuple[int, int]) -> Array:
    margin = [(0, 0)] * x.ndim
    margin[axis] = around
    padded = jnp.pad(x, margin, constant_values=-jnp.inf)
    last = (padded.shape[axis] - side) // stride * stride + 1
    slices = [lax.slice_in_dim(padded, d, d + last, stride, axis) for d in range(side)]
    return reduce(jnp.maximum, slices)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def normalise(x: Array, lrn: Lrn) -> Array:
    """Local response normalisation over channels.

    XLA fuses the shifted sum into one pass over `x`; a product with a banded matrix takes 1.7 times
    as long.
    """
    margin = [(0, 0)] * (x.ndim - 1) + [(lrn.radius, lrn.radius)]
    squares = jnp.pad(x * x, margin)
    width = x.shape[-1]
    parts = [squares[..., d : d + width] for d in range(2 * lrn.radius + 1)]
    return x * _falling(lrn.bias + lrn.alpha * sum(parts[1:], parts[0]), lrn.beta)


@normalise.defjvp
def _normalise_jvp(lrn: Lrn, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    # the other way round for gradients: a banded product transposes 12 times as fast as shifts
    def banded(x: Array) -> Array:
        channel = jnp.arange(x.shape[-1])
        band = abs(channel[:, None] - channel) <= lrn.radius
        return x * _falling(lrn.bias + lrn.alpha * ((x * x) @ band.astype(x.dtype)), lrn.beta)

    return normalise(primals[0], lrn), jax.jvp(banded, primals, tangents)[1]


def _falling(x: Array, power: float) -> Array:
    """`x ** -power`; roots are many times as fast as a power."""
    root = lax.rsqrt(x)
    if power == 0.5:
        return root
    return root * jnp.sqrt(root) if power == 0.75 else x**-power


def places_within(side: int, window: int) -> NDArray[np.float32]:
    """How many places of a centred window lie within, for each of `side` positions in a row."""
    at = np.arange(side)
    reach = window // 2
    return (np.minimum(at + reach, side - 1) - np.maximum(at - reach, 0) + 1).astype(np.float32)
