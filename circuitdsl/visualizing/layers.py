"""Views of a network: what every layer gives for one image, and where a class comes from.

In: a network, an image. Out: for each layer its size, how many units are silent, its strongest
units' maps; for a class, a map of the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.select import layer_named
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LayerView:
    """What a layer gives for one image.

    Attributes:
        name: The layer.
        kind: What it computes.
        shape: Rows, columns and channels; channels alone for a layer without positions.
        weights: The number of its own weights and biases.
        silent: The share of its values that are 0 or below.
        mean: The mean of its values.
        largest: Its largest value.
        channels: Its strongest channels by their largest value, strongest first.
        maps: Their maps, `[channel, row, column]`; values `[channel]` without positions.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int
    silent: float
    mean: float
    largest: float
    channels: tuple[int, ...]
    maps: Floats

    def record(self) -> dict[str, Any]:
        """The layer as JSON has it, without its maps."""
        return {
            "layer": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "weights": self.weights,
            "silent": self.silent,
            "mean": self.mean,
            "largest": self.largest,
            "strongest_channels": list(self.channels),
        }


def layer_views(network: Network, image: Floats, strongest: int = 8) -> tuple[LayerView, ...]:
    """Every layer after the image, in order of computation.

    Args:
        network: A trained network.
        image: RGB, 0..255, `[height, width, 3]`.
        strongest: The channels of each layer whose maps are kept.
    """
    backbone = network.backbone
    names = [layer.name for layer in backbone.layers if layer.kind != "input"]
    values = network.activations(image[None], names)
    return tuple(
        _view(network, name, np.asarray(values[name], np.float32)[0], strongest) for name in names
    )


def _view(network: Network, name: str, values: Floats, strongest: int) -> LayerView:
    layer = network.backbone.by_name[name]
    peaks = values.reshape(-1, values.shape[-1]).max(axis=0)
    best = np.argsort(-peaks, kind="stable")[:strongest]
    shapes = network.backbone.parameter_shapes
    keys = (layer.kernel_key, layer.bias_key) if layer.has_weights else ()
    return LayerView(
        name=name,
        kind=layer.kind,
        shape=values.shape,
        weights=sum(int(np.prod(shapes[key])) for key in keys),
        silent=float((values <= 0).mean()),
        mean=float(values.mean()),
        largest=float(values.max()),
        channels=tuple(best.tolist()),
        maps=np.moveaxis(values, -1, 0)[best],
    )


@dataclass(frozen=True, eq=False)
class Filters:
    """The weights of one unit of a convolution.

    Attributes:
        kernel: `[row, column, source channel]`.
        bias: Its bias.
    """

    kernel: Floats
    bias: float


def filters(network: Network, layer: str, channel: int) -> Filters:
    """The weights of one unit.

    Raises:
        InputError: the layer is no convolution, or has no such unit.
    """
    declared = layer_named(network.backbone, layer)
    if declared.kind != "conv" or not 0 <= channel < declared.width:
        raise InputError(
            f"`{layer}:{channel}` is no unit of a convolution",
            help=f"name a convolution; {declared.name} has {declared.width} units",
        )
    params = network.params
    kernel = np.asarray(params[declared.kernel_key][..., channel])
    return Filters(kernel, float(params[declared.bias_key][channel]))


def last_maps(network: Network) -> str:
    """The last layer with positions before the classifier."""
    backbone = network.backbone
    name = backbone.classifier
    while not backbone.by_name[name].has_positions:
        name = backbone.by_name[name].inputs[0]
    return name


def grad_cam(network: Network, image: Floats, number: int, layer: str | None = None) -> Floats:
    """Where in an image the evidence for a class lies.

    `relu(sum over k of w_k A_k)`, with A the maps of a layer and w_k the mean over positions of the
    derivative of the class's logit by A_k (Selvaraju et al. 2017, "Grad-CAM").

    Args:
        network: A network with a classifier.
        image: RGB, 0..255, `[height, width, 3]`.
        number: Of the output.
        layer: A layer with positions; by default the last one.

    Returns:
        `[row, column]` of the layer, not negative.

    Raises:
        InputError: no classifier, no such output, or no such layer on the way to it.
    """
    backbone = network.backbone
    classes = backbone.by_name[backbone.classifier].width
    if not 0 <= number < classes:
        raise InputError(f"{backbone.name} has outputs 0 to {classes - 1}, not {number}")
    name = last_maps(network) if layer is None else layer_named(backbone, layer).name
    maps = network.activations(image[None], [name])[name]

    def logit(values: Array) -> Array:
        return network.resume({name: values}, [backbone.classifier])[backbone.classifier][0, number]

    weights = jax.grad(logit)(maps).mean(axis=(1, 2), keepdims=True)
    return np.asarray(jax.nn.relu((maps * weights).sum(axis=-1)))[0]


def over_image(map_: Floats, side: int) -> Floats:
    """A map enlarged to an image's side, bilinear, its largest value 1."""
    large = jax.image.resize(jnp.asarray(map_), (side, side), "bilinear")
    return np.asarray(large / jnp.maximum(large.max(), 1e-12))
