"""Local contrast energy: what a unit would respond that only asks how much happens around it.

In: images. Out: one map of the standard deviation of their luminance in a Gaussian window, at given
positions. It is the control that any likeness of two units is held against, since whatever fires on
contours and textures is correlated with it.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = 0.25
"""The standard deviation of the window, as a share of the receptive field's side."""


def contrast_energy(images: Array, at_px: Floats, receptive_field: int) -> Array:
    """The contrast around each position, `[batch, side, side, 1]`, in grey levels.

    With G the mean under a Gaussian window and L the mean of the three channels: the square root of
    `G(L^2) - G(L)^2`. The window is cut off at the border of the image.

    Args:
        images: RGB, 0..255, `[batch, height, width, 3]`, square.
        at_px: The pixel column (and row) of each position along one axis, `[side]`.
        receptive_field: Side in pixels of what the units see.
    """
    light = images.mean(axis=-1)
    pixels = np.arange(light.shape[1])
    away = (pixels - at_px[:, None]) / (WINDOW * receptive_field)
    window = np.exp(-0.5 * away * away)
    mean = jnp.asarray(window / window.sum(axis=1, keepdims=True), light.dtype)

    def around(values: Array) -> Array:
        return jnp.einsum("ph,bhw,qw->bpq", mean, values, mean, precision="highest")

    level = light.mean(axis=(1, 2), keepdims=True)  # taken off first: nothing cancels later
    deviation = light - level
    variance = around(deviation * deviation) - around(deviation) ** 2
    return jnp.sqrt(jnp.maximum(variance, 0.0))[..., None]
