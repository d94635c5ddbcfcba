"""Expanded weights: what a unit reads of a layer any number of steps before it.

In: a network, an earlier layer, units. Out: one kernel for each pair, as if nothing but weights lay
between. The network between the two is made linear: activation functions pass what comes, a pool by
the maximum is one by the mean of its window, local response normalisation divides by what it
divides by where all is silent, `bias ** beta`. The expanded kernel is the derivative of the unit by
the earlier layer: along one path of convolutions it is the convolution of their kernels,

    W[u, a, c] = sum over b and v of W2[v, b, c] W1[u - v, a, b],

and paths add up (Voss et al. 2021, "Visualizing Weights", call these expanded weights).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.select import layer_named
from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.measure.aims import Aim
from circuitdsl.models.convolution import average_pool, convolve, margins
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

SHARE = 0.3
"""Of the largest magnitude; what has less is not listed."""


@dataclass(frozen=True, eq=False)
class Expanded:
    """What some units read of an earlier layer.

    Attributes:
        source: The earlier layer.
        targets: The units' names.
        kernel: `[row, column, source channel, target]`, rows downwards.
        tap_px: Pixels of the image from one tap to the next.
        middle_px: Where the middle of the window lies, right and up of the targets' own place.
    """

    source: str
    targets: tuple[str, ...]
    kernel: Floats
    tap_px: float
    middle_px: tuple[float, float]

    @property
    def magnitudes(self) -> Floats:
        """The length of each pair's kernel, `[source channel, target]`."""
        return np.sqrt(np.square(self.kernel).sum(axis=(0, 1)))

    @property
    def sums(self) -> Floats:
        """The sum of each pair's kernel, whose sign says excitation or inhibition."""
        return self.kernel.sum(axis=(0, 1))

    def upstream(self, target: int, share: float = SHARE) -> tuple[Read, ...]:
        """The channels that a target reads with at least this share of the largest magnitude."""
        magnitudes, sums = self.magnitudes[:, target], self.sums[:, target]
        return _ranked(magnitudes, sums, [f"{self.source}:{at}" for at in range(len(sums))], share)

    def downstream(self, channel: int, share: float = SHARE) -> tuple[Read, ...]:
        """The targets that read a channel with at least this share of the largest magnitude."""
        return _ranked(self.magnitudes[channel], self.sums[channel], self.targets, share)

    def record(self) -> dict[str, Any]:
        """The listed pairs as JSON has them."""
        return {
            "source": self.source,
            "tap_px": self.tap_px,
            "middle_px": list(self.middle_px),
            "targets": {
                name: [read.record() for read in self.upstream(at)]
                for at, name in enumerate(self.targets)
            },
        }


@dataclass(frozen=True)
class Read:
    """A pair of units with weights between them.

    Attributes:
        name: The other unit.
        number: Its place in its layer, or among the targets.
        magnitude: The length of the kernel.
        total: Its sum.
        share: The magnitude over the largest one.
    """

    name: str
    number: int
    magnitude: float
    total: float
    share: float

    def record(self) -> dict[str, Any]:
        """The pair as JSON has it."""
        return {"unit": self.name, "magnitude": self.magnitude, "sum": self.total}


def expanded(network: Network, source: str, aims: Sequence[Aim]) -> Expanded:
    """The expanded weights of some units of one layer.

    Args:
        network: A trained network.
        source: An earlier layer, or its short name; `input` for the image.
        aims: Units or directions, all of one layer.

    Raises:
        InputError: the layers are the wrong way round, have no positions, or none leads to the
            other.
    """
    backbone = network.backbone
    earlier = "input" if source == "input" else layer_named(backbone, source).name
    target = aims[0].layer
    on_way = _on_way(backbone, earlier, target)
    side, centre = _window(backbone, earlier, target)
    readouts = jnp.asarray(np.stack([aim.readout for aim in aims]))
    names = {key for name in on_way for key in _keys(backbone.by_name[name])}
    weights = {name: value for name, value in network.params.items() if name in names}
    way = _Way(backbone, earlier, target, side, centre)
    whole = np.asarray(_pulled(way, weights, readouts))
    rows, columns = (
        np.flatnonzero(np.abs(whole).sum(axis=axes)) for axes in ((1, 2, 3), (0, 2, 3))
    )
    if not len(rows):
        raise InputError(f"{target} reads nothing of {earlier}")
    kernel = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    near, far = (_placed(backbone, name, earlier, side) for name in (earlier, target))
    (start, tap), (offset, stride) = near, far
    own = offset + stride * centre
    right = float(start + tap * (columns[0] + columns[-1]) / 2 - own)
    down = float(start + tap * (rows[0] + rows[-1]) / 2 - own)
    names_of = tuple(aim.name for aim in aims)
    return Expanded(earlier, names_of, kernel.astype(np.float64), tap, (right, -down))


