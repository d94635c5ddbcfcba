"""Figures: where their ink lies, what their frame does to them, and gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuitdsl.ir.tables.figures import FIGURES, SIZES
from circuitdsl.stimuli.drawing.canvas import Canvas
from circuitdsl.stimuli.drawing.figures import Placed, blurred, draw_figures

SIDE = 49
CANVAS = Canvas(SIDE)
LOOK = {"th": 0.0, "flip": 0.0, "scale": 1.0, "contrast": 1.0, "blur": 0.0, "stroke": 3.0}
SHORT = {"length": 16.0, "radius": 10.0, "span": 14.0}


def look(**said):
    return {name: np.float32([value]) for name, value in (LOOK | said).items()}


def sizes(kind, **said):
    return {
        name: np.float32((SHORT | said).get(name, SIZES[name].default[0])) for name in FIGURES[kind]
    }


def drawn(kind, said=None, **looks):
    placed = Placed(kind, sizes(kind, **(said or {})))
    return np.asarray(draw_figures([placed], look(**looks), canvas=CANVAS)[0, ..., 0]) / 255


def ink(kind, *points, said=None, **looks):
    """The coverage at points right and up of the middle."""
    image, middle = drawn(kind, said, **looks), SIDE // 2
    return [round(float(image[middle - y, middle + x]), 2) for x, y in points]


@pytest.mark.parametrize(
    ("kind", "on", "off"),
    [
        ("line", [(0, 0), (7, 0), (-7, 0)], [(12, 0), (0, 4)]),
        ("arc", [(0, 0), (6, 2), (-6, 2)], [(0, 20), (6, -2)]),
        ("ring", [(10, 0), (0, -10)], [(0, 0), (14, 0)]),
        ("dot", [(0, 0), (8, 0)], [(12, 0)]),
        ("spiral", [(10, 0), (-2, 0), (5, 0)], [(-5, 0), (14, 0)]),
        ("corner", [(0, 0), (15, 0), (0, 15)], [(-5, 0), (0, -5)]),
        ("tee", [(15, 0), (-15, 0), (0, 15)], [(0, -5)]),
        ("cross", [(15, 0), (-15, 0), (0, 15), (0, -15)], [(5, 5)]),
        ("stripes", [(0, 0), (7, 8), (-7, -8)], [(0, 4), (0, 16)]),
        ("hatch", [(0, 4), (4, 0), (8, 8)], [(4, 4)]),
        ("dots", [(0, 0), (8, 8), (-8, 0)], [(4, 0), (4, 4), (16, 0)]),
    ],
)
def test_ink_lies_where_the_table_says(kind, on, off):
    assert set(ink(kind, *on)) == {1.0}
    assert set(ink(kind, *off)) == {0.0}


@pytest.mark.parametrize("kind", sorted(FIGURES))
def test_quarter_turns_and_mirrors_move_pixels(kind):
    image = drawn(kind)
    assert np.abs(drawn(kind, th=90.0) - np.rot90(image)).max() < 1e-3
    assert np.abs(drawn(kind, flip=1.0) - image[:, ::-1]).max() < 1e-4
    both = drawn(kind, flip=1.0, th=90.0)
    assert np.abs(both - np.rot90(image[:, ::-1])).max() < 1e-3


def test_a_dilated_figure_is_the_figure_of_dilated_sizes():
    grown = drawn("corner", {"length": 8.0}, scale=2.0, stroke=1.5)
    assert np.abs(grown - drawn("corner", {"length": 16.0}, stroke=3.0)).max() < 1e-4


def test_blur_spreads_ink_and_keeps_its_amount():
    sharp, soft = drawn("line", {"length": 200.0}), drawn("line", {"length": 200.0}, blur=2.0)
    assert soft.max() < 0.7
    assert soft.sum() == pytest.approx(sharp.sum(), rel=1e-3)


def test_blurred_keeps_what_is_even_and_leaves_sharp_images_alone():
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 3)).astype(np.float32)
    out = np.asarray(blurred(images, np.float32([0.0, 3.0])))
    assert np.abs(out[0] - images[0]).max() < 1e-2
    assert out[1].std() < 0.3 * images[1].std()
    even = np.full((1, 16, 16, 3), 80.0, np.float32)
    assert np.abs(np.asarray(blurred(even, np.float32([4.0]))) - 80).max() < 1e-3


@pytest.mark.parametrize("kind", ["arc", "spiral", "hatch"])
def test_drawing_has_gradients_in_every_number(kind):
    weights = jnp.asarray(np.random.default_rng(1).normal(size=(SIDE, SIDE)), jnp.float32)

    def total(numbers):
        image = draw_figures([Placed(kind, numbers["sizes"])], numbers["look"], canvas=CANVAS)
        return (image[0, ..., 1] * weights).sum()

    said = {"sizes": sizes(kind), "look": look(th=10.0, blur=1.0, hue=20.0)}
    total = jax.jit(total)
    gradients = jax.grad(total)(said)
    assert all(np.isfinite(value).all() for value in jax.tree.leaves(gradients))
    for name in ("scale", "contrast", "blur", "hue"):
        step = 1e-2
        moved = [
            total(said | {"look": said["look"] | {name: said["look"][name] + sign * step}})
            for sign in (1, -1)
        ]
        slope = float(moved[0] - moved[1]) / (2 * step)
        assert float(gradients["look"][name][0]) == pytest.approx(slope, rel=0.05, abs=5.0)
