"""Units that see in a mirror what other units see: pathways for things that look left or right.

In: how strongly units respond to photographs, and to the same photographs mirrored. Out: for each
unit its partner, the unit that responds to mirror images most as it responds to the originals. A
unit of something symmetric is its own partner; one of two mirrored pathways has another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

PAIRED = 0.75
"""The correlation from which two units that are each other's partners are a pair."""


@dataclass(frozen=True, eq=False)
class Partners:
    """The partner of every unit of a layer.

    Attributes:
        of: The number of each unit's partner, `[unit]`.
        r: Correlation of each unit with its partner's responses to mirror images, `[unit]`.
        own: The same with its own responses to mirror images, `[unit]`.
    """

    of: Places
    r: Floats
    own: Floats

    def pairs(self, at_least: float = PAIRED) -> tuple[tuple[int, int], ...]:
        """Two different units that are each other's partners, the smaller number first.

        Args:
            at_least: The correlation that a pair has.
        """
        return tuple(
            (unit, int(other))
            for unit, other in enumerate(self.of)
            if unit < other and self.of[other] == unit and self.r[unit] >= at_least
        )


def partners(plain: Floats, mirrored: Floats) -> Partners:
    """The partner of every unit.

    Args:
        plain: Responses to photographs, one number for each unit, `[photograph, unit]`.
        mirrored: Responses to their mirror images, in the same order.
    """
    r = _standard(plain).T @ _standard(mirrored) / len(plain)
    both = (r + r.T) / 2
    of = both.argmax(axis=1)
    return Partners(of, both[np.arange(len(of)), of], np.diagonal(both).copy())


def mirrored_kernels(kernels: Floats, of: Places) -> tuple[float, float]:
    """How alike the kernels of two units are when one is seen in a mirror, and when it is not.

    Seen in a mirror, a kernel's columns run the other way and it reads each unit's partner.

    Args:
        kernels: `[row, column, source, 2]`, such as expanded weights.
        of: The partners of the units that are read (`Partners.of`), `[source]`.

    Returns:
        The first kernel's correlation with the mirror image of the second, and with the second.
    """
    first, second = kernels[..., 0], kernels[..., 1]
    turned = second[:, ::-1][:, :, of]
    return _correlation(first, turned), _correlation(first, second)


def _correlation(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > _SMALLEST, spread, np.inf)


_SMALLEST = 1e-9
"""A unit that varies by no more agrees with none."""
