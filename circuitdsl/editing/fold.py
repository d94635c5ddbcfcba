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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.apply import EditedNetwork
from circuitdsl.editing.plan import EdgeChange, UnitChange
from circuitdsl.editing.select import unit_name
from circuitdsl.ir.backbones import Backbone

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
        added = np.asarray(change.kernel) @ np.asarray(change.placing)
        # the same source may not come twice, so plain indexing adds up
        self.params[f"{branch}_w"][:, :, np.asarray(change.columns)] += added

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
        if flows:
            return "what flows in from elsewhere is no weight"
        if gain and offset:
            return "an offset behind the ReLU is no bias before it"
        if gain < 0 or offset < 0:
            columns = _readers(self.backbone, branch)
            if columns is None:
                return "a maximum or a normalisation reads it, and lets no sign through"
            for name, start in columns:
                self.params[name][..., start + channel, :] *= -1
        self.params[f"{branch}_w"][..., channel] *= abs(gain)
        self.params[f"{branch}_b"][channel] = self.params[f"{branch}_b"][channel] * abs(gain) + abs(
            offset
        )
        return ""


def _readers(backbone: Backbone, layer: str) -> list[tuple[str, int]] | None:
    """The weights that multiply a layer's channels, and where its channels start there.

    None if something that is no sum reads it first.
    """
    found: list[tuple[str, int]] = []
    for reader in backbone.layers:
        if layer not in reader.inputs:
            continue
        if reader.kind in ("conv", "dense"):
            found.append((f"{reader.name.removesuffix('_pre_activation')}_w", 0))
        elif reader.kind in ("concat", "avgpool"):
            before = reader.inputs[: reader.inputs.index(layer)]
            start = sum(backbone.by_name[name].width for name in before)
            inner = _readers(backbone, reader.name)
            if inner is None:
                return None
            found += [(name, start + at) for name, at in inner]
        else:
            return None
    return found


def _named(backbone: Backbone, branch: str, channels: Sequence[int]) -> str:
    names = [unit_name(backbone, branch, channel) for channel in channels[:8]]
    more = f" and {len(channels) - 8} more" if len(channels) > 8 else ""
    return ", ".join(names) + more
