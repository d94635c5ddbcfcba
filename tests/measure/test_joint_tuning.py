"""Joint tuning: what turning means, and that it finds the angles of units made for it."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from circuitdsl import build, loads
from circuitdsl.measure.examples import Example
from circuitdsl.measure.tunings.joint import Axis, Owner, changed, joint_tuning
from circuitdsl.measure.units import handwritten
from circuitdsl.stimuli.drawing.canvas import Canvas
from circuitdsl.stimuli.drawing.circles import draw_lines

CIRCUIT = """circ 1
from std.shapes import gabor
backbone V = tiny(input=64px)
family bars [th: orient(8)] at V.conv2d0
connect V.input -> bars { place = gabor(8px, length=3px, width=2px)  dc = 0 }
"""

PLACE = (31.0, 31.0)


def at_place(axis: Axis, values: list[float], photograph: np.ndarray) -> np.ndarray:
    images = changed(
        jnp.asarray(photograph), axis, jnp.asarray(values), place=PLACE, point=(8.0, 8.0), side=17
    )
    return np.asarray(images)


def line(angle: float) -> np.ndarray:
    """A line through the place, `[63, 63, 3]`."""
    drawn = draw_lines([angle], [255.0], [0.0], canvas=Canvas(63))
    return np.asarray(drawn[0])


def test_turns_are_counter_clockwise() -> None:
    turned = at_place("rot", [0.0, 30.0, 90.0], line(20.0))
    for image, angle in zip(turned, (20.0, 50.0, 110.0), strict=True):
        expected = line(angle)[23:40, 23:40]
        assert np.corrcoef(image.ravel(), expected.ravel())[0, 1] > 0.97


def test_quarter_turns_and_mirrors_are_exact() -> None:
    photograph = np.random.default_rng(0).uniform(0, 255, (63, 63, 3)).astype(np.float32)
    middle = photograph[23:40, 23:40]
    np.testing.assert_allclose(at_place("rot", [90.0], photograph)[0], np.rot90(middle), atol=0.05)
    flipped = at_place("flip", [0.0, 1.0], photograph)
    np.testing.assert_allclose(flipped, np.stack([middle, middle[:, ::-1]]), atol=1e-3)
    whole = at_place("hue", [0.0, 360.0], photograph)
    np.testing.assert_allclose(whole, np.stack([middle, middle]), atol=0.05)


def test_hue_turns_red_to_green_and_leaves_grey() -> None:
    photograph = np.full((63, 63, 3), 100.0, np.float32)
    np.testing.assert_allclose(at_place("hue", [77.0], photograph)[0], 100, atol=1e-3)
    photograph[:] = (180, 100, 100)
    np.testing.assert_allclose(
        at_place("hue", [120.0], photograph)[0, 0, 0], (100, 180, 100), atol=0.05
    )


def test_scale_enlarges() -> None:
    photograph = np.zeros((63, 63, 3), np.float32)
    photograph[29:34, 29:34] = 255
    small, large = at_place("scale", [1.0, 2.0], photograph)
    assert 3.5 < large.sum() / small.sum() < 4.5


def test_units_answer_at_the_difference_of_their_angles() -> None:
    network = build(loads(CIRCUIT))
    bars = handwritten(network, "bars")
    angles = [180 * member / 8 for member in range(8)]
    sampling = bars.backbone.sampling("conv2d0", 64)
    # the neuron nearest to the middle of the picture
    at = round((31 - sampling.offset) / sampling.stride)
    example = Example(0, at, at, 1.0)
    where = sampling.offset + sampling.stride * at
    ground = np.asarray(
        draw_lines([angles[2]], [255.0], [0.0], canvas=Canvas(63, where, where), stroke_px=4.0)[0]
    )
    owners = [Owner(bars.names[2], (example,))]
    values = [7.5 * step for step in range(48)]
    tuning = joint_tuning(owners, {0: ground}, [bars], ("rot", values))
    assert tuning.responses.shape == (1, 1, 48, 8)
    errors = tuning.errors_deg([angles[2]], angles, period_deg=180.0)
    assert errors.max() < 4
    assert tuning.aligned[0].max() == pytest.approx(1)
