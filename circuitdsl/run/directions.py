"""`direction`: a combination of units that is treated as one.

In: a network, a layer, weights of its units. Out: the network with the direction among its units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuitdsl.ir.backbones.directions import Direction
from circuitdsl.models.directions import directed
from circuitdsl.models.network import Network


def direction(
    network: Network, name: str, layer: str, weights: Mapping[int, float] | Sequence[float]
) -> Network:
    """A network in which a direction of a layer is a unit, in a layer of its own name.

    Its outputs are those of the network. Edits, sweeps, scores and matches accept the direction as
    a unit. An edit of this unit changes the layer along the direction.

    Args:
        network: A trained network.
        name: What to call the direction.
        layer: A convolution, a sum or a block.
        weights: The weight of each unit by its number, or of all units. Only the direction counts:
            its length is made 1.

    Raises:
        InputError: no such layer or unit, a name that is taken, or no weight other than 0.
    """
    terms = weights.items() if isinstance(weights, Mapping) else enumerate(weights)
    pairs = tuple((int(unit), float(weight)) for unit, weight in terms if weight)
    return directed(network, [Direction(name, network.backbone.called(layer), pairs)])
