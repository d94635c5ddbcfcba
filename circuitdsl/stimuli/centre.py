"""The neuron in the middle: which position of a layer it is, and where a figure must pass for it.

In: a backbone's geometry, a layer, the side of a square image. Out: the index of the position
nearest to the middle, and a `Canvas` whose point is the centre of its receptive field.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from circuitdsl.ir.backbones import Backbone
from circuitdsl.stimuli.drawing.canvas import Canvas


@dataclass(frozen=True)
class Centre:
    """The central neuron of a layer.

    Attributes:
        index: Its row and its column, which are equal.
        canvas: An image whose figures pass through the centre of its receptive field.
    """

    index: int
    canvas: Canvas

    def aside(self, by_px: tuple[float, float]) -> Centre:
        """The same neuron with figures that pass beside it, right and up."""
        x, y = self.canvas.point
        return Centre(self.index, replace(self.canvas, x=x + by_px[0], y=y - by_px[1]))


def central(backbone: Backbone, layer: str, side: int) -> Centre:
    """The central neuron of `layer` in square images of `side` pixels."""
    sampling = backbone.sampling(layer, side)
    nearest = round(((side - 1) / 2 - sampling.offset) / sampling.stride)
    index = min(max(nearest, 0), sampling.size - 1)
    at = sampling.offset + sampling.stride * index
    return Centre(index, Canvas(side, at, at))


def fitting_side(backbone: Backbone, layer: str) -> int:
    """The side of the smallest image that holds a central neuron's receptive field.

    Rounded up to a multiple of two strides, so that the neuron lies within half a stride of the
    middle; at most the side that the backbone was trained at.
    """
    sampling = backbone.sampling(layer)
    step = 2 * sampling.stride
    return min(-(-sampling.receptive_field // step) * step, backbone.input_px)
