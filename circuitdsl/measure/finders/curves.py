"""The finder of curve detectors: circles that bend to one side, told apart by their tangent."""

from __future__ import annotations

from circuitdsl.ir.angles import bulge_deg
from circuitdsl.measure.finders.finder import Finder
from circuitdsl.measure.tuning import default_grid

CURVES = Finder(
    name="curves",
    title="curve detectors",
    figure="circle",
    axis="rot",
    period_deg=360.0,
    grid=default_grid,
    angle="prefers: tangent, counter-clockwise; bulge: clockwise, as the Circuits articles have it",
    also=("bulge", bulge_deg),
)
