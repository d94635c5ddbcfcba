"""Maps of two layers on one grid, and the contrast energy at its positions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuitdsl.ir.backbones import Sampling
from circuitdsl.measure.agreeing.common_grid import brought_onto, common_grid
from circuitdsl.measure.agreeing.energy import contrast_energy


def ramp(layer: Sampling) -> np.ndarray:
    """A map that says where it is: column + 1000 row, in pixels."""
    at = layer.offset + layer.stride * np.arange(layer.size)
    return (at + 1000 * at[:, None])[None, :, :, None].astype(np.float32)


@given(
    st.tuples(st.sampled_from([1, 2, 4, 8]), st.integers(-8, 16), st.integers(2, 30)),
    st.tuples(st.sampled_from([2, 4, 6, 8, 16]), st.integers(-8, 16), st.integers(2, 30)),
)
def test_both_maps_are_read_at_the_same_pixels(left, right) -> None:
    layers = [Sampling(stride, offset / 2, 1, size) for stride, offset, size in (left, right)]
    grid = common_grid(*layers)
    there = (grid.at_px + 1000 * grid.at_px[:, None])[None, :, :, None]
    for layer, matrix in zip(layers, (grid.left, grid.right), strict=True):
        np.testing.assert_allclose(brought_onto(ramp(layer), matrix), there, rtol=2e-6, atol=0.1)
        last = layer.offset + layer.stride * (layer.size - 1)
        assert ((grid.at_px >= layer.offset) & (grid.at_px <= last)).all()


def test_the_coarser_layer_keeps_its_positions() -> None:
    fine, coarse = Sampling(4, 3, 19, 56), Sampling(8, 7, 75, 28)
    grid = common_grid(fine, coarse)
    np.testing.assert_array_equal(grid.at_px, 7 + 8 * np.arange(28))
    np.testing.assert_array_equal(grid.right, np.eye(28))
    assert set(np.unique(grid.left)) == {0.0, 1.0}


def test_a_thinned_grid_keeps_every_few_positions() -> None:
    grid = common_grid(Sampling(4, 3, 19, 56), Sampling(4, 3, 19, 56))
    thin = grid.thinned(20)
    np.testing.assert_array_equal(thin.at_px, grid.at_px[1::3])
    maps = np.random.default_rng(0).normal(size=(1, 56, 56, 2)).astype(np.float32)
    np.testing.assert_array_equal(brought_onto(maps, thin.left), maps[:, 1::3, 1::3])


def test_a_layer_without_padding_leaves_the_border_out() -> None:
    padded, bare = Sampling(8, 3.0, 51, 28), Sampling(8, 19.0, 51, 24)
    grid = common_grid(padded, bare)
    assert grid.at_px[0] == 19 and grid.at_px[-1] == 19 + 8 * 23


def test_energy_is_the_contrast_around() -> None:
    images = np.full((2, 64, 64, 3), 100.0, np.float32)
    images[1, :, 32:] += 40 * np.random.default_rng(0).choice([-1, 1], (64, 32, 1))
    energy = np.asarray(contrast_energy(images, np.array([8.0, 56.0]), (16,)))
    assert energy[0] == pytest.approx(0, abs=1e-2)
    assert energy[1, :, 0] == pytest.approx(0, abs=1e-2)
    assert energy[1, :, 1] == pytest.approx(40, rel=0.1)
