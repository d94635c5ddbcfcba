"""Symmetry and derivatives of sampled kernels."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import (
    DOT,
    LUMA,
    arc,
    bar,
    blob,
    bump,
    circuit,
    connect,
    constant,
    family,
    gabor,
    mass,
    orient,
    place,
    px,
    real,
    rot,
    shape,
    tune,
)
from programs import PROGRAMS

from circuitdsl.ir.circuit import INPUT, Axis, Circuit, Dial, Norm
from circuitdsl.ir.expressions import DialValue, Number
from circuitdsl.lowering.weights import lower
from circuitdsl.reference import interpret_weights


@pytest.fixture(autouse=True)
def _strict():
    with jax.numpy_dtype_promotion("strict"):
        yield


def turned(program: Circuit, angle_deg: float) -> Circuit:
    """Every member of every family turned by an angle."""

    def moved(axis: Axis) -> Axis:
        if not axis.turns_plane:
            return axis
        return replace(axis, at_deg=tuple(a + angle_deg for a in axis.angles_deg))

    families = tuple(replace(one, axes=tuple(map(moved, one.axes))) for one in program.families)
    return replace(program, families=families)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", ["five_layers", "placed", "aside", "radial_in_target"])
def test_a_quarter_turn_of_a_circuit_turns_its_kernels_exactly(name: str, quarters: int) -> None:
    program = PROGRAMS[name]
    before, after = lower(program)(), lower(turned(program, 90.0 * quarters))()
    for connection in program.connections:
        expected = np.rot90(before[connection.name], quarters)
        if program.by_name[connection.target].rotation is None:
            continue
        np.testing.assert_array_equal(after[connection.name], expected, connection.name)


@pytest.mark.parametrize("norm", [None, Norm("l1"), Norm("l2"), mass(1, 0.9)])
def test_members_a_quarter_turn_apart_have_one_kernel(norm: Norm | None) -> None:
    source, target = family("a", "conv2d1", rot(12)), family("b", "conv2d2", rot(20))
    template = place(arc(px(9), px(8), px(2)), (-0.4, shape("half", width=px(3))))
    profile = tune("th", bump(40), bump(70, -0.5, 130), frame="tangent")
    program = circuit((source, target), (connect("a", "b", template, profile, norm=norm),))
    kernel = np.asarray(lower(program)()["a->b"])
    for quarter in range(1, 4):
        moved = np.roll(kernel, (-3 * quarter, -5 * quarter), axis=(2, 3))
        np.testing.assert_array_equal(moved, np.rot90(kernel, quarter))


def test_a_radial_profile_into_a_family_without_angle_is_symmetric() -> None:
    """Turning the plane permutes the source's members and nothing else."""
    source, target = family("a", "conv2d1", rot(8)), family("b", "conv2d2")
    template = place(shape("ring", radius=px(4), width=px(1.5)))
    profile = tune("th", bump(90, 1, 180), frame="radial")
    connection = connect("a", "b", template, profile, over=("th",), norm=mass(1))
    kernel = np.asarray(lower(circuit((source, target), (connection,)))()["a->b"])
    np.testing.assert_array_equal(np.roll(kernel, -2, axis=2), np.rot90(kernel))


def test_derivatives_agree_with_differences_of_the_reference() -> None:
    program = PROGRAMS["reckoned"]  # it has dials in every place that takes a number
    at = program.defaults
    slopes = jax.jacfwd(lower(program))({k: jnp.float32(v) for k, v in at.items()})
    for dial, value in at.items():
        step = 1e-4 * max(abs(value), 1.0)
        above = interpret_weights(program, at | {dial: value + step})
        below = interpret_weights(program, at | {dial: value - step})
        for array, slope in slopes.items():
            expected = (above[array] - below[array]) / (2 * step)
            scale = max(np.abs(expected).max(), 1e-3)
            error = np.abs(np.asarray(slope[dial]) - expected).max()
            assert error < 2e-3 * scale, f"d {array} / d {dial}: {error:g} of {scale:g}"


LENGTH, ANGLE, NUMBER = (
    DialValue("length", "px"),
    DialValue("angle", "angle"),
    DialValue("number", "real"),
)


def everything() -> Circuit:
    """Every shape, frame and norm, in which three dials decide all numbers."""
    source, target = family("a", "conv2d1", rot(4)), family("b", "conv2d2", rot(4))
    gabors = shape("gabor", wavelength=LENGTH, length=LENGTH, width=LENGTH)
    templates = (
        place(gabors),
        place(bar(LENGTH, LENGTH)),
        place(arc(LENGTH, LENGTH, LENGTH)),
        place(blob(LENGTH, (LENGTH, LENGTH))),
        place(shape("ring", radius=LENGTH, width=LENGTH)),
        place(shape("half", width=LENGTH)),
        DOT,
    )
    frames = ("radial", "frame", "tangent", "radial", "frame", "radial", "frame")
    norms = ("l1", "l2", "mass", "mass", "l1", "l2", "mass")
    connections = [
        connect(
            "a",
            "b",
            template,
            tune("th", bump(ANGLE), constant(-0.3), frame=frame),
            name=f"number {index}",
            norm=Norm(norm, NUMBER, NUMBER),
        )
        for index, (template, frame, norm) in enumerate(zip(templates, frames, norms, strict=True))
    ]
    front = family("g", "conv2d0", orient(2))
    connections.append(connect(INPUT, "g", place(gabors), colour=LUMA, dc=NUMBER))
    dials = tuple(Dial(dial.name, dial.unit, 1.0) for dial in (LENGTH, ANGLE, NUMBER))
    return circuit((front, source, target), tuple(connections), dials=dials)


@pytest.fixture(scope="module")
def slopes():
    program = lower(everything())

    def total(settings: dict[str, jax.Array]) -> jax.Array:
        return sum((weights.sum() for weights in program(settings).values()), jnp.float32(0))

    return jax.jit(jax.value_and_grad(total))


@pytest.mark.parametrize("length", [0.0, 1e-5, 4.0, 1e5])
@pytest.mark.parametrize("angle", [0.0, 30.0, 360.0])
@pytest.mark.parametrize("number", [0.0, 1.0])
def test_weights_and_derivatives_are_finite_everywhere(
    slopes, length: float, angle: float, number: float
) -> None:
    at = {"length": length, "angle": angle, "number": number}
    value, by_dial = slopes({name: jnp.float32(setting) for name, setting in at.items()})
    assert np.isfinite(value)
    assert all(np.isfinite(slope) for slope in by_dial.values()), by_dial


def test_taps_of_a_balanced_gabor_sum_to_nothing() -> None:
    target = family("g", "conv2d0", orient(6))
    program = circuit(
        (target,), (connect(INPUT, "g", place(gabor(px(5))), colour=LUMA, dc=real(0)),)
    )
    np.testing.assert_allclose(lower(program)()["input->g"].sum(axis=(0, 1, 2)), 0, atol=1e-5)


def test_a_gabor_beside_the_middle_is_the_same_taps_further_on() -> None:
    def kernel(at: tuple[Number, Number]) -> np.ndarray:
        small = gabor(px(5), length=0.6, width=0.6, at=at)
        program = circuit((family("g", "conv2d0"),), (connect(INPUT, "g", place(small)),))
        return np.asarray(lower(program)()["input->g"])

    middle, beside = kernel((px(0), px(0))), kernel((px(2), px(1)))
    np.testing.assert_allclose(beside[1:4, 4:7], middle[2:5, 2:5], atol=1e-6)
