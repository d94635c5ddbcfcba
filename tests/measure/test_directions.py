"""Directions by ridge regression: what is known comes back, and is worth the same elsewhere."""

from __future__ import annotations

import numpy as np

from circuitdsl.measure.agreeing.directions import Moments


def of_samples(x: np.ndarray, y: np.ndarray) -> Moments:
    """Moments of members `[sample, member]` and units `[sample, unit]`."""
    x, y = x - x.mean(0), y - y.mean(0)
    n = len(x)
    return Moments((x**2).mean(0), x.T @ y / n, {"layer": y.T @ y / n}, {"layer": 0})


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    y = generator.normal(size=(4000, 10)) @ generator.normal(size=(10, 10))
    return (0.7 * y[:, 2] - 0.3 * y[:, 5])[:, None] + 0.01 * generator.normal(size=(4000, 1)), y


def test_a_direction_of_few_units_is_found_and_holds_on_other_samples() -> None:
    x, y = drawn(0)
    terms = of_samples(x, y).direction("layer", 0, count=2)
    assert [unit for unit, _ in terms] == [2, 5]
    weights = np.array([weight for _, weight in terms])
    np.testing.assert_allclose(weights, np.array([0.7, -0.3]) / np.hypot(0.7, 0.3), atol=0.02)
    other = drawn(1)
    r = of_samples(*other).correlation("layer", 0, terms)
    along = other[1][:, [2, 5]] @ weights
    assert r > 0.99
    np.testing.assert_allclose(r, np.corrcoef(along, other[0][:, 0])[0, 1], atol=1e-6)


def test_nothing_goes_with_a_layer_that_never_varies() -> None:
    x, _ = drawn(0)
    silent = of_samples(x, np.zeros((4000, 3)))
    assert silent.direction("layer", 0) == ()
    assert silent.correlation("layer", 0, ((0, 1.0),)) == 0.0
