"""Effects and recoveries on a small network, against the same figures worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path

import builders as b
import numpy as np
import pytest
import scipy.special
from PIL import Image
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.compare.effect import effect
from circuitdsl.compare.outputs import outcomes
from circuitdsl.compare.recovery import recovery, study
from circuitdsl.editing.apply import edit
from circuitdsl.editing.baselines import (
    channel_means,
    in_order,
    matched_splice,
    nearest_members,
)
from circuitdsl.editing.controls import (
    random_kernels,
    redrawn,
    shuffled_members,
    softened,
)
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.verbs import Ablate, Scale, Splice, StandIns, Where, drop
from circuitdsl.measure.classes import outputs_of, right_outputs
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.batches import Batch, batches_of, mirrored
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.stimuli.split import check_disjoint, split
from circuitdsl.text.diagnostics import InputError

NAMES = ["ant", "bee", "cat", "dog", "elk"]


def activations_of(network, units, images):
    """The units' activations, `[batch, height, width, unit]`."""
    return in_order(units, network.activations(images, units.branches))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


OUTPUTS = {name: index for index, name in enumerate(NAMES)}
IMAGES = noise_images(10, seed=4)
RIGHT = np.arange(10) % 5


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    parts = (IMAGES[:4], IMAGES[4:8], IMAGES[8:])
    plain = batches_of(parts, [NAMES[number] for number in RIGHT])
    return [replace(each, names=tuple(f"image {n}" for n in each.places)) for each in plain]


def _loss(logits: np.ndarray, right: np.ndarray) -> np.ndarray:
    log_p = scipy.special.log_softmax(np.asarray(logits, np.float64), axis=1)
    return -log_p[np.arange(len(right)), right]


def test_outcomes_are_those_of_each_network_alone(network, batches):
    edited = edit(network, [Ablate(select(TWO, "mixed3b_5x5"))])
    found = run(outcomes(network, {"gone": edited}, OUTPUTS), batches)
    assert found.images == 10
    intact, gone = network.logits(IMAGES), edited.logits(IMAGES)
    best = {}
    for name, logits in (("intact", intact), ("gone", gone)):
        measured = found.of(name)
        np.testing.assert_allclose(
            measured["cross_entropy"], _loss(logits, RIGHT), rtol=1e-3, atol=1e-4
        )
        order = np.argsort(-np.asarray(logits), axis=1)
        np.testing.assert_array_equal(measured["top1"], order[:, 0] == RIGHT)
        assert measured["top5"].all()
        best[name] = order[:, 0]
    changed = np.flatnonzero(best["intact"] != best["gone"])
    assert len(changed) > 0
    assert [vars(flip) for flip in found.flips] == [
        {
            "image": f"image {index}",
            "right": RIGHT[index],
            "before": best["intact"][index],
            "after": best["gone"][index],
        }
        for index in changed
    ]
    lost, won = ((best[name][changed] == RIGHT[changed]).sum() for name in ("intact", "gone"))
    assert found.flipped == (len(changed), lost, won)
    log_p, log_q = (scipy.special.log_softmax(np.asarray(x, np.float64), 1) for x in (intact, gone))
    divergence = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    np.testing.assert_allclose(found.of("gone")["kl"], divergence, rtol=1e-2, atol=1e-4)
    np.testing.assert_allclose(found.of("intact")["kl"], 0, atol=1e-6)
    with pytest.raises(InputError, match="no image"):
        run(outcomes(network, {}, OUTPUTS), [])


def test_only_so_many_flips_are_named(network, batches, monkeypatch):
    edited = edit(network, [Ablate(select(TWO, "mixed3b_5x5"))])
    every = run(outcomes(network, {"gone": edited}, OUTPUTS), batches)
    monkeypatch.setattr("circuitdsl.compare.outputs.FLIPS", 2)
    few = run(outcomes(network, {"gone": edited}, OUTPUTS), batches)
    assert len(every.flips) > 2
    assert few.flips == every.flips[:2]
    assert few.flipped == every.flipped


