"""Hand-written units in the places of a network's own, as one network that runs alone.

In: units with their members, gains and offsets. Out: `CleanroomNetwork`, a blank network of the
same shape: its layers have the hand-written units in their places, and 0 where there is none. No
weight of a trained network is in it or in its file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from circuitdsl.editing.replacing import Member, Seat, Seating, by_branch, needs_of
from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.ir.circuit import BackboneUse, Circuit, Connection, Family, Normalisation, Wiring
from circuitdsl.ir.expressions import ONE
from circuitdsl.ir.members.axes import Axis
from circuitdsl.measure.passes import show
from circuitdsl.models.files.weights import write_weights
from circuitdsl.models.written.arrays import array_shapes
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.models.written.merged import reduced
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.text.diagnostics import InputError

METADATA_KEY = "cleanroom"
"""The key of a file's metadata that says how its arrays belong together, as JSON."""

_PLACES = ("channel", "network", "family", "member")


@dataclass(frozen=True, eq=False)
class CleanroomNetwork:
    """Layers made of hand-written units alone.

    Attributes:
        backbone: The architecture whose layers these are.
        seating: The units that there are.
    """

    backbone: Backbone
    seating: Seating

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Every unit, by convolution."""
        return tuple(seat for own in self.seating.seats.values() for seat in own)

    def activations(self, images: ArrayLike, layers: Sequence[str]) -> dict[str, Array]:
        """What the named layers give for a batch of images.

        Args:
            images: RGB, 0..255, `[batch, height, width, 3]`.
            layers: Convolutions or blocks that have units.

        Returns:
            Activations by layer, `[batch, height, width, channels]`; 0 where there is no unit.

        Raises:
            InputError: a layer without units.
        """
        known = self.seating.seats
        for layer in layers:
            parts = self.backbone.branch_layers(layer) if layer in self.backbone.by_name else ()
            if not any(part.name in known for part in parts):
                raise InputError(
                    f"no unit of `{layer}` is written by hand",
                    help=f"there are units in {', '.join(known)}",
                )
        batch = next(batches_of([images]))
        maps = self.seating.maps(show(batch, needs_of(self.seats)), self.backbone)
        return {layer: self._joined(layer, maps) for layer in layers}

    def _joined(self, layer: str, maps: Mapping[str, Array]) -> Array:
        grid = next(iter(maps.values())).shape[:1]
        parts: list[Array] = []
        side = max(one.shape[1] for name, one in maps.items() if self._inside(name, layer))
        for branch in self.backbone.branch_layers(layer):
            blank = jnp.zeros((*grid, side, side, branch.width))
            seats = self.seating.seats.get(branch.name, ())
            channels = np.array([seat.channel for seat in seats], np.int64)
            parts.append(blank.at[..., channels].set(maps[branch.name]) if seats else blank)
        return jnp.concatenate(parts, axis=-1)

    def _inside(self, branch: str, layer: str) -> bool:
        return branch in {part.name for part in self.backbone.branch_layers(layer)}


def write_cleanroom(path: Path, network: CleanroomNetwork) -> None:
    """Write a cleanroom network as safetensors: hand-written families, and who stands where.

    Families that no unit needs are left out.

    Raises:
        InputError: the file cannot be written.
    """
    families: dict[HandwrittenNetwork, dict[str, None]] = {}
    for seat in network.seats:
        families.setdefault(seat.member.network, {})[seat.member.family] = None
    hands = list(families)
    arrays: dict[str, NDArray[np.float32]] = {}
    circuits: list[dict[str, Any]] = []
    for number, (hand, names) in enumerate(families.items()):
        kept = reduced(hand, tuple(names))
        circuits.append(_described(kept.circuit))
        arrays |= {f"{number}/{name}": np.asarray(value) for name, value in kept.arrays.items()}
    order = {
        (at, family["name"]): place
        for at, circuit in enumerate(circuits)
        for place, family in enumerate(circuit["families"])
    }
    for branch, seats in network.seating.seats.items():
        if not seats:
            continue
        rows = [
            (seat.channel, at, order[at, seat.member.family], seat.member.number)
            for seat in seats
            for at in (hands.index(seat.member.network),)
        ]
        for name, column in zip(_PLACES, np.array(rows, np.float32).T, strict=True):
            arrays[f"units/{branch}/{name}"] = column
        for name, values in (
            ("gain", network.seating.gain[branch]),
            ("offset", network.seating.offset[branch]),
        ):
            arrays[f"units/{branch}/{name}"] = values.astype(np.float32)
    described = {"architecture": network.backbone.name, "circuits": circuits}
    write_weights(path, arrays, {METADATA_KEY: json.dumps(described, sort_keys=True)})


def load_cleanroom(path: Path | str) -> CleanroomNetwork:
    """The cleanroom network in a file.

    Raises:
        InputError: there is no such file, or it holds no cleanroom network.
    """
    source = Path(path)
    try:
        with safe_open(source, framework="numpy") as file:
            described = json.loads((file.metadata() or {})[METADATA_KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _rebuilt(described, arrays)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {source}") from error
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            f"{source} holds no cleanroom network",
            why=str(error),
            help="`circuitdsl cleanroom ... -o FILE` writes one",
        ) from error


def _rebuilt(described: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> CleanroomNetwork:
    backbone = BACKBONES[described["architecture"]]
    hands: list[HandwrittenNetwork] = []
    for number, text in enumerate(described["circuits"]):
        circuit = _circuit(text)
        own = {
            name: arrays[f"{number}/{name}"].reshape(shape)
            for name, shape in array_shapes(circuit).items()
        }
        hands.append(HandwrittenNetwork(circuit, own))
    branches = tuple(
        branch.name for branch in backbone.layers if f"units/{branch.name}/gain" in arrays
    )
    seats: list[Seat] = []
    for branch in branches:
        columns = [arrays[f"units/{branch}/{name}"].astype(np.int64).tolist() for name in _PLACES]
        for channel, network, family, number in zip(*columns, strict=True):
            hand = hands[network]
            member = Member(hand, hand.circuit.families[family].name, number)
            seats.append(Seat(backbone.block_of(branch)[0], branch, channel, member))
    gain, offset = (
        {branch: arrays[f"units/{branch}/{name}"].astype(np.float64) for branch in branches}
        for name in ("gain", "offset")
    )
    return CleanroomNetwork(backbone, Seating(by_branch(seats, branches), gain, offset))


def _described(circuit: Circuit) -> dict[str, Any]:
    """A merged circuit's structure, without its numbers."""
    return {
        "architecture": circuit.backbone.architecture,
        "input_px": circuit.backbone.input_px,
        "normalisation": circuit.backbone.normalisation,
        "families": [
            {
                "name": family.name,
                "layer": family.layer,
                "members": [family.member_name(at) for at in range(family.size)],
            }
            for family in circuit.families
        ],
        "connections": [[one.source, one.target, one.name] for one in circuit.connections],
        "normalisations": [
            [one.family, one.window, list(one.pool)] for one in circuit.normalisations
        ],
    }


def _circuit(described: Mapping[str, Any]) -> Circuit:
    return Circuit(
        doc="",
        backbone=BackboneUse(
            "V",
            described["architecture"],
            described["input_px"],
            described["normalisation"],
        ),
        families=tuple(
            Family(one["name"], (Axis("member", "cases", len(one["members"])),), one["layer"])
            for one in described["families"]
        ),
        connections=tuple(
            Connection(source, target, name, Wiring())
            for source, target, name in described["connections"]
        ),
        normalisations=tuple(
            Normalisation(family, window, ONE, tuple(pool))
            for family, window, pool in described["normalisations"]
        ),
    )
