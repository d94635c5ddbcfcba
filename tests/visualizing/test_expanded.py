"""Expanded weights, factors, turned kernels: against definitions and planted answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_blocks import TWO, two_weights

from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import direction, units
from circuitdsl.visualizing.expanded import expanded
from circuitdsl.visualizing.factors import factors, side_of
from circuitdsl.visualizing.turned import by_angle, turned

WEIGHTS = two_weights()


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, WEIGHTS)


def test_a_bottleneck_is_multiplied_out(network: Network) -> None:
    weights = expanded(network, "3a", units(network, "mixed3b_5x5[4, 1]"))
    narrow, wide = WEIGHTS["mixed3b_5x5_bottleneck_w"][0, 0], WEIGHTS["mixed3b_5x5_w"]
    expected = np.einsum("ab,hwbc->hwac", narrow, wide)[..., [4, 1]]
    np.testing.assert_allclose(weights.kernel, expected, atol=1e-5)
    assert weights.middle_px == (0, 0)
    assert weights.tap_px == 4


def test_a_maximum_counts_as_a_mean(network: Network) -> None:
    weights = expanded(network, "mixed3a", units(network, "mixed3b_pool_reduce:1"))
    one = WEIGHTS["mixed3b_pool_reduce_w"][0, 0, :, 1] / 9
    expected = np.broadcast_to(one[:, None], (3, 3, 7, 1))
    np.testing.assert_allclose(weights.kernel, expected, atol=1e-6)


def test_paths_add_up(network: Network) -> None:
    """The image to mixed3a, by 1x1 and by 3x3, against the sums of all kernels multiplied."""
    vector = np.arange(1, 8, dtype=float)
    weights = expanded(network, "input", [direction(network, "mixed3a", vector)])
    sums = {key: WEIGHTS[key].sum(axis=(0, 1)) for key in WEIGHTS if WEIGHTS[key].ndim == 4}
    base = sums["conv2d0_w"] @ sums["conv2d1_w"] @ sums["conv2d2_w"]
    ways = [base @ sums["mixed3a_1x1_w"]]
    ways.append(base @ sums["mixed3a_3x3_bottleneck_w"] @ sums["mixed3a_3x3_w"])
    expected = np.concatenate(ways, axis=-1) @ (vector / np.linalg.norm(vector))
    np.testing.assert_allclose(weights.sums[:, 0], expected, rtol=1e-3, atol=1e-3)


def test_what_counts_is_listed_largest_first(network: Network) -> None:
    weights = expanded(network, "mixed3a", units(network, "mixed3b_5x5"))
    read = weights.upstream(2, share=0.5)
    assert read[0].share == 1
    assert [one.magnitude for one in read] == sorted((r.magnitude for r in read), reverse=True)
    assert all(one.share >= 0.5 for one in read)
    by = weights.downstream(read[0].number, share=0.01)
    assert "mixed3b:5" in {one.name for one in by}
    for source, target in (("mixed3b", "mixed3a_3x3:0"), ("mixed3a_1x1", "mixed3a_3x3:0")):
        with pytest.raises(InputError, match="does not read"):
            expanded(network, source, units(network, target))


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_planted_factors_are_found(seed: int) -> None:
    generator = np.random.default_rng(seed)
    channels = np.zeros((2, 12))
    channels[0, :5], channels[1, 5:9] = generator.uniform(1, 2, 5), generator.uniform(1, 2, 4)
    ahead = np.sign(np.arange(5) - 2)[None, :, None] * generator.uniform(0.5, 1, (5, 5, 3))
    maps = np.stack([ahead, -0.9 * ahead + 0.1 * generator.normal(size=ahead.shape)])
    kernel = np.einsum("khwt,kc->hwct", maps, channels)
    found = factors(kernel, 2)
    assert found.explained > 0.99
    assert (found.channels >= 0).all()
    likeness = found.channels @ (channels / np.linalg.norm(channels, axis=1)[:, None]).T
    assert sorted(likeness.argmax(axis=1).tolist()) == [0, 1]
    assert likeness.max(axis=1).min() > 0.9
    sides = side_of(found.maps)[..., 0]
    which = likeness.argmax(axis=1).tolist()
    assert (sides[which.index(0)] > 0).all()
    assert (sides[which.index(1)] < 0).all()


def bend(source_deg: float, target_deg: float, side: int = 9) -> np.ndarray:
    """A smooth kernel that turns with its target, `[side, side]`."""
    at = np.arange(side) - (side - 1) / 2
    x, y = np.meshgrid(at, -at)
    turn = np.deg2rad(target_deg)
    along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    tuned = np.cos(np.deg2rad(source_deg - target_deg - 8 * along))
    return tuned * np.exp(-(along**2) / 8 - (across - 1) ** 2 / 4)


def test_one_kernel_turned_is_equivariant_and_noise_is_not() -> None:
    sources = [3, 40, 75, 100, 140, 181, 210, 260, 290, 330]
    targets = [200, 10, 50, 95, 310]
    kernel = np.stack([np.stack([bend(a, b) for a in sources], axis=-1) for b in targets], axis=-1)
    found = turned(kernel, sources, targets)
    assert found.equivariance > 0.97
    assert found.kernels.shape == (5, 16, 9, 9)
    assert found.agreement(found) == pytest.approx(1)
    canonical = np.stack([bend(360 * step / 16, 0) for step in range(16)])
    assert np.corrcoef(found.mean.ravel(), canonical.ravel())[0, 1] > 0.98
    noise = np.random.default_rng(0).normal(size=kernel.shape)
    assert abs(turned(noise, sources, targets).equivariance) < 0.2
    assert abs(turned(noise, sources, targets).agreement(found)) < 0.2


def test_kernels_are_ordered_by_angle() -> None:
    kernel = np.arange(6.0).reshape(1, 1, 3, 2)
    ordered, sources, targets = by_angle(kernel, [90, 0, 45], [180, 10])
    assert (sources, targets) == ((0, 45, 90), (10, 180))
    assert ordered[0, 0].tolist() == [[3, 2], [5, 4], [1, 0]]