def test_effect_has_intervals_controls_and_flips(network, batches):
    units = select(TWO, "mixed3b_5x5[0, 2, 3]")
    edited = edit(network, [Ablate(units), Scale(units, 2.0)])
    means = run(channel_means(network, ["mixed3b_5x5"]), batches)
    found = run(effect(edited, OUTPUTS, NAMES, means=means, draws=2), batches)
    assert found.n == 10
    loss = found.edited.changes["cross_entropy"]
    assert loss.value == pytest.approx(
        found.edited.means["cross_entropy"] - found.intact["cross_entropy"], abs=1e-9
    )
    assert loss.ci[0] <= loss.value <= loss.ci[1]
    assert [control.name for control in found.controls] == ["mean", "random 1", "random 2"]
    assert found.controls[0].means["kl"] != found.edited.means["kl"]
    assert sum(moved.change for moved in found.moved) == pytest.approx(0, abs=1e-6)
    assert all(flip.before != flip.after for flip in found.flipped)
    assert "set to zero" in found.notices[0]
    json.dumps(found.record())


def test_random_units_of_a_convolution_that_is_edited_whole_are_refused(network, batches):
    edited = edit(network, [Ablate(select(TWO, "mixed3b_5x5"))])
    found = run(effect(edited, OUTPUTS, NAMES), batches)
    assert found.controls == ()
    assert found.notices == ("no random units beside it: it takes every unit of mixed3b_5x5",)


def test_an_edit_without_effect_moves_nothing(network, batches):
    found = run(effect(edit(network, []), OUTPUTS, NAMES), batches)
    assert found.controls == ()
    assert found.moved == ()
    assert found.flipped == ()
    assert found.edited.changes["cross_entropy"].ci == (0.0, 0.0)


def test_controls_draw_other_units_of_the_same_convolutions(network):
    units = select(TWO, ["mixed3b_5x5[0, 2]", "3a:4"])
    means = {"mixed3b_5x5": np.arange(6.0), "mixed3a_3x3": np.arange(4.0) + 10}
    steps = (Ablate(units), Scale(units, 2.0), Ablate(units, (1.0, 2.0, 3.0)))
    drawn = redrawn(steps, means, seed=1)
    assert drawn == redrawn(steps, means, seed=1)
    assert drawn != redrawn(steps, means, seed=2)
    places = drawn[0].units.places
    assert [branch for branch, _ in places] == ["mixed3b_5x5", "mixed3b_5x5", "mixed3a_3x3"]
    assert not set(places) & set(units.places)
    assert drawn[1].units == drawn[0].units
    assert drawn[2].to == tuple(means[branch][channel] for branch, channel in places)
    both = edges(select(TWO, "3a[1, 2]"), select(TWO, "mixed3b_5x5[0, 1]"))
    moved = redrawn([drop(both, Where("weight", "<", 0))], {}, seed=0)
    assert len(moved[0].edges) == 4
    assert moved[0].edges.target.branches == ("mixed3b_5x5",)
    assert redrawn([drop(both, Where("angle", "<", 9))], {}, seed=0) is None
    assert softened([Scale(units, 2.0)], means) is None
    assert softened(steps, means)[0].to == (0.0, 2.0, means["mixed3a_3x3"][1])


def test_members_are_dealt_anew():
    assert sorted(shuffled_members(range(9), 3)) == list(range(9))
    assert not any(a == c for a, c in enumerate(shuffled_members(range(9), 3)))
    assert shuffled_members([2, 2], 0) == (2, 2)


# ---- splices


@pytest.fixture(scope="module")
def hand():
    return build(b.circuit(*b.directed(6), backbone="tiny"))


@pytest.fixture(scope="module")
def units():
    return select(TWO, "mixed3b_5x5[0, 2, 3]").at_angles([5, 118, 300])


@pytest.fixture(scope="module")
def members(hand, units):
    angles = hand.circuit.by_name["edges"].axes[0].angles_deg
    return nearest_members(angles, units)


