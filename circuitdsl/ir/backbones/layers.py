"""One layer of a backbone: what it computes, from which layers, through which window.

A layer is data. A new network is a table of these; no code asks what a layer is called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from circuitdsl.text.diagnostics import InputError

LayerKind = Literal[
    "input",
    "conv",
    "maxpool",
    "avgpool",
    "lrn",
    "concat",
    "add",
    "globalpool",
    "dense",
    "softmax",
]
"""`globalpool` is the mean over all positions; `add` the sum of layers of one shape."""

Activation = Literal["relu", "relu6", "none"]
Border = Literal["zeros", "reflect", "exclude"]
"""What a window reads outside its source: zeros, the source mirrored at its outermost positions,
or nothing, so that an average is taken over fewer positions. A `maxpool` always reads nothing."""

Padding = Literal["same"] | tuple[int, int]
"""Positions added before (above and left of) the source and after it; `same` is TensorFlow's rule,
which gives numbers once the size of the source is known."""

VALID: Padding = (0, 0)


class GeometryError(InputError):
    """A question that a backbone's geometry has no answer to; the message says why."""


@dataclass(frozen=True)
class Lrn:
    """Local response normalisation, `x / (bias + alpha * s) ** beta`.

    `s` is the sum of squares over the channels at most `radius` away. Caffe and PyTorch state an
    alpha that they divide by the number of those channels; here it is the factor itself.
    """

    radius: int
    alpha: float
    beta: float
    bias: float


@dataclass(frozen=True)
class Layer:
    """One layer of a backbone.

    Attributes:
        name: The name that the network's authors gave it, an identifier of the language.
        kind: What it computes.
        inputs: Names of the layers it reads; several only for `concat` and `add`.
        width: Channels out; 0 in a table means as many as its source (`declared` fills it in).
        kernel: Side of the window, in taps (1 where there is none).
        stride: Step of the window, in taps.
        padding: What surrounds the source.
        ceil: A last window that only partly fits counts (Caffe's pools, PyTorch's `ceil_mode`).
        border: What a window reads outside its source.
        groups: Channels of a `conv` are split into so many parts that do not see each other.
        activation: What follows a `conv`, an `add` or a `dense`; other kinds have none.
        bottleneck: The layer only narrows (or recolours) what another layer reads, by a 1x1
            `conv`: families pass it by the identity, and edges are taken through it.
        lrn: The numbers of an `lrn` layer.
        weights: The stem of the names of its weights, if that is not its own name.
    """

    name: str
    kind: LayerKind
    inputs: tuple[str, ...]
    width: int
    kernel: int = 1
    stride: int = 1
    padding: Padding = "same"
    ceil: bool = False
    border: Border = "zeros"
    groups: int = 1
    activation: Activation = "relu"
    bottleneck: bool = False
    lrn: Lrn | None = None
    weights: str = ""

    @property
    def has_weights(self) -> bool:
        """Whether the layer multiplies by weights."""
        return self.kind in ("conv", "dense")

    @property
    def has_units(self) -> bool:
        """Whether its channels are units of its own: not another layer's, pooled or joined."""
        return self.kind in ("conv", "add")

    @property
    def keeps_channels(self) -> bool:
        """Whether each channel out is the same channel in, pooled or normalised."""
        return self.kind in ("maxpool", "avgpool", "lrn")

    @property
    def has_positions(self) -> bool:
        """Whether the values are maps, with a place in the image."""
        return self.kind not in ("globalpool", "dense", "softmax")

    @property
    def rectified(self) -> bool:
        """Whether an activation function follows, so that there are values before it."""
        return self.has_units and self.activation != "none"

    @property
    def kernel_key(self) -> str:
        """The name of its kernel or matrix."""
        return f"{self.weights or self.name}_w"

    @property
    def bias_key(self) -> str:
        """The name of its bias."""
        return f"{self.weights or self.name}_b"

    def window(self, size: int) -> tuple[int, int, int]:
        """Positions out, and the padding before and after, for a source of `size` positions.

        The padding after is what the last window reaches, with `ceil` more than the table says.

        Raises:
            GeometryError: the source is smaller than the window.
        """
        if self.padding == "same":
            return same_padding(size, self.kernel, self.stride)
        before, after = self.padding
        room = size + before + after - self.kernel
        if room < 0:
            raise GeometryError(
                f"{self.name} has a window of {self.kernel} positions, and what it reads has "
                f"{size + before + after}"
            )
        last = -(-room // self.stride) if self.ceil else room // self.stride
        if self.ceil and last * self.stride >= size + before:
            last -= 1  # Caffe drops a window that starts in the padding
        return last + 1, before, max(last * self.stride + self.kernel - size - before, 0)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int, int]:
    """Output size and the padding before and after, as TensorFlow's `SAME` has them."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return out, total // 2, total - total // 2


def declared(layers: list[Layer]) -> tuple[Layer, ...]:
    """A table with the widths filled in that follow from others.

    Raises:
        ValueError: the table contradicts itself; the text names the layer.
    """
    widths: dict[str, int] = {}
    done: list[Layer] = []
    for layer in layers:
        if layer.name in widths or not all(source in widths for source in layer.inputs):
            raise ValueError(f"{layer.name} comes twice, or reads what does not come before it")
        sources = [widths[source] for source in layer.inputs]
        follows = sum(sources) if layer.kind == "concat" else sources[0] if sources else layer.width
        free = layer.has_weights or layer.kind == "input"
        width = layer.width or follows
        if not free and (width != follows or (layer.kind == "add" and len(set(sources)) > 1)):
            raise ValueError(f"{layer.name} is {width} wide, and what it reads {sources}")
        if width % layer.groups or (sources and sources[0] % layer.groups):
            raise ValueError(f"{layer.name} cannot be split into {layer.groups} groups")
        widths[layer.name] = width
        done.append(layer if width == layer.width else replace(layer, width=width))
    return tuple(done)
