"""Sweeps against single edits; interrupted ones against unbroken ones."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import scipy.special
import scipy.stats
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.editing.apply import edit
from circuitdsl.editing.attribution import attribution, rank_correlation
from circuitdsl.editing.baselines import channel_means
from circuitdsl.editing.select import select
from circuitdsl.editing.sweep import (
    in_pairs,
    one_by_one,
    sweep,
    swept_layer,
)
from circuitdsl.editing.verbs import Ablate, Scale
from circuitdsl.measure.passes import run
from circuitdsl.measure.shards import Engine, Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import Batch, batches_of
from circuitdsl.stimuli.photographs import Cut, open_images
from circuitdsl.text.diagnostics import InputError

IMAGES = np.rint(noise_images(10, seed=4))
RIGHT = np.arange(10, dtype=np.int32) % 5
OUTPUTS = {str(number): number for number in range(5)}


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Reading:
    """Ten images in an archive, four at a time."""
    file = tmp_path_factory.mktemp("images") / "ten.npz"
    np.savez(file, images=IMAGES.astype(np.uint8), labels=RIGHT)
    return Reading(open_images(file), Shape(Cut(IMAGES.shape[1]), 4))


def _all(reading: Reading) -> Iterator[Batch]:
    return reading.images.part(range(10), 4, reading.shape.cut)


def _rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def _measures(network, edited):
    log_p, log_q = (
        scipy.special.log_softmax(np.asarray(each.logits(IMAGES), np.float64), axis=1)
        for each in (network, edited)
    )
    best = np.argsort(-log_q, axis=1)
    return [
        (best[:, 0] == RIGHT).mean(),
        1.0,
        -log_q[np.arange(10), RIGHT].mean(),
        (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean(),
    ]


@pytest.mark.parametrize("to_mean", [False, True])
def test_every_row_is_the_edit_alone(network, examples, tmp_path, to_mean):
    units = select(TWO, "mixed3b_5x5")
    means = run(channel_means(network, ["mixed3b_5x5"]), batches_of([IMAGES])) if to_mean else None
    table = sweep(network, one_by_one(units), examples, OUTPUTS, tmp_path / "s.csv", means=means)
    assert table.names == ("intact", *units.names)
    np.testing.assert_allclose(table.means[0], _measures(network, network), rtol=1e-4, atol=1e-6)
    for index in range(6):
        one = select(TWO, f"mixed3b_5x5:{index}")
        to = (float(means["mixed3b_5x5"][index]),) if to_mean else None
        expected = _measures(network, edit(network, [Ablate(one, to)]))
        np.testing.assert_allclose(table.means[index + 1], expected, rtol=1e-3, atol=1e-6)
    rows = _rows(tmp_path / "s.csv")
    assert [row["units"] for row in rows] == list(table.names)
    assert {row["images"] for row in rows} == {"10"}
    assert [float(row["kl"]) for row in rows[1:]] == table.column("kl").tolist()


def test_pairs_and_bottlenecks(network, examples, tmp_path):
    pairs = in_pairs(select(TWO, "mixed3b_5x5_bottleneck[0, 1, 3]"))
    assert swept_layer(pairs) == "mixed3b_5x5_bottleneck"
    table = sweep(network, pairs, examples, OUTPUTS, tmp_path / "s.csv")
    assert table.names[1] == "mixed3b_5x5_bottleneck:0 mixed3b_5x5_bottleneck:1"
    expected = _measures(network, edit(network, [Ablate(pairs[2])]))
    np.testing.assert_allclose(table.means[3], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("stop_after", [1, 2])
def test_an_interrupted_sweep_goes_on_to_the_same_bytes(network, examples, tmp_path, stop_after):
    sets = one_by_one(select(TWO, "mixed3b_5x5[1, 2]"))
    whole = tmp_path / "whole.csv"
    sweep(network, sets, examples, OUTPUTS, whole)
    broken = tmp_path / "broken.csv"
    seen: list[int] = []

    def stop(images: int) -> None:
        seen.append(images)
        if len(seen) == stop_after + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(network, sets, examples, OUTPUTS, broken, progress=stop)
    assert {row["images"] for row in _rows(broken)} == {str(4 * stop_after)}
    seen.clear()
    sweep(network, sets, examples, OUTPUTS, broken, progress=seen.append)
    assert broken.read_bytes() == whole.read_bytes()
    assert seen == [8, 10][stop_after - 1 :]
    again: list[int] = []
    sweep(network, sets, examples, OUTPUTS, broken, progress=again.append)
    assert again == []
    assert broken.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "broken.csv",
        "broken.csv.json",
        "whole.csv",
        "whole.csv.json",
    ]


def test_processes_leave_the_same_table(network, examples, tmp_path):
    sets = one_by_one(select(TWO, "mixed3b_5x5[1, 2]"))
    alone, shared = tmp_path / "alone.csv", tmp_path / "shared.csv"
    sweep(network, sets, examples, OUTPUTS, alone)
    two = replace(examples, engine=Engine(2, tmp_path / "store"))
    sweep(network, sets, two, OUTPUTS, shared)
    assert shared.read_bytes() == alone.read_bytes()
    assert len(list((tmp_path / "store").glob("*.safetensors"))) == 3


def test_the_file_of_another_sweep_is_left_alone(network, examples, tmp_path):
    target = tmp_path / "s.csv"
    sets = one_by_one(select(TWO, "mixed3b_5x5[1, 2]"))
    sweep(network, sets, examples, OUTPUTS, target, about={"images": "here"})
    text = target.read_text()
    others = [
        (network, sets[:1], {"images": "here"}),
        (network, sets, {"images": "there"}),
        (Network(TWO, two_weights(1)), sets, {"images": "here"}),
    ]
    for other, units, about in others:
        with pytest.raises(InputError, match="not the beginning of this sweep"):
            sweep(other, units, examples, OUTPUTS, target, about=about)
    target.write_text("units,images\nintact,many\n")
    with pytest.raises(InputError, match="no table of a sweep"):
        sweep(network, sets, examples, OUTPUTS, target, about={"images": "here"})
    target.write_text(text.replace("mixed3b:4", "mixed3b:9"))
    with pytest.raises(InputError, match="rows are not those"):
        sweep(network, sets, examples, OUTPUTS, target, about={"images": "here"})
    assert json.loads((tmp_path / "s.csv.json").read_text())["ablation"] == "zero"


def test_sweeps_over_nothing_are_refused(network, examples, tmp_path):
    with pytest.raises(InputError, match="needs units"):
        sweep(network, [], examples, OUTPUTS, tmp_path / "t.csv")
    with pytest.raises(InputError, match="lie in mixed3a, mixed3b"):
        swept_layer(one_by_one(select(TWO, ["3a:1", "3b:1"])))


def test_attribution_is_the_slope_of_the_loss(network, examples):
    """For a small step towards zero, attribution predicts the change of the loss."""
    units = select(TWO, "mixed3b")
    found = run(attribution(network, units, OUTPUTS), _all(examples))
    small = 1e-2
    for index in (0, 4, 10):
        one = select(TWO, f"mixed3b:{index}")
        moved = _measures(network, edit(network, [Scale(one, 1 - small)]))[2]
        change = (moved - _measures(network, network)[2]) / small
        assert found[index] == pytest.approx(change, rel=0.05, abs=2e-3)
    means = run(channel_means(network, ["mixed3b_5x5"]), batches_of([IMAGES]))
    to_means = run(attribution(network, units, OUTPUTS, means), _all(examples))
    np.testing.assert_array_equal(to_means[:3], found[:3])
    assert not np.allclose(to_means[3:9], found[3:9])
    with pytest.raises(InputError, match="no image"):
        run(attribution(network, units, OUTPUTS), [])


def test_rank_correlation_is_spearmans():
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 5, 30).astype(float), generator.normal(size=30)
    assert rank_correlation(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic)
    assert rank_correlation(b, b**3) == pytest.approx(1)
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4.0)))
