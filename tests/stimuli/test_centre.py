"""The neuron in the middle."""

import pytest

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.stimuli.centre import central, fitting_side

INCEPTION = BACKBONES["inceptionv1"]


@pytest.mark.parametrize("side", [60, 75, 96, 224])
@pytest.mark.parametrize("layer", ["conv2d0", "conv2d2", "mixed3b_5x5", "mixed4a"])
def test_it_is_the_position_nearest_to_the_middle(layer, side):
    centre = central(INCEPTION, layer, side)
    sampling = INCEPTION.sampling(layer, side)
    away = [
        abs(sampling.offset + sampling.stride * i - (side - 1) / 2) for i in range(sampling.size)
    ]
    assert away[centre.index] == min(away)
    at = sampling.offset + sampling.stride * centre.index
    assert centre.canvas.point == (at, at)
    assert centre.canvas.side == side


def test_figures_may_pass_beside_the_middle_right_and_up():
    centre = central(INCEPTION, "mixed3b_5x5", 96)
    x, y = centre.canvas.point
    aside = centre.aside((1.5, 2.0))
    assert aside.index == centre.index
    assert aside.canvas.point == (x + 1.5, y - 2.0)  # rows count downwards


def test_the_fitting_side_holds_the_receptive_field():
    assert fitting_side(INCEPTION, "mixed3b") == 96  # 91 pixels, in steps of 16
    assert fitting_side(INCEPTION, "conv2d0") == 8  # 7 pixels, in steps of 4
    assert fitting_side(INCEPTION, "mixed5b") == 224  # as trained, at most
