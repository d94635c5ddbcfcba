"""Directions of a layer, as units of a table.

In: a table, a layer of it, a name. Out: the table with the direction as a layer of one channel, and
with whatever reads the layer reading it again through that channel.

With u the direction and h the layer, `NAME` is a = <u, h>, and the readers of the layer get
`a' u - a u + h`, where a' is a as an edit leaves it. Unedited, the first two cancel exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Layer

USUAL_TERMS = 12
"""Units of a direction that is found, unless told otherwise."""


@dataclass(frozen=True)
class Direction:
    """A direction in what a layer gives.

    Attributes:
        name: What it is called.
        layer: A convolution, a sum or a block.
        terms: Channels of the layer and their weights.
    """

    name: str
    layer: str
    terms: tuple[tuple[int, float], ...]

    @property
    def layers(self) -> tuple[str, str, str, str, str]:
        """The layers that stand for it.

        The direction's activation, the same as it was, what both add to the layer, and the layer
        again.
        """
        name = self.name
        return name, f"{name}_before", f"{name}_in", f"{name}_out", f"{self.layer}_with_{name}"


def with_directions(backbone: Backbone, directions: Sequence[Direction]) -> Backbone:
    """A table with directions as layers, one after the other."""
    for direction in directions:
        backbone = _with(backbone, direction)
    return backbone


def _with(backbone: Backbone, direction: Direction) -> Backbone:
    read, before, inwards, outwards, again = direction.layers
    # a second direction of a layer goes on from what the first one left
    latest, row = direction.layer, backbone.by_name[direction.layer]
    for layer in backbone.layers:
        if layer.kind == "add" and layer.name.startswith(f"{direction.layer}_with_"):
            latest = layer.name

    def product(name: str, source: str, width: int) -> Layer:
        return Layer(name, "conv", (source,), width, padding=VALID, activation="none")

    added = (
        product(read, latest, 1),
        product(before, latest, 1),
        product(inwards, read, row.width),
        product(outwards, before, row.width),
        # in this order, so that equal parts cancel before the layer is added
        Layer(again, "add", (inwards, outwards, latest), row.width, activation="none"),
    )
    layers: list[Layer] = []
    passed = False
    for layer in backbone.layers:
        inputs = tuple(again if passed and name == latest else name for name in layer.inputs)
        layers.append(replace(layer, inputs=inputs))
        if layer.name == latest:
            layers += added
            passed = True
    return replace(backbone, layers=tuple(layers))
