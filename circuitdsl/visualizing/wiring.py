"""A connection as arrays: its kernels, its template, its oriented sources tap by tap.

In: a circuit and its lowered arrays. Out: a `Wires` for each connection. The template is evaluated
by definition (`reference`) on a grid finer than the taps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.reference.frames import tap_centres, turned_back
from circuitdsl.reference.kernels import Wired, wired

Floats = NDArray[np.float64]

FINE = 41
"""Points along each side of a template's picture; odd, so that one of them is the middle."""

FAINTEST = 0.12
"""Strokes of less than this share of the strongest one are left out."""


@dataclass(frozen=True)
class Stroke:
    """What the first target member reads of oriented sources at a tap.

    Attributes:
        row: The tap's row.
        column: The tap's column.
        angle_deg: Of the source members that are read most, counter-clockwise from +x.
        weight: Their mean weight over that of the strongest stroke, -1 to 1.
    """

    row: int
    column: int
    angle_deg: float
    weight: float


@dataclass(frozen=True, eq=False)
class Wires:
    """A connection with its numbers.

    Attributes:
        connection: As the file has it.
        whole: The same with its motif expanded.
        kernel: `[height, width, in, out]`.
        template: In the canonical frame, over the square that the taps cover, `[FINE, FINE]`.
        strokes: Of oriented sources; empty where the sources have no angles.
        tap_px: Pixels from one tap to the next.
    """

    connection: Connection
    whole: Connection
    kernel: Floats
    template: Floats
    strokes: tuple[Stroke, ...]
    tap_px: float

    @property
    def excites(self) -> float:
        """The sum of positive weights, for a target member in the mean."""
        return float(self.kernel.clip(min=0).sum()) / self.kernel.shape[-1]

    @property
    def inhibits(self) -> float:
        """The sum of negative weights without its sign, for a target member in the mean."""
        return float((-self.kernel).clip(min=0).sum()) / self.kernel.shape[-1]


def wires(circuit: Circuit, weights: Mapping[str, ArrayLike]) -> tuple[Wires, ...]:
    """Every connection of a circuit with its numbers, in the order of the text.

    Args:
        circuit: Any checked circuit.
        weights: Its lowered arrays.
    """
    expanded = expand_motifs(circuit)
    wholes = {each.name: each for each in expanded.connections}
    made: list[Wires] = []
    for connection in circuit.connections:
        whole = wholes[connection.name]
        meaning = wired(expanded, whole, circuit.defaults)
        kernel = np.asarray(weights[connection.name], np.float64)
        source = None if connection.source == INPUT else circuit.by_name[connection.source]
        drawn = () if source is None else strokes(source, kernel[..., 0])
        made.append(Wires(connection, whole, kernel, template(meaning), drawn, meaning.tap_px))
    return tuple(made)


def template(meaning: Wired) -> Floats:
    """A connection's template in its canonical frame (tangent +x, y up), `[FINE, FINE]`.

    Its points are added up, at the middle of each pixel; profiles, `dc` and norm take no part.
    """
    at = tap_centres(FINE, meaning.side * meaning.tap_px / FINE)[:, :, None, :]
    total = np.zeros((FINE, FINE))
    for term in meaning.terms:
        # what has no extent cannot stand between taps
        v = turned_back(at - (meaning.origin if term.shape.averaged else 0.0), term.turn_deg)
        total += term.weight * term.shape.heights(v, term.arguments, 0.0, 0.0).sum(axis=-1)
    return total


def strokes(source: Family, kernel: Floats) -> tuple[Stroke, ...]:
    """The angles that a target member reads most and least at each tap.

    Args:
        source: A family.
        kernel: Of one target member, `[height, width, in]`.
    """
    axis = source.rotation
    if axis is None:
        return ()
    place = source.axes.index(axis)
    own = np.array([axis.angles_deg[member[place]] for member in source.members])
    angles = np.unique(own)
    means = np.stack([kernel[..., own == angle].mean(axis=-1) for angle in angles], axis=-1)
    strongest = float(np.abs(means).max())
    if strongest == 0:
        return ()
    shares = means / strongest
    made: list[Stroke] = []
    for (row, column), best in np.ndenumerate(shares.argmax(axis=-1)):
        for index in dict.fromkeys((int(best), int(shares[row, column].argmin()))):
            weight = float(shares[row, column, index])
            if abs(weight) >= FAINTEST:
                made.append(Stroke(row, column, float(angles[index]), weight))
    return tuple(made)
