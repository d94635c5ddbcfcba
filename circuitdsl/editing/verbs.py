"""Steps of an edit on a network: what can be done to its units and edges.

In: units and edges. Out: steps of `ir.edits.steps`, here with places, numbers and arrays;
`apply.edit` carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.select import Edges, Units
from circuitdsl.ir.edits.no_effect import named
from circuitdsl.ir.edits.steps import (
    Ablate,
    Affine,
    EdgeStep,
    Patch,
    ReplaceEdges,
    Scale,
    ScaleEdges,
    Shift,
    Splice,
    UnitStep,
    Where,
)
from circuitdsl.ir.expect import COMPARE
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.text.diagnostics import InputError

__all__ = [
    "Ablate",
    "Affine",
    "Patch",
    "ReplaceEdges",
    "Scale",
    "ScaleEdges",
    "Shift",
    "Splice",
    "StandIns",
    "Step",
    "Where",
    "apart_deg",
    "drop",
    "mask",
    "negate",
    "negate_edges",
    "step_line",
    "units_of",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandIns:
    """Hand-written units in place of trained ones: `h_i <- gain_i hand_i + offset_i`.

    Attributes:
        network: The hand-written network.
        family: The family in it.
        members: For each trained unit, the member that stands in for it.
        gain: For each trained unit.
        offset: For each trained unit.
    """

    network: HandwrittenNetwork
    family: str
    members: tuple[int, ...]
    gain: tuple[float, ...]
    offset: tuple[float, ...]


Step = UnitStep[Units] | EdgeStep[Edges]


def negate(units: Units) -> Scale[Units]:
    """Turn the sign of activations."""
    return Scale(units, -1.0, "negate")


def drop(edges: Edges, *where: Where) -> ScaleEdges[Edges]:
    """Set expanded weights to zero, those that meet every condition."""
    return ScaleEdges(edges, 0.0, where, "drop")


def negate_edges(edges: Edges, *where: Where) -> ScaleEdges[Edges]:
    """Turn the sign of expanded weights, of those that meet every condition."""
    return ScaleEdges(edges, -1.0, where, "negate")


def units_of(step: Step) -> tuple[Units, ...]:
    """The units that a step acts on; source and target of a step on edges."""
    if isinstance(step, ScaleEdges | ReplaceEdges):
        return step.edges.source, step.edges.target
    return (step.units,)


def step_line(step: Step) -> str:
    """A step as a line: its verb, and the first of its units."""
    ends = [
        named(units.places, lambda place, of=units.backbone: of.unit_name(*place))
        for units in units_of(step)
    ]
    return f"{step.verb} {' -> '.join(ends)}"


def mask(where: Where, weights: Floats, apart_deg: Floats | None) -> NDArray[np.bool_]:
    """Which weights meet a condition.

    Args:
        where: The condition.
        weights: Expanded weights `[height, width, source, target]`.
        apart_deg: Angles between the units, `[source, target]`, where they are known.

    Raises:
        InputError: an unknown comparison, or angles that are not known.
    """
    if where.comparison not in COMPARE:
        raise InputError(f"`{where.comparison}` compares nothing", help=f"use {', '.join(COMPARE)}")
    compared: Any = weights
    if where.quantity == "magnitude":
        compared = np.abs(weights)
    elif where.quantity == "angle":
        if apart_deg is None:
            raise InputError(
                "edges are chosen by angle, and the angles that the units prefer are not known",
                help="select units of a found family, or give them angles",
            )
        compared = np.broadcast_to(apart_deg, weights.shape)
    return COMPARE[where.comparison](compared, where.value)


def apart_deg(source: Units, target: Units) -> Floats | None:
    """Angles between the units' preferred ones, `[source, target]`, 0 to 180; None if not known."""
    if source.angles_deg is None or target.angles_deg is None:
        return None
    turned = np.subtract.outer(np.asarray(source.angles_deg), np.asarray(target.angles_deg))
    return np.abs((turned + 180.0) % 360.0 - 180.0)
