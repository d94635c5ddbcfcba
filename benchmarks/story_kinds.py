"""Units that stand for several things: found on some photographs, seen again on others."""

from __future__ import annotations

from typing import Any

import numpy as np
from story_parts import Part

from circuitdsl.measure.kinds import placed, two_kinds
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import class_names_of, labels_of

Record = dict[str, Any]

APART = 0.25
NEAREST = 10
"""Photographs of each kind, of those that chose nothing."""

STRONG = 1.0
"""Standard deviations above a unit's mean."""


def polysemantic(network: Network, choose: Part, scored: Part) -> Record:
    """Units whose strongest photographs are of two kinds, both of which excite them again."""
    chosen, others = placed(choose.of("outputs")), placed(scored.of("outputs"))
    labels = names_of(network)
    rows: list[Record] = []
    looked_at_units = parted = 0
    for layer in ("mixed4c", "mixed4d", "mixed4e"):
        for unit in range(choose.of(layer).shape[1]):
            looked_at_units += 1
            kinds = two_kinds(choose.of(layer)[:, unit], chosen)
            if kinds is None or kinds.apart < APART:
                continue
            parted += 1
            response = scored.of(layer)[:, unit]
            response = (response - response.mean()) / response.std()
            near = [np.argsort(-(others @ centre))[:NEAREST] for centre in kinds.centres]
            halfway = np.argsort(-(others @ kinds.centres.sum(axis=0)))
            halfway = halfway[~np.isin(halfway, np.concatenate(near))][:NEAREST]
            first, second, between = (float(response[part].mean()) for part in (*near, halfway))
            rows.append(
                {
                    "layer": layer,
                    "unit": unit,
                    "within": kinds.within,
                    "between": kinds.between,
                    "first": first,
                    "second": second,
                    "halfway": between,
                    "first_of": [
                        labels[str(choose.classes[at])] for at in kinds.members[0].tolist()
                    ],
                    "second_of": [
                        labels[str(choose.classes[at])] for at in kinds.members[1].tolist()
                    ],
                }
            )
    again = [row for row in rows if min(row["first"], row["second"]) >= STRONG]
    again = [row for row in again if row["halfway"] < min(row["first"], row["second"])]
    again.sort(key=lambda row: -min(row["first"], row["second"]))
    return {
        "looked_at": looked_at_units,
        "parted": parted,
        "again": len(again),
        "units": again[:8],
    }


def names_of(network: Network) -> dict[str, str]:
    """The first English name of each class."""
    names = class_names_of(network)
    return {
        label: name.split(",")[0]
        for label, name in zip(labels_of(network), names, strict=True)
        if label
    }
