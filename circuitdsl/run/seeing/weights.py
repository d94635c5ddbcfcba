"""`weights`: what units read of an earlier layer, and who reads them later.

In: units of a trained network. Out: `UnitWeights`, expanded weights with the pairs that count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.select import layer_named
from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.aims import Aim
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.comparing.matching import searched_layers
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asked import asked
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import units as units_named
from circuitdsl.visualizing.expanded import SHARE, Expanded, Read, expanded


@dataclass(frozen=True, eq=False)
class UnitWeights:
    """What a unit reads, and who reads it.

    Attributes:
        name: The unit's.
        sources: Expanded weights from an earlier layer.
        at: The unit's place among their targets.
        upstream: The channels it reads, largest first.
        readers: The units that read it, largest first.
    """

    name: str
    sources: Expanded
    at: int
    upstream: tuple[Read, ...]
    readers: tuple[Read, ...]

    @property
    def kernels(self) -> Mapping[int, NDArray[np.float64]]:
        """The kernel from each upstream channel that is listed, `[row, column]`, by number."""
        return {
            read.number: self.sources.kernel[:, :, read.number, self.at] for read in self.upstream
        }

    def shares(self, families: Mapping[str, Sequence[int]]) -> dict[str, float]:
        """The share of all magnitude that some families of the earlier layer have.

        Args:
            families: Channels of the layer by family; the rest is `other`.
        """
        magnitudes = self.sources.magnitudes[:, self.at]
        total = float(magnitudes.sum()) or 1.0
        shares = {
            name: float(magnitudes[list(channels)].sum()) / total
            for name, channels in families.items()
        }
        return {**shares, "other": 1.0 - sum(shares.values())}

    def record(self) -> dict[str, Any]:
        """The pairs as JSON has them."""
        return {
            "name": self.name,
            "source": self.sources.source,
            "reads": [
                {**read.record(), "kernel": self.kernels[read.number].tolist()}
                for read in self.upstream
            ],
            "readers": [read.record() for read in self.readers],
        }


@dataclass(frozen=True, eq=False)
class AllWeights:
    """The weights of some units.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        share: A share of the largest magnitude; pairs with less are not listed.
        units: In the order asked for.
    """

    model: str
    weights: str
    share: float
    units: tuple[UnitWeights, ...]

    def record(self) -> dict[str, Any]:
        """The units as JSON has them."""
        return {
            "model": self.model,
            "weights": self.weights,
            "share": self.share,
            "units": [unit.record() for unit in self.units],
        }


def weights(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    source: str | None = None,
    *,
    readers: str | None = None,
    circuit: Path | str | None = None,
    family: str | None = None,
    directions: Sequence[str | Aim] = (),
    file: Path | str | None = None,
    share: float = SHARE,
    progress: Progress = silent,
) -> AllWeights:
    """Find the weights by which units read an earlier layer, and the units that read them.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units by name: `mixed3b:345`, `mixed3b[320..329]`.
        source: The earlier layer; by default the block or the convolution before.
        readers: A later layer, whose units may read them; by default the block after, if any.
        circuit: A circuit's file with a `family` of trained units, instead of `units`.
        family: That family.
        directions: Sums of units, such as `mixed3b:345 - 0.5*mixed3b:379`, or aims.
        file: A weight file, instead of the model's own.
        share: A share of the largest magnitude; pairs with less are not listed.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: something that was asked for does not exist, or no weights lead from one to the
            other.
    """
    if not 0 < share <= 1:
        raise InputError(f"a share is above 0 and at most 1, not {share}")
    target = asked(
        model, units, circuit=circuit, family=family, directions=directions, weights=file
    )
    if not isinstance(target.network, Network):
        raise InputError(
            "hand-written families have the weights that their file says",
            help="draw them with `circuitdsl draw`, or name units of a trained network",
        )
    network, made = target.network, list[UnitWeights]()
    for layer, aims in _by_layer(target.aims).items():
        block, _ = network.backbone.block_of(layer)
        earlier = source or _before(network.backbone, block)
        progress(f"expanding {earlier} to {layer}")
        into = expanded(network, earlier, aims)
        later = readers or next_layer(network.backbone, block)
        out = _readers(network, layer, later)
        for at, aim in enumerate(aims):
            read_by = () if out is None else out.downstream(int(aim.readout.argmax()), share)
            made.append(UnitWeights(aim.name, into, at, into.upstream(at, share), read_by))
    order = {aim.name: at for at, aim in enumerate(target.aims)}
    made.sort(key=lambda unit: order[unit.name])
    return AllWeights(target.model, target.digest, share, tuple(made))


def weights_into(network: Network, source: str, names: Sequence[str]) -> Expanded:
    """The expanded weights of units of one block, whatever branches they are in.

    Args:
        network: A trained network.
        source: An earlier layer.
        names: The units; their order is that of the kernels.

    Raises:
        InputError: no such layer or unit, or no weights lead from the one to the other.
    """
    layers = _by_layer(units_named(network, names)).values()
    whole = _joined([expanded(network, source, aims) for aims in layers])
    order = [whole.targets.index(name) for name in names]
    return replace(whole, targets=tuple(names), kernel=whole.kernel[..., order])


def before_block(network: Network, name: str) -> str:
    """The layer that a unit's block is computed from: a block, a convolution, or the image."""
    return _before(network.backbone, name.rpartition(":")[0])


def _by_layer(aims: Sequence[Aim]) -> dict[str, list[Aim]]:
    layers: dict[str, list[Aim]] = {}
    for aim in aims:
        layers.setdefault(aim.layer, []).append(aim)
    return layers


def _before(backbone: Backbone, block: str) -> str:
    """The block or the convolution that a block is computed from; the image for the first."""
    names = searched_layers(backbone)
    at = names.index(block) if block in names else 0
    return names[at - 1] if at > 0 else "input"


def next_layer(backbone: Backbone, block: str) -> str | None:
    """The block or the convolution that is computed from a block, if any."""
    names = searched_layers(backbone)
    at = names.index(block) + 1 if block in names else len(names)
    return names[at] if at < len(names) else None


def _readers(network: Network, layer: str, later: str | None) -> Expanded | None:
    """The expanded weights from a layer to every unit of a later one."""
    if later is None:
        return None
    block = layer_named(network.backbone, later).name
    parts = [
        expanded(network, layer, units_named(network, branch.name))
        for branch in network.backbone.branch_layers(block)
        if branch.has_units
    ]
    return _joined(parts)


def _joined(parts: Sequence[Expanded]) -> Expanded:
    """The expanded weights to several branches of one block, in windows of one size."""
    if len(parts) == 1:
        return parts[0]
    rows, columns = (max(part.kernel.shape[axis] for part in parts) for axis in (0, 1))
    kernels = [padded(part.kernel, rows, columns) for part in parts]
    return Expanded(
        parts[0].source,
        tuple(name for part in parts for name in part.targets),
        np.concatenate(kernels, axis=-1),
        parts[0].tap_px,
        parts[0].middle_px,
    )


def padded(kernel: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """A kernel `[row, column, ...]` in the middle of a window of some rows and columns."""
    top, left = (rows - kernel.shape[0]) // 2, (columns - kernel.shape[1]) // 2
    bottom, right = rows - kernel.shape[0] - top, columns - kernel.shape[1] - left
    return np.pad(kernel, ((top, bottom), (left, right), *[(0, 0)] * (kernel.ndim - 2)))
