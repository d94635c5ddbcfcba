"""Backbones as geometry: the layers of an architecture, what each reads, and where each samples.

In: nothing. Out: `Backbone` tables that the checker, the compiler and the network modules share.
Widths and names only; no weight is known here, which is what keeps hand-written circuits honest.

The plane has x to the right and **y up**; input pixel (row, column) sits at (column, -row). A layer
samples it at `X(i) = stride * i + offset` on each axis. Through a window of size k, stride t and
padding p before it: `s' = s t`, `o' = o + s ((k - 1)/2 - p)`, `R' = R + (k - 1) s`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from circuitdsl.ir.backbones.layers import GeometryError, Layer
from circuitdsl.ir.backbones.naming import TORCH, Rule
from circuitdsl.ir.backbones.preprocessing import GREY, Preprocessing


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
    """An architecture: its layers in order of computation, and all else that its users need.

    Attributes:
        name: What the language and the registry call it.
        layers: In order of computation.
        input_px: The side of the images that it was trained on.
        preprocessing: What happens to an image before the first layer.
        logits: The layer before the softmax; None where the table ends before a classifier.
        labels: The list of labels that its outputs have (`models.labels`), or the labels
            themselves; "" if they stand in its weight file.
        short_names: Other names of layers, `(name, layer)`; `3b:379` is written with one.
        rules: Names of weights in other people's files.
        norm_epsilon: Of the batch normalisations that those files may have.
    """

    name: str
    layers: tuple[Layer, ...]
    input_px: int
    preprocessing: Preprocessing = GREY
    logits: str | None = None
    labels: str | tuple[str, ...] = ""
    short_names: tuple[tuple[str, str], ...] = ()
    rules: tuple[Rule, ...] = TORCH
    norm_epsilon: float = 1e-5

    def __repr__(self) -> str:
        """The architecture in a line; `layers` has all of it."""
        return f"<backbone {self.name}: {len(self.layers)} layers, {self.input_px} px>"

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
        """The shape of every weight under its name.

        Kernels are `[height, width, in / groups, out]`, a dense layer's weights `[in, out]`, biases
        `[out]`.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in self.layers:
            if not layer.has_weights:
                continue
            window = (layer.kernel, layer.kernel) if layer.kind == "conv" else ()
            source = self.by_name[layer.inputs[0]].width // layer.groups
            shapes[layer.kernel_key] = (*window, source, layer.width)
            shapes[layer.bias_key] = (layer.width,)
        return shapes

    @cached_property
    def example_block(self) -> str:
        """A layer with units to name in a message: the second block, if it has blocks."""
        for kind in ("concat", "add", "conv"):
            names = [layer.name for layer in self.layers if layer.kind == kind]
            if names:
                return names[min(1, len(names) - 1)]
        return self.layers[-1].name

    @cached_property
    def normalises(self) -> bool:
        """Whether it has local response normalisation of its own."""
        return any(layer.kind == "lrn" for layer in self.layers)

    @property
    def classifier(self) -> str:
        """The layer before the softmax.

        Raises:
            GeometryError: the table ends before a classifier.
        """
        if self.logits is None:
            raise GeometryError(
                f"{self.name} has no classifier, and this needs its outputs",
                why=f"its table ends at {self.layers[-1].name}",
                help="choose a network with a classifier: see `circuitdsl models list`",
            )
        return self.logits

    def called(self, name: str) -> str:
        """The layer that a short name stands for; any other name is itself."""
        return name if name in self.by_name else dict(self.short_names).get(name, name)

    def sampling(self, name: str, input_px: int | None = None) -> Sampling:
        """Where layer `name` samples an input of `input_px` pixels (default: as trained).

        With SAME padding the offset depends on the size of the input.

        Raises:
            GeometryError: the input is too small for a window on the way.
        """
        size = self.input_px if input_px is None else input_px
        return _sampling(self, name, size)

    # ---- channels

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

    def block_of(self, branch: str) -> tuple[str, int]:
        """The block that joins a branch, and its first channel there; else the layer itself."""
        for layer in self.layers:
            if layer.kind == "concat" and branch in layer.inputs:
                before = layer.inputs[: layer.inputs.index(branch)]
                return layer.name, sum(self.by_name[name].width for name in before)
        return branch, 0

    def unit_name(self, branch: str, channel: int) -> str:
        """A unit by its block's number, such as `mixed3b:379`."""
        block, start = self.block_of(branch)
        return f"{block}:{start + channel}"

    def carriers(self, read: str) -> tuple[tuple[Layer, int], ...]:
        """The layers whose units a layer has side by side, each with its first channel.

        Pools and normalisations keep channels apart, or nearly so; the layer's own units are one.
        """
        layer = self.by_name[self._unpooled(read)]
        starts = [0]
        branches = self.branch_layers(layer.name)
        for branch in branches:
            starts.append(starts[-1] + branch.width)
        return tuple(zip(branches, starts, strict=False))

    def arrives(self, source: str, read: str) -> int | None:
        """The first channel by which a layer's channels stand in a later one; None if nowhere.

        Pools, normalisations, concatenations and sums pass channels on.
        """
        if source == read:
            return 0
        layer, start = self.by_name[read], 0
        if self.order[read] < self.order[source] or layer.has_weights:
            return None
        for name in layer.inputs:
            inner = self.arrives(source, name)
            if inner is not None:
                return start + inner
            start += self.by_name[name].width if layer.kind == "concat" else 0
        return None

    @cached_property
    def streams(self) -> dict[str, str]:
        """Layers whose channels sums identify, each with the first of its kind.

        Channel 5 of each summand and of the sum are one; whoever lays circuits into channels has to
        count them once.
        """
        first: dict[str, str] = {}
        for layer in self.layers:
            if layer.kind != "add":
                continue
            names = [self._unpooled(name) for name in layer.inputs]
            old = [first.get(name, name) for name in names]
            root = min(old, key=self.order.__getitem__)
            sources = {*names, layer.name, *(name for name, at in first.items() if at in old)}
            first |= dict.fromkeys(sources, root)
        return first

    def _unpooled(self, name: str) -> str:
        while self.by_name[name].keeps_channels:
            name = self.by_name[name].inputs[0]
        return name

    # ---- ways

    def readers(self, name: str) -> Iterator[Layer]:
        """The layers that read a layer."""
        return (layer for layer in self.layers if name in layer.inputs)

    def holds_family(self, name: str) -> bool:
        """Whether a hand-written family can stand in a layer.

        It can in a convolution that is rectified, or summed first and then rectified.
        """
        layer = self.by_name[name]
        summed = any(reader.kind == "add" for reader in self.readers(name))
        return layer.kind == "conv" and (layer.rectified or summed)

    def between(self, source: str, target: str) -> tuple[Layer, ...]:
        """The pooling and normalisation steps on the way from layer `source` to conv `target`.

        A bottleneck in between is passed by identity, and so is a sum, to which a family's other
        summands add nothing; concatenations are transparent. None of these is listed. `input` is a
        legal source.

        Raises:
            GeometryError: no such way, or another layer with a kernel of its own lies on it.
        """
        return _between(self, source, target)

    def common_source(self, names: tuple[str, ...]) -> tuple[str, int] | None:
        """The last layer that all of some layers are computed from, and how far they reach.

        A neuron of those layers needs only as many positions of that layer to each side.

        Returns:
            The layer and the positions, or None where a window on the way steps, or stands beside
            its source's position.
        """
        reaches = [_reaches(self, name) for name in names]
        shared = set(reaches[0]).intersection(*reaches[1:])
        if not shared:
            return None
        nearest = max(shared, key=self.order.__getitem__)
        return nearest, max(reach[nearest] for reach in reaches)


