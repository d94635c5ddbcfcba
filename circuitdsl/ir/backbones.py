"""Backbones as geometry: the layers of an architecture, what each reads, and where each samples.

In: nothing. Out: `Backbone` tables that the checker, the compiler and the network modules share.
Widths and names only; no weight is known here, which is what keeps hand-written circuits honest.

The plane has x to the right and **y up**; input pixel (row, column) sits at (column, -row). A layer
samples it at `X(i) = stride * i + offset` on each axis. Through a window of size k, stride t and
left padding p: `s' = s t`, `o' = o + s ((k - 1)/2 - p)`, `R' = R + (k - 1) s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

LayerKind = Literal["input", "conv", "maxpool", "lrn", "concat", "avgpool", "dense", "softmax"]


class GeometryError(ValueError):
    """A question that a backbone's geometry has no answer to; the text says why."""


@dataclass(frozen=True)
class Layer:
    """One layer of a backbone, by its TensorFlow name.

    Attributes:
        name: The TensorFlow graph's name, for example `mixed3b_5x5_bottleneck`.
        kind: What it computes. `conv` and `dense` have weights `NAME_w` and `NAME_b`; a `conv` is
            followed by ReLU. The dense `NAME_pre_activation` has `NAME_w` and `NAME_b`.
        inputs: Names of the layers it reads; several only for `concat`.
        width: Channels out.
        kernel: Side of the window, in taps (1 where there is none).
        stride: Step of the window, in taps.
    """

    name: str
    kind: LayerKind
    inputs: tuple[str, ...]
    width: int
    kernel: int = 1
    stride: int = 1


@dataclass(frozen=True)
class Sampling:
    """Where a layer samples the input plane, in pixels.

    Attributes:
        stride: Pixels from one position to the next.
        offset: The coordinate of position 0 on each axis (x, and -y).
        receptive_field: Side of the square of pixels that can reach one neuron.
        size: Positions along each axis.
    """

    stride: int
    offset: float
    receptive_field: int
    size: int


@dataclass(frozen=True)
class Backbone:
    """An architecture: its layers in order of computation, and the input side it was trained at."""

    name: str
    layers: tuple[Layer, ...]
    input_px: int

    def __hash__(self) -> int:
        # the geometry is looked up often, and hashing every layer each time would be most of it
        return hash(self.name)

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        """Every layer under its name."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def order(self) -> dict[str, int]:
        """The place of each layer in the order of computation."""
        return {layer.name: index for index, layer in enumerate(self.layers)}

    @cached_property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight under its TensorFlow name.

        Kernels are `[height, width, in, out]`, a dense layer's weights `[in, out]`, biases `[out]`.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in self.layers:
            if layer.kind not in ("conv", "dense"):
                continue
            stem = layer.name.removesuffix("_pre_activation")  # `softmax2_w`, as TensorFlow has it
            window = (layer.kernel, layer.kernel) if layer.kind == "conv" else ()
            shapes[f"{stem}_w"] = (*window, self.by_name[layer.inputs[0]].width, layer.width)
            shapes[f"{stem}_b"] = (layer.width,)
        return shapes

    def sampling(self, name: str, input_px: int | None = None) -> Sampling:
        """Where layer `name` samples an input of `input_px` pixels (default: as trained).

        With SAME padding the offset depends on the size of the input.
        """
        size = self.input_px if input_px is None else input_px
        return _sampling(self, name, size)

    def branch_layers(self, name: str) -> tuple[Layer, ...]:
        """The layers that a concatenation joins, in channel order; a plain layer alone."""
        layer = self.by_name[name]
        if layer.kind != "concat":
            return (layer,)
        return tuple(self.by_name[part] for part in layer.inputs)

    def branch_of(self, name: str, unit: int) -> tuple[str, int]:
        """The branch layer, and the channel in it, that unit `unit` of layer `name` is.

        Raises:
            GeometryError: the layer has no such unit.
        """
        start = 0
        for branch in self.branch_layers(name):
            if 0 <= unit - start < branch.width:
                return branch.name, unit - start
            start += branch.width
        raise GeometryError(f"{name}:{unit} is out of range; {name} has {start} units")

    def between(self, source: str, target: str) -> tuple[Layer, ...]:
        """The pooling and normalisation steps on the way from layer `source` to conv `target`.

        A 1x1 bottleneck in between is passed by identity and concatenations are transparent, so
        neither is listed. `input` is a legal source.

        Raises:
            GeometryError: no such way, or another layer with a kernel of its own lies on it.
        """
        return _between(self, source, target)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int, int]:
    """Output size and the padding before and after, as TensorFlow's `SAME` has them."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return out, total // 2, total - total // 2


@cache
def _sampling(backbone: Backbone, name: str, input_px: int) -> Sampling:
    layer = backbone.by_name[name]
    if layer.kind == "input":
        return Sampling(1, 0.0, 1, input_px)
    # the branches of a concatenation share stride and offset; the widest field counts
    sources = [_sampling(backbone, source, input_px) for source in layer.inputs]
    base = max(sources, key=lambda sampling: sampling.receptive_field)
    if layer.kind in ("avgpool", "dense", "softmax"):
        return Sampling(input_px, (input_px - 1) / 2, input_px, 1)
    size, before, _ = same_padding(base.size, layer.kernel, layer.stride)
    return Sampling(
        base.stride * layer.stride,
        base.offset + base.stride * ((layer.kernel - 1) / 2 - before),
        base.receptive_field + (layer.kernel - 1) * base.stride,
        size,
    )


