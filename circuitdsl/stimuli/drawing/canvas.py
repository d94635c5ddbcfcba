"""Where figures are drawn, and what drawing is made of: coordinates, strokes, colours.

In: points in pixels, colours 0..255. Out: coverage `[n, height, width]`, RGB images
`[n, height, width, 3]`, float32, 0..255. Edges are antialiased by the exact overlap of a pixel-wide
box with the stroke, taken across the stroke; for a straight edge along the grid that is the area
covered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

GREY = 127.5
"""Half way from black to white; ink and ground of any contrast lie evenly about it."""


# points are traced: figures drawn at several of them share a program
@partial(jax.tree_util.register_dataclass, data_fields=["x", "y"], meta_fields=["side"])
@dataclass(frozen=True)
class Canvas:
    """Where a figure is drawn.

    Attributes:
        side: Height and width of the image, in pixels.
        x: Column of the point that figures pass through; None for the centre of the image.
        y: Row of that point, downwards; None for the centre.
    """

    side: int
    x: float | None = None
    y: float | None = None

    @property
    def point(self) -> tuple[float, float]:
        """Column and row of the point that figures pass through."""
        middle = (self.side - 1) / 2
        return (middle if self.x is None else self.x, middle if self.y is None else self.y)


def ink_and_ground(contrast: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    """Grey levels `[...]` of ink and ground: contrast 1 is white on black, -1 black on white."""
    # NumPy's, unless traced: each operation of JAX's on its own is a program to compile
    value = contrast if isinstance(contrast, Array) else np.asarray(contrast, np.float32)
    return GREY * (1 + value), GREY * (1 - value)


def saturated(hue_deg: ArrayLike) -> Array:
    """RGB 0..255 `[..., 3]` of the purest colour of each hue: 0 red, 120 green, 240 blue."""
    hue = jnp.asarray(hue_deg, jnp.float32)[..., None]
    away = jnp.abs((hue - jnp.asarray((0.0, 120.0, 240.0)) + 180.0) % 360.0 - 180.0)
    return 255.0 * jnp.clip(2.0 - away / 60.0, 0.0, 1.0)


def geometric(low: float, high: float, count: int) -> tuple[float, ...]:
    """`count` values from `low` to `high`, each the same factor from the next."""
    return tuple(float(value) for value in np.geomspace(low, high, count))


def from_point(canvas: Canvas) -> tuple[Array, Array]:
    """Coordinates of the pixels `[1, height, width]` from the canvas's point, y up."""
    x0, y0 = canvas.point
    at = jnp.arange(canvas.side, dtype=jnp.float32)
    return (at - x0)[None, None, :], (y0 - at)[None, :, None]


def column(values: ArrayLike) -> Array:
    """`[n]` or a number as `[n or 1, 1, 1]`, to broadcast against pixels."""
    return jnp.asarray(values, jnp.float32).reshape(-1, 1, 1)


def stroke(distance: Array, width: Array) -> Array:
    """The share of a pixel, `distance` from the middle of a stroke, that the stroke covers."""
    low = jnp.maximum(distance - 0.5, -width / 2)
    high = jnp.minimum(distance + 0.5, width / 2)
    return jnp.clip(high - low, 0.0, 1.0)


def blend(covered: Array, ink: ArrayLike, ground: ArrayLike) -> Array:
    """Images `[n, height, width, 3]` from coverage `[n, height, width]` and two colours."""
    front, back = _colour(ink), _colour(ground)
    images = back + covered[..., None] * (front - back)
    return jnp.broadcast_to(images, (*images.shape[:-1], 3))


def _colour(value: ArrayLike) -> Array:
    """Grey levels `[n]` or RGB `[n, 3]` as `[n, 1, 1, 1 or 3]`."""
    colour = jnp.asarray(value, jnp.float32)
    channels = colour.shape[-1] if colour.ndim == 2 else 1
    return colour.reshape(-1, 1, 1, channels)
