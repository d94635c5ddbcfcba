"""The finder of line detectors: long bars through the centre, told apart by their orientation.

A bar and the same bar half a turn on are one figure, so angles run over 180 degrees. An edge
detector answers a bar too, but off its centre; what answers bars of many widths in both contrasts,
at one orientation, is a detector of lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.members.angles import even_deg
from circuitdsl.measure.finders.finder import Finder
from circuitdsl.stimuli.drawing.canvas import Canvas, geometric, ink_and_ground
from circuitdsl.stimuli.drawing.circles import draw_lines

_ANGLES, _WIDTHS = 36, 4
_THINNEST, _THICKEST = 0.04, 0.2  # widths over the receptive field
_LEAST_PX = 1.5
"""Thinner bars are grey rather than thin."""


@dataclass(frozen=True)
class LineGrid:
    """A set of long bars: every width at every orientation in every contrast.

    Attributes:
        width_px: Widths, `[w]`.
        angles_deg: Orientations, `[a]`.
        contrast: -1 (black on white) to 1 (white on black), `[c]`.
    """

    width_px: tuple[float, ...]
    angles_deg: tuple[float, ...]
    contrast: tuple[float, ...] = (-1.0, 1.0)

    @property
    def period_deg(self) -> float:
        """The turn after which a bar is the same."""
        return 180.0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of widths, orientations and contrasts: the axes of a response grid."""
        return len(self.width_px), len(self.angles_deg), len(self.contrast)

    @property
    def size(self) -> int:
        """How many bars."""
        return len(self.width_px) * len(self.angles_deg) * len(self.contrast)

    def parameters(self) -> NDArray[np.float32]:
        """Width, orientation and contrast of each bar, `[n, 3]`, in C order over `shape`."""
        axes = np.meshgrid(self.width_px, self.angles_deg, self.contrast, indexing="ij")
        return np.stack([axis.ravel() for axis in axes], axis=-1).astype(np.float32)

    def draw(self, parameters: ArrayLike, canvas: Canvas) -> Array:
        """The images of some rows of `parameters()`, `[n, side, side, 3]`."""
        width, angle, contrast = jnp.moveaxis(jnp.asarray(parameters), -1, 0)
        ink, ground = ink_and_ground(contrast)
        return draw_lines(angle, ink, ground, canvas=canvas, stroke_px=width)


def line_grid(backbone: Backbone, layer: str) -> LineGrid:
    """Bars in both contrasts, of widths that suit a layer's receptive field."""
    field = backbone.sampling(layer).receptive_field
    thinnest = max(_THINNEST * field, _LEAST_PX)
    widths = geometric(thinnest, max(_THICKEST * field, 2 * thinnest), _WIDTHS)
    return LineGrid(widths, even_deg(_ANGLES, 180.0))


LINES = Finder(
    name="lines",
    title="line detectors",
    figure="bar",
    axis="orient",
    grid=line_grid,
    angle="prefers: orientation, counter-clockwise",
)
