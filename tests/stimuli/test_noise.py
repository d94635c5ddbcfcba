"""Noise: its statistics, and that an image is its seed and number."""

import numpy as np
import pytest

from circuitdsl.stimuli.drawing.noise import draw_noise


def noise(numbers, *, seed=0, contrast=0.1, slope=1.0, side=64):
    levels = np.full(len(numbers), contrast)
    return np.asarray(draw_noise(seed, np.array(numbers), levels, slope=slope, side=side))


def test_mean_and_contrast():
    images = noise(range(8))
    assert images.shape == (8, 64, 64, 3)
    assert images.mean() == pytest.approx(127.5, abs=0.1)
    assert images.std(axis=(1, 2, 3)) == pytest.approx(12.75, rel=0.01)


def test_strong_contrast_is_clipped():
    images = noise(range(4), contrast=1.0)
    assert images.min() == 0
    assert images.max() == 255


def test_an_image_depends_on_seed_and_number_alone():
    assert np.array_equal(noise([3])[0], noise([1, 2, 3])[2])
    assert not np.array_equal(noise([3]), noise([4]))
    assert not np.array_equal(noise([3]), noise([3], seed=1))


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_amplitude_falls_as_a_power_of_frequency(slope):
    side = 64
    spectrum = np.abs(np.fft.fft2(noise(range(64), slope=slope)[..., 0])).mean(axis=0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side))) * side
    band = (frequency >= 2) & (frequency <= 24)
    fitted = np.polyfit(np.log(frequency[band]), np.log(spectrum[band]), 1)[0]
    assert fitted == pytest.approx(-slope, abs=0.05)
