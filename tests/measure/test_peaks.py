"""Where units respond most, and which respond alike."""

from __future__ import annotations

import numpy as np
from small_network import SMALL, small_weights

from circuitdsl.measure.agreeing.alike import groups, likeness
from circuitdsl.measure.passes import run
from circuitdsl.measure.peaks import peaks
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of

IMAGES = np.random.default_rng(0).uniform(0, 255, (5, 32, 32, 3)).astype(np.float32)
PARTS = (IMAGES[:2], IMAGES[2:4], IMAGES[4:])


def test_peaks_are_the_largest_responses_of_the_strongest_images() -> None:
    network = Network(SMALL, small_weights())
    found = run(peaks(network, {"conv2d1": 5}, 3), batches_of(PARTS))["conv2d1"]
    maps = np.asarray(network.activations(IMAGES, ["conv2d1"])["conv2d1"])
    largest = maps.max(axis=(1, 2))
    for unit in range(5):
        order = np.argsort(-largest[:, unit], kind="stable")[:3]
        np.testing.assert_allclose(found.values[unit], largest[order, unit], rtol=1e-5)
        places = zip(found.images[unit], found.rows[unit], found.columns[unit], strict=True)
        at = [maps[image, row, column, unit] for image, row, column in places]
        np.testing.assert_allclose(at, found.values[unit], rtol=1e-5)


def test_likeness_is_the_correlation_over_all_positions() -> None:
    network = Network(SMALL, small_weights())
    r = run(likeness(network, "conv2d0"), batches_of(PARTS))
    maps = np.asarray(network.activations(IMAGES, ["conv2d0"])["conv2d0"], np.float64)
    np.testing.assert_allclose(r, np.corrcoef(maps.reshape(-1, 6).T), atol=1e-4)


def test_units_that_respond_alike_are_one_group() -> None:
    r = np.eye(5)
    for left, right in ((0, 3), (3, 4), (0, 4)):
        r[left, right] = r[right, left] = 0.8
    assert groups(r, [0, 1, 3, 4]) == [(0, 3, 4), (1,)]
    assert groups(r, [2]) == [(2,)]
    assert groups(r, []) == []
