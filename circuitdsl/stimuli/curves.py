"""Circle outlines, discs and lines, drawn on the device.

In: radii in pixels, tangent angles in degrees (counter-clockwise from +x, y up; a circle bends to
the left of its tangent), colours 0..255. Out: RGB images `[n, height, width, 3]`, float32, 0..255.

A circle passes through a stated point, as in the published stimuli of curve neurons: its centre
lies one radius away, at a right angle to the left of the tangent. Edges are antialiased by the
exact overlap of a pixel-wide box with the stroke, taken across the stroke; for a straight edge
along the grid that is the area covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.compiling import SMALL, compiled

GREY = 127.5
"""Half way from black to white; ink and ground of any contrast lie evenly about it."""

STROKE_SHARE = 0.0242
"""Width of the published outlines over the width of their images."""


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


@compiled(static=("filled",), options=SMALL)
def draw_circles(
    radius_px: ArrayLike,
    tangent_deg: ArrayLike,
    ink: ArrayLike,
    ground: ArrayLike,
    *,
    canvas: Canvas,
    stroke_px: ArrayLike = 3.0,
    filled: bool = False,
) -> Array:
    """Draw one circle in each image.

    Args:
        radius_px: Radii `[n]`.
        tangent_deg: Angles of the tangent at the canvas's point, `[n]`.
        ink: Colour of the figure: grey levels `[n]`, or RGB `[n, 3]`.
        ground: Colour of the rest, likewise.
        canvas: Side of the images and the point that the circles pass through.
        stroke_px: Width of the outlines, a number or `[n]`.
        filled: Discs instead of outlines.

    Returns:
        RGB images `[n, side, side, 3]`.
    """
    x, y = from_point(canvas)
    radius, angle = column(radius_px), jnp.deg2rad(column(tangent_deg))
    # to the left of the tangent (cos, sin), y up
    centre_x, centre_y = -radius * jnp.sin(angle), radius * jnp.cos(angle)
    outwards = jnp.hypot(x - centre_x, y - centre_y) - radius
    if filled:
        return blend(jnp.clip(0.5 - outwards, 0.0, 1.0), ink, ground)
    return blend(stroke(outwards, column(stroke_px)), ink, ground)


@compiled(options=SMALL)
def draw_lines(
    tangent_deg: ArrayLike,
    ink: ArrayLike,
    ground: ArrayLike,
    *,
    canvas: Canvas,
    stroke_px: ArrayLike = 3.0,
    length_px: ArrayLike = 1024.0,
) -> Array:
    """Draw one straight line in each image, its middle on the canvas's point.

    Args:
        tangent_deg: Angles of the lines `[n]`; an angle and its opposite are one line.
        ink: Colour of the lines: grey levels `[n]`, or RGB `[n, 3]`.
        ground: Colour of the rest, likewise.
        canvas: Side of the images and the point that the lines pass through.
        stroke_px: Width of the lines, a number or `[n]`.
        length_px: Their lengths, a number or `[n]`.

    Returns:
        RGB images `[n, side, side, 3]`.
    """
    x, y = from_point(canvas)
    angle = jnp.deg2rad(column(tangent_deg))
    along = x * jnp.cos(angle) + y * jnp.sin(angle)
    across = y * jnp.cos(angle) - x * jnp.sin(angle)
    covered = stroke(across, column(stroke_px)) * stroke(along, column(length_px))
    return blend(covered, ink, ground)


@dataclass(frozen=True)
class CurveGrid:
    """A set of circles: every radius at every angle in every contrast.

    Attributes:
        radius_px: Radii, `[r]`.
        tangent_deg: Angles of the tangent, `[a]`.
        contrast: -1 (black on white) to 1 (white on black), `[c]`.
        stroke_px: Width of the outlines.
        filled: Discs instead of outlines.
        coloured: Ink in the hue whose angle is that of the bulge, ground in the opposite one, both
            saturated, instead of greys; `contrast` changes nothing then.
    """

    radius_px: tuple[float, ...]
    tangent_deg: tuple[float, ...]
    contrast: tuple[float, ...] = (-1.0, 1.0)
    stroke_px: float = 3.0
    filled: bool = False
    coloured: bool = False

    @property
    def angles_deg(self) -> tuple[float, ...]:
        """The angles of the tangent, `[a]`: the second axis of a response grid."""
        return self.tangent_deg

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of radii, angles and contrasts: the axes of a response grid."""
        return len(self.radius_px), len(self.tangent_deg), len(self.contrast)

    @property
    def size(self) -> int:
        """How many stimuli."""
        return len(self.radius_px) * len(self.tangent_deg) * len(self.contrast)

    def parameters(self) -> NDArray[np.float32]:
        """Radius, angle and contrast of each stimulus, `[n, 3]`, in C order over `shape`."""
        axes = np.meshgrid(self.radius_px, self.tangent_deg, self.contrast, indexing="ij")
        return np.stack([axis.ravel() for axis in axes], axis=-1).astype(np.float32)

    def draw(self, parameters: ArrayLike, canvas: Canvas) -> Array:
        """The images of some rows of `parameters()`, `[n, side, side, 3]`; may be traced."""
        radius, angle, contrast = jnp.moveaxis(jnp.asarray(parameters), -1, 0)
        if self.coloured:
            ink, ground = saturated(90.0 - angle), saturated(270.0 - angle)
        else:
            ink, ground = ink_and_ground(contrast)
        return draw_circles(
            radius,
            angle,
            ink,
            ground,
            canvas=canvas,
            stroke_px=self.stroke_px,
            filled=self.filled,
        )

    def batches(self, canvas: Canvas, batch: int = 256) -> Iterator[Array]:
        """The images in order, at most `batch` at a time; no more are ever in memory."""
        rows = self.parameters()
        for start in range(0, len(rows), batch):
            yield self.draw(rows[start : start + batch], canvas)


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