def _ranked(
    magnitudes: Floats, totals: Floats, names: Sequence[str], share: float
) -> tuple[Read, ...]:
    """The largest pairs, down to a share of the largest."""
    shares = magnitudes / (magnitudes.max(initial=0.0) or 1.0)
    return tuple(
        Read(names[at], at, float(magnitudes[at]), float(totals[at]), float(shares[at]))
        for at in map(int, np.argsort(-magnitudes, kind="stable"))
        if shares[at] >= share
    )


@dataclass(frozen=True)
class _Way:
    """From which layer to which, through how large a piece of the source, to which position."""

    backbone: Backbone
    source: str
    target: str
    side: int
    centre: int


@partial(jax.jit, static_argnames=("way",))
def _pulled(way: _Way, weights: dict[str, Array], readouts: Array) -> Array:
    """The derivative of readouts at one place, `[row, column, channel, readout]`."""

    def answers(x: Array) -> Array:
        maps = _linear(way.backbone, way.source, way.target, weights, x[None])
        return readouts @ maps[0, way.centre, way.centre]

    width = way.backbone.by_name[way.source].width
    pulled = jax.jacrev(answers)(jnp.zeros((way.side, way.side, width)))
    return jnp.moveaxis(pulled, 0, -1)


def _linear(
    backbone: Backbone, source: str, target: str, weights: dict[str, Array], x: Array
) -> Array:
    """The target's maps from the source's through the network made linear."""
    values = {source: x}
    on_way = _on_way(backbone, source, target)
    for layer in backbone.layers:
        if layer.name not in on_way or layer.name == source:
            continue
        inputs = [values.get(name) for name in layer.inputs]
        values[layer.name] = _step(backbone, layer, inputs, weights)
    return values[target]


def _step(
    backbone: Backbone, layer: Layer, inputs: list[Array | None], weights: dict[str, Array]
) -> Array:
    known = next(one for one in inputs if one is not None)
    match layer.kind:
        case "conv":
            return convolve(known, weights[layer.kernel_key], layer, layer.groups)
        case "maxpool" | "avgpool":
            return average_pool(known, layer, margins(layer, known))
        case "lrn" if layer.lrn is not None:
            return known / layer.lrn.bias**layer.lrn.beta
        case "concat":
            widths = [backbone.by_name[name].width for name in layer.inputs]
            parts = [
                jnp.zeros((*known.shape[:-1], width)) if one is None else one
                for one, width in zip(inputs, widths, strict=True)
            ]
            return jnp.concatenate(parts, axis=-1)
        case _:
            return sum((one for one in inputs if one is not None), jnp.zeros_like(known))


def _keys(layer: Layer) -> tuple[str, ...]:
    return (layer.kernel_key,) if layer.has_weights else ()


def _on_way(backbone: Backbone, source: str, target: str) -> frozenset[str]:
    """The layers between two, both included.

    Raises:
        InputError: none leads from the one to the other, or a layer has no positions.
    """
    if not backbone.by_name[target].has_positions:
        raise InputError(f"expanded weights end at a layer with positions, not at {target}")
    after = {source}
    for layer in backbone.layers:
        if after.intersection(layer.inputs):
            after.add(layer.name)
    if target not in after or target == source:
        raise InputError(
            f"{target} does not read {source}", help="name a layer that lies before the units"
        )
    before = {target}
    for layer in reversed(backbone.layers):
        if layer.name in before:
            before.update(layer.inputs)
    return frozenset(after & before)


def _placed(backbone: Backbone, name: str, source: str, side: int) -> tuple[float, float]:
    """Offset and stride of a layer in pixels, where the source has `side` positions.

    The source's own offset counts as 0.
    """
    unit = backbone.sampling(source).stride
    size, offset, stride = side, 0.0, float(unit)
    for step in _path(backbone, source, name):
        layer = backbone.by_name[step]
        if layer.kind in ("conv", "maxpool", "avgpool"):
            size, before, _ = layer.window(size)
            offset += stride * ((layer.kernel - 1) / 2 - before)
            stride *= layer.stride
    return offset, stride


def _path(backbone: Backbone, source: str, target: str) -> list[str]:
    """One path from a layer to another, without the first."""
    if source == target:
        return []
    on_way = _on_way(backbone, source, target)
    path = [target]
    while source not in backbone.by_name[path[0]].inputs:
        path.insert(0, next(name for name in backbone.by_name[path[0]].inputs if name in on_way))
    return path


def _window(backbone: Backbone, source: str, target: str) -> tuple[int, int]:
    """A side of the source that holds all that one position reads, and that position."""
    near, far = backbone.sampling(source), backbone.sampling(target)
    taps = (far.receptive_field - near.receptive_field) // near.stride + 1
    step = far.stride // near.stride
    side = (taps // step + 3) * step
    offset, stride = _placed(backbone, target, source, side)
    middle = (side - 1) / 2 * near.stride
    return side, round((middle - offset) / stride)
