"""`lower`: purity, caching, transforms, and what it refuses."""

from __future__ import annotations

import logging
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import (
    DOT,
    bump,
    circuit,
    connect,
    constant,
    family,
    mass,
    place,
    px,
    rot,
    shape,
    tune,
)
from programs import PROGRAMS, five_layers

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Dial, Norm
from circuitdsl.ir.expressions import Apply, DialValue, Number, Operation
from circuitdsl.ir.members.placing import place_members
from circuitdsl.lowering.weights import lower
from circuitdsl.text.diagnostics import InputError


@pytest.fixture(autouse=True)
def _strict():
    with jax.numpy_dtype_promotion("strict"):
        yield


def changed(program: Circuit) -> Circuit:
    """The same form with other defaults, other numbers and another doc."""

    def moved(dial: Dial) -> Dial:
        return replace(dial, default=dial.default * 1.01, high=None, low=None)

    def retuned(connection: Connection) -> Connection:
        if connection.name != "shape":
            return connection
        profile = tune("th", bump(47), bump(45, -1.1, 170), constant(-0.2), frame="tangent")
        return replace(
            connection, wiring=replace(connection.wiring, tunes=(profile,), norm=mass(2, 0.3))
        )

    return replace(
        program,
        doc="Other words.",
        dials=tuple(map(moved, program.dials)),
        connections=tuple(map(retuned, program.connections)),
    )


def test_numbers_compile_nothing(caplog) -> None:
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        first = lower(five_layers())()
        again = lower(five_layers())()
        other = lower(changed(five_layers()))()
        lower(five_layers())({"bow": 33.0})
    assert "Compiling" not in caplog.text
    assert lower(five_layers()) is lower(five_layers())
    np.testing.assert_array_equal(first["shape"], again["shape"])
    assert np.abs(np.asarray(first["shape"] - other["shape"])).max() > 1e-3


def test_shapes_and_names() -> None:
    program = PROGRAMS["five_layers_normalised"]
    weights = lower(program)()
    assert weights["input->gabors"].shape == (7, 7, 3, 64)
    assert weights["gabors->complex"].shape == (1, 1, 64, 16)
    assert weights["shape"].shape == (5, 5, 16, 10)
    assert weights["gabors.floor"] == 12
    # calibrated families start as they are
    assert (weights["curve.gain"], weights["curve.bias"]) == (1, 0)
    assert all(array.dtype == jnp.float32 for array in weights.values())
    expected = {c.name for c in program.connections} | {"gabors.floor", "line.floor"}
    expected |= {f"{f.name}.{part}" for f in program.families for part in ("gain", "bias")}
    assert set(weights) == expected


def test_vmap_is_a_loop() -> None:
    program = five_layers()
    settings = {
        "bow": jnp.linspace(12, 50, 4),
        "radius": jnp.linspace(110, 25, 4),
        "opposed": jnp.linspace(0, 3, 4),
    }
    together = jax.vmap(lower(program))(settings)
    for index in range(4):
        alone = lower(program)({name: values[index] for name, values in settings.items()})
        for name, array in alone.items():
            np.testing.assert_allclose(together[name][index], array, rtol=1e-5, atol=1e-7)


def test_lowering_inside_a_jit_is_the_same() -> None:
    program = five_layers()

    @jax.jit
    def inside(bow: jax.Array) -> tuple[jax.Array, jax.Array]:
        return lower(program)({"bow": bow})["line->early"], lower(program)()["line->early"]

    traced, constant_in_trace = inside(jnp.float32(31))
    np.testing.assert_allclose(
        traced, lower(program)({"bow": 31})["line->early"], rtol=1e-5, atol=1e-8
    )
    np.testing.assert_array_equal(constant_in_trace, lower(program)()["line->early"])


def test_members_can_be_placed_anew() -> None:
    """A member's kernel depends on its own angle, not on who stands beside it."""
    program = five_layers()
    few = lower(place_members(program, "curve", (36.0, 100.5)))()
    many = lower(place_members(program, "curve", (7.0, 100.5, 299.0, 36.0)))()
    np.testing.assert_allclose(few["shape"][..., 1], many["shape"][..., 1], atol=1e-7)
    np.testing.assert_allclose(few["shape"][..., 0], many["shape"][..., 3], atol=1e-7)
    np.testing.assert_allclose(few["shape"][..., 0], lower(program)()["shape"][..., 1], atol=1e-7)


