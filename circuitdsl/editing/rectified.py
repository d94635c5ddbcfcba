"""The gain and the offset by which one unit predicts another through a ReLU, by least squares.

In: samples of pairs. Out: for each pair the numbers for which `relu(gain x + offset)` comes nearest
to `y`. Only the samples where that is above 0 say which way to move; so ordinary least squares over
those are solved again and again, from those over all samples on, and a step that makes the error
larger is halved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]

STEPS = 12
"""How often the samples above 0 are fitted."""

_SMALLEST = 1e-12
"""What varies by no more is constant."""


def rectified_fit(x: Samples, y: Samples) -> tuple[Floats, Floats]:
    """Gains and offsets, `[pair]`; gain 0 and the mean of y where x never varies.

    Args:
        x: What predicts, `[sample, pair]`.
        y: What is predicted, at least 0, `[sample, pair]`.
    """
    gain, offset = _line(x, y, np.ones_like(x))
    best = _error(x, y, gain, offset)
    step = np.ones_like(gain)
    for _ in range(STEPS):
        above = (x * gain.astype(np.float32) + offset.astype(np.float32) > 0).astype(np.float32)
        toward_gain, toward_offset = _line(x, y, above)
        new_gain = gain + step * (toward_gain - gain)
        new_offset = offset + step * (toward_offset - offset)
        error = _error(x, y, new_gain, new_offset)
        better = error < best
        gain, offset = np.where(better, new_gain, gain), np.where(better, new_offset, offset)
        best = np.where(better, error, best)
        step = np.where(better, np.minimum(2 * step, 1.0), step / 2)
    return gain, offset


def _line(x: Samples, y: Samples, weight: Samples) -> tuple[Floats, Floats]:
    """Ordinary least squares over samples of weight 1, the others left out."""
    count = np.maximum(weight.sum(axis=0, dtype=np.float64), 1.0)
    mean_x, mean_y = ((weight * part).sum(axis=0, dtype=np.float64) / count for part in (x, y))
    away = (x - mean_x.astype(np.float32)) * weight
    spread = (away * away).sum(axis=0, dtype=np.float64)
    together = (away * (y - mean_y.astype(np.float32))).sum(axis=0, dtype=np.float64)
    gain = np.divide(together, spread, out=np.zeros_like(spread), where=spread > _SMALLEST * count)
    return gain, mean_y - gain * mean_x


def _error(x: Samples, y: Samples, gain: Floats, offset: Floats) -> Floats:
    predicted = np.maximum(x * gain.astype(np.float32) + offset.astype(np.float32), 0)
    return np.square(predicted - y).sum(axis=0, dtype=np.float64)