@cache
def _between(backbone: Backbone, source: str, target: str) -> tuple[Layer, ...]:
    steps: list[Layer] = []
    order = backbone.order
    if order[source] >= order[target]:
        raise GeometryError(f"{target} does not read {source}: edges point forward")
    goal = {source}
    # a branch is read through the concatenation that it is part of
    goal |= {
        layer.name for layer in backbone.layers if layer.kind == "concat" and source in layer.inputs
    }
    at = backbone.by_name[target].inputs[0]
    while at not in goal:
        if order[at] < order[source]:
            raise GeometryError(f"{target} does not read {source}: it lies on another branch")
        layer = backbone.by_name[at]
        if layer.kind in ("maxpool", "lrn"):
            steps.append(layer)
        elif layer.kind == "conv" and layer.name.endswith("_bottleneck"):
            pass
        else:
            raise GeometryError(f"{target} cannot read {source}: {at} lies between")
        at = layer.inputs[0]
    return tuple(reversed(steps))


_Widths = tuple[int, int, int, int, int, int]
"""1x1, 3x3_bottleneck, 3x3, 5x5_bottleneck, 5x5, pool_reduce."""


def _inception(name: str, source: str, widths: _Widths) -> list[Layer]:
    one, three_in, three, five_in, five, pool = widths
    source_width = 0  # a pool keeps its source's width; filled in by _pooled
    return [
        Layer(f"{name}_1x1", "conv", (source,), one),
        Layer(f"{name}_3x3_bottleneck", "conv", (source,), three_in),
        Layer(f"{name}_3x3", "conv", (f"{name}_3x3_bottleneck",), three, 3),
        Layer(f"{name}_5x5_bottleneck", "conv", (source,), five_in),
        Layer(f"{name}_5x5", "conv", (f"{name}_5x5_bottleneck",), five, 5),
        Layer(f"{name}_pool", "maxpool", (source,), source_width, 3),
        Layer(f"{name}_pool_reduce", "conv", (f"{name}_pool",), pool),
        Layer(
            name,
            "concat",
            (f"{name}_1x1", f"{name}_3x3", f"{name}_5x5", f"{name}_pool_reduce"),
            one + three + five + pool,
        ),
    ]


def _stem(conv2d0: int, conv2d1: int, conv2d2: int) -> list[Layer]:
    return [
        Layer("input", "input", (), 3),
        Layer("conv2d0", "conv", ("input",), conv2d0, 7, 2),
        Layer("maxpool0", "maxpool", ("conv2d0",), conv2d0, 3, 2),
        Layer("localresponsenorm0", "lrn", ("maxpool0",), conv2d0),
        Layer("conv2d1", "conv", ("localresponsenorm0",), conv2d1),
        Layer("conv2d2", "conv", ("conv2d1",), conv2d2, 3),
        Layer("localresponsenorm1", "lrn", ("conv2d2",), conv2d2),
        Layer("maxpool1", "maxpool", ("localresponsenorm1",), conv2d2, 3, 2),
    ]


def _head(source: str, width: int, classes: int) -> list[Layer]:
    return [
        Layer("avgpool0", "avgpool", (source,), width),
        Layer("softmax2_pre_activation", "dense", ("avgpool0",), classes),
        Layer("softmax2", "softmax", ("softmax2_pre_activation",), classes),
    ]


def _pooled(layers: list[Layer]) -> tuple[Layer, ...]:
    widths: dict[str, int] = {}
    done: list[Layer] = []
    for layer in layers:
        width = layer.width or widths[layer.inputs[0]]
        widths[layer.name] = width
        done.append(Layer(layer.name, layer.kind, layer.inputs, width, layer.kernel, layer.stride))
    return tuple(done)


def _inceptionv1() -> Backbone:
    # widths: Szegedy et al. 2014, "Going deeper with convolutions", table 1, but for mixed4a's
    # 3x3 (204), which the released TensorFlow weights have
    blocks: list[tuple[str, str, _Widths]] = [
        ("mixed3a", "maxpool1", (64, 96, 128, 16, 32, 32)),
        ("mixed3b", "mixed3a", (128, 128, 192, 32, 96, 64)),
        ("mixed4a", "maxpool4", (192, 96, 204, 16, 48, 64)),
        ("mixed4b", "mixed4a", (160, 112, 224, 24, 64, 64)),
        ("mixed4c", "mixed4b", (128, 128, 256, 24, 64, 64)),
        ("mixed4d", "mixed4c", (112, 144, 288, 32, 64, 64)),
        ("mixed4e", "mixed4d", (256, 160, 320, 32, 128, 128)),
        ("mixed5a", "maxpool10", (256, 160, 320, 48, 128, 128)),
        ("mixed5b", "mixed5a", (384, 192, 384, 48, 128, 128)),
    ]
    layers = _stem(64, 64, 192)
    for name, source, widths in blocks:
        if source.startswith("maxpool") and source != "maxpool1":
            layers.append(Layer(source, "maxpool", (layers[-1].name,), 0, 3, 2))
        layers += _inception(name, source, widths)
    return Backbone("inceptionv1", _pooled(layers + _head("mixed5b", 1024, 1008)), 224)


def _tiny() -> Backbone:
    # a 5x5 branch with room for one curve unit or two in each direction, so that they spread out;
    # XLA runs a stem of 64 channels several times as fast as one of 24
    layers = _stem(64, 24, 48)
    layers += _inception("mixed3a", "maxpool1", (16, 24, 40, 12, 24, 8))
    layers += _inception("mixed3b", "mixed3a", (16, 16, 24, 24, 16, 8))
    return Backbone("tiny", _pooled(layers + _head("mixed3b", 64, TINY_CLASSES)), 224)


TINY_CLASSES = 20
BACKBONES: dict[str, Backbone] = {backbone.name: backbone for backbone in (_inceptionv1(), _tiny())}
"""The architectures that a `backbone` declaration can name."""
