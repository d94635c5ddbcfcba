"""Which frequencies units answer: noise of one octave about each of some periods.

In: units, periods. Out: their mean responses in the middle of the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.centre import central, fitting_side

_GREY = 127.5


def band_noise(
    period_px: float, side: int, count: int, *, contrast: float = 0.4, seed: int = 0
) -> NDArray[np.float32]:
    """Grey noise of half an octave to each side of a period, `[count, side, side, 3]`, 0..255.

    Args:
        period_px: Pixels from one crest to the next.
        side: Pixels along each side.
        count: The number of images.
        contrast: The standard deviation over the mean.
        seed: Of the noise.
    """
    white = np.random.default_rng(seed).normal(size=(count, side, side))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    band = np.abs(np.log2(np.maximum(frequency * period_px, 1e-9))) <= 0.5
    values = np.fft.irfft2(np.fft.rfft2(white) * band, s=(side, side))
    spread = np.maximum(values.std(axis=(1, 2), keepdims=True), 1e-9)
    grey = np.clip(_GREY * (1 + contrast * values / spread), 0, 255)
    return np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)


def band_responses(
    subject: Subject, periods_px: Sequence[float], *, count: int = 16, seed: int = 0
) -> NDArray[np.float64]:
    """The mean response of the neurons in the middle to each period, `[period, unit]`."""
    longest = round(2 * max(periods_px))
    side = max(fitting_side(subject.backbone, subject.layer), 2 * (longest // 2))
    index = central(subject.backbone, subject.layer, side).index
    rows = [
        np.asarray(
            subject.neurons(jnp.asarray(band_noise(period, side, count, seed=seed)), index)
        ).mean(axis=0)
        for period in periods_px
    ]
    return np.stack(rows).astype(np.float64)


def fineness(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much more units answer the first period than the last, -1 to 1; 0 for silent ones."""
    fine, coarse = responses[0], responses[-1]
    total = fine + coarse
    return np.divide(fine - coarse, total, out=np.zeros_like(total), where=total > 0)
