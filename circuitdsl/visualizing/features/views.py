"""Views of an image: shifted, scaled, turned a little, so that no picture lives by single pixels.

In: images and a key. Out: the same images as seen once, all through one transform. Pixels from
beyond the edge are grey. Numbers as in Lucid: shifts up to 8 and 4 px, scales 0.9 to 1.1, turns up
to 10 degrees, a fifth of the views not turned.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

SHIFT_PX = 12.0
SCALES = (0.9, 1.1)
TURN_DEG = 10.0
_UPRIGHT = 0.2
_GREY = 0.5


def seen(images: Array, key: Array) -> Array:
    """The images through one random view.

    Args:
        images: RGB, 0..1, `[batch, side, side, 3]`.
        key: Of the view.

    Returns:
        Of the same shape; bilinear between pixels.
    """
    count, side = images.shape[:2]
    rows, columns = _places(side, key)
    # pixels first, so that one index fetches a row of all images' colours
    flat = jnp.moveaxis(images, 0, 2).reshape(side * side, count * 3)
    top, left = jnp.floor(rows), jnp.floor(columns)
    total = jnp.zeros((side * side, count * 3))
    covered = jnp.zeros(side * side)
    for row, down in ((top, 1 - (rows - top)), (top + 1, rows - top)):
        for column, right in ((left, 1 - (columns - left)), (left + 1, columns - left)):
            inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
            share = jnp.where(inside, down * right, 0.0)
            at = jnp.clip(row, 0, side - 1) * side + jnp.clip(column, 0, side - 1)
            total += share[:, None] * flat[at.astype(jnp.int32)]
            covered += share
    values = total + _GREY * (1 - covered)[:, None]
    return jnp.moveaxis(values.reshape(side, side, count, 3), 2, 0)


def _places(side: int, key: Array) -> tuple[Array, Array]:
    """Where in the image each pixel of the view lies, row and column, `[side * side]`."""
    for_shift, for_scale, for_turn, for_upright = jax.random.split(key, 4)
    shift = jax.random.uniform(for_shift, (2,), minval=-SHIFT_PX, maxval=SHIFT_PX)
    scale = jax.random.uniform(for_scale, (), minval=SCALES[0], maxval=SCALES[1])
    turn = jnp.deg2rad(jax.random.uniform(for_turn, (), minval=-TURN_DEG, maxval=TURN_DEG))
    turn = jnp.where(jax.random.uniform(for_upright) < _UPRIGHT, 0.0, turn)
    at = jnp.arange(side) - (side - 1) / 2
    y, x = (part.ravel() / scale for part in jnp.meshgrid(at, at, indexing="ij"))
    middle = (side - 1) / 2
    rows = jnp.cos(turn) * y - jnp.sin(turn) * x + shift[0] + middle
    columns = jnp.sin(turn) * y + jnp.cos(turn) * x + shift[1] + middle
    return rows, columns
