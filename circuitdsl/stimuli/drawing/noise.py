"""Noise with the spectrum of natural images, or any other power law.

In: a seed, how many, the side. Out: grey RGB images `[n, height, width, 3]`, float32, 0..255.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.compiling import SMALL, compiled
from circuitdsl.stimuli.drawing.canvas import GREY


def draw_noise(
    seed: int, numbers: ArrayLike, contrast: ArrayLike, slope: float, side: int
) -> Array:
    """Draw some of the images of an endless series.

    Args:
        seed: Which series.
        numbers: Which images of it, `[n]`; each image depends on the seed and its number alone.
        contrast: Standard deviation `[n]`, of 127.5 grey levels; what exceeds 0..255 is clipped.
        slope: Amplitude falls as `1 / frequency ** slope`. Natural images have about 1 (Field
            1987, "Relations between the statistics of natural images and the response properties
            of cortical cells"); 0 is white noise.
        side: Height and width in pixels.

    Returns:
        Images `[n, side, side, 3]`.
    """
    field = _fields(jax.random.key(seed), jnp.asarray(numbers), slope, side)
    grey = GREY * (1 + jnp.asarray(contrast, jnp.float32)[:, None, None] * field)
    return jnp.broadcast_to(jnp.clip(grey, 0.0, 255.0)[..., None], (*grey.shape, 3))


@compiled(static=("side",), options=SMALL)
def _fields(key: Array, numbers: Array, slope: float, side: int) -> Array:
    """Fields of mean 0 and standard deviation 1, `[n, side, side]`."""
    rows, columns = jnp.fft.fftfreq(side)[:, None], jnp.fft.rfftfreq(side)[None, :]
    frequency = jnp.hypot(rows, columns) * side
    amplitude = jnp.where(frequency > 0, jnp.maximum(frequency, 1.0) ** -slope, 0.0)

    def one(number: Array) -> Array:
        white = jax.random.normal(jax.random.fold_in(key, number), (side, side))
        return jnp.fft.irfft2(jnp.fft.rfft2(white) * amplitude, (side, side))

    fields = jax.vmap(one)(numbers)
    return fields / fields.std(axis=(1, 2), keepdims=True)
