"""Circles and lines: where they lie, which way they bend, how much ink they are."""

import jax
import numpy as np
import pytest

from circuitdsl.ir.members.angles import bulge_deg
from circuitdsl.stimuli.drawing.canvas import Canvas, geometric, ink_and_ground
from circuitdsl.stimuli.drawing.circles import CircleGrid, draw_circles, draw_lines


def coverage(images):
    """The share of ink in each pixel of black-on-white images."""
    return 1 - np.asarray(images)[..., 0] / 255


def circles(radius, angle, **more):
    more = {"canvas": Canvas(61), "stroke_px": 3.0} | more
    return coverage(draw_circles(np.array(radius), np.array(angle), 0.0, 255.0, **more))


def test_a_circle_with_tangent_0_lies_above_the_point_it_passes():
    image = circles([10.0], [0.0])[0]
    assert image[30, 30] == 1  # through the middle
    assert image[10, 30] == 1  # and one diameter above it: y is up, left of +x is up
    assert image[50, 30] == 0
    assert image[20, 30] == 0  # its centre is empty


@pytest.mark.parametrize("angle", [0.0, 33.0, 90.0, 217.5])
def test_the_centre_lies_opposite_to_the_bulge_of_the_published_figures(angle):
    """Bulge: clockwise from +x with y down, that is, in rows and columns as they are."""
    image = circles([12.0], [angle], filled=True)[0]
    rows, columns = np.indices(image.shape)
    middle = np.array([(image * columns).sum(), (image * rows).sum()]) / image.sum()
    bulge = np.deg2rad(bulge_deg(angle))
    expected = 30 - 12 * np.array([np.cos(bulge), np.sin(bulge)])
    assert middle == pytest.approx(expected, abs=0.02)


def test_a_quarter_turn_of_the_angle_is_a_quarter_turn_of_the_image():
    first, turned = circles([17.0, 17.0], [20.0, 110.0])
    assert np.abs(np.rot90(first) - turned).max() < 1e-4


@pytest.mark.parametrize("width", [0.5, 1.45, 4.0])
def test_the_ink_of_an_outline_is_its_length_times_its_width(width):
    image = circles([12.0], [45.0], stroke_px=width)[0]
    assert image.sum() == pytest.approx(2 * np.pi * 12 * width, rel=0.03)
    assert image.max() <= min(width, 1) + 1e-5


def test_the_ink_of_a_disc_is_its_area():
    assert circles([14.0], [200.0], filled=True).sum() == pytest.approx(np.pi * 14**2, rel=2e-3)


def test_edges_agree_with_supersampling():
    side, fine, radius, angle = 40, 16, 23.7, 71.0
    image = circles([radius], [angle], canvas=Canvas(side), stroke_px=2.0)[0]
    at = (np.arange(side * fine) + 0.5) / fine - 0.5 - (side - 1) / 2
    x, y = at[None, :], -at[:, None]
    centre = radius * np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    inside = np.abs(np.hypot(x - centre[0], y - centre[1]) - radius) <= 1.0
    expected = inside.reshape(side, fine, side, fine).mean(axis=(1, 3))
    assert np.abs(image - expected).max() < 0.1
    assert np.abs(image - expected).mean() < 0.003


def test_large_circles_are_nearly_lines():
    line = coverage(draw_lines(np.array([25.0]), 0.0, 255.0, canvas=Canvas(41), stroke_px=3.0))
    circle = circles([1e5], [25.0], canvas=Canvas(41))
    assert np.abs(line - circle).max() < 0.02


def test_a_line_and_its_opposite_are_one_line_of_the_stated_length():
    angles = np.array([25.0, 205.0])
    images = draw_lines(angles, 0.0, 255.0, canvas=Canvas(61), stroke_px=2.0, length_px=30.0)
    first, second = coverage(images)
    assert np.abs(first - second).max() < 1e-5
    assert first.sum() == pytest.approx(60.0, rel=0.02)


def test_figures_pass_through_the_stated_point():
    image = circles([9.0], [0.0], canvas=Canvas(61, x=12.0, y=40.0))[0]
    assert image[40, 12] == 1
    assert image[22, 12] == 1


def test_contrast_sets_ink_and_ground_evenly_about_grey():
    ink, ground = ink_and_ground(np.array([-1.0, 0.5, 1.0]))
    assert np.asarray(ink).tolist() == [0.0, 191.25, 255.0]
    assert np.asarray(ground).tolist() == [255.0, 63.75, 0.0]


def test_colour_pairs():
    ink, ground = np.array([[255.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 255.0]])
    canvas = Canvas(31)
    image = draw_circles(np.array([8.0]), np.array([0.0]), ink, ground, canvas=canvas, filled=True)
    assert image.shape == (1, 31, 31, 3)
    assert np.asarray(image)[0, 7, 15].tolist() == [255.0, 0.0, 0.0]
    assert np.asarray(image)[0, 30, 0].tolist() == [0.0, 0.0, 255.0]


def test_a_grid_is_drawn_in_order_and_in_small_batches():
    grid = CircleGrid((8.0, 16.0), (0.0, 90.0, 180.0), (-1.0, 1.0))
    assert grid.shape == (2, 3, 2)
    batches = list(grid.batches(Canvas(24), batch=5))
    assert [len(batch) for batch in batches] == [5, 5, 2]
    rows = grid.parameters().reshape(2, 3, 2, 3)
    assert rows[1, 2, 0].tolist() == [16.0, 180.0, -1.0]
    whole = np.concatenate(batches)
    again = grid.draw(rows[1, 2, 0][None], Canvas(24))
    assert np.abs(whole.reshape(2, 3, 2, 24, 24, 3)[1, 2, 0] - again[0]).max() < 1e-3


def test_drawing_can_be_traced_and_mapped():
    grid = CircleGrid((8.0,), (0.0,))
    canvas = Canvas(16)
    rows = np.array([[9.0, 30.0, 1.0], [12.0, 60.0, -1.0]], np.float32)
    mapped = jax.jit(jax.vmap(lambda row: grid.draw(row[None], canvas)[0]))(rows)
    assert np.abs(np.asarray(mapped) - np.asarray(grid.draw(rows, canvas))).max() < 1e-3


def test_geometric_steps():
    assert geometric(20, 160, 4) == pytest.approx((20, 40, 80, 160))
