"""Families that look beside their windows' middles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import DOT, arc, bump, circuit, connect, directed, family, place, px, rot, tune

from circuitdsl.ir.circuit import Circuit, Dial
from circuitdsl.ir.expressions import DialValue, Number
from circuitdsl.lowering.provenance import origins
from circuitdsl.lowering.weights import lower
from circuitdsl.measure.equivariance import EXACT, SAMPLED
from circuitdsl.models.written.handwritten import build
from circuitdsl.reporting.facts import describe_circuit
from circuitdsl.testing import assert_responses_equivariant, residuals

TAP_PX = 8.0
STROKE = place(arc(px(20), px(12), px(5)))


def curves(centre: tuple[Number, Number] | None = None, read: bool = False) -> Circuit:
    """Curves of edges; the centre is that of the curves, or of the edges that they read."""
    families, connections = directed(8)
    along = connect("edges", "curves", STROKE, tune("th", bump(60), frame="tangent"))
    copies = connect("edges", "copies", DOT, tune("th", bump(60)))
    targets = family("curves", "mixed3a_3x3", rot(8)), family("copies", "mixed3a_1x1", rot(8))
    who = "edges" if read else "curves"
    everyone = (replace(f, centre=centre) if f.name == who else f for f in (*families, *targets))
    return circuit(tuple(everyone), (*connections, along, copies))


def kernel(program: Circuit, name: str = "edges->curves") -> np.ndarray:
    return np.asarray(lower(program)()[name])


def test_a_centre_one_tap_aside_moves_kernels_by_one_tap() -> None:
    plain, right = kernel(curves()), kernel(curves((px(TAP_PX), px(0))))
    up = kernel(curves((px(0), px(TAP_PX))))
    np.testing.assert_allclose(right[:, 1:], plain[:, :-1], atol=1e-6)
    np.testing.assert_allclose(up[:-1], plain[1:], atol=1e-6)


def test_only_the_distance_of_two_centres_counts() -> None:
    centre = px(1.5), px(-2)
    back = -centre[0].value, -centre[1].value
    moved = kernel(curves(centre))
    np.testing.assert_allclose(
        kernel(curves((px(back[0]), px(back[1])), read=True)), moved, atol=1e-6
    )
    both = curves(centre)
    both = replace(both, families=tuple(replace(f, centre=centre) for f in both.families))
    np.testing.assert_allclose(kernel(both), kernel(curves()), atol=1e-6)


def test_a_dot_stays_on_the_middle_tap() -> None:
    centre = px(1.5), px(-2)
    moved = kernel(curves(centre, read=True), "edges->copies")
    np.testing.assert_array_equal(moved, kernel(curves(), "edges->copies"))


def test_equivariance_about_a_centre() -> None:
    """Quarter turns stop being exact; about the centre they are as near as other angles are."""
    program = curves((px(1.5), px(-2)))
    found = {each.connection: each for each in residuals(program)}
    displaced, plain = found["edges->curves"], found["edges->copies"]
    assert not displaced.exact_turns and "90deg" in displaced.other_turns
    assert displaced.sampled <= SAMPLED
    assert plain.exact <= EXACT and plain.exact_turns
    assert_responses_equivariant(build(program), "curves")


def test_a_centre_that_one_kernel_ignores_is_no_symmetry() -> None:
    """The negative control: weights of the circuit without the centre."""
    program = curves((px(2), px(-3)))
    weights = lower(program)() | {"edges->curves": kernel(curves())}
    worst = {each.connection: each.sampled for each in residuals(program, weights)}
    right = {each.connection: each.sampled for each in residuals(program)}
    assert worst["edges->curves"] > SAMPLED > right["edges->curves"]


def test_the_dials_of_a_centre_are_among_the_origins_of_a_weight() -> None:
    dial = Dial("right", "px", 1.5, -4, 4)
    program = replace(curves((DialValue("right", "px"), px(0))), dials=(dial,))
    found = origins(program, "edges->curves", (0, 0, 0, 0))
    assert [each.text for each in found if each.role == "dial"] == ["right"]
    assert "+1.5px right, +0px up" in describe_circuit(program)