def test_a_splice_puts_hand_written_activations_in_place(network, hand, units, members, batches):
    assert members == (0, 2, 5)
    images = batches[0].images
    step = Splice(units, StandIns(hand, "edges", members, (2.0, 3.0, 4.0), (0.0, 0.5, 0.0)))
    found = activations_of(edit(network, [step]), units, images)
    shown = hand.activations(images, ["edges"])["edges"][..., np.array(members)]
    expected = shown * np.array([2.0, 3.0, 4.0]) + np.array([0, 0.5, 0])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    halved = edit(network, [step, Scale(units, 0.5)])
    np.testing.assert_allclose(
        activations_of(halved, units, images), expected / 2, rtol=1e-4, atol=1e-4
    )
    gone = edit(network, [step, Ablate(units)])
    assert not activations_of(gone, units, images).any()
    assert "overwrites what `splice` did" in gone.notices[0].message
    others = np.array([1, 4, 5])
    layer = "mixed3b_5x5"
    np.testing.assert_array_equal(
        edit(network, [step]).activations(images, [layer])[layer][..., others],
        network.activations(images, [layer])[layer][..., others],
    )


@pytest.mark.parametrize("rule", ["rms", "mean", "linear"])
def test_gains_are_matched_by_the_rule(network, hand, units, batches, rule):
    members = (0, 2, 5)
    images = [batch.real for batch in batches]
    matched = matched_splice(network, units, hand, "edges", members=members, rule=rule)
    step = run(matched, batches)
    shown = np.concatenate([hand.activations(part, ["edges"])["edges"] for part in images])
    x = np.asarray(shown, np.float64)[..., np.array(members)].reshape(-1, 3)
    y = np.concatenate([activations_of(network, units, part) for part in images])
    y = np.asarray(y, np.float64).reshape(-1, 3)
    offset = np.zeros(3)
    if rule == "rms":
        gain = np.sqrt((y**2).mean(0) / (x**2).mean(0))
    elif rule == "mean":
        gain = y.mean(0) / x.mean(0)
    else:
        gain, offset = np.array([np.polyfit(x[:, i], y[:, i], 1) for i in range(3)]).T
    np.testing.assert_allclose(step.hand.gain, gain, rtol=1e-2)
    np.testing.assert_allclose(step.hand.offset, offset, rtol=1e-2, atol=1e-3)


def test_splices_that_do_not_fit_are_refused(network, hand, units, members, batches):
    with pytest.raises(InputError, match="no rule `peak`"):
        matched_splice(network, units, hand, "edges", members=members, rule="peak")
    with pytest.raises(InputError, match="no image"):
        run(matched_splice(network, units, hand, "edges", members=members), [])
    with pytest.raises(InputError, match="no family `curve`"):
        edit(network, [Splice(units, StandIns(hand, "curve", (0, 0, 0), (1, 1, 1), (0, 0, 0)))])
    with pytest.raises(InputError, match="has 6 members"):
        edit(network, [Splice(units, StandIns(hand, "edges", (0, 0, 6), (1, 1, 1), (0, 0, 0)))])
    with pytest.raises(InputError, match="a gain and an offset for each"):
        edit(network, [Splice(units, StandIns(hand, "edges", (0, 0), (1, 1, 1), (0, 0, 0)))])
    with pytest.raises(InputError, match="samples the image every 2 px"):
        edit(network, [Splice(units, StandIns(hand, "gabors", (0, 0, 1), (1, 1, 1), (0, 0, 0)))])
    with pytest.raises(InputError, match="the image is not given"):
        step = Splice(units, StandIns(hand, "edges", members, (1, 1, 1), (0, 0, 0)))
        edit(network, [step]).resume({"mixed3a": np.zeros((1, 6, 6, 7))}, ["mixed3b"])


def test_random_kernels_keep_each_members_norm(hand):
    noise = random_kernels(hand, "edges", seed=0)
    for name, kernel in hand.arrays.items():
        if name != "complex->edges":
            np.testing.assert_array_equal(noise.arrays[name], kernel)
            continue
        assert not np.allclose(noise.arrays[name], kernel)
        sizes = [(np.asarray(k) ** 2).sum((0, 1, 2)) for k in (noise.arrays[name], kernel)]
        np.testing.assert_allclose(*sizes, rtol=1e-4)


