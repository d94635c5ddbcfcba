"""How well units and members agree on the stimuli that a family itself names.

In: matches, the circuits that they are of, a trained network. Out: the matches with the correlation
of each unit with its member over all images of the sets that the family's `calibrate` and `expect`
lines name, the figure in the middle of what each of the two sees.

Photographs choose the units, so these images have chosen nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from circuitdsl.compare.match import Match
from circuitdsl.ir.named_sets import named_sets
from circuitdsl.measure.agreeing.on_stimuli import OnStimuli, agreement
from circuitdsl.measure.tunings.along_axes import responses_of
from circuitdsl.measure.tunings.of_families import responses_to
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork


def with_stimuli(
    matches: Sequence[Match],
    circuits: Mapping[str, HandwrittenNetwork],
    network: Network,
    seed: int = 0,
) -> tuple[Match, ...]:
    """Matches with what units and members say to the family's own stimuli, where it names some.

    Args:
        matches: Those of one family and layer stand together.
        circuits: The circuits by the names that the matches have for them.
        network: The trained network.
        seed: The seed of the bootstrap.
    """
    shown: list[Match] = []
    for (title, name), of_family in groupby(matches, key=lambda row: (row.circuit, row.family)):
        hand = circuits[title]
        family = hand.circuit.by_name[name]
        sets = named_sets(hand.circuit, family)
        answers = [responses_to(hand, family, one) for one in sets]
        place = {family.member_name(at): at for at in range(family.size)}
        for layer, of_layer in groupby(of_family, key=lambda row: row.layer):
            rows = list(of_layer)
            if not sets:
                shown += rows
                continue
            subject = trained(network, layer, [row.unit for row in rows])
            units = np.concatenate([responses_of(subject, one) for one in sets])
            members = np.concatenate(answers)[:, [place[row.member] for row in rows]]
            r, low, high = agreement(members, units, seed)
            shown += [
                replace(
                    row,
                    stimuli=OnStimuli(
                        float(r[at]),
                        (float(low[at]), float(high[at])),
                        len(units),
                        tuple(one.name for one in sets),
                    ),
                )
                for at, row in enumerate(rows)
            ]
    return tuple(shown)
