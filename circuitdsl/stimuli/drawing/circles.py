"""Circle outlines, discs and lines, drawn on the device.

In: radii in pixels, tangent angles in degrees (counter-clockwise from +x, y up; a circle bends to
the left of its tangent), colours 0..255. Out: RGB images `[n, height, width, 3]`, float32, 0..255.

A circle passes through a stated point: its centre lies one radius away, at a right angle to the
left of the tangent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.compiling import SMALL, compiled
from circuitdsl.stimuli.drawing.canvas import (
    Canvas,
    blend,
    column,
    from_point,
    ink_and_ground,
    saturated,
    stroke,
)


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
class CircleGrid:
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
    def period_deg(self) -> float:
        """The turn after which a circle through a point is the same."""
        return 360.0

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
