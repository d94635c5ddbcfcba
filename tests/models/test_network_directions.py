"""Directions as units: read, edited, and put back along themselves."""

from __future__ import annotations

import numpy as np
import pytest
from small_network import SMALL, small_weights

import circuitdsl
from circuitdsl.editing import Ablate, Scale, select
from circuitdsl.editing.verbs import Shift
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

WEIGHTS = {1: 0.7, 6: -0.3}


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(SMALL, small_weights())


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)


def test_a_direction_changes_nothing_until_it_is_edited(network, pixels) -> None:
    bent = circuitdsl.direction(network, "bent", "3a", WEIGHTS)
    expected = network.activations(pixels, ["mixed3a", SMALL.classifier])
    found = bent.activations(pixels, ["mixed3a", "bent", SMALL.classifier])
    for name, values in expected.items():
        # two programs, each with its own order of sums
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-5)
    vector = np.zeros(8)
    vector[[1, 6]] = np.array([0.7, -0.3]) / np.hypot(0.7, 0.3)
    along = np.asarray(expected["mixed3a"]) @ vector
    np.testing.assert_allclose(found["bent"][..., 0], along, atol=1e-5)
    assert bent.backbone.sampling("bent") == network.backbone.sampling("mixed3a")


@pytest.mark.parametrize(
    ("step", "gain", "offset"),
    [
        (Ablate, 0.0, 0.0),
        (lambda units: Scale(units, -1.0), -1.0, 0.0),
        (lambda units: Shift(units, 2.0), 1.0, 2.0),
    ],
)
def test_edits_act_along_the_direction(network, pixels, step, gain, offset) -> None:
    bent = circuitdsl.direction(network, "bent", "mixed3a", WEIGHTS)
    edited = circuitdsl.edit(bent, [step(select(bent.backbone, "bent"))])
    h = np.asarray(network.activations(pixels, ["mixed3a"])["mixed3a"], np.float64)
    vector = np.zeros(8)
    vector[[1, 6]] = np.array([0.7, -0.3]) / np.hypot(0.7, 0.3)
    along = h @ vector
    changed = h + ((gain * along + offset) - along)[..., None] * vector
    last = SMALL.classifier
    expected = network.resume({"mixed3a": changed}, [last])[last]
    np.testing.assert_allclose(edited.logits(pixels), expected, atol=1e-4)


def test_two_directions_follow_each_other(network, pixels) -> None:
    first = circuitdsl.direction(network, "a", "mixed3a", {0: 1.0})
    both = circuitdsl.direction(first, "b", "mixed3a", {0: 1.0, 1: 1.0})
    units = select(both.backbone, ["a:0", "b:0"])
    edited = circuitdsl.edit(both, [Ablate(units)])
    h = np.asarray(network.activations(pixels, ["mixed3a"])["mixed3a"]).copy()
    h[..., 0] = 0
    h[..., :2] -= h[..., :2].sum(axis=-1, keepdims=True) / 2
    last = SMALL.classifier
    expected = network.resume({"mixed3a": h}, [last])[last]
    np.testing.assert_allclose(edited.logits(pixels), expected, atol=1e-4)


def test_a_direction_along_one_unit_is_that_unit(network, pixels) -> None:
    one = circuitdsl.direction(network, "one", "conv2d1", {3: 2.0})
    edited = circuitdsl.edit(one, [Ablate(select(one.backbone, "one"))])
    expected = circuitdsl.edit(network, [Ablate(select(SMALL, "conv2d1:3"))])
    np.testing.assert_allclose(edited.logits(pixels), expected.logits(pixels), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "layer", "weights", "words"),
    [
        ("bent", "mixed3z", {0: 1.0}, "`mixed3z` of small has no directions"),
        ("bent", "avgpool0", {0: 1.0}, "`avgpool0` of small has no directions"),
        ("bent", "mixed3a", {8: 1.0}, "mixed3a has 8 units, and `bent` names 8"),
        ("conv2d0", "mixed3a", {0: 1.0}, "has a layer `conv2d0` already"),
        ("bent", "mixed3a", {0: 0.0}, "`bent` has the length 0"),
    ],
)
def test_directions_that_there_are_not(network, name, layer, weights, words) -> None:
    with pytest.raises(InputError, match=words):
        circuitdsl.direction(network, name, layer, weights)
