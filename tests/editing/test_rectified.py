"""Least squares through a ReLU."""

from __future__ import annotations

import numpy as np

from circuitdsl.editing.rectified import rectified_fit


def error(x, y, gain, offset):
    return np.square(np.maximum(gain * x + offset, 0) - y).sum(axis=0)


def test_the_numbers_that_made_the_unit_are_found() -> None:
    generator = np.random.default_rng(0)
    x = generator.exponential(size=(4000, 3)).astype(np.float32)
    gain, offset = np.array([2.0, 0.5, 1.0]), np.array([-3.0, 0.25, -0.5])
    y = np.maximum(gain * x + offset, 0).astype(np.float32)
    found = rectified_fit(x, y)
    np.testing.assert_allclose(found[0], gain, atol=0.02)
    np.testing.assert_allclose(found[1], offset, atol=0.04)


def test_the_error_is_no_larger_than_that_of_a_line() -> None:
    generator = np.random.default_rng(1)
    x = np.maximum(generator.normal(size=(2000, 20)), 0).astype(np.float32)
    y = np.maximum(x + generator.normal(size=x.shape) - 0.5, 0).astype(np.float32)
    lines = [np.polyfit(x[:, pair], y[:, pair], 1) for pair in range(20)]
    of_lines = error(x, y, *np.array(lines).T)
    assert (error(x, y, *rectified_fit(x, y)) <= of_lines * (1 + 1e-6)).all()


def test_what_never_varies_predicts_the_mean() -> None:
    x, y = np.zeros((10, 1), np.float32), np.arange(10, dtype=np.float32)[:, None]
    gain, offset = rectified_fit(x, y)
    assert (gain[0], offset[0]) == (0.0, 4.5)
