"""The kernels of a forward pass.

In: activations `[batch, height, width, channels]` and kernels `[height, width, in, out]`, float32.
Out: activations. Convolution is cross-correlation, `out[p] = sum over d of w[d] x[stride p + d]`,
with TensorFlow's SAME padding. Everything here can be jitted, differentiated and vmapped.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

LRN_RADIUS = 5
LRN_ALPHA = 1e-4
LRN_BIAS = 2.0


def convolve(x: Array, kernel: Array, stride: int = 1) -> Array:
    """SAME convolution of `x` with `kernel`, without bias."""
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def max_pool(x: Array, side: int, stride: int) -> Array:
    """The largest value in each window; padding never wins."""
    window, strides = (1, side, side, 1), (1, stride, stride, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "SAME")


def normalise(x: Array) -> Array:
    """Local response normalisation over channels, with the constants of TensorFlow's InceptionV1.

    `x / (2 + 1e-4 * sum of squares over channels c-5..c+5) ** 0.5`.
    """
    squares = jnp.pad(x * x, ((0, 0), (0, 0), (0, 0), (LRN_RADIUS, LRN_RADIUS)))
    width = x.shape[-1]
    near = sum(squares[..., d : d + width] for d in range(2 * LRN_RADIUS + 1))
    return x * lax.rsqrt(LRN_BIAS + LRN_ALPHA * near)
