"""Norms: the weights of a target member, scaled together.

In: the weights `[height, width, in]` and what the connection says. Out: the same, scaled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Norm
from circuitdsl.ir.expressions import Scalar

Array = NDArray[np.float64]

Value = Callable[[Scalar], float]
"""Reads a scalar expression: pixels, degrees or a plain number."""

SMALLEST_SUM = 1e-6
"""What a norm divides by at least, so that a kernel that cancels stays nearly nothing."""


def normed(weights: Array, norm: Norm, value: Value) -> Array:
    """All weights of one target member, `[height, width, in]`, scaled together.

    `l1`: sum |W| = 1. `l2`: sum W^2 = 1. `mass(m, balance=b)`: m (W+ / sum W+  -  b W- / sum W-).
    """
    if norm.kind == "l1":
        return weights / max(np.abs(weights).sum(), SMALLEST_SUM)
    if norm.kind == "l2":
        return weights / np.sqrt(max((weights**2).sum(), SMALLEST_SUM**2))
    if norm.kind == "mass":
        positive, negative = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
        positive = positive / max(positive.sum(), SMALLEST_SUM)
        negative = negative / max(negative.sum(), SMALLEST_SUM)
        return value(norm.mass) * (positive - value(norm.balance) * negative)
    return weights