def test_recovery_by_its_definition(network, hand, units, members, batches):
    prepared = study(
        network,
        units,
        hand,
        "edges",
        members=members,
        calibration=batches[:1],
    )
    found = run(recovery(prepared, OUTPUTS), batches[1:])
    record = json.loads(json.dumps(found.record()))
    assert list(record) == ["recovery", "n", "intact", "zero", "mean", "spliced"]
    assert record["n"] == 6
    assert found.calibrated_on == 4
    rows = record["recovery"]
    assert {(row["measure"], row["against"]) for row in rows} == {
        (measure, against)
        for measure in ("top1", "top5", "cross_entropy", "kl")
        for against in ("zero", "mean")
    }
    for row in rows:
        assert list(row) == ["measure", "against", "value", "ci", "shuffled", "random"]
        removed, measure = record[row["against"]], row["measure"]
        drop_ = record["intact"][measure] - removed[measure]
        if drop_:
            expected = (record["spliced"][measure] - removed[measure]) / drop_
            assert row["value"] == pytest.approx(expected, rel=1e-6)
        else:
            assert np.isnan(row["value"])
    loss = found.share("kl")
    assert loss.ci[0] <= loss.value <= loss.ci[1]
    assert len({loss.value, loss.shuffled, loss.random}) == 3


def test_splicing_the_units_themselves_recovers_everything(network, hand, units, members, batches):
    """If hand-written units were the trained ones, the recovery would be 1."""
    prepared = study(network, units, hand, "edges", members=members, calibration=batches[:1])
    edits = {**prepared.edits, "spliced": edit(network, [])}
    copied = type(prepared)(network, units, edits, 4, 0)
    found = run(recovery(copied, OUTPUTS), batches[1:])
    assert found.share("cross_entropy").value == pytest.approx(1, abs=1e-3)
    assert found.share("kl", "mean").ci == pytest.approx((1, 1), abs=1e-3)


# ---- images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for index in range(8):
        target = tmp_path / "images" / NAMES[index % 2] / f"{index}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (30, 30, 3), np.uint8)).save(target)
    return tmp_path / "images"


def test_one_folder_is_split_by_its_seed(folder):
    images = open_images(folder)
    first, second = split(images, 3, seed=1)
    assert len(first.paths) == 3
    assert sorted([*first.paths, *second.paths]) == sorted(images.paths)
    assert split(images, 3, seed=1)[0].paths == first.paths
    assert split(images, 3, seed=2)[0].paths != first.paths
    check_disjoint(first, second)
    with pytest.raises(InputError, match="8 images cannot be split into 8"):
        split(images, 8, seed=0)


def test_an_image_in_both_sets_is_found_under_any_name(folder, tmp_path):
    images = open_images(folder)
    with pytest.raises(InputError, match="is in both"):
        check_disjoint(images, open_images(folder, 2))
    copy = tmp_path / "other" / "renamed.png"
    copy.parent.mkdir()
    copy.write_bytes(images.paths[3].read_bytes())
    with pytest.raises(InputError, match=r"renamed\.png is in both .there as"):
        check_disjoint(open_images(copy.parent), images)


def test_images_and_their_mirror_images(folder):
    images = open_images(folder)
    outputs = outputs_of(map(images.label, images.paths), NAMES)
    plain = list(images.batches(6, 24))
    assert [batch.count for batch in plain] == [6, 2]
    assert {batch.images.shape for batch in plain} == {(6, 24, 24, 3)}
    assert right_outputs(plain[0], outputs).tolist() == [0, 0, 0, 0, 1, 1]
    assert right_outputs(plain[1], outputs).tolist() == [1, 1, 0, 0, 0, 0]
    both = list(mirrored(images.batches(3, 24)))
    assert [batch.count for batch in both] == [6, 6, 4]
    assert both[1].places.tolist() == [6, 7, 8, 9, 10, 11]
    np.testing.assert_array_equal(both[0].images[1], both[0].images[0][:, ::-1])
    assert both[0].names[:2] == ("ant/0.png", "ant/0.png (mirrored)")
    assert right_outputs(both[2], outputs)[:4].tolist() == [1, 1, 1, 1]
    with pytest.raises(InputError, match="network does not know, such as `bee`"):
        outputs_of(map(images.label, images.paths), ["ant"])
    with pytest.raises(InputError, match="lie in no sub-folder"):
        outputs_of([""], NAMES)
