"""The compiler held against the reference interpreter, on one circuit.

The suite asks this of a table of programs and of drawn circuits, `benchmarks/agreement.py` of as
many as asked. Programs run once, so for many circuits they are done step by step (`stepwise`); with
`compiled` they go through XLA, as they do for users.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import stepwise
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.forms import connection_form
from circuitdsl.lowering.weights import lower
from circuitdsl.models.handwritten import HandwrittenNetwork
from circuitdsl.reference import interpret, interpret_weights
from circuitdsl.reference.responses import GREY

Array = NDArray[np.float64]
TOLERANCE = 1e-4
SMALLEST = 1e-3
"""Arrays that are nearly nothing, sums that cancel, are compared as if their largest were this."""

LEFT = 0.01
"""Responses are compared as if their largest were this part of what is read, at least.

Connections may cancel; what is left of float32 then is no error of either.
"""

SIZE = 33, 40


@dataclass(frozen=True)
class Disagreement:
    """The largest errors of a circuit, each relative to the largest magnitude of its array."""

    kernels: float
    responses: float


def disagreement(
    program: Circuit, size: tuple[int, int] = SIZE, *, compiled: bool = False
) -> Disagreement:
    """How far apart the compiler and the interpreter are, in weights and in responses to noise."""
    image, given = _shown(program, size)
    expected_weights = interpret_weights(program)
    expected = interpret(program, expected_weights, image, given)
    if compiled:
        weights = {name: np.asarray(array) for name, array in lower(program)().items()}
        units = {name: activations[None] for name, activations in given.items()}
        found = HandwrittenNetwork(program, weights, units)(image[None])
        responses = {name: np.asarray(array)[0] for name, array in found.items()}
    else:
        weights = stepwise.lowered(program)
        responses = stepwise.responses(program, weights, image, given)
    smallest = _smallest(program, {INPUT: image - GREY, **expected})
    return Disagreement(
        apart(weights, expected_weights), apart(responses, expected, smallest=smallest)
    )


def _smallest(program: Circuit, responses: Mapping[str, Array]) -> dict[str, float]:
    """What the responses of each family are compared to at least."""
    divided = {each.family for each in program.normalisations}
    return {
        family.name: LEFT
        * max(np.abs(responses[c.source]).max() for c in program.into(family.name))
        for family in program.families
        if program.into(family.name) and family.name not in divided
    }


def apart(
    found: Mapping[str, NDArray[np.generic]],
    expected: Mapping[str, Array],
    smallest: Mapping[str, float] | None = None,
) -> float:
    """The largest relative error of some arrays."""
    floors = smallest or {}
    assert sorted(found) == sorted(expected)
    worst = 0.0
    for name, array in expected.items():
        other = np.asarray(found[name], np.float64)
        assert other.shape == array.shape, name
        assert np.isfinite(array).all(), name
        error = np.abs(other - array).max() / max(
            np.abs(array).max(), floors.get(name, 0.0), SMALLEST
        )
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
    divisions = tuple((n.family, n.window, n.over) for n in program.normalisations)
    use = program.backbone
    return use.architecture, use.norm, families, connections, divisions


def _shown(program: Circuit, size: tuple[int, int]) -> tuple[Array, dict[str, Array]]:
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
