"""What is looked at in a network: a unit, a direction, a class, a member of a family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Aim:
    """A direction in what one layer gives; one unit, where all weights but one are 0.

    Attributes:
        name: What to call it: `mixed3b:345`, `curve[th=36deg]`, a class.
        layer: The layer, or the family of a hand-written network, that is read.
        readout: The weight of each of its channels, `[channel]`.
        rectified: Whether an activation function follows in that layer.
    """

    name: str
    layer: str
    readout: NDArray[np.float32]
    rectified: bool
