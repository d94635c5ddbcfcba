"""Hand-written against trained, where the trained network is the hand-written one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import LUMA, arc, circuit, connect, family, mass, orient, place, px, rot, tap

from circuitdsl.compare.score import (
    Images,
    block_of,
    pearson,
    score_circuit,
    scored_family,
    unit_scores,
)
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import INPUT
from circuitdsl.ir.members.angles import even_deg
from circuitdsl.ir.members.placing import place_members
from circuitdsl.measure.agreeing.agreement import agreement
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.tuning import response_grid
from circuitdsl.measure.units import handwritten, trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.stimuli.drawing.circles import CircleGrid
from circuitdsl.stimuli.drawing.noise import draw_noise
from circuitdsl.text.diagnostics import InputError

TINY = BACKBONES["tiny"]
ANGLES = (10.0, 77.0, 130.0, 201.0, 290.0)


def arcs(*angles):
    """Bright arcs in conv2d0, at these angles or at eight even ones."""
    shape = place(arc(px(5), px(7), tap(0.8)))
    wires = connect(INPUT, "arcs", shape, colour=LUMA, norm=mass(1, 1))
    built = circuit((family("arcs", "conv2d0", rot(8)),), (wires,))
    return place_members(built, "arcs", angles) if angles else built


@pytest.fixture(scope="module")
def network():
    """A network whose first layer has the hand-written arcs as units 3, 4, ... and nothing else."""
    shapes = TINY.parameter_shapes
    params = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    kernel = build(arcs(*ANGLES)).arrays["input->arcs"]
    params["conv2d0_w"][..., 3 : 3 + len(ANGLES)] = kernel
    return Network(TINY, params)


def noise(count=6):
    contrast = np.full(count, 0.4)
    images = draw_noise(0, np.arange(count), contrast, slope=1.0, side=32)
    return Images(batches_of([images[:4], images[4:]]), "noise")


def scored(network, **more):
    return score_circuit(arcs(), network, noise(), file="arcs.circ", model="copy", **more)


def test_a_copy_of_the_circuit_scores_perfectly(network):
    comparison = scored(network, units=5)
    assert comparison.images == 6
    assert [unit.original for unit in comparison.units] == [f"conv2d0:{n}" for n in range(3, 8)]
    for unit in comparison.units:
        assert unit.preferred_error_deg < 3
        assert unit.tuning_r > 0.98
        assert unit.natural_r > 0.98
        assert unit.natural_r_ci[0] <= unit.natural_r <= unit.natural_r_ci[1] + 1e-9


def test_as_written_each_original_gets_its_nearest_member(network):
    comparison = scored(network, units=5, members="as-written")
    assert [unit.hand for unit in comparison.units] == [
        f"arcs[th={angle}deg]" for angle in (0, 90, 135, 180, 270)
    ]
    assert comparison.mean["natural_r"] < scored(network, units=5).mean["natural_r"]


def test_the_record_has_the_fields_of_the_json(network):
    record = scored(network, units=2).record()
    assert list(record) == [
        "file",
        "model",
        "weights",
        "family",
        "layer",
        "units_chosen_by",
        "of_kind",
        "images",
        "units",
        "mean",
    ]
    assert (record["file"], record["model"], record["images"]) == ("arcs.circ", "copy", 6)
    assert list(record["units"][0]) == [
        "hand",
        "original",
        "preferred_deg",
        "preferred_error_deg",
        "fwhm_deg",
        "echo",
        "tuning_r",
        "natural_r",
        "natural_r_ci",
    ]
    assert list(record["mean"]) == ["preferred_error_deg", "echo", "tuning_r", "natural_r"]
    assert record["mean"]["tuning_r"] == pytest.approx(
        np.mean([unit["tuning_r"] for unit in record["units"]])
    )


def test_anything_compared_with_itself_is_perfect():
    hand = handwritten(build(arcs()), "arcs")
    grid = CircleGrid((4.0, 8.0), even_deg(24, 360.0))
    responses = response_grid(hand, grid)
    natural = run(agreement(hand, hand), noise().batches)
    for unit in unit_scores(hand.names, hand.names, grid, (responses, responses), natural):
        assert unit.preferred_error_deg == 0
        assert unit.tuning_r == pytest.approx(1)
        assert unit.natural_r == pytest.approx(1)


def test_a_silent_unit_counts_as_opposite():
    hand = handwritten(build(arcs()), "arcs")
    grid = CircleGrid((4.0,), even_deg(24, 360.0))
    responses = response_grid(hand, grid)
    natural = run(agreement(hand, hand), noise().batches)
    still = np.zeros_like(responses)
    first, *_ = unit_scores(hand.names, hand.names, grid, (still, responses), natural)
    assert first.preferred_error_deg == 180
    assert first.tuning_r == 0


def test_the_last_family_that_nothing_reads_is_scored():
    assert scored_family(arcs()).name == "arcs"
    with pytest.raises(InputError, match="no family `arc`") as caught:
        scored_family(arcs(), "arc")
    assert "did you mean `arcs`?" in str(caught.value)
    lines = circuit((family("lines", "conv2d0", orient(8)),), arcs().connections)
    with pytest.raises(InputError, match="cannot be scored"):
        scored_family(lines, "lines")
    with pytest.raises(InputError, match="no family to score"):
        scored_family(replace(arcs(), connections=()))


def test_branches_are_looked_for_in_their_block(network):
    assert block_of(network, "mixed3b_5x5") == "mixed3b"
    assert block_of(network, "conv2d0") == "conv2d0"
    with pytest.raises(InputError, match="no layer `mixed4a_5x5`"):
        block_of(network, "mixed4a_5x5")


def test_fewer_than_one_unit_is_refused(network):
    with pytest.raises(InputError, match="at least 1"):
        scored(network, units=0)


def test_pearson():
    x = np.array([1.0, 2.0, 4.0])
    assert pearson(x, 3 * x - 7) == pytest.approx(1)
    assert pearson(x, -x) == pytest.approx(-1)
    assert pearson(x, np.ones(3)) == 0


def test_the_central_neuron_is_the_same_alone_and_in_the_map():
    """A block's central neuron is computed from a window; nothing may be lost."""
    rng = np.random.default_rng(0)
    shapes = TINY.parameter_shapes
    params = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    width = TINY.by_name["mixed3b"].width
    subject = trained(Network(TINY, params), "mixed3b", range(0, width, 5))
    images = rng.uniform(0, 255, (2, 60, 60, 3)).astype(np.float32)
    maps = np.asarray(subject.maps(images))
    for index in (0, 3, 7):
        alone = np.asarray(subject.neurons(images, index))
        assert alone == pytest.approx(maps[:, index, index], rel=1e-4, abs=1e-4)


@pytest.mark.network
def test_curves_against_inceptionv1_caffe2(caffe2_weights, photographs):
    from circuitdsl import score
    from circuitdsl.text.resources import circuits_folder

    comparison = score(
        circuits_folder() / "curves_fitted.circ",
        "inceptionv1-caffe2",
        weights=Path(caffe2_weights),
        images=photographs,
        limit=40,
    )
    assert comparison.images == 40
    assert comparison.mean["natural_r"] >= 0.639  # what docs/curves.md states less its interval
    assert comparison.mean["preferred_error_deg"] <= 2
