"""Hand-written circuits as networks."""

from __future__ import annotations

import logging
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import (
    DOT,
    arc,
    bump,
    connect,
    extended,
    family,
    mass,
    oriented,
    place,
    px,
    real,
    rot,
    stem,
    tune,
)
from flax import nnx
from programs import five_layers

from circuitdsl.ir.circuit import Circuit, Dial, Normalisation
from circuitdsl.ir.expressions import DialValue
from circuitdsl.lowering.weights import lower
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build, forward
from circuitdsl.text.diagnostics import InputError


def images(side: int = 40, n: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (n, side, side + 5, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> HandwrittenNetwork:
    return build(five_layers())


def test_families_have_the_backbones_grids(network: HandwrittenNetwork) -> None:
    """TensorFlow's SAME padding: a stride of two halves upwards."""
    found = network(images(97, 1))
    shapes = {name: array.shape for name, array in found.items()}
    assert shapes == {
        "gabors": (1, 49, 51, 64),
        "complex": (1, 25, 26, 16),
        "line": (1, 25, 26, 16),
        "line3": (1, 13, 13, 16),
        "early": (1, 13, 13, 16),
        "curve": (1, 13, 13, 10),
    }


def test_activations_are_rectified_pre_activations(network: HandwrittenNetwork) -> None:
    pictures = images()
    before = network.pre_activations(pictures, ["early", "curve"])
    after = network.activations(pictures, ["early", "curve"])
    for name in before:
        assert before[name].min() < 0
        np.testing.assert_array_equal(after[name], before[name].clip(min=0))


def test_images_do_not_see_each_other(network: HandwrittenNetwork) -> None:
    pictures = images(n=3)
    together = network.activations(pictures, ["curve"])["curve"]
    alone = network.activations(pictures[1:2], ["curve"])["curve"]
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-4, atol=1e-4)


def test_gain_and_bias_act_before_relu(network: HandwrittenNetwork) -> None:
    pictures = images()
    plain = network.pre_activations(pictures, ["curve"])["curve"]
    other = network.with_weights({"curve.gain": 0.5, "curve.bias": jnp.float32(-3)})
    np.testing.assert_allclose(
        other.pre_activations(pictures, ["curve"])["curve"], 0.5 * plain - 3, atol=1e-3
    )
    # the first network kept its own
    assert network.arrays["curve.gain"] == 1


def test_normalised_families_are_divided_by_local_energy() -> None:
    program = replace(
        extended(oriented(4, 2)),
        normalisations=(
            Normalisation("gabors", 3, real(20), ("gabors",)),
            Normalisation("complex", 1, real(0), ("complex",)),
        ),
    )
    plain, divided = build(replace(program, normalisations=())), build(program)
    pictures = images()
    h = np.asarray(plain.activations(pictures, ["gabors"])["gabors"], np.float64)
    outside = ((0, 0), (1, 1), (1, 1))
    padded = np.pad((h**2).mean(axis=-1), outside, constant_values=np.nan)
    rows, columns = h.shape[1:3]
    near = [padded[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    expected = h / np.sqrt(400 + np.nanmean(near, axis=0)[..., None])
    found = divided(pictures)
    np.testing.assert_allclose(found["gabors"], expected, rtol=1e-4, atol=1e-5)
    # without a floor the mean square of a position is 1, or 0 where nothing fires
    power = np.mean(np.asarray(found["complex"]) ** 2, axis=-1)
    np.testing.assert_allclose(power, np.where(power > 0.5, 1, 0), atol=1e-4)


def test_lrn_mixes_the_families_of_a_layer_in_their_order() -> None:
    parts = stem(4, 2)
    more = family("more", "conv2d0")
    target = family("copy", "conv2d1")
    program = extended(
        parts,
        more,
        target,
        connect("more", "copy", DOT),
        replace(parts[1][0], target="more", name="input->more"),
        normalisation="lrn",
    )
    pictures = images()
    found = build(program)(pictures)
    channels = np.concatenate([found["gabors"], found["more"]], axis=-1)
    pooled = np.asarray(nnx.max_pool(jnp.asarray(channels), (3, 3), (2, 2), "SAME"), np.float64)
    near = (pooled[..., 3:] ** 2).sum(axis=-1)  # channels 3 to 8: five before the last
    expected = pooled[..., -1] / np.sqrt(2.0 + 1e-4 * near)  # as InceptionV1 has it
    np.testing.assert_allclose(found["copy"][..., 0], expected, rtol=1e-4)


def test_a_family_that_nothing_feeds_is_its_bias() -> None:
    program = extended(stem(2, 1), family("still", "conv2d1", bias=real(0.25)))
    found = build(program).activations(images(40), ["still"])["still"]
    np.testing.assert_array_equal(found, np.full((2, 10, 12, 1), 0.25))


def test_gradients_reach_the_dials() -> None:
    bent = place(arc(DialValue("bow", "px"), px(12), px(2)))
    program = extended(
        oriented(4, 2),
        family("bows", "conv2d2", rot(4)),
        connect("complex", "bows", bent, tune("th", bump(50), frame="tangent"), norm=mass(1)),
        dials=(Dial("bow", "px", 12.0),),
        normalisations=(Normalisation("complex", 3, real(20), ("complex",)),),
    )
    pictures = images(48, 1)

    @jax.jit
    def loss(bow: jax.Array) -> jax.Array:
        weights = lower(program)({"bow": bow})
        return forward(program, weights, pictures, ["bows"])["bows"].sum()

    slope = jax.grad(loss)(jnp.float32(12))
    expected = (loss(jnp.float32(12.5)) - loss(jnp.float32(11.5))) / 1.0
    np.testing.assert_allclose(slope, expected, rtol=0.05)


def test_parameters_can_be_trained(network: HandwrittenNetwork) -> None:
    def loss(module: HandwrittenNetwork) -> jax.Array:
        return module.activations(images(32, 1), ["curve"])["curve"].sum()

    slopes = nnx.grad(loss)(network)
    assert np.abs(slopes["weights"]["shape"][...]).max() > 0
    assert set(nnx.state(network, nnx.Param)["weights"]) == set(network.arrays)


def test_circuits_that_differ_in_numbers_share_a_program(
    network: HandwrittenNetwork, caplog
) -> None:
    pictures = images()
    first = network.activations(pictures, ["early"])["early"]
    other = build(five_layers(), {"bow": 31.0})
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        second = other.activations(pictures, ["early"])["early"]
    assert "Compiling" not in caplog.text
    assert np.abs(np.asarray(first - second)).max() > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curve.gian": 1.0}, "no array `curve.gian`\n  = help: did you mean `curve.gain`"),
        ({"shape": np.ones((3, 3, 16, 10))}, r"`shape` must have shape \(5, 5, 16, 10\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(network, change, message: str) -> None:
    with pytest.raises(InputError, match=message):
        network.with_weights(change)


def test_wrong_questions_are_refused(network: HandwrittenNetwork) -> None:
    with pytest.raises(InputError, match="no family `curv`\n  = help: did you mean `curve`"):
        network.activations(images(), ["curv"])
    with pytest.raises(InputError, match=r"images are \[batch, height, width, 3\]"):
        network.activations(images()[0], ["curve"])
    with pytest.raises(InputError, match=r"array `shape` of shape .* is missing"):
        arrays = network.arrays
        del arrays["shape"]
        HandwrittenNetwork(network.circuit, arrays)


def test_a_family_cannot_be_normalised_by_what_it_feeds() -> None:
    families = (family("a", "conv2d1"), family("b", "conv2d2"))
    program: Circuit = extended(
        stem(2, 1),
        *families,
        connect("gabors", "a", DOT, over=("th", "ph")),
        connect("a", "b", DOT),
    )
    program = replace(program, normalisations=(Normalisation("a", 1, real(1), ("b",)),))
    with pytest.raises(InputError, match="is normalised by a family that it feeds"):
        build(program).activations(images(), ["b"])
