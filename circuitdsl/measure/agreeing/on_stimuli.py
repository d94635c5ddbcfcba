"""How well pairs of units agree on a set of stimuli, with an interval.

In: responses of two units each to some images. Out: `OnStimuli`, or plain correlations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.agreeing.bootstrap import interval, resampled

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OnStimuli:
    """How well a unit and a member agree on the family's own stimuli.

    Attributes:
        r: Pearson's r over all images of the sets; 0 if either never varies.
        r_ci: Its bootstrap 95 % interval over images.
        images: The number of images.
        sets: The sets, by the names that the file has for them.
    """

    r: float
    r_ci: tuple[float, float]
    images: int
    sets: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The agreement as JSON has it."""
        return {**vars(self), "r_ci": list(self.r_ci), "sets": list(self.sets)}


def agreement(members: Floats, units: Floats, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Pearson's r of each pair of columns, and the ends of its bootstrap 95 % interval over images.

    Args:
        members: Responses of members, `[image, pair]`.
        units: Responses of units, `[image, pair]`.
        seed: The seed of the bootstrap, which draws the same images for every pair.

    Returns:
        r, and its lower and upper end, `[pair]` each.
    """
    x, y = (side - side.mean(axis=0) for side in (members, units))
    products = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y])  # [6, image, pair]
    r = _pearson(products.sum(axis=1))
    again = _pearson(np.einsum("sn,vnk->vsk", resampled(len(x), seed), products))
    ends = np.array([interval(again[:, pair]) for pair in range(x.shape[1])])
    return r, ends[:, 0], ends[:, 1]


def _pearson(sums: Floats) -> Floats:
    """Pearson's r from sums of 1, x, y, x x, y y and x y; 0 where either never varies."""
    n, x, y, xx, yy, xy = sums
    of_x, of_y = xx - x * x / n, yy - y * y / n
    spread = np.sqrt(np.maximum(of_x, 0) * np.maximum(of_y, 0))
    # what is left of a sum of squares by rounding is no variation
    varies = spread > 1e-9 * np.sqrt(np.maximum(xx, 1e-30) * np.maximum(yy, 1e-30))
    return np.divide(xy - x * y / n, spread, out=np.zeros_like(spread), where=varies)
