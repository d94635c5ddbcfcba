"""The finder of curve detectors: circles that bend to one side, told apart by their tangent."""

from __future__ import annotations

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.angles import bulge_deg, even_deg
from circuitdsl.ir.named_sets import named_sets
from circuitdsl.measure.finders.curves_published import PUBLISHED
from circuitdsl.measure.finders.finder import Finder
from circuitdsl.stimuli.drawing.canvas import geometric
from circuitdsl.stimuli.drawing.circles import CircleGrid

_LEAST_RADIUS, _MOST_RADIUS = 0.3, 3.0
"""Radii of the circles, in receptive fields: for mixed3b those of the published stimuli."""


def circles(backbone: Backbone, layer: str, angles: int = 72, radii: int = 8) -> CircleGrid:
    """Circle outlines in both contrasts, at sizes that suit a layer's receptive field."""
    field = backbone.sampling(layer).receptive_field
    return CircleGrid(
        radius_px=geometric(_LEAST_RADIUS * field, _MOST_RADIUS * field, radii),
        tangent_deg=even_deg(angles, 360.0),
    )


CURVES = Finder(
    name="curves",
    title="curve detectors",
    figure="circle",
    axis="rot",
    grid=circles,
    angle="prefers: tangent, counter-clockwise; bulge: clockwise, as the Circuits articles have it",
    also=("bulge", bulge_deg),
    publication=PUBLISHED,
)


def are_curves(circuit: Circuit, family: Family) -> bool:
    """Whether a family's units are looked for as curve detectors.

    They are if its members are told apart by one rotation alone, and what it names first is arcs.
    """
    sets = named_sets(circuit, family)
    turned = [axis.kind for axis in family.axes] == ["rot"]
    return turned and bool(sets) and sets[0].generator == "arcs"
