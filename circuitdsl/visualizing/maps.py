"""Activation maps: where in photographs a family answers.

In: a network of a circuit, photographs. Out: one map for each family and photograph, the largest
response of any member at each position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from circuitdsl.models.written.handwritten import HandwrittenNetwork


def strongest_maps(
    network: HandwrittenNetwork, families: Sequence[str], images: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """The largest response of any member at each position.

    Args:
        network: A network of a circuit; families that need units of a trained network have no map.
        families: Names.
        images: RGB, 0..255, `[batch, height, width, 3]`.

    Returns:
        `[batch, height, width]` for each family.
    """
    circuit = network.circuit
    alone = [name for name in families if not circuit.reads_units(name)]
    if not alone or len(images) == 0:
        return {}
    answers = network.activations(images, alone)
    return {name: np.asarray(maps).max(axis=-1) for name, maps in answers.items()}
