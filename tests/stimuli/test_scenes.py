"""Drawn scenes: reproducible, in range, balanced, and what their labels say."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from circuitdsl.ir.backbones import TINY_CLASSES
from circuitdsl.stimuli.drawing.strokes import (
    DISC,
    SEGMENT,
    STROKE,
    angle_coverage,
    arc_coverage,
    figure_coverage,
)
from circuitdsl.stimuli.scenes import CLASSES, SECTORS, scenes

N, SIDE = 80, 64


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    images, labels = scenes(jax.random.key(5), N, SIDE)
    return np.asarray(images), np.asarray(labels)


def shape(**properties: float) -> dict[str, jax.Array]:
    usual = {"x": 32.0, "y": 32.0, "angle_rad": 0.0, "width": 3.0, "soft": 1.0, "side": 1.0}
    return {name: jnp.full((1, 1, 1), value) for name, value in {**usual, **properties}.items()}


def grid() -> tuple[jax.Array, jax.Array]:
    return jnp.arange(SIDE)[None, :] + 0.5, jnp.arange(SIDE)[:, None] + 0.5


def test_scenes_are_rgb_in_range(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = drawn
    assert images.shape == (N, SIDE, SIDE, 3)
    assert images.dtype == np.float32
    assert np.isfinite(images).all()
    assert images.min() >= 0.0
    assert images.max() <= 255.0


def test_every_class_is_drawn_equally_often(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    _, labels = drawn
    assert np.bincount(labels, minlength=len(CLASSES)).tolist() == [N // len(CLASSES)] * 20
    assert len(CLASSES) == TINY_CLASSES


def test_a_key_gives_its_scenes_again_and_another_key_gives_others(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    images, labels = drawn
    again, same = scenes(jax.random.key(5), N, SIDE)
    np.testing.assert_array_equal(again, images)
    np.testing.assert_array_equal(same, labels)
    assert np.abs(np.asarray(scenes(jax.random.key(6), N, SIDE)[0]) - images).mean() > 20


def test_scenes_differ_from_one_another(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    flat = drawn[0].reshape(N, -1)
    assert len(np.unique(flat, axis=0)) == N
    assert (flat.std(axis=1) > 2).all()


def test_dark_and_light_are_alike(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    # negatives are as likely as positives, so the mean is mid-grey: 127.5, whatever is drawn
    assert drawn[0].mean() == pytest.approx(127.5, abs=25)


def test_the_statistics_of_one_draw_have_not_changed(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    images, labels = drawn
    assert images.mean() == pytest.approx(121.5, abs=0.2)
    assert images.std() == pytest.approx(70.3, abs=0.2)
    assert labels[:8].tolist() == [12, 0, 0, 6, 12, 5, 3, 15]


@pytest.mark.parametrize(("n", "side"), [(0, 64), (-1, 64), (4, 20), (4, 4096)])
def test_what_cannot_be_drawn_is_refused(n: int, side: int) -> None:
    with pytest.raises(ValueError, match=r"scenes"):
        scenes(jax.random.key(0), n, side)


def test_directions_are_named_clockwise_from_x() -> None:
    assert CLASSES[:SECTORS:5] == ("arc0", "arc180")


@pytest.mark.parametrize("kind", [STROKE, SEGMENT])
@pytest.mark.parametrize(
    ("angle_deg", "edge"), [(0, (0, 1)), (90, (1, 0)), (180, (0, -1)), (270, (-1, 0))]
)
def test_an_arc_bulges_to_its_angle(kind: int, angle_deg: int, edge: tuple[int, int]) -> None:
    arc = shape(angle_rad=np.deg2rad(angle_deg), radius=20.0, half_rad=1.0, kind=kind)
    cover = np.asarray(arc_coverage(arc, *grid()))[0]
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    mean = np.array([(cover * rows).sum(), (cover * columns).sum()]) / cover.sum()
    # the middle of the arc is the shape's place, and the rest lies behind it
    assert np.dot(mean - 32.0, edge) < -2
    assert abs(np.dot(mean - 32.0, edge[::-1])) < 0.2


def test_an_edge_fades_on_the_side_that_it_is_filled() -> None:
    inside = arc_coverage(shape(radius=20.0, half_rad=1.0, kind=1, side=1.0), *grid())[0, 32]
    outside = arc_coverage(shape(radius=20.0, half_rad=1.0, kind=1, side=-1.0), *grid())[0, 32]
    assert inside[30] > 0.5
    assert outside[33] > 0.5
    assert inside[33] == outside[30] == 0.0


def test_a_disc_covers_its_area_and_an_outline_its_length() -> None:
    disc = shape(size=20.0, aspect=1.0, kind=DISC, outline=0.0)
    ring = shape(size=20.0, aspect=1.0, kind=DISC, outline=1.0, width=3.0)
    assert float(figure_coverage(disc, *grid()).sum()) == pytest.approx(np.pi * 400, rel=0.01)
    assert float(figure_coverage(ring, *grid()).sum()) == pytest.approx(np.pi * 40 * 3, rel=0.01)


def test_an_angle_of_ninety_degrees_to_either_side_is_a_line() -> None:
    line = shape(half_rad=np.pi / 2, length=20.0, width=2.0)
    cover = np.asarray(angle_coverage(line, *grid()))[0]
    assert cover.sum() == pytest.approx(40 * 2, rel=0.06)
    assert cover[:, :30].sum() == cover[:, 34:].sum() == 0.0
