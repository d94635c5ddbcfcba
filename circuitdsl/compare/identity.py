"""Which network, which units and which photographs a result is of.

In: what a script was carried out with. Out: `Identity`, which tables and JSON state, because
numbers of units mean those of one training run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from circuitdsl.editing.resolve import Lowering
from circuitdsl.editing.seek import Choice
from circuitdsl.ir.edits.script import UnitSet
from circuitdsl.stimuli.photographs import ImageSet

SHORT = 12
"""Digits of a digest that tables show."""


@dataclass(frozen=True)
class Identity:
    """What a result is of.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        units: The units that are acted on.
        chosen: Those of them that a search found, and how.
        photographs: The names of the photographs of each purpose.
    """

    model: str
    weights: str
    units: tuple[str, ...] = ()
    chosen: tuple[Choice, ...] = ()
    photographs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def lines(self) -> tuple[str, ...]:
        """The network and the units that were found, for people to read."""
        network = f"{self.model}, weights {self.weights[:SHORT]}"
        return network, *(choice.text for choice in self.chosen)

    def record(self) -> dict[str, Any]:
        """The identity as JSON has it."""
        return {
            "model": self.model,
            "weights": self.weights,
            "units": list(self.units),
            "chosen": [choice.record() for choice in self.chosen],
            "photographs": {name: list(names) for name, names in self.photographs.items()},
        }


def identity_of(
    lowering: Lowering,
    sets: Iterable[UnitSet],
    names: Iterable[str],
    photographs: Mapping[str, ImageSet],
) -> Identity:
    """What a result of a script is of.

    Args:
        lowering: The network, and the photographs that the script is calibrated on.
        sets: The units, as the script has them.
        names: The units, as they were found.
        photographs: Other photographs, by their purpose.
    """
    shown = {**lowering.images, **photographs}
    return Identity(
        lowering.model,
        lowering.weights,
        tuple(dict.fromkeys(names)),
        lowering.chosen(sets),
        {purpose: images.names for purpose, images in shown.items()},
    )
