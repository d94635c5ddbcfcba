"""Figures of one's own, and those of the table, drawn on the device.

In: figures with their sizes, places and strengths, how they are turned, mirrored, dilated, coloured
and blurred, and what they stand on. Out: RGB images `[n, height, width, 3]`, 0..255, differentiable
in every number.

A pixel is taken back to the figure's own frame, where the distance to the figure's skeleton is
known in closed form. A stroke covers what lies within half its width of the skeleton; its edge is
that of `canvas.stroke`, or that of a stroke under Gaussian blur. Where strokes cross, the strongest
counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.stats import norm
from jax.typing import ArrayLike

from circuitdsl.compiling import SMALL, compiled
from circuitdsl.stimuli.drawing.canvas import GREY, Canvas, column, from_point, stroke
from circuitdsl.stimuli.drawing.surfaces import hue_direction

_TINY = 1e-12
"""Under square roots, so that they have a gradient at 0."""

_PIXEL_VARIANCE = 1 / 12
"""Of a box one pixel wide."""

_MOST_TURNS = 8
"""Of a spiral (`ir.tables.figures`)."""

_NEWTON_STEPS = 3
"""From the point of a spiral at a pixel's own angle to the point nearest to the pixel."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["sizes", "right", "up", "angle_deg", "level"],
    meta_fields=["kind"],
)
@dataclass(frozen=True)
class Placed:
    """A figure in one place; every number is one number, or `[n]`.

    Attributes:
        kind: A key of `FIGURES`.
        sizes: Lengths in pixels, angles in degrees.
        right: Its point, in pixels from the middle of the frame.
        up: Likewise.
        angle_deg: By how much it is turned about that point.
        level: How strong it is, 0 to 1.
    """

    kind: str
    sizes: Mapping[str, ArrayLike]
    right: ArrayLike = 0.0
    up: ArrayLike = 0.0
    angle_deg: ArrayLike = 0.0
    level: ArrayLike = 1.0


@compiled(options=SMALL)
def draw_figures(
    figures: Sequence[Placed],
    look: Mapping[str, ArrayLike],
    grounds: ArrayLike | None = None,
    *,
    canvas: Canvas,
) -> Array:
    """Draw figures that share a frame.

    Args:
        figures: What is drawn, one on top of the other.
        look: `th` (degrees), `flip` (1 mirrors), `scale`, `contrast`, `stroke` and `blur` (pixels)
            of each image `[n]`, and perhaps `hue` (degrees): then ink is of that hue and a plain
            ground of the opposite one, both as light as the grey between.
        grounds: Images that the figures stand on `[n, height, width, 3]`; without them, the ground
            is the opposite of the ink.
        canvas: Side of the images and the point that the frame's middle lies on.
    """
    angle, scale = jnp.deg2rad(column(look["th"])), column(look["scale"])
    x, y = from_point(canvas)
    # the frame is dilated, then mirrored, then turned; pixels go the other way round
    right, up = _turned(x, y, -angle)
    right = jnp.where(column(look["flip"]) > 0.5, -right, right) / scale
    up = up / scale
    width, blur = scale * column(look["stroke"]), scale * column(look["blur"])
    covered = jnp.zeros_like(right)
    for figure in figures:
        u, v = _turned(
            right - column(figure.right),
            up - column(figure.up),
            -jnp.deg2rad(column(figure.angle_deg)),
        )
        sizes = {name: column(value) for name, value in figure.sizes.items()}
        away = scale * _SKELETONS[figure.kind](u, v, sizes)
        full = 2 * scale * jnp.abs(sizes["radius"]) if figure.kind == "dot" else width
        covered = jnp.maximum(covered, column(figure.level) * _coverage(away, full, blur))
    contrast = column(look["contrast"])[..., None]
    colour = hue_direction(look["hue"]) if "hue" in look else jnp.ones((1, 1, 1, 1))
    ink = GREY * (1 + contrast * colour)
    ground = GREY * (1 - contrast * colour) if grounds is None else jnp.asarray(grounds)
    images = ground + covered[..., None] * (ink - ground)
    return jnp.broadcast_to(images, (*images.shape[:-1], 3))


@compiled(options=SMALL)
def blurred(images: ArrayLike, blur_px: ArrayLike) -> Array:
    """Images under Gaussian blur; what lies beyond the border does not count.

    Args:
        images: `[n, side, side, 3]`.
        blur_px: Standard deviations `[n]`; 0 leaves an image as it is.
    """
    pixels = jnp.asarray(images, jnp.float32)
    at = jnp.arange(pixels.shape[1], dtype=jnp.float32)
    sigma = jnp.maximum(column(blur_px), 1e-3)
    weights = jnp.exp(-((at[:, None] - at[None, :]) ** 2) / (2 * sigma**2))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return jnp.einsum("nij,njkc,nlk->nilc", weights, pixels, weights)


def _coverage(away: Array, width: Array, blur: Array) -> Array:
    """The share of a pixel that a stroke covers, `away` from its middle."""
    sigma = jnp.sqrt(blur**2 + _PIXEL_VARIANCE)
    soft = norm.cdf((width / 2 - away) / sigma) - norm.cdf((-width / 2 - away) / sigma)
    return jnp.where(blur > 0, soft, stroke(away, width))