def test_norms() -> None:
    weights = lower(five_layers())({"opposed": 0.75})
    shape = np.asarray(weights["shape"], np.float64)
    np.testing.assert_allclose(shape.clip(min=0).sum(axis=(0, 1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(shape.clip(max=0).sum(axis=(0, 1, 2)), -0.75, rtol=1e-5)
    gabors = np.asarray(weights["input->gabors"], np.float64)
    np.testing.assert_allclose((gabors**2).sum(axis=(0, 1, 2)), 1, rtol=1e-5)


def test_dials_may_be_any_kind_of_number() -> None:
    expected = lower(five_layers())({"bow": 30.0})["line->early"]
    for value in (30, np.float64(30), np.int64(30), jnp.float32(30), np.asarray(30.0)):
        np.testing.assert_array_equal(lower(five_layers())({"bow": value})["line->early"], expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"radios": 3.0}, "no dial `radios`\n  = help: did you mean `radius`"),
        ({"zzz": 3.0}, "no dial `zzz`\n  = help: its dials are: wavelength, bow, radius, opposed"),
        ({"bow": np.ones(3)}, r"dial `bow` needs one number, not an array of shape \(3,\)"),
        ({"bow": "wide"}, "dial `bow` needs a finite number, not 'wide'"),
        ({"bow": None}, "dial `bow` needs a finite number, not None"),
        ({"bow": 1j}, "dial `bow` needs a finite number, not 1j"),
        ({"bow": float("nan")}, "dial `bow` needs a finite number, not nan"),
    ],
)
def test_wrong_dials_are_named(settings, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lower(five_layers())(settings)


def dial_over(operation: Operation, other: float) -> Circuit:
    """A kernel whose gain is an operation on a dial that may have no result."""
    gain = Apply(operation, (DialValue("w", "real"), Number(other)), "real")
    dot = connect(INPUT, "target", DOT, gain=gain)
    return circuit((family("target", "conv2d0"),), (dot,), dials=(Dial("w", "real", 1.0),))


def test_settings_stay_within_the_ranges_of_dials() -> None:
    lowered = lower(five_layers())
    bow = next(dial for dial in five_layers().dials if dial.name == "bow")
    assert bow.low is not None
    assert bow.high is not None
    for end in (bow.low, bow.high, np.float32(bow.high)):
        assert np.isfinite(lowered({"bow": end})["line->early"]).all()
    for outside in (bow.low * 0.99, bow.high * 1.01):
        message = rf"dial `bow` = \S+px is outside its range \[{bow.low:g}px, {bow.high:g}px\]"
        with pytest.raises(InputError, match=message):
            lowered({"bow": outside})


def test_the_larger_of_two_has_a_gradient() -> None:
    lowered = lower(dial_over("max", 0.5))
    slope = jax.grad(lambda w: lowered({"w": w})["input->target"].sum())
    full = float(lowered({"w": 1.0})["input->target"].sum())
    for setting, share in ((2.0, 1.0), (0.5, 0.5), (0.25, 0.0)):
        assert slope(setting) == pytest.approx(share * full, rel=1e-6)
        value = float(lowered({"w": setting})["input->target"].sum())
        assert value == pytest.approx(max(setting, 0.5) * full, rel=1e-6)


def test_expressions_without_a_value_are_named() -> None:
    assert np.isfinite(lower(dial_over("^", -1))()["input->target"]).all()
    for operation, other, setting in (("^", -1, 0), ("^", 0.5, -1), ("*", 1e30, 10), ("/", 0, 1)):
        with pytest.raises(InputError, match=f"has no finite value at w = {setting}"):
            lower(dial_over(operation, other))({"w": setting})


def test_a_kernel_that_cancels_is_not_noise_of_some_mass() -> None:
    source, target = family("a", "conv2d0", rot(4)), family("b", "conv2d1", rot(4))
    for norm in (mass(1), Norm("l1"), Norm("l2")):
        split = connect(
            "a", "b", place(shape("half", width=px(4))), tune("th", bump(40)), norm=norm
        )
        assert np.abs(lower(circuit((source, target), (split,)))()["a->b"]).max() < 0.05
