"""Families that look beside their windows' middles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import DOT, arc, bump, circuit, connect, directed, family, place, px, rot, tune

from circuitdsl.check import check_source
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.expressions import Number
from circuitdsl.lower.weights import lower
from circuitdsl.models.handwritten import build
from circuitdsl.source import Source
from circuitdsl.testing import assert_responses_equivariant, residuals
from circuitdsl.testing.kernels import EXACT, SAMPLED

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
    return np.asarray(lower(program)[name])


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
    weights = lower(program) | {"edges->curves": kernel(curves())}
    worst = {each.connection: each.sampled for each in residuals(program, weights)}
    right = {each.connection: each.sampled for each in residuals(program)}
    assert worst["edges->curves"] > SAMPLED > right["edges->curves"]


HEAD = """circ 1
from std.shapes import arc, bar
backbone V = inceptionv1()
"""
MESSAGES = [
    ("family x [th: rot(8)] at V.conv2d0 { centre = (1tap, 0px) }", "E303", "`tap` has no size"),
    ("family x [th: rot(8)] at V.conv2d0 { centre = 3px }", "E302", "`centre`"),
    ("family x [th: rot(8)] at V.conv2d0 { centre = (3deg, 0px) }", "E302", "a coordinate"),
    (
        "family x [h: hue(6)] at V.conv2d0 { identify = turn(h=180deg) centre = (1px, 0px) }",
        "E208",
        "would move its centre",
    ),
    ("family x at V.mixed4b { units = [3] centre = (1px, 0px) }", "E706", "remove `centre`"),
    ("family x at V.conv2d0 { centre = (1px, 0px - 1px/0) }", "E308", "has no value"),
    (
        "family x at V.conv2d0 { centre = (1px, 0px) }\n"
        "connect V.input -> x { place = bar(6px, width=1px) }",
        "E501",
        "leaves a 7x7 kernel",
    ),
]


@pytest.mark.parametrize(("text", "code", "message"), MESSAGES)
def test_what_is_said_of_centres(text: str, code: str, message: str) -> None:
    found = check_source(Source("test.circ", f"{HEAD}{text}\n")).diagnostics
    assert any(each.code == code and message in each.message for each in found), found
