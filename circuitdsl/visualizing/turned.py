"""Kernels between two families that turn: ordered, turned upright, held against one another.

In: kernels `[row, column, source, target]` and the angles that sources and targets prefer. Out: the
kernels of each target in its own frame, by the angle between source and target, and how much they
are one kernel turned. Trained families have uneven angles; what lies between two of their sources
is interpolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Floats = NDArray[np.float64]

ANGLES = 16
"""Angles between source and target at which kernels are compared."""


@dataclass(frozen=True, eq=False)
class Turned:
    """Kernels in the frame of each target.

    Attributes:
        kernels: `[target, angle, row, column]`, the target's angle turned to 0, counter-clockwise
            from +x; angles between source and target are even over a period.
        equivariance: The mean over targets of the correlation between its kernels and the mean of
            the other targets': 1 where all are one kernel turned.
        period_deg: After which the sources repeat.
    """

    kernels: Floats
    equivariance: float
    period_deg: float

    @property
    def mean(self) -> Floats:
        """The mean over targets, `[angle, row, column]`."""
        return self.kernels.mean(axis=0)

    def agreement(self, other: Turned) -> float:
        """The correlation of the mean kernels of two pairs of families.

        Raises:
            ValueError: they are of different shapes.
        """
        if self.mean.shape != other.mean.shape:
            raise ValueError(f"kernels of shape {self.mean.shape} and {other.mean.shape}")
        return correlation(self.mean, other.mean)

    def record(self) -> dict[str, Any]:
        """The figure as JSON has it."""
        return {"equivariance": self.equivariance, "targets": len(self.kernels)}


def by_angle(
    kernel: Floats, source_deg: Sequence[float], target_deg: Sequence[float]
) -> tuple[Floats, tuple[float, ...], tuple[float, ...]]:
    """Kernels ordered by the angles of both families, and those angles."""
    sources, targets = np.argsort(source_deg), np.argsort(target_deg)
    ordered = kernel[:, :, sources][..., targets]
    return (
        ordered,
        tuple(float(source_deg[at]) for at in sources),
        tuple(float(target_deg[at]) for at in targets),
    )


def turned(
    kernel: Floats,
    source_deg: Sequence[float],
    target_deg: Sequence[float],
    *,
    period_deg: float = 360.0,
    angles: int = ANGLES,
) -> Turned:
    """Turn kernels into the frames of their targets.

    Args:
        kernel: `[row, column, source, target]`, of a square window about the target's place.
        source_deg: The angle that each source prefers; at least two.
        target_deg: That of each target; at least two.
        period_deg: After which the sources' angles repeat: 180 for lines.
        angles: At how many angles between source and target.
    """
    ordered, sources, targets = by_angle(kernel, source_deg, target_deg)
    steps = period_deg * np.arange(angles) / angles
    made = [
        _upright(_between(ordered[..., at], np.asarray(sources), own + steps, period_deg), own)
        for at, own in enumerate(targets)
    ]
    kernels = np.stack(made)
    total = kernels.sum(axis=0)
    scores = [correlation(one, total - one) for one in kernels]
    return Turned(kernels, float(np.mean(scores)), period_deg)


def _between(kernel: Floats, at: Floats, wanted: Floats, period: float) -> Floats:
    """Kernels at some angles, linear between the two nearest sources, `[angle, row, column]`."""
    order = np.argsort(at % period)
    ring = (at % period)[order]
    ring = np.append(ring, ring[0] + period)
    places = (wanted - ring[0]) % period + ring[0]
    after = np.clip(np.searchsorted(ring, places, side="right"), 1, len(ring) - 1)
    gap = np.maximum(ring[after] - ring[after - 1], 1e-9)
    share = (places - ring[after - 1]) / gap
    left = kernel[:, :, order[after - 1]]
    right = kernel[:, :, order[after % len(order)]]
    return np.moveaxis(left * (1 - share) + right * share, -1, 0)


def _upright(kernels: Floats, own_deg: float) -> Floats:
    """Kernels `[angle, row, column]` turned back by an angle, cubic between taps."""
    rows, columns = kernels.shape[1:]
    up = (rows - 1) / 2 - np.arange(rows)[:, None]
    right = np.arange(columns)[None, :] - (columns - 1) / 2
    cos, sin = np.cos(np.deg2rad(own_deg)), np.sin(np.deg2rad(own_deg))
    x, y = cos * right - sin * up, sin * right + cos * up
    places = np.stack([(rows - 1) / 2 - y, x + (columns - 1) / 2])
    return np.stack(
        [map_coordinates(one, places, order=3, mode="constant", cval=0.0) for one in kernels]
    )


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's r over all entries; 0 where one of the two never varies."""
    x, y = a.ravel() - a.mean(), b.ravel() - b.mean()
    length = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / length) if length > 0 else 0.0
