"""Noise of one octave, and which units prefer it fine."""

from __future__ import annotations

import numpy as np
import pytest
from two_blocks import TWO, two_weights

from circuitdsl.measure.tunings.bands import band_noise, band_responses, fineness
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network


@pytest.mark.parametrize("period", [4.0, 12.0])
def test_noise_has_its_octave_alone(period: float) -> None:
    images = band_noise(period, 64, 2, contrast=0.1)
    assert images.shape == (2, 64, 64, 3)
    values = images[..., 0] - 127.5
    assert values.std() == pytest.approx(12.75, rel=0.02)
    spectrum = np.abs(np.fft.fft2(values))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    outside = np.abs(np.log2(np.maximum(frequency, 1e-9) * period)) > 0.51
    assert (spectrum[:, outside] ** 2).sum() < 1e-6 * (spectrum**2).sum()


def test_fineness_compares_first_and_last() -> None:
    responses = band_responses(
        trained(Network(TWO, two_weights()), "conv2d2"), (4.0, 16.0), count=2
    )
    assert responses.shape == (2, 7)
    preference = fineness(np.array([[3.0, 0.0, 1.0], [1.0, 0.0, 1.0]]))
    assert preference.tolist() == [0.5, 0.0, 0.0]
