"""Stimulus sets as grids of figures: the images, the angles, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import circuitdsl
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.stimuli import Stimulus
from circuitdsl.stimuli.centre import central
from circuitdsl.stimuli.drawing.circles import CircleGrid
from circuitdsl.stimuli.render import batches
from circuitdsl.stimuli.set_grid import SetGrid
from circuitdsl.text.diagnostics import InputError

CENTRE = central(BACKBONES["tiny"], "conv2d0", 32)


def declared(text: str) -> Stimulus:
    header = "circ 1\nbackbone V = tiny(input=64px)\nfamily one at V.conv2d0\n"
    body = "from std.shapes import blob\nconnect V.input -> one { place = blob(sigma=2px) }\n"
    (found,) = circuitdsl.loads(f"{header}{body}stimulus shown = {text}\n").stimuli
    return found


def test_circles_are_those_of_the_grid_of_circles() -> None:
    grid = SetGrid.of(declared("arcs(radius=[6px, 12px], th=every(45deg), size=32px)"))
    angles = tuple(float(angle) for angle in range(0, 360, 45))
    circles = CircleGrid((6.0, 12.0), angles)
    assert (grid.shape, grid.size, grid.period_deg) == (circles.shape, circles.size, 360.0)
    assert grid.parameters() == pytest.approx(circles.parameters())
    own = grid.draw(grid.parameters()[:5], CENTRE.canvas)
    assert np.allclose(own, circles.draw(circles.parameters()[:5], CENTRE.canvas), atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "lines(th=every(45deg), length=[9px, 20px], size=32px)",
        "textures(th=every(90deg), fine=3px, coarse=9px, size=32px)",
        "figures(kind=[line, cross], th=every(60deg), size=32px)",
    ],
)
def test_the_images_are_those_of_the_set(text: str) -> None:
    stimulus = declared(text)
    grid = SetGrid.of(stimulus)
    own = grid.draw(grid.parameters(), CENTRE.canvas)
    assert np.allclose(own, np.concatenate(list(batches(stimulus, CENTRE))), atol=1e-3)


def test_angles_are_put_in_order_within_a_period() -> None:
    grid = SetGrid.of(declared("lines(th=[135deg, 270deg, 0deg, 45deg], contrast=1, size=32px)"))
    assert (grid.angles_deg, grid.period_deg) == ((0.0, 45.0, 90.0, 135.0), 180.0)
    assert grid.shape == (1, 4, 1)
    assert grid.parameters()[:, 0].tolist() == [0.0, 45.0, 90.0, 135.0]


@pytest.mark.parametrize("angles", ["0deg", "[0deg, 45deg, 90deg]", "[0deg, 30deg, 60deg, 90deg]"])
def test_angles_must_be_spread_evenly(angles: str) -> None:
    with pytest.raises(InputError, match="the angles of `shown` are not spread evenly"):
        SetGrid.of(declared(f"lines(th={angles}, size=32px)"))
