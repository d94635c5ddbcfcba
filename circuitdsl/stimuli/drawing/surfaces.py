"""Surfaces that meet, texture against texture or colour against colour, and rings.

In: settings and a canvas. Out: RGB images `[n, height, width, 3]`, 0..255. What meets, meets at the
canvas's point. Colours differ in hue alone: they are as light as the grey between them.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.compiling import SMALL, compiled
from circuitdsl.stimuli.drawing.canvas import Canvas, blend, column, from_point, stroke

_GREY = 127.5


@compiled(options=SMALL)
def draw_textures(
    direction_deg: ArrayLike,
    fine_px: ArrayLike,
    coarse_px: ArrayLike,
    contrast: ArrayLike,
    *,
    canvas: Canvas,
) -> Array:
    """A fine texture on one side of the point, a coarse one on the other; both are plaids.

    Args:
        direction_deg: Where the fine one lies, counter-clockwise from +x, `[n]`.
        fine_px: Its period `[n]`.
        coarse_px: The period of the other `[n]`.
        contrast: Of both, 0 to 1; negative ones are the same with dark and light exchanged, `[n]`.
        canvas: Side of the images and the point on the border.
    """
    x, y = from_point(canvas)
    angle = jnp.deg2rad(column(direction_deg))
    ahead = x * jnp.cos(angle) + y * jnp.sin(angle)
    aside = y * jnp.cos(angle) - x * jnp.sin(angle)
    turn = 2 * jnp.pi / jnp.where(ahead > 0, column(fine_px), column(coarse_px))
    plaid = (jnp.cos(turn * ahead) + jnp.cos(turn * aside)) / 2
    grey = _GREY * (1 + column(contrast) * plaid)
    return jnp.broadcast_to(grey[..., None], (*grey.shape, 3))


@compiled(options=SMALL)
def draw_borders(
    direction_deg: ArrayLike, hue_deg: ArrayLike, contrast: ArrayLike, *, canvas: Canvas
) -> Array:
    """A hue on one side of the point, the opposite hue on the other.

    Args:
        direction_deg: Where the hue lies, counter-clockwise from +x, `[n]`.
        hue_deg: The hue: 0 red, 120 green, 240 blue, `[n]`.
        contrast: How far the colours are from grey, 0 to 1; negative ones exchange them, `[n]`.
        canvas: Side of the images and the point on the border.
    """
    x, y = from_point(canvas)
    angle = jnp.deg2rad(column(direction_deg))
    ahead = x * jnp.cos(angle) + y * jnp.sin(angle)
    return _coloured(jnp.clip(2 * ahead, -1.0, 1.0), hue_deg, contrast)


@compiled(options=SMALL)
def draw_spots(
    radius_px: ArrayLike, hue_deg: ArrayLike, contrast: ArrayLike, *, canvas: Canvas
) -> Array:
    """A round spot of a hue around the point, on the opposite hue.

    Args:
        radius_px: Its radius `[n]`.
        hue_deg: Its hue `[n]`.
        contrast: As in `draw_borders`, `[n]`.
        canvas: Side of the images and the middle of the spot.
    """
    x, y = from_point(canvas)
    inside = column(radius_px) - jnp.hypot(x, y)
    return _coloured(jnp.clip(2 * inside, -1.0, 1.0), hue_deg, contrast)


@compiled(options=SMALL)
def draw_rings(
    radius_px: ArrayLike, ink: ArrayLike, ground: ArrayLike, stroke_px: float, *, canvas: Canvas
) -> Array:
    """The outline of a circle around the point.

    Args:
        radius_px: Its radius `[n]`.
        ink: Grey levels of the outline `[n]`.
        ground: Grey levels of the rest `[n]`.
        stroke_px: Width of the outline.
        canvas: Side of the images and the middle of the circle.
    """
    x, y = from_point(canvas)
    covered = stroke(jnp.hypot(x, y) - column(radius_px), column(stroke_px))
    return blend(covered, ink, ground)


def _coloured(part: Array, hue_deg: ArrayLike, contrast: ArrayLike) -> Array:
    """A hue where `part` is 1, the opposite one where it is -1; `[n, height, width]` each."""
    return _GREY * (1 + (column(contrast) * part)[..., None] * hue_direction(hue_deg))


def hue_direction(hue_deg: ArrayLike) -> Array:
    """The way from grey to a hue in RGB, of length 1 and no lighter, `[n, 1, 1, 3]`."""
    hue = jnp.deg2rad(jnp.asarray(hue_deg, jnp.float32).reshape(-1, 1, 1, 1))
    first = jnp.asarray((2.0, -1.0, -1.0), jnp.float32) * 6**-0.5
    second = jnp.asarray((0.0, 1.0, -1.0), jnp.float32) * 2**-0.5
    return jnp.cos(hue) * first + jnp.sin(hue) * second
