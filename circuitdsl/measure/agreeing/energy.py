"""Local contrast energy: what a unit would respond that only asks how much happens around it.

In: images. Out: maps of the standard deviation of their luminance in Gaussian windows, at given
positions. It is the control that any likeness of two units is held against, since whatever fires on
contours and textures is correlated with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = 0.25
"""The standard deviation of the window, as a share of the receptive field's side."""


def contrast_energy(images: Array, at_px: Floats, fields_px: Sequence[int]) -> Array:
    """The contrast around each position, `[batch, side, side, scale]`, in grey levels.

    With G the mean under a Gaussian window and L the mean of the three channels: the square root of
    `G(L^2) - G(L)^2`. The window is cut off at the border of the image.

    Args:
        images: RGB, 0..255, `[batch, height, width, 3]`, square.
        at_px: The pixel column (and row) of each position along one axis, `[side]`.
        fields_px: For each scale the side in pixels of what the units see.
    """
    away = np.arange(images.shape[1]) - at_px[:, None]
    windows = np.stack([_window(away, field) for field in fields_px])
    return _deviations(images, jnp.asarray(windows, images.dtype))


def _window(away_px: Floats, field_px: int) -> Floats:
    window = np.exp(-0.5 * (away_px / (WINDOW * field_px)) ** 2)
    return window / window.sum(axis=1, keepdims=True)


@jax.jit
def _deviations(images: Array, windows: Array) -> Array:
    """Standard deviations of luminance under windows `[scale, side, pixel]`."""
    light = (images[..., 0] + images[..., 1] + images[..., 2]) / 3
    level = light.mean(axis=(1, 2), keepdims=True)  # taken off first: nothing cancels later
    deviation = light - level
    values = jnp.stack([deviation * deviation, deviation])
    across = jnp.einsum("vbhw,sqw->vbhsq", values, windows, precision="highest")
    scales = [
        jnp.einsum("vbhq,ph->vbpq", across[..., scale, :], window, precision="highest")
        for scale, window in enumerate(windows)
    ]
    squares, means = jnp.stack(scales, axis=-1)
    return jnp.sqrt(jnp.maximum(squares - means**2, 0.0))
