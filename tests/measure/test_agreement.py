"""Correlation position by position, and its interval over images."""

import jax.numpy as jnp
import numpy as np
import pytest

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.measure.agreeing.agreement import agreement, bootstrap, moments_by_border
from circuitdsl.measure.agreeing.bootstrap import blocks_of
from circuitdsl.measure.passes import Need, fold, run
from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.text.diagnostics import InputError

BACKBONE = BACKBONES["tiny"]
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (12, 8, 8, 3)).astype(np.float32)


class Pixels:
    """A network whose only layer is the image."""

    def activations(self, images, layers):
        return dict.fromkeys(layers, images)


PIXELS = Pixels()


def subject(maps):
    need = Need(PIXELS, ("image",))
    return Subject(
        BACKBONE, "mixed3b", ("a", "b"), need, lambda values: maps(values["image"]), lambda i, at: i
    )


RED_GREEN = subject(lambda images: jnp.asarray(images[..., :2]))
GREEN_BLUE = subject(lambda images: jnp.asarray(images[..., 1:] + images[..., :2]))


def measured(left, right, batches, seed=0, most=4096):
    return run(agreement(left, right, seed, most), batches)


def batches(size, images=IMAGES):
    return batches_of(images[start : start + size] for start in range(0, len(images), size))


def test_anything_agrees_with_itself_perfectly():
    result = measured(RED_GREEN, RED_GREEN, batches(5))
    assert result.images == 12
    assert result.r == pytest.approx((1, 1), abs=1e-5)
    assert result.low == pytest.approx((1, 1), abs=1e-5)
    assert result.mean_ci == pytest.approx((1, 1), abs=1e-5)


def test_it_is_pearsons_correlation_over_all_positions_and_images():
    result = measured(RED_GREEN, GREEN_BLUE, batches(4))
    for unit in range(2):
        x, y = IMAGES[..., unit], IMAGES[..., unit] + IMAGES[..., unit + 1]
        assert result.r[unit] == pytest.approx(np.corrcoef(x.ravel(), y.ravel())[0, 1], abs=1e-4)
        assert result.low[unit] < result.r[unit] < result.high[unit]


def test_batches_do_not_matter_and_the_seed_decides_the_interval():
    first, second = (measured(RED_GREEN, GREEN_BLUE, batches(n), seed=3) for n in (1, 12))
    assert first.low == pytest.approx(second.low, abs=1e-5)
    assert measured(RED_GREEN, GREEN_BLUE, batches(4), seed=4).low != first.low


def test_the_interval_is_about_as_wide_as_theory_says():
    """Independent normal pairs: the standard error of r = 0.6 is (1 - r^2) / sqrt(n)."""
    n, r = 400, 0.6
    x = RNG.normal(size=(n, 1, 25))
    y = r * x + np.sqrt(1 - r * r) * RNG.normal(size=x.shape)
    parts = [part.mean(axis=-1) for part in (x, y, x * x, y * y, x * y)]
    result = bootstrap(blocks_of(np.arange(n), np.stack(parts, axis=-1)))
    expected = 2 * 1.96 * (1 - r * r) / np.sqrt(n * 25)
    assert result.high[0] - result.low[0] == pytest.approx(expected, rel=0.2)


def test_a_constant_unit_correlates_with_nothing():
    silent = subject(lambda images: jnp.zeros((*images.shape[:3], 2)))
    result = measured(RED_GREEN, silent, batches(6))
    assert result.r == (0, 0)


def test_no_images_and_other_grids_are_refused():
    with pytest.raises(InputError, match="no image"):
        measured(RED_GREEN, RED_GREEN, [])
    coarse = subject(lambda images: jnp.asarray(images[:, ::2, ::2, :2]))
    with pytest.raises(ValueError, match="one grid"):
        measured(RED_GREEN, coarse, batches(6))


def test_moments_by_distance_from_the_border():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(2, 3, 12, 14, 2)).astype(np.float32)
    found = np.asarray(moments_by_border(x, y))
    assert found.shape == (3, 5, 2, 5)
    row, column = np.mgrid[:12, :14]
    away = np.min([row, column, 11 - row, 13 - column], axis=0).clip(max=4)
    for ring in range(5):
        inside = away == ring
        np.testing.assert_allclose(found[:, ring, :, 4], (x * y)[:, inside].mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(found[:, ring, :, 0], x[:, inside].mean(axis=1), rtol=1e-5)


def test_a_large_mean_costs_no_digits():
    """Products of numbers around 1000 that differ by 0.1: float32 alone has no digit of that."""
    images = np.float32(1000 + np.random.default_rng(1).normal(size=(12, 8, 8, 3)) / 10)
    result = measured(RED_GREEN, GREEN_BLUE, batches(5, images))
    for unit in range(2):
        x, y = images[..., unit], np.float64(images[..., unit]) + images[..., unit + 1]
        expected = np.corrcoef(x.ravel(), y.ravel())[0, 1]
        assert result.r[unit] == pytest.approx(expected, abs=2e-3)


def test_blocks_of_images_stand_in_for_images():
    """With 3 blocks for 12 images r is the same, and the state is no larger than 3 blocks."""
    whole = measured(RED_GREEN, GREEN_BLUE, batches(5))
    few = measured(RED_GREEN, GREEN_BLUE, batches(5), most=3)
    assert few.images == 12
    assert few.r == pytest.approx(whole.r, abs=1e-12)
    assert few.low != whole.low
    state = fold([agreement(RED_GREEN, GREEN_BLUE, most=3)], batches(5))[0]
    assert state["count"].tolist() == [4, 4, 4]
    assert state["sums"].shape == (3, 2, 5)
