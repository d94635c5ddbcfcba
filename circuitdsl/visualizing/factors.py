"""One-sided non-negative factors: which groups of channels some units read, and where.

In: kernels `[row, column, source channel, target]`. Out: factors, each a non-negative weight for
each source channel and a signed map for each target, whose products add up to the kernels as nearly
as can be. Channels cannot cancel within a factor, so that a factor is a group of channels that are
read alike; whether it excites and on which side is what its maps say (Schubert et al. 2021,
"High-Low Frequency Detectors", factor weights so).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

APART = 0.5
"""What it costs that two factors have a channel in common, in shares of a factor's own square."""

_STEPS = 300
_SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Factors:
    """Kernels as a sum of groups of channels times maps.

    Attributes:
        channels: Non-negative, each factor of length 1, `[factor, source channel]`.
        maps: Signed, `[factor, row, column, target]`.
        explained: The share of the kernels' sum of squares that the factors give.
    """

    channels: Floats
    maps: Floats
    explained: float


def factors(kernel: Floats, rank: int, seed: int = 0) -> Factors:
    """Factor kernels by multiplicative updates of the one side and least squares of the other.

    With X the kernels as `[position and target, channel]`, `X ~ F G'`, G at least 0:
    `F = X G (G' G)^-1`, and `G <- G sqrt((A+ + G B-) / (A- + G B+))` with `A = X' F` and
    `B = F' F`, split into positive and negative parts (Ding, Li, Jordan 2010, "Convex and
    Semi-Nonnegative Matrix Factorizations"). Two factors that share channels can cancel, which says
    nothing of either; `APART` times what columns of G have in common is added to the error.

    Args:
        kernel: `[row, column, source channel, target]`.
        rank: The number of factors.
        seed: Of the start.

    Raises:
        ValueError: more factors than channels.
    """
    rows, columns, sources, targets = kernel.shape
    if not 1 <= rank <= sources:
        raise ValueError(f"{rank} factors of {sources} channels")
    x = kernel.transpose(0, 1, 3, 2).reshape(-1, sources)
    g = _start(x, rank, seed)
    for _ in range(_STEPS):
        f = _least_squares(x, g)
        a, b = x.T @ f, f.T @ f
        up = np.maximum(a, 0) + g @ np.maximum(-b, 0)
        shared = g.sum(axis=1, keepdims=True) - g
        down = np.maximum(-a, 0) + g @ np.maximum(b, 0) + APART * b.trace() / rank * shared
        g = g * np.sqrt((up + _SMALLEST) / (down + _SMALLEST))
        g = g / np.maximum(np.linalg.norm(g, axis=0), _SMALLEST)
    f = _least_squares(x, g)
    left = float(np.square(x - f @ g.T).sum() / max(np.square(x).sum(), _SMALLEST))
    maps = f.reshape(rows, columns, targets, rank).transpose(3, 0, 1, 2)
    order = np.argsort(-np.square(f).sum(axis=0), kind="stable")
    return Factors(g.T[order], maps[order], 1.0 - left)


def _start(x: Floats, rank: int, seed: int) -> Floats:
    """Where updates start: clusters of channels that are read alike, none of them empty."""
    generator = np.random.default_rng(seed)
    _, _, axes = np.linalg.svd(x, full_matrices=False)
    sides = np.concatenate([np.maximum(axes, 0), np.maximum(-axes, 0)])[: 2 * rank]
    strength = np.square(x @ sides.T).sum(axis=0)
    best = sides[np.argsort(-strength, kind="stable")[:rank]]
    spread = np.abs(generator.normal(size=(rank, x.shape[1]))) * best.mean()
    return (best + 0.2 * best.mean() + 0.1 * spread).T


def _least_squares(x: Floats, g: Floats) -> Floats:
    return x @ g @ np.linalg.pinv(g.T @ g)


def side_of(maps: Floats) -> Floats:
    """Where each map's weight lies: its first moment, right and up, `[..., target, 2]`.

    Args:
        maps: `[..., row, column, target]`.

    Returns:
        In taps, each weighted by its share of the magnitude; a positive weight to the right and a
        negative one to the left both point right.
    """
    rows, columns = maps.shape[-3:-1]
    up = (rows - 1) / 2 - np.arange(rows)
    right = np.arange(columns) - (columns - 1) / 2
    total = np.maximum(np.abs(maps).sum(axis=(-3, -2)), _SMALLEST)
    x = np.einsum("...rct,c->...t", maps, right) / total
    y = np.einsum("...rct,r->...t", maps, up) / total
    return np.stack([x, y], axis=-1)
