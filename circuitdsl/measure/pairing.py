"""Which hand-written unit stands beside which trained one.

In: two lists of preferred angles. Out: pairs of indices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def nearest_pairs(left_deg: Sequence[float], right_deg: Sequence[float]) -> list[tuple[int, int]]:
    """Pair angles so that the sum of the differences is least; nothing is used twice.

    Args:
        left_deg: Angles on the circle of 360 degrees.
        right_deg: Likewise. Where the numbers differ, the surplus stays alone.

    Returns:
        Indices into both, in order of the right ones.
    """
    left, right = np.asarray(left_deg)[:, None], np.asarray(right_deg)[None, :]
    distance = np.abs((left - right + 180.0) % 360.0 - 180.0)
    rows, columns = linear_sum_assignment(distance)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: pair[1])
