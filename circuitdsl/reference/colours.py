"""What a connection reads of the image's colours, by definition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Colour
from circuitdsl.ir.expressions import Scalar

Array = NDArray[np.float64]
Value = Callable[[Scalar], float]

SMALLEST_LENGTH = 1e-6
"""The length of a difference of two hues counts as this at least."""


def colour_vector(colour: Colour | None, value: Value, turn_deg: float = 0.0) -> Array:
    """What a connection reads of red, green and blue, `[3]`, of length 1.

    `luma` = (1, 1, 1)/sqrt 3.
    `hue` at angle h = cos h (2, -1, -1)/sqrt 6 + sin h (0, 1, -1)/sqrt 2.
    `opponent` of p and q is in the direction of hue p less hue q. Hues turn by `turn_deg`.
    """
    if colour is None or colour.kind == "luma":
        return np.ones(3) / np.sqrt(3.0)
    vector = _hue(value(colour.hue_deg) + turn_deg)
    if colour.kind == "hue":
        return vector
    apart = vector - _hue(value(colour.against_deg) + turn_deg)
    return apart / max(float(np.linalg.norm(apart)), SMALLEST_LENGTH)


def _hue(angle_deg: float) -> Array:
    hue = np.radians(angle_deg)
    red = np.array([2.0, -1.0, -1.0]) / np.sqrt(6.0)
    green = np.array([0.0, 1.0, -1.0]) / np.sqrt(2.0)
    return np.cos(hue) * red + np.sin(hue) * green
