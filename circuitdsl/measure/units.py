"""What is compared: some units of one layer, of a trained network or of a hand-written one.

In: a network. Out: `Subject`, whose units answer images by maps `[batch, height, width, units]` or
by the central neuron's responses `[batch, units]`. Whatever follows sees no difference between
trained and hand-written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import Array

from circuitdsl.ir.backbones import Backbone, GeometryError
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.passes import Need, Shown
from circuitdsl.models.forward import check_names
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Subject:
    """Units of one layer.

    Attributes:
        backbone: The geometry.
        layer: Where the units sample the image.
        names: A name for each unit.
        need: The network, and the layers that hold the units.
        pick: The activations of those layers by name to those of the units,
            `[batch, height, width, units]`.
        neurons: Images and the row and column of one position to activations `[batch, units]`.
        made_by: Makes them again, in another process.
    """

    backbone: Backbone
    layer: str
    names: tuple[str, ...]
    need: Need
    pick: Callable[[Mapping[str, Array]], Array]
    neurons: Callable[[Array, int], Array]
    made_by: Callable[[], Subject] | None = field(default=None, compare=False)

    def __reduce__(self) -> tuple[Callable[[], Subject], tuple[()]]:
        """Go to another process as what makes them there."""
        if self.made_by is None:
            raise InputError("these units cannot be sent to other processes")
        return self.made_by, ()

    def maps(self, images: Array) -> Array:
        """Images `[batch, height, width, 3]` to activations `[batch, height, width, units]`."""
        return self.pick(self.need.network.activations(images, self.need.layers))

    def in_batch(self, shown: Shown) -> Array:
        """The units' activations in a batch that the network was shown."""
        return self.pick(shown.of(self.need.network))

    def only(self, indices: Sequence[int]) -> Subject:
        """Some of the units, in the order given."""
        chosen = np.asarray(indices)
        return Subject(
            self.backbone,
            self.layer,
            tuple(self.names[index] for index in indices),
            self.need,
            lambda values: self.pick(values)[..., chosen],
            lambda images, index: self.neurons(images, index)[..., chosen],
            partial(Subject.only, self, indices),
        )


def trained(network: Network, layer: str, units: Sequence[int] | None = None) -> Subject:
    """Units of a trained network: all of a layer, or some by their numbers in it.

    Raises:
        InputError: the network has no such layer, the layer has no positions, or no such unit.
    """
    backbone = network.backbone
    check_names(backbone, [layer])
    declared = backbone.by_name.get(layer)
    if declared is None or declared.kind == "input" or not declared.has_positions:
        raise InputError(
            f"`{layer}` of {backbone.name} has no units with a place in the image",
            help=f"name a convolution, or a block such as {backbone.example_block}",
        )
    numbers = range(declared.width) if units is None else units
    branches, columns = _columns(backbone, layer, numbers)

    def pick(values: Mapping[str, Array]) -> Array:
        return jnp.concatenate([values[name] for name in branches], axis=-1)[..., columns]

    def neurons(images: Array, index: int) -> Array:
        # a central neuron needs only a window of the layer that its branches are computed from
        shared = network.common_source(tuple(branches))
        if shared is None:
            return pick(network.activations(images, branches))[:, index, index]
        source, reach = shared
        below = network.activations(images, [source])[source]
        start = max(index - reach, 0)
        window = below[:, start : index + reach + 1, start : index + reach + 1]
        at = index - start
        return pick(network.resume({source: window}, branches))[:, at, at]

    names = tuple(f"{layer}:{number}" for number in numbers)
    need = Need(network, tuple(branches))
    again = partial(trained, network, layer, units)
    return Subject(backbone, layer, names, need, pick, neurons, again)


def handwritten(network: HandwrittenNetwork, family: str) -> Subject:
    """The members of one family of a hand-written network.

    Raises:
        InputError: the circuit has no such family.
    """
    circuit = network.circuit
    declared = named_family(circuit, family)

    def pick(values: Mapping[str, Array]) -> Array:
        return values[family]

    def neurons(images: Array, index: int) -> Array:
        return pick(network.activations(images, [family]))[:, index, index]

    names = tuple(declared.member_name(index) for index in range(declared.size))
    need = Need(network, (family,))
    again = partial(handwritten, network, family)
    return Subject(circuit.backbone.geometry, declared.layer, names, need, pick, neurons, again)


def _columns(backbone: Backbone, layer: str, units: Sequence[int]) -> tuple[list[str], list[int]]:
    """The branches that hold the units, and each unit's column in those branches side by side."""
    try:
        placed = [backbone.branch_of(layer, unit) for unit in units]
    except GeometryError as error:
        raise InputError(error.message) from error
    held = {name for name, _ in placed}
    branches = [branch for branch in backbone.branch_layers(layer) if branch.name in held]
    starts: dict[str, int] = {}
    width = 0
    for branch in branches:
        starts[branch.name] = width
        width += branch.width
    return [branch.name for branch in branches], [starts[name] + at for name, at in placed]
