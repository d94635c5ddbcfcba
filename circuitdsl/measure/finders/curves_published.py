"""What was published of curve neurons: the angles that they prefer, and the stimuli of their grids.

In: nothing but the package's own data. Out: `PUBLISHED`, which `measure.tunings.published` reads
files and scores units by.

The published stimuli are black circle outlines on white, 60 pixels wide: row i has the i-th of 80
radii, from 4.8 image widths down to 0.43, evenly spaced in their logarithm; column j has the bulge
at (j/2 - 180) degrees, clockwise. Discs, and discs whose colour turns with the angle, show how far
a unit cares what a curve is made of.
"""

from __future__ import annotations

import json
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType

from circuitdsl.ir.members.angles import tangent_deg
from circuitdsl.measure.tunings.published import Publication
from circuitdsl.stimuli.drawing.canvas import geometric
from circuitdsl.stimuli.drawing.circles import CircleGrid

SIDE = 60
"""Height and width of the published images, in pixels."""

RADII, ANGLES = 80, 720
"""Of the published grids."""

STROKE_SHARE = 0.0242
"""Width of the published outlines over the width of their images."""

_LARGEST, _SMALLEST = 4.8, 0.4293  # radii over the width of the image


@cache
def published_angles_deg() -> MappingProxyType[int, float]:
    """The tangent angle that each published curve neuron prefers, by its number in the layer."""
    data = files("circuitdsl.measure.finders").joinpath("inceptionv1-curves.json")
    bulges = json.loads(data.read_text(encoding="utf-8"))["preferred_bulge_deg"]
    return MappingProxyType({int(unit): tangent_deg(float(bulges[unit])) for unit in bulges})


def published_stimuli(
    every_radius: int = 1, every_angle: int = 1, *, filled: bool = False, coloured: bool = False
) -> CircleGrid:
    """The published circles, in the order of the published grids; all of them or some."""
    radii = geometric(_LARGEST * SIDE, _SMALLEST * SIDE, RADII)[::every_radius]
    bulges = [(column / 2 - 180.0) % 360.0 for column in range(ANGLES)]
    tangents = tuple(tangent_deg(bulge) for bulge in bulges[::every_angle])
    stroke = STROKE_SHARE * SIDE
    return CircleGrid(radii, tangents, (-1.0,), stroke, filled=filled, coloured=coloured)


PUBLISHED = Publication(
    neurons="curve neurons of inceptionv1",
    layer="mixed3b",
    side=SIDE,
    sizes=RADII,
    angles=ANGLES,
    figures=published_stimuli,
    variants={
        "filled_r": partial(published_stimuli, filled=True),
        "coloured_r": partial(published_stimuli, filled=True, coloured=True),
    },
    variants_are="the unit's grids for discs, and for coloured discs, against its own for outlines",
    preferred_deg=published_angles_deg,
)
