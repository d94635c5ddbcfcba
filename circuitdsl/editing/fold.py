"""Edits as plain weights, as far as weights can say them.

In: an edited network. Out: `Folded`: the weights of a network of the same architecture that does
the same, and what of the edit no weights of it can do.

Scaling by a positive number, ablation to zero and ablation to a mean go into the convolution's own
weights and bias, because ReLU lets positive factors through. A negative factor goes into what reads
the unit, if nothing but sums lies between: a maximum or a normalisation does not let it through.
Edges go into the weights of a convolution that reads them without a bottleneck; through one, its
ReLU stands between. Splices and patches are no weights at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.plan import EdgeChange, UnitChange, group_slices
from circuitdsl.ir.backbones import Backbone, Layer

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Folded:
    """An edit as weights.

    Attributes:
        params: Every weight by its TensorFlow name.
        left: What could not be folded, and why; empty if the weights say all of the edit.
    """

    params: dict[str, Floats]
    left: tuple[str, ...]

    def differs_from(self, params: Mapping[str, ArrayLike]) -> bool:
        """Whether any weight is another one."""
        return any(not np.array_equal(self.params[name], params[name]) for name in params)


def fold(edited: EditedNetwork) -> Folded:
    """Fold an edit into weights, as far as that goes; nothing is folded by approximation."""
    params = {name: np.array(value, np.float32) for name, value in edited.params.items()}
    folding = _Folding(edited.backbone, params)
    for branch, (read, edges) in edited.plan.edges.items():
        folding.edges(branch, read, edges)
    for branch, change in edited.plan.units.items():
        folding.units(branch, change)
    return Folded(params, tuple(folding.left))


class _Folding:
    """Weights on the way from the first to the last change."""

    def __init__(self, backbone: Backbone, params: dict[str, Floats]) -> None:
        self.backbone = backbone
        self.params = params
        self.left: list[str] = []

    def edges(self, branch: str, read: str, change: EdgeChange) -> None:
        first = self.backbone.by_name[branch].inputs[0]
        if first != read:
            self.left.append(f"edges into {branch}: the ReLU of {first} stands between")
            return
        layer = self.backbone.by_name[branch]
        kernel = self.params[layer.kernel_key]
        width = self.backbone.by_name[read].width
        added = np.zeros((*kernel.shape[:2], width, layer.width), np.float32)
        placing = np.asarray(change.placing)
        added[:, :, np.asarray(change.columns)] = np.asarray(change.kernel) @ placing
        for sources, channels in group_slices(layer, kernel.shape[2]):
            kernel[..., channels] += added[:, :, sources, channels]
            added[:, :, sources, channels] = 0.0
        if added.any():
            self.left.append(f"edges into {branch}: its groups of channels do not see each other")

    def units(self, branch: str, change: UnitChange) -> None:
        gain, offset, placing = (np.asarray(part) for part in change)
        flowing: NDArray[np.bool_] = np.any(placing != 0, axis=0)
        refused: dict[str, list[int]] = {}
        for channel in np.flatnonzero((gain != 1) | (offset != 0) | flowing).tolist():
            why = self.unit(
                branch,
                channel,
                float(gain[channel]),
                float(offset[channel]),
                flows=bool(flowing[channel]),
            )
            if why:
                refused.setdefault(why, []).append(channel)
        for why, channels in refused.items():
            self.left.append(f"{_named(self.backbone, branch, channels)}: {why}")

    def unit(self, branch: str, channel: int, gain: float, offset: float, *, flows: bool) -> str:
        """Fold one channel; otherwise why it can't be."""
        layer = self.backbone.by_name[branch]
        if flows:
            return "what flows in from elsewhere is no weight"
        if layer.rectified and gain and offset:
            return "an offset behind the ReLU is no bias before it"
        if layer.activation == "relu6" and (gain not in (0, 1) or not 0 <= offset <= 6):
            return "its activation function stops at 6, scaled or not"
        summands = _summands(self.backbone, layer)
        if summands is None:
            return "it is a sum, and what is summed is read elsewhere too"
        if layer.rectified and (gain < 0 or offset < 0):
            readers = _readers(self.backbone, branch)
            if readers is None:
                return "a maximum or a normalisation reads it, or a sum, and lets no sign through"
            for name, row, columns in readers:
                self.params[name][..., row(channel), columns(channel)] *= -1
            gain, offset = abs(gain), abs(offset)
        for index, summand in enumerate(summands):
            self.params[summand.kernel_key][..., channel] *= gain
            bias = self.params[summand.bias_key]
            bias[channel] = bias[channel] * gain + (offset if index == 0 else 0.0)
        return ""


def _summands(backbone: Backbone, layer: Layer) -> list[Layer] | None:
    """The convolutions that make a layer's channels; None if others read one of them."""
    if layer.kind == "conv":
        return [layer]
    parts = [backbone.by_name[name] for name in layer.inputs]
    alone = all(
        part.kind == "conv" and not part.rectified and len(list(backbone.readers(part.name))) == 1
        for part in parts
    )
    return parts if alone else None


_Reader = tuple[str, Callable[[int], int], Callable[[int], slice]]
"""The name of weights; from a channel that they multiply its row, and the columns it goes to."""


def _readers(backbone: Backbone, layer: str, start: int = 0) -> list[_Reader] | None:
    """The weights that multiply a layer's channels, which begin at `start` of what they read.

    None if something that is no sum of weighted channels reads it first.
    """
    found: list[_Reader] = []
    for reader in backbone.readers(layer):
        if reader.has_weights:
            found.append(_reader(backbone, reader, start))
            continue
        if reader.kind not in ("concat", "avgpool", "globalpool"):
            return None
        before = reader.inputs[: reader.inputs.index(layer)]
        inner = sum(backbone.by_name[name].width for name in before)
        beyond = _readers(backbone, reader.name, start + inner)
        if beyond is None:
            return None
        found += beyond
    return found


def _reader(backbone: Backbone, reader: Layer, start: int) -> _Reader:
    inputs = backbone.by_name[reader.inputs[0]].width // reader.groups
    slices = group_slices(reader, inputs)
    return (
        reader.kernel_key,
        lambda channel: (start + channel) % inputs,
        lambda channel: slices[(start + channel) // inputs][1],
    )


def _named(backbone: Backbone, branch: str, channels: Sequence[int]) -> str:
    names = [backbone.unit_name(branch, channel) for channel in channels[:8]]
    more = f" and {len(channels) - 8} more" if len(channels) > 8 else ""
    return ", ".join(names) + more
