"""Dataset examples: against a plain reading of all activations; the same in any order."""

from __future__ import annotations

import numpy as np
import pytest
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.measure.aims import Aim
from circuitdsl.measure.examples import BINS, bins_of, edges, examples, levels, merge
from circuitdsl.measure.passes import fold
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of

IMAGES = noise_images(11)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


@pytest.fixture(scope="module")
def aims() -> tuple[Aim, ...]:
    one_hot = np.eye(6, dtype=np.float32)
    mixed = np.zeros(11, np.float32)
    mixed[[2, 5]] = 0.6, -0.8
    units = [Aim(f"mixed3b_5x5:{at}", "mixed3b_5x5", one_hot[at], True) for at in (4, 1)]
    return (*units, Aim("a direction", "mixed3b", mixed, True))


def maps_of(network: Network, aim: Aim) -> np.ndarray:
    """`[image, height, width]`."""
    return np.asarray(network.activations(IMAGES, [aim.layer])[aim.layer]) @ aim.readout


def test_strongest_and_counts_by_definition(network: Network, aims: tuple[Aim, ...]) -> None:
    one = examples(network, aims, strongest=4)
    (state,) = fold([one], batches_of([IMAGES[:4], IMAGES[4:8], IMAGES[8:]]))
    for aim, found in zip(aims, one.finish(state), strict=True):
        maps = maps_of(network, aim)
        peaks = maps.reshape(len(maps), -1).max(axis=1)
        order = np.argsort(-peaks, kind="stable")[:4]
        assert [example.place for example in found.strongest] == order.tolist()
        for example in found.strongest:
            value = maps[example.place, example.row, example.column]
            assert example.activation == pytest.approx(value, rel=1e-5)
        assert found.counts.sum() == maps.size
        assert found.photographs.sum() == len(maps)
        expected = np.bincount(bins_of(maps.ravel().astype(np.float64)), minlength=BINS)
        # rounding may move a position that lies at an edge
        assert np.abs(np.cumsum(expected - found.counts)).max() <= 1


def test_merged_parts_are_the_whole(network: Network, aims: tuple[Aim, ...]) -> None:
    one = examples(network, aims, strongest=3, each_bin=1)
    whole, first, second = (
        fold([one], part)[0]
        for part in (
            batches_of([IMAGES[:6], IMAGES[6:]]),
            list(batches_of([IMAGES[:6], IMAGES[6:]]))[:1],
            list(batches_of([IMAGES[:6], IMAGES[6:]]))[1:],
        )
    )
    for parts in (merge(first, second), merge(second, first)):
        for a, b in zip(one.finish(whole), one.finish(parts), strict=True):
            assert a.strongest == b.strongest
            assert a.sample == b.sample
            assert (a.counts == b.counts).all()


def test_levels_hold_what_lies_in_them(network: Network, aims: tuple[Aim, ...]) -> None:
    one = examples(network, aims, each_bin=2)
    (state,) = fold([one], batches_of([IMAGES]))
    for found in one.finish(state):
        ranges = levels(found, 4, 2)
        assert len(ranges) == 4
        assert ranges[-1].high == found.strongest[0].activation
        assert sum(len(level.examples) for level in ranges) > 2
        for level in ranges:
            assert len(level.examples) <= 2
            assert all(level.low <= each.activation <= level.high for each in level.examples)


def test_edges_belong_to_the_bin_above() -> None:
    lower = edges()[:-1]
    assert (bins_of(lower) == np.arange(1, BINS)).all()
    assert bins_of(np.array([-1.0, 0.0, 1e9])).tolist() == [0, 0, BINS - 1]
