"""`activity` sets: what families of trained units say, in place of a trained network.

In: an IR `Stimulus` of spots, a circuit, the layer whose central neuron is looked at. Out: for each
image the activations of every family of trained units, `[n, height, width, members]`. A spot lies
where it is said to be, seen from that neuron, turned by `th`; between positions of its layer it is
shared among the four around, in proportion to how near they are, so that they sum to its strength.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Sampling
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.groups import Element, permutation
from circuitdsl.ir.members.scattered import members_of
from circuitdsl.ir.stimuli import Spot, Stimulus
from circuitdsl.ir.tables.generators import settings_of
from circuitdsl.stimuli.centre import central
from circuitdsl.stimuli.render import rows

Floats = NDArray[np.float32]


def activity_batches(
    stimulus: Stimulus, circuit: Circuit, family: Family, batch: int
) -> Iterator[dict[str, Floats]]:
    """The activations that a set puts on the circuit's families of trained units.

    Args:
        stimulus: A set of `activity`.
        circuit: The circuit that it is for.
        family: Spots are placed around the point that its central neuron looks at.
        batch: How many images at a time, at most.

    Yields:
        Activations by family, `[batch, height, width, members]`; 0 where there is no spot.

    Raises:
        ValueError: a turn leads from some member to none (the checker excludes it).
    """
    side = round(settings_of(stimulus)["size"][0])
    backbone = circuit.backbone.geometry
    centre = central(backbone, family.layer, side).aside(circuit.centre_px(family.name))
    point = centre.canvas.point
    trained_families = [family for family in circuit.families if family.units is not None]
    grids = {family.name: backbone.sampling(family.layer, side) for family in trained_families}
    table = rows(stimulus)
    count = len(table["th"])
    members = _Members(circuit)
    for start in range(0, count, batch):
        part = {name: values[start : start + batch] for name, values in table.items()}
        shown = len(part["th"])
        maps = {
            name: np.zeros((shown, grid.size, grid.size, circuit.by_name[name].size), np.float32)
            for name, grid in grids.items()
        }
        for image in range(shown):
            values = {name: float(column[image]) for name, column in part.items()}
            for spot, strength in _present(stimulus, values):
                where = strength * _around(spot, values["th"], point, grids[spot.family])
                numbers = members.of(spot, values["th"])
                maps[spot.family][image][..., numbers] += where[..., None].astype(np.float32)
        yield maps


class _Members:
    """The members that spots are on, found once for each spot and turn."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.turned: dict[tuple[str, float], tuple[int, ...]] = {}
        self.found: dict[Spot, tuple[int, ...]] = {}

    def of(self, spot: Spot, turn_deg: float) -> list[int]:
        """The members that a spot is on in a scene that is turned."""
        family = self.circuit.by_name[spot.family]
        if spot not in self.found:
            self.found[spot] = members_of(family, spot)
        key = (family.name, turn_deg)
        if key not in self.turned:
            order = permutation(family, Element(turn_deg % 360.0))
            if order is None:
                raise ValueError(f"{family.name} cannot be turned by {turn_deg:g} degrees")
            self.turned[key] = order
        return [self.turned[key][member] for member in self.found[spot]]


def _present(stimulus: Stimulus, values: Mapping[str, float]) -> Iterator[tuple[Spot, float]]:
    """The spots of an image, and how strong they are."""
    for part in stimulus.parts:
        for spot in part.spots:
            yield spot, spot.weight * values[part.name]


def _around(
    spot: Spot, turn_deg: float, point: tuple[float, float], grid: Sampling
) -> NDArray[np.float64]:
    """The share of each position of a grid in a spot, `[height, width]`."""
    turn = math.radians(turn_deg)
    x, y = spot.at_px
    right = point[0] + x * math.cos(turn) - y * math.sin(turn)
    down = point[1] - x * math.sin(turn) - y * math.cos(turn)
    at = np.arange(grid.size)
    shares = [
        np.maximum(0.0, 1.0 - np.abs(at - (place - grid.offset) / grid.stride))
        for place in (down, right)
    ]
    return shares[0][:, None] * shares[1]