# ---- skeletons: the distance of pixels from each figure, in its own frame

Sizes = Mapping[str, Array]
Skeleton = Callable[[Array, Array, Sizes], Array]


def _turned(x: Array, y: Array, angle: Array) -> tuple[Array, Array]:
    """Points turned counter-clockwise about the origin, in radians."""
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return x * cos - y * sin, x * sin + y * cos


def _length(x: Array, y: Array) -> Array:
    return jnp.sqrt(x * x + y * y + _TINY)


def _segment(u: Array, v: Array, low: Array | float, high: Array) -> Array:
    """From a piece of the first axis."""
    return _length(u - jnp.clip(u, low, high), v)


def _opened(u: Array, v: Array, sizes: Sizes) -> tuple[Array, Array]:
    """Coordinates along the arm that opens away from the first."""
    return _turned(u, v, -jnp.deg2rad(sizes["opening"]))


def _line(u: Array, v: Array, sizes: Sizes) -> Array:
    return _segment(u, v, -sizes["length"] / 2, sizes["length"] / 2)


def _arc(u: Array, v: Array, sizes: Sizes) -> Array:
    radius = jnp.abs(sizes["radius"])
    v = v * jnp.sign(sizes["radius"])
    half = jnp.minimum(sizes["span"] / (2 * radius), math.pi)
    turn = jnp.clip(jnp.arctan2(u, radius - v + _TINY), -half, half)
    return _length(u - radius * jnp.sin(turn), v - radius * (1 - jnp.cos(turn)))


def _ring(u: Array, v: Array, sizes: Sizes) -> Array:
    return jnp.abs(_length(u, v) - jnp.abs(sizes["radius"]))


def _dot(u: Array, v: Array, sizes: Sizes) -> Array:
    return _length(u, v)


def _spiral(u: Array, v: Array, sizes: Sizes) -> Array:
    """From an Archimedean spiral, whose radius grows evenly up to the whole one."""
    v = v * jnp.sign(sizes["radius"])
    whole = 2 * math.pi * sizes["turns"]
    rate = jnp.abs(sizes["radius"]) / whole
    turns = 2 * math.pi * jnp.arange(_MOST_TURNS + 1, dtype=jnp.float32)
    at = jnp.clip(jnp.arctan2(v, u + _TINY) + turns.reshape(-1, 1, 1, 1), 0.0, whole)
    for _ in range(_NEWTON_STEPS):
        cos, sin = jnp.cos(at), jnp.sin(at)
        off_u, off_v = rate * at * cos - u, rate * at * sin - v
        along_u, along_v = rate * (cos - at * sin), rate * (sin + at * cos)
        step = (off_u * along_u + off_v * along_v) / (along_u**2 + along_v**2)
        at = jnp.clip(at - step, 0.0, whole)
    away = _length(rate * at * jnp.cos(at) - u, rate * at * jnp.sin(at) - v)
    return jnp.minimum(away.min(axis=0), _length(u, v))  # and from where it begins


def _corner(u: Array, v: Array, sizes: Sizes) -> Array:
    length = sizes["length"]
    return jnp.minimum(_segment(u, v, 0.0, length), _segment(*_opened(u, v, sizes), 0.0, length))


def _tee(u: Array, v: Array, sizes: Sizes) -> Array:
    length = sizes["length"]
    return jnp.minimum(
        _segment(u, v, -length, length), _segment(*_opened(u, v, sizes), 0.0, length)
    )


def _cross(u: Array, v: Array, sizes: Sizes) -> Array:
    length = sizes["length"]
    return jnp.minimum(
        _segment(u, v, -length, length), _segment(*_opened(u, v, sizes), -length, length)
    )


def _nearest_of_row(at: Array, sizes: Sizes) -> Array:
    """How far places lie from the nearest of a row of points that are `spacing` apart."""
    spacing = sizes["spacing"]
    most = jnp.floor(sizes["length"] / 2 / spacing)
    return at - spacing * jnp.clip(jnp.round(at / spacing), -most, most)


def _stripes(u: Array, v: Array, sizes: Sizes) -> Array:
    half = sizes["length"] / 2
    return _segment(u, _nearest_of_row(v, sizes), -half, half)


def _hatch(u: Array, v: Array, sizes: Sizes) -> Array:
    return jnp.minimum(_stripes(u, v, sizes), _stripes(*_opened(u, v, sizes), sizes))


def _dots(u: Array, v: Array, sizes: Sizes) -> Array:
    return _length(_nearest_of_row(u, sizes), _nearest_of_row(v, sizes))


_SKELETONS: Mapping[str, Skeleton] = {
    "line": _line,
    "arc": _arc,
    "ring": _ring,
    "dot": _dot,
    "spiral": _spiral,
    "corner": _corner,
    "tee": _tee,
    "cross": _cross,
    "stripes": _stripes,
    "hatch": _hatch,
    "dots": _dots,
}
