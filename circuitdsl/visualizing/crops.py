"""What units saw: crops of photographs, and which of their pixels mattered.

In: places in photographs where units answered. Out: the receptive fields there as images, grey
beyond the photograph's edge, and the gradient of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.aims import Aim
from circuitdsl.measure.examples import Example
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.visualizing.aims import Cut, Weights, cut

Floats = NDArray[np.float32]

GREY = 127.5
_BATCH = 8


@dataclass(frozen=True)
class Box:
    """A square of a photograph, in pixels of the image that the network saw.

    Attributes:
        left: The first column; may lie outside.
        top: The first row.
        side: Columns and rows.
    """

    left: int
    top: int
    side: int

    def of(self, image: Floats, beyond: float = GREY) -> Floats:
        """The square of an image `[height, width, ...]`, of one value beyond its edge."""
        height, width = image.shape[:2]
        crop = np.full((self.side, self.side, *image.shape[2:]), beyond, np.float32)
        rows, columns = self._within(self.top, height), self._within(self.left, width)
        crop[
            rows.start - self.top : rows.stop - self.top,
            columns.start - self.left : columns.stop - self.left,
        ] = image[rows, columns]
        return crop

    def _within(self, first: int, size: int) -> slice:
        return slice(min(max(first, 0), size), max(min(first + self.side, size), 0))


def field(backbone: Backbone, layer: str, example: Example) -> Box:
    """The receptive field at a place; the whole image for a layer without positions."""
    side = backbone.input_px
    sampling = backbone.sampling(layer)
    if not backbone.by_name[layer].has_positions or sampling.receptive_field >= 2 * side:
        return Box(0, 0, side)
    half = (sampling.receptive_field - 1) / 2
    left, top = (
        round(sampling.offset + sampling.stride * at - half) for at in (example.column, example.row)
    )
    return Box(left, top, sampling.receptive_field)


def crops(
    photographs: ImageSet, backbone: Backbone, layer: str, examples: Sequence[Example]
) -> tuple[Floats, ...]:
    """The receptive field of each example, RGB, 0..255, `[side, side, 3]`.

    Each photograph is read once.
    """
    images = photographed(photographs, backbone, examples)
    return tuple(field(backbone, layer, one).of(images[one.place]) for one in examples)


def photographed(
    photographs: ImageSet, backbone: Backbone, examples: Sequence[Example]
) -> dict[int, Floats]:
    """The photographs of some examples by their numbers, as the network saw them."""
    places = sorted({one.place for one in examples})
    return {
        int(place): image
        for batch in photographs.part_for(backbone, places, _BATCH)
        for place, image in zip(batch.places, batch.real, strict=True)
    }


def saliency(
    network: Network | HandwrittenNetwork,
    aim: Aim,
    images: Floats,
    examples: Sequence[Example],
) -> Floats:
    """How much each pixel moves the answer at a place: the gradient's length over colours.

    Args:
        network: The network.
        aim: What answers.
        images: RGB, 0..255, the photograph of each example, `[example, height, width, 3]`;
            at least one.
        examples: Where.

    Returns:
        `[example, height, width]`, in activation for a grey level.
    """
    cutoff, readout = cut(network, aim), jnp.asarray(aim.readout)
    rows = [
        _gradient(cutoff, cutoff.weights, readout, jnp.asarray(image), (one.row, one.column))
        for image, one in zip(images, examples, strict=True)
    ]
    return np.stack([np.asarray(row) for row in rows])


@partial(jax.jit, static_argnames=("cutoff",))
def _gradient(
    cutoff: Cut, weights: Weights, readout: Array, image: Array, at: tuple[int, int]
) -> Array:
    def answer(pixels: Array) -> Array:
        values = cutoff.before(weights, pixels[None])[0] @ readout
        return values if values.ndim == 0 else values[at]

    return jnp.linalg.norm(jax.grad(answer)(image), axis=-1)
