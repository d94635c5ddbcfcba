"""Figures of tuning curves, on curves whose answers are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.members.angles import difference_deg, even_deg
from circuitdsl.measure.finders.curves import circles
from circuitdsl.measure.tunings.tuning import response_grid, tuning_along, tuning_of
from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.drawing.circles import CircleGrid

ANGLES = even_deg(72, 360.0)


def bump(preferred, width, angles=ANGLES):
    """A curve with its maximum 1 at `preferred` and that full width at half maximum."""
    away = np.deg2rad(np.asarray(angles) - preferred)
    return np.exp(math.log(2) * (np.cos(away) - 1) / (1 - math.cos(math.radians(width / 2))))


@pytest.mark.parametrize("preferred", [0.0, 12.3, 97.51, 180.0, 359.2])
@pytest.mark.parametrize("width", [25.0, 45.0, 110.0])
def test_angle_and_width_of_a_bump(preferred, width):
    tuning = tuning_along(bump(preferred, width), ANGLES)
    assert abs(difference_deg(tuning.preferred_deg, preferred)) < 0.2
    assert tuning.fwhm_deg == pytest.approx(width, rel=0.02)


@given(st.floats(0, 360), st.floats(20, 120), st.floats(0, 0.3))
def test_turning_a_curve_turns_its_preferred_angle_only(turn, width, echo):
    def measured(preferred):
        curve = bump(preferred, width) + echo * bump(preferred + 180, width)
        return tuning_along(curve, ANGLES)

    still, turned = measured(40.0), measured(40.0 + turn)
    assert abs(difference_deg(turned.preferred_deg, still.preferred_deg + turn)) < 0.5
    assert turned.fwhm_deg == pytest.approx(still.fwhm_deg, rel=0.02)
    assert turned.selectivity == pytest.approx(still.selectivity, abs=1e-3)
    assert turned.echo == pytest.approx(still.echo, abs=0.02)


def test_an_echo_is_measured_over_the_peak():
    tuning = tuning_along(40 * (bump(90, 40) + 0.25 * bump(250, 40)), ANGLES)
    assert tuning.echo == pytest.approx(0.25, abs=0.01)
    assert tuning.preferred_deg == pytest.approx(90, abs=0.1)  # deaf to the echo
    assert tuning_along(bump(90, 40) + 0.25 * bump(190, 20), ANGLES).echo < 0.02


def test_selectivity_is_the_length_of_the_mean_resultant():
    assert tuning_along(np.ones(72), ANGLES).selectivity == pytest.approx(0, abs=1e-12)
    assert tuning_along(bump(0, 60) + bump(180, 60), ANGLES).selectivity < 1e-12
    assert tuning_along(np.eye(72)[5], ANGLES).selectivity == pytest.approx(1)
    cosine = 1 + np.cos(np.deg2rad(ANGLES))
    assert tuning_along(cosine, ANGLES).selectivity == pytest.approx(0.5)


def test_a_curve_above_half_everywhere_has_no_width():
    assert tuning_along(2 + bump(77, 40), ANGLES).fwhm_deg == 360


def test_a_silent_unit_has_no_preference():
    tuning = tuning_along(np.zeros(72), ANGLES)
    assert math.isnan(tuning.preferred_deg)
    assert math.isnan(tuning.fwhm_deg)
    assert (tuning.echo, tuning.peak, tuning.selectivity) == (0, 0, 0)


def test_tuning_averages_over_radii_and_contrasts():
    grid = np.zeros((2, 72, 2, 1))
    grid[0, :, 0, 0] = 8 * bump(30, 40)
    grid[1, :, 1, 0] = 4 * bump(30, 40)
    (tuning,) = tuning_of(grid, ANGLES)
    assert max(tuning.curve) == pytest.approx(3)
    assert tuning.peak == pytest.approx(8)


def test_a_response_grid_is_in_the_order_of_its_stimuli():
    """Units that measure ink say which stimulus they saw."""
    backbone = BACKBONES["inceptionv1"]

    def neurons(images, index):
        ink = 1 - images[..., 0] / 255
        side = ink.shape[1]
        columns = np.arange(side) - (side - 1) / 2
        return np.stack([ink.sum((1, 2)), (ink * columns).sum((1, 2))], axis=-1)

    subject = Subject(backbone, "mixed3b", ("ink", "right"), None, None, neurons)
    grid = CircleGrid((10.0, 15.0), (0.0, 90.0, 180.0, 270.0), (-1.0,), filled=True)
    responses = response_grid(subject, grid, batch=3)
    assert responses.shape == (2, 4, 1, 2)
    areas = np.pi * np.array([100, 225])
    assert responses[:, :, 0, 0] == pytest.approx(np.repeat(areas[:, None], 4, 1), rel=0.01)
    # tangent 90 deg is up; left of it the disc lies to the left
    assert responses[0, 1, 0, 1] < -5 * areas[0]
    assert responses[0, 3, 0, 1] > 5 * areas[0]


def test_the_default_grid_suits_the_layer():
    backbone = BACKBONES["inceptionv1"]
    grid = circles(backbone, "mixed3b")
    assert (min(grid.radius_px), max(grid.radius_px)) == pytest.approx((27.3, 273))
    assert grid.contrast == (-1.0, 1.0)
    assert max(circles(backbone, "conv2d2").radius_px) < 60
