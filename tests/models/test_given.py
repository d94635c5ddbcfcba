"""Circuits that read units of a trained network."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest
from builders import blob, cases, circuit, connect, family, place, px, real, tap
from flax import nnx
from small_network import SMALL, small_weights

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import Circuit, Norm
from circuitdsl.models.network import Network
from circuitdsl.models.written.given import at_home
from circuitdsl.models.written.handwritten import build
from circuitdsl.reference import interpret, interpret_weights
from circuitdsl.text.diagnostics import InputError

IMAGES = np.random.default_rng(3).uniform(0, 255, (2, 64, 72, 3)).astype(np.float32)


def car() -> Circuit:
    """One part above, another below, both units of a network."""
    parts = {"window": (5, 41), "wheel": (3,)}
    above = place(blob(tap(0.8), (px(0), tap(1.2))))
    below = place(blob(tap(0.8), (px(0), tap(-1.2))))
    return circuit(
        (
            family("window", "mixed3a", cases(2), units=parts["window"]),
            family("wheel", "mixed3a", units=parts["wheel"]),
            family("car", "mixed3b_5x5", bias=real(-0.1)),
        ),
        (
            connect("window", "car", above, over=("u",), norm=Norm("l1")),
            connect("wheel", "car", below, norm=Norm("l1")),
        ),
        backbone="tiny",
    )


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(BACKBONES["tiny"], rngs=nnx.Rngs(params=0))


def test_units_come_from_the_network(network: Network) -> None:
    block = network.activations(IMAGES, ["mixed3a"])["mixed3a"]
    hand = build(car(), given=network)
    found = hand.activations(IMAGES, ["window", "wheel", "car"])
    np.testing.assert_array_equal(found["window"], block[..., np.asarray((5, 41))])
    np.testing.assert_array_equal(found["wheel"], block[..., 3:4])
    assert float(found["car"].max()) > 0
    alone = build(car(), given={"window": found["window"], "wheel": found["wheel"]})
    np.testing.assert_allclose(alone.activations(IMAGES, ["car"])["car"], found["car"], atol=1e-6)


def test_the_reference_reads_the_same(network: Network) -> None:
    program = car()
    found = build(program, given=network)(IMAGES)
    given = {name: np.asarray(found[name][0]) for name in ("window", "wheel")}
    expected = interpret(program, interpret_weights(program), IMAGES[0], given)
    np.testing.assert_allclose(found["car"][0], expected["car"], rtol=1e-4, atol=1e-5)


def test_gradients_flow_to_the_images(network: Network) -> None:
    hand = build(car(), given=network)
    gradient = jax.grad(lambda x: hand.activations(x, ["car"])["car"].sum())(IMAGES[:1])
    assert float(abs(gradient).max()) > 0


def test_what_is_missing_is_named(network: Network) -> None:
    with pytest.raises(InputError, match=r"`window` consists of units .* mixed3a:5"):
        build(car()).activations(IMAGES, ["car"])
    maps = network.activations(IMAGES, ["mixed3a"])["mixed3a"]
    with pytest.raises(InputError, match="`wheel` consists of units"):
        build(car(), given={"window": maps[..., :2]}).activations(IMAGES, ["car"])
    with pytest.raises(InputError, match=r"`window` must have shape \(2, 8, 9, 2\); got"):
        given = {"window": maps[..., :1], "wheel": maps[..., :1]}
        build(car(), given=given).activations(IMAGES, ["car"])
    with pytest.raises(InputError, match="`car` is no family of trained units"):
        build(car(), given={"car": maps})


def test_numbers_of_one_training_run_are_refused_in_another(network: Network) -> None:
    families = tuple(
        replace(one, network="elsewhere") if one.units else one for one in car().families
    )
    foreign = replace(car(), families=families)
    with pytest.raises(InputError, match="`window` is mixed3a:5, mixed3a:41 of elsewhere; this is"):
        build(foreign, given=network)
    assert not at_home(foreign, network)
    assert at_home(car(), network)
    named = Network(BACKBONES["tiny"], rngs=nnx.Rngs(params=0), name="elsewhere")
    assert at_home(foreign, named)


def test_the_network_has_the_circuits_architecture() -> None:
    with pytest.raises(InputError, match="takes units of tiny; the network is a small"):
        build(car(), given=Network(SMALL, small_weights()))
