"""Units that stand for several things: kinds of photographs that drive one unit.

In: how strongly a unit responds to photographs, and where these lie in some space of meaning, such
as a network's outputs. Out: the strongest photographs in two kinds, each of which is close to
itself and far from the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

STRONGEST = 16
"""Photographs that are looked at: those that drive a unit most."""

LEAST = 5
"""Photographs that a kind has."""

_ROUNDS = 20
"""Rounds of two means; a dozen photographs settle long before."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """The strongest photographs of a unit, in two kinds.

    Attributes:
        members: The places of the photographs of each kind, the strongest first.
        centres: The mean of each kind's photographs, of length 1, `[2, dimension]`.
        within: The smaller of the two kinds' mean cosines of different photographs.
        between: The mean cosine of photographs of different kinds.
    """

    members: tuple[Places, Places]
    centres: Floats
    within: float
    between: float

    @property
    def apart(self) -> float:
        """How much closer photographs of one kind are than those of two."""
        return self.within - max(self.between, 0.0)


def placed(outputs: Floats) -> Floats:
    """What a network's outputs say of photographs, as directions `[photograph, dimension]`.

    Each photograph's mean over outputs and each output's mean over photographs are taken off.

    Args:
        outputs: Before softmax, `[photograph, output]`.
    """
    centred = outputs - outputs.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def two_kinds(
    responses: Floats, places: Floats, strongest: int = STRONGEST, least: int = LEAST
) -> Kinds | None:
    """The strongest photographs of a unit in two kinds; None where one would be too small.

    They are parted by two means on the sphere, from the two photographs that are farthest apart.

    Args:
        responses: Of one unit, `[photograph]`.
        places: Directions, `[photograph, dimension]` (`placed`).
        strongest: The number of photographs that are looked at.
        least: The number of photographs that a kind has at least.
    """
    top = np.argsort(-responses, kind="stable")[:strongest]
    own = places[top]
    cosines = own @ own.T
    centres = own[list(np.unravel_index(cosines.argmin(), cosines.shape))]
    kind = (own @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        if min((kind == 0).sum(), (kind == 1).sum()) == 0:
            return None
        centres = np.stack([own[kind == number].mean(axis=0) for number in (0, 1)])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        kind = (own @ centres.T).argmax(axis=1)
    first, second = (np.flatnonzero(kind == number) for number in (0, 1))
    if min(len(first), len(second)) < least:
        return None
    within = min(_mean_of_different(cosines[np.ix_(part, part)]) for part in (first, second))
    between = float(cosines[np.ix_(first, second)].mean())
    return Kinds((top[first], top[second]), centres, within, between)


def _mean_of_different(cosines: Floats) -> float:
    count = len(cosines)
    return float((cosines.sum() - np.trace(cosines)) / (count * (count - 1)))