@cache
def _sampling(backbone: Backbone, name: str, input_px: int) -> Sampling:
    layer = backbone.by_name[name]
    if layer.kind == "input":
        return Sampling(1, 0.0, 1, input_px)
    # the branches of a concatenation share stride and offset; the widest field counts
    sources = [_sampling(backbone, source, input_px) for source in layer.inputs]
    base = max(sources, key=lambda sampling: sampling.receptive_field)
    if not layer.has_positions:
        return Sampling(input_px, (input_px - 1) / 2, input_px, 1)
    size, before, _ = layer.window(base.size)
    return Sampling(
        base.stride * layer.stride,
        base.offset + base.stride * ((layer.kernel - 1) / 2 - before),
        base.receptive_field + (layer.kernel - 1) * base.stride,
        size,
    )


@cache
def _between(backbone: Backbone, source: str, target: str) -> tuple[Layer, ...]:
    order = backbone.order
    if order[source] >= order[target]:
        raise GeometryError(f"{target} does not read {source}: edges point forward")
    # a branch is read through the concatenation or the sum that it is part of
    goal = {source} | {
        layer.name for layer in backbone.readers(source) if layer.kind in ("concat", "add")
    }

    def way(at: str) -> tuple[Layer, ...]:
        if at in goal:
            return ()
        if order[at] < order[source]:
            raise GeometryError(f"{target} does not read {source}: it lies on another branch")
        layer = backbone.by_name[at]
        if layer.keeps_channels:
            return (*way(layer.inputs[0]), layer)
        if layer.bottleneck:
            return way(layer.inputs[0])
        shortcuts = [
            name
            for name in (layer.inputs if layer.kind == "add" else ())
            if backbone.by_name[name].kind != "conv" or backbone.by_name[name].rectified
        ]
        if not shortcuts:
            raise GeometryError(f"{target} cannot read {source}: {at} lies between")
        return way(shortcuts[0])

    return way(backbone.by_name[target].inputs[0])


@cache
def _reaches(backbone: Backbone, name: str) -> dict[str, int]:
    """How many positions to each side a neuron sees of the layers that it is computed from."""
    layer = backbone.by_name[name]
    inner: dict[str, list[int]] = {}
    aligned = layer.stride == 1 and layer.window(64)[:2] == (64, layer.kernel // 2)
    if not aligned or layer.kernel % 2 == 0:
        return {}
    for source in layer.inputs:
        for below, reach in {source: 0, **_reaches(backbone, source)}.items():
            inner.setdefault(below, []).append(reach)
    # what only some of the inputs are computed from does not determine the layer
    return {
        below: max(reaches) + layer.kernel // 2
        for below, reaches in inner.items()
        if len(reaches) == len(layer.inputs)
    }
