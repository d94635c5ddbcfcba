"""Correlations from sums over batches, and the figures of chosen pairs."""

from __future__ import annotations

import numpy as np
import pytest

from circuitdsl.measure.agreeing.matching import (
    Pairs,
    choice_sums,
    correlations,
    figures,
    pair_products,
)
from circuitdsl.measure.agreeing.on_stimuli import agreement

SIDE = 12


def maps(seed: int, images: int, units: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(images, SIDE, SIDE, units))
    return drawn.astype(np.float32)


def batches(count: int, size: int):
    """Index and mask of each batch; the last is filled up with its last image."""
    for start in range(0, count, size):
        part = np.arange(start, min(start + size, count))
        real = np.arange(size) < len(part)
        index = np.concatenate([part, np.repeat(part[-1:], size - len(part))])
        yield index, real.astype(np.float32)


def test_choice_is_the_correlation_of_every_pair() -> None:
    x, y = np.stack([maps(0, 11, 3), maps(1, 11, 3)]), maps(2, 11, 4)
    y[..., 1] = 0.7 * x[0, ..., 2] + y[..., 1]
    y[..., 3] = 5.0  # never varies
    total: dict[str, np.ndarray] = {}
    families = x[0, ..., :1], x[0, ..., 1:], x[1]
    for at, real in batches(11, 4):
        sums = choice_sums([maps[at] for maps in families], [y[at, ..., :1], y[at, ..., 1:]], real)
        for name, part in sums.items():
            total[name] = total.get(name, 0.0) + np.asarray(part, np.float64)
    r = correlations(total).reshape(2, 3, 4)
    for circuit in range(2):
        for member in range(3):
            for unit in range(3):
                pair = x[circuit, ..., member].ravel(), y[..., unit].ravel()
                assert r[circuit, member, unit] == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-5)
    assert (r[:, :, 3] == 0).all()
    assert r[0, :, 1].argmax() == 2


def one_pair(circuits: int) -> Pairs:
    first = np.zeros(1, int)
    return Pairs([[first]] * circuits, [first] * circuits, [first], first, first)


def figure_of(x, y, energy, size=4):
    products = []
    for at, real in batches(len(y), size):
        count = int(real.sum())
        part = pair_products(
            [[circuit[at]] for circuit in x], [y[at]], energy[at], one_pair(len(x)), count=count
        )
        products.append(np.asarray(part, np.float64)[:count])
    (figure,) = figures(np.concatenate(products))
    return figure


def test_figures_take_the_energy_out_of_both() -> None:
    energy = maps(0, 60, 1)
    x = np.stack([energy + maps(1, 60, 1), maps(2, 60, 1)])
    y = energy + maps(3, 60, 1)
    figure = figure_of(x, y, energy)
    assert figure.r == pytest.approx(np.corrcoef(x[0].ravel(), y.ravel())[0, 1], abs=1e-5)
    assert figure.r_ci[0] < figure.r < figure.r_ci[1]
    assert figure.energy == pytest.approx(np.corrcoef(energy.ravel(), y.ravel())[0, 1], abs=1e-5)
    assert abs(figure.partial_r) < 0.05 < figure.r
    assert figure.partial_r_ci[0] < 0 < figure.partial_r_ci[1]
    assert abs(figure.random) < 0.05
    assert abs(figure.wrong_pairs) < 0.05


def test_wrong_pairs_take_another_image_of_the_set() -> None:
    """Where all images are one image, wrong pairs are right ones."""
    one = np.repeat(maps(5, 1, 1), 9, axis=0)
    figure = figure_of(one[None], one, maps(6, 9, 1))
    assert figure.wrong_pairs == pytest.approx(1, abs=1e-5)
    assert figure.r == pytest.approx(1, abs=1e-5)


def test_agreement_on_stimuli_is_pearsons_r_with_an_interval() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(5, 1, (40, 3))
    y = np.stack([2 * x[:, 0], x[:, 1] + generator.normal(0, 1, 40), np.full(40, 0.3)], axis=1)
    r, low, high = agreement(x, y)
    expected = [np.corrcoef(x[:, at], y[:, at])[0, 1] for at in (0, 1)]
    np.testing.assert_allclose(r, [*expected, 0.0], atol=1e-9)
    np.testing.assert_allclose([low[0], high[0]], 1.0)
    assert low[1] < r[1] < high[1]
