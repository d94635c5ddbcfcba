"""Which hand-written unit stands beside which trained one.

In: two lists of preferred angles, or the agreement of every member with every unit. Out: pairs of
indices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment


def nearest_pairs(
    left_deg: Sequence[float], right_deg: Sequence[float], period_deg: float = 360.0
) -> list[tuple[int, int]]:
    """Pair angles so that the sum of the differences is least; nothing is used twice.

    Args:
        left_deg: Angles.
        right_deg: Likewise. Where the numbers differ, the surplus stays alone.
        period_deg: The turn after which an angle is the same: 180 for lines.

    Returns:
        Indices into both, in order of the right ones.
    """
    left, right = np.asarray(left_deg)[:, None], np.asarray(right_deg)[None, :]
    distance = np.abs((left - right + period_deg / 2) % period_deg - period_deg / 2)
    rows, columns = linear_sum_assignment(distance)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: pair[1])


def agreeing_pairs(r: NDArray[np.float64], count: int) -> list[tuple[int, int]]:
    """Pair members with units so that the sum of their agreements is greatest.

    No unit is used twice. A member has a second unit only where more units are asked for than the
    family has members; pairs that do not agree at all are left out.

    Args:
        r: How well each member agrees with each unit, `[member, unit]`.
        count: How many units, at most.

    Returns:
        Members and units, those that agree best first.
    """
    members = len(r)
    often = -(-count // members)
    rows, columns = linear_sum_assignment(np.tile(r, (often, 1)), maximize=True)
    pairs: list[tuple[int, int]] = [
        (row % members, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    pairs = [pair for pair in pairs if r[pair] > 0]
    return sorted(pairs, key=lambda pair: -float(r[pair]))[:count]
