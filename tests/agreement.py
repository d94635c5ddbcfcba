"""The compiler held against the reference interpreter, on one circuit.

The suite asks this of a table of programs and of drawn circuits, `benchmarks/agreement.py` of as
many as asked. Networks run once, so for many circuits they are done step by step (`stepwise`); with
`compiled` they go through XLA, as they do for users.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import rounding
import stepwise
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.forms import connection_form
from circuitdsl.lowering.weights import lower
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.reference import interpret_weights

Array = NDArray[np.float64]
TOLERANCE = 1e-4
SMALLEST = 1e-3
"""Kernels that are nearly nothing, sums that cancel, are compared as if their largest were this."""

SIZE = 33, 40


@dataclass(frozen=True)
class Disagreement:
    """How far apart compiler and interpreter are.

    Attributes:
        kernels: The largest error, relative to the largest magnitude of its array.
        responses: The largest error of a response, as a part of what rounding may do (`rounding`).
    """

    kernels: float
    responses: float

    @property
    def none(self) -> bool:
        """Whether they agree."""
        return self.kernels <= TOLERANCE and self.responses <= 1.0


def disagreement(
    program: Circuit, size: tuple[int, int] = SIZE, *, compiled: bool = False
) -> Disagreement:
    """How far apart the compiler and the interpreter are, in weights and in responses to noise."""
    program = expand_motifs(program)
    image, given = shown(program, size)
    expected = interpret_weights(program)
    weights = {name: np.asarray(array) for name, array in lower(program)().items()}
    if compiled:
        units = {name: activations[None] for name, activations in given.items()}
        answers = HandwrittenNetwork(program, weights, units)(image[None])
        responses = {name: np.asarray(array)[0] for name, array in answers.items()}
    else:
        responses = stepwise.responses(program, weights, image, given)
    parts = rounding.of_bound(program, expected, weights, image, responses)
    return Disagreement(apart(weights, expected), max(parts.values()))


def apart(arrays: Mapping[str, NDArray[np.generic]], expected: Mapping[str, Array]) -> float:
    """The largest relative error of some arrays."""
    assert sorted(arrays) == sorted(expected)
    worst = 0.0
    for name, array in expected.items():
        other = np.asarray(arrays[name], np.float64)
        assert other.shape == array.shape, name
        assert np.isfinite(array).all(), name
        error = np.abs(other - array).max() / max(np.abs(array).max(), SMALLEST)
        worst = max(worst, float(error)) if np.isfinite(error) else np.inf
    return worst


def structure(program: Circuit) -> Hashable:
    """What is left of a circuit without its numbers."""
    program = expand_motifs(program)
    families = tuple(
        (
            family.layer,
            tuple((a.name, a.kind, a.count, a.at_deg is None) for a in family.axes),
            family.identify,
            family.units is None,
        )
        for family in program.families
    )
    connections = tuple(
        (c.source, c.target, replace(connection_form(program, c)[0], hues_deg=()))
        for c in program.connections
    )
    divisions = tuple((n.family, n.window, n.pool) for n in program.normalisations)
    use = program.backbone
    return use.architecture, use.normalisation, families, connections, divisions


def shown(program: Circuit, size: tuple[int, int]) -> tuple[Array, dict[str, Array]]:
    """Noise over all of an image's range, and over the grids of trained units."""
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (*size, 3)).astype(np.float32)
    geometry = program.backbone.geometry
    given: dict[str, Array] = {}
    for family in program.families:
        if family.units is not None:
            grid = [geometry.sampling(family.layer, side).size for side in size]
            given[family.name] = rng.uniform(0, 20, (*grid, family.size)).astype(np.float32)
    return image, given
