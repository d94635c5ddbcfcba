"""What can be done to a trained network: the steps of an edit.

In: units and edges. Out: frozen values that say what happens to them; `apply.edit` carries them
out. Steps on units act on activations after ReLU, steps on edges on the expanded weights that a
convolution's input is multiplied with.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.select import Edges, Units
from circuitdsl.models.handwritten import HandwrittenNetwork
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float64]

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Where:
    """A condition on single weights.

    Attributes:
        quantity: `weight` with its sign, its `magnitude`, or the `angle` in degrees between the
            angles that the two units prefer, 0 to 180.
        comparison: `<`, `<=`, `>`, `>=`, `==` or `!=`.
        value: What it is compared with.
    """

    quantity: Literal["weight", "magnitude", "angle"]
    comparison: str
    value: float

    def mask(self, weights: Floats, apart_deg: Floats | None) -> NDArray[np.bool_]:
        """Which weights meet the condition.

        Args:
            weights: Expanded weights `[height, width, source, target]`.
            apart_deg: Angles between the units, `[source, target]`, where they are known.

        Raises:
            InputError: an unknown comparison, or angles that are not known.
        """
        if self.comparison not in _COMPARISONS:
            raise InputError(
                f"`{self.comparison}` compares nothing", help=f"use {', '.join(_COMPARISONS)}"
            )
        if self.quantity == "angle" and apart_deg is None:
            raise InputError(
                "edges are chosen by angle, and the angles that the units prefer are not known",
                help="select units of a found family, or give them angles",
            )
        compared = {
            "weight": lambda: weights,
            "magnitude": lambda: np.abs(weights),
            "angle": lambda: np.broadcast_to(np.asarray(apart_deg), weights.shape),
        }[self.quantity]()
        return _COMPARISONS[self.comparison](compared, self.value)


@dataclass(frozen=True)
class Ablate:
    """Put a constant in place of each unit's activation.

    Attributes:
        units: The units.
        to: The constant of each unit, such as its mean over some images (`baselines.means`); None
            for zero.
    """

    units: Units
    to: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Scale:
    """Multiply activations by a number."""

    units: Units
    by: float


@dataclass(frozen=True, eq=False)
class Patch:
    """Put activations of other images in place of the units' own.

    Attributes:
        units: The units.
        maps: Their activations on the other images, `[image, height, width, unit]`
            (`baselines.recorded`). Which of several an image gets depends on its pixels alone, so
            that it does not matter which images are looked at together.
    """

    units: Units
    maps: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Splice:
    """Put hand-written units in place of trained ones: `h_i <- gain_i hand_i + offset_i`.

    Attributes:
        units: The trained units.
        hand: The hand-written network.
        family: The family in it.
        members: For each trained unit, the member that stands in for it.
        gain: For each trained unit.
        offset: For each trained unit.
    """

    units: Units
    hand: HandwrittenNetwork
    family: str
    members: tuple[int, ...]
    gain: tuple[float, ...]
    offset: tuple[float, ...]


@dataclass(frozen=True)
class ScaleEdges:
    """Multiply expanded weights by a number: 0 drops them, -1 negates them.

    Attributes:
        edges: The edges.
        by: The number.
        where: Conditions that a weight must meet, all of them.
    """

    edges: Edges
    by: float
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, eq=False)
class ReplaceEdges:
    """Put other expanded weights in place of the edges' own.

    Attributes:
        edges: Edges into units of one convolution.
        weights: `[height, width, source, target]`, in the order of the units.
        where: Conditions that a weight must meet to be replaced, all of them.
    """

    edges: Edges
    weights: Floats
    where: tuple[Where, ...] = ()


Step = Ablate | Scale | Patch | Splice | ScaleEdges | ReplaceEdges


def negate(units: Units) -> Scale:
    """Turn the sign of activations."""
    return Scale(units, -1.0)


def drop(edges: Edges, *where: Where) -> ScaleEdges:
    """Set expanded weights to zero, those that meet every condition."""
    return ScaleEdges(edges, 0.0, where)


def negate_edges(edges: Edges, *where: Where) -> ScaleEdges:
    """Turn the sign of expanded weights, of those that meet every condition."""
    return ScaleEdges(edges, -1.0, where)


def apart_deg(source: Units, target: Units) -> Floats | None:
    """Angles between the units' preferred ones, `[source, target]`, 0 to 180; None if not known."""
    if source.angles_deg is None or target.angles_deg is None:
        return None
    turned = np.subtract.outer(np.asarray(source.angles_deg), np.asarray(target.angles_deg))
    return np.abs((turned + 180.0) % 360.0 - 180.0)
