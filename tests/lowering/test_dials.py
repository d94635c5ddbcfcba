"""Free dials on the line and back."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import five_layers

from circuitdsl.ir.circuit import Dial
from circuitdsl.lowering.dials import bounded, unbounded
from circuitdsl.text.diagnostics import InputError


@given(st.floats(0.01, 0.99))
def test_there_and_back(part: float) -> None:
    setting = 20 + 100 * part
    z = unbounded(five_layers(), {"radius": setting})
    assert set(z) == {"bow", "radius", "opposed"}
    back = bounded(five_layers(), z)
    np.testing.assert_allclose(back["radius"], setting, rtol=1e-5)
    np.testing.assert_allclose(back["bow"], 20, rtol=1e-5)


@given(st.floats(-1e6, 1e6))
def test_no_step_leaves_the_range(z: float) -> None:
    assert 10 <= bounded(five_layers(), {"bow": jnp.float32(z)})["bow"] <= 60


def test_a_dial_at_its_end_can_move() -> None:
    z = unbounded(five_layers(), {"bow": 10.0})
    slope = jax.grad(lambda z: bounded(five_layers(), z)["bow"])(z)
    np.testing.assert_allclose(bounded(five_layers(), z)["bow"], 10.05, rtol=1e-5)
    assert slope["bow"] > 0.01


def test_a_dial_without_a_range_is_itself() -> None:
    program = replace(five_layers(), dials=(Dial("bow", "px", 7.0, free=True),))
    z = unbounded(program)
    assert z["bow"] == 7
    assert bounded(program, z)["bow"] == 7


def test_wrong_dials_are_named() -> None:
    with pytest.raises(InputError, match="no free dial `wavelength`"):
        unbounded(five_layers(), {"wavelength": 5.0})
    with pytest.raises(InputError, match="`radius` = 200px is outside its range"):
        unbounded(five_layers(), {"radius": 200.0})
    with pytest.raises(InputError, match="no free dial `bwo`\n  = help: did you mean `bow`"):
        bounded(five_layers(), {"bwo": 5.0})
