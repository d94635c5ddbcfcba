"""Stimuli that can be turned without loss: smooth strokes given by formulas.

In: strokes in pixels and degrees, y up, from the point that everything turns about. Out: images.
Turning a figure turns the strokes, never an array, so that a turned image is as sharp as the
first; this is what oversampling a bitmap before turning it would come to in the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.members.angles import cos_sin_deg
from circuitdsl.ir.members.groups import Element

Floats = NDArray[np.float64]

GROUND = 117.0
"""Grey level of the ground, the network's zero: margins of the image are no edges."""

_SPACING = 0.5
"""Distance of neighbouring points of a stroke, in its width."""


@dataclass(frozen=True)
class Stroke:
    """A curved stroke with a Gaussian profile.

    Attributes:
        x_px: Its middle, to the right.
        y_px: Its middle, upwards.
        angle_deg: Its direction there.
        length_px: Its length.
        bend: One over the radius of the circle that it lies on; positive to the left, 0 straight.
        width_px: Standard deviation across; at least 1.5 is free of aliasing.
        ink: Red, green and blue above (below, if negative) the ground.
    """

    x_px: float
    y_px: float
    angle_deg: float
    length_px: float
    bend: float = 0.0
    width_px: float = 1.5
    ink: tuple[float, float, float] = (90.0, 90.0, 90.0)

    def points(self) -> Floats:
        """Points along its middle, `[n, xy]`."""
        count = max(int(np.ceil(self.length_px / (_SPACING * self.width_px))), 2)
        s = ((np.arange(count) + 0.5) / count - 0.5) * self.length_px
        turn = s * self.bend
        # sin(s b)/b and (1 - cos(s b))/b, which are s and 0 where b is 0
        along = s * np.sinc(turn / np.pi)
        across = s * np.sin(turn / 2) * np.sinc(turn / 2 / np.pi)
        cosine, sine = cos_sin_deg(self.angle_deg)
        x = self.x_px + cosine * along - sine * across
        y = self.y_px + sine * along + cosine * across
        return np.stack([x, y], axis=-1)


@dataclass(frozen=True)
class Figure:
    """Some strokes on plain ground."""

    strokes: tuple[Stroke, ...]

    def draw(
        self,
        side: int,
        centre_px: float | None = None,
        element: Element | None = None,
        aside_px: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.float32]:
        """The figure after an element of the group, as an RGB image `[side, side, 3]`.

        Args:
            side: Height and width, px.
            centre_px: Row and column of the point that it turns about; by default the middle.
            element: What is done to it; nothing by default.
            aside_px: How far right and up of that point everything lies, what it turns about too.
        """
        middle = (side - 1) / 2 if centre_px is None else centre_px
        at = np.arange(side)
        x, y = np.meshgrid(at - middle - aside_px[0], middle - at - aside_px[1])
        done = Element() if element is None else element
        cosine, sine = cos_sin_deg(done.turn_deg)
        sides = np.array([-1.0 if done.mirror else 1.0, 1.0])
        image = np.full((side, side, 3), GROUND)
        for stroke in self.strokes:
            width = done.dilation * stroke.width_px
            points = (
                done.dilation
                * stroke.points()
                * sides
                @ np.array([[cosine, sine], [-sine, cosine]])
            )
            away = (x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2
            step = done.dilation * stroke.length_px / len(points)
            share = step / (np.sqrt(2 * np.pi) * width)
            covered = share * np.exp(-away / (2 * width**2)).sum(axis=-1)
            image += covered[..., None] * (np.array(done.recolouring) @ np.asarray(stroke.ink))
        return np.clip(image, 0.0, 255.0).astype(np.float32)


def random_figure(reach_px: float, seed: int, strokes: int = 4) -> Figure:
    """Strokes of any direction, bend, length and colour within a distance of the centre."""
    rng = np.random.default_rng(seed)

    def stroke() -> Stroke:
        radius, angle = reach_px * np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
        grey, tint = rng.choice((-1, 1)) * rng.uniform(40, 90), rng.uniform(-30, 30, 3)
        red, green, blue = (float(value) for value in grey + tint - tint.mean())
        return Stroke(
            float(radius * np.cos(angle)),
            float(radius * np.sin(angle)),
            float(rng.uniform(0, 360)),
            float(rng.uniform(0.3, 1.5) * reach_px),
            float(rng.uniform(-1.5, 1.5) / reach_px),
            float(rng.uniform(1.5, 2.5)),
            (red, green, blue),
        )

    return Figure(tuple(stroke() for _ in range(strokes)))
