"""A yardstick gives the figures of the comparisons that look at the trained units every time."""

import numpy as np
import pytest
from many_circuits import make_yardstick
from PIL import Image

from circuitdsl import load_network
from circuitdsl.checking.load import loads
from circuitdsl.compare.recovery import recovery, study
from circuitdsl.compare.score import Images, score_circuit
from circuitdsl.ir.members.placing import place_members
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.models.outputs import labels
from circuitdsl.models.written.handwritten import build
from circuitdsl.run.comparing.standing_in import found_units
from circuitdsl.stimuli.photographs import open_images

EDGES = """circ 1 "Edges."
from std.shapes import gabor
backbone V = tiny()
family edges [th: rot(4)] at V.conv2d0
connect V.input -> edges {
  place = gabor(6px, length=2px, width=2px, phase=270deg)
  dc    = 0
}
"""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for index, label in enumerate(labels("tiny")[:5]):
        (folder / label).mkdir()
        pixels = rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((224, 224)).save(folder / label / f"{index}.png")
    images = open_images(folder)
    return images.some(range(2)), images.some(range(2, 5))


def test_a_yardstick_measures_as_comparisons_do(photographs):
    circuit, network = loads(EDGES), load_network("tiny")
    found = find_family(network, "conv2d0", "tiny")
    yardstick = make_yardstick(network, found, labels("tiny"), photographs, compared=2, replaced=3)
    held = yardstick.held(circuit, "edges")

    to_match, to_score = photographs
    images = Images(to_score.batches(), "")
    compared = score_circuit(circuit, network, images, file="", model="tiny", units=2)
    assert held.natural_r == pytest.approx(compared.mean["natural_r"], abs=1e-4)
    assert held.natural_r_ci == pytest.approx(compared.natural_r_ci, abs=1e-4)
    assert held.preferred_error_deg == pytest.approx(compared.mean["preferred_error_deg"], abs=0.01)
    assert held.grids == {}

    units = found_units(network, "conv2d0", 3, "tiny")
    prepared = study(
        network,
        units,
        build(place_members(circuit, "edges", units.angles_deg)),
        "edges",
        members=range(3),
        calibration=to_match.batches(),
    )
    outputs = outputs_of(map(to_score.label, to_score.paths), labels("tiny"))
    slow = run(recovery(prepared, outputs), to_score.batches(16, 224))
    for share, other in zip(held.shares, slow.shares, strict=True):
        assert (share.measure, share.against) == (other.measure, other.against)
        if share.measure in ("cross_entropy", "kl"):
            assert share.value == pytest.approx(other.value, abs=0.01)
            assert share.ci == pytest.approx(other.ci, abs=0.03)
            assert share.shuffled == pytest.approx(other.shuffled, abs=0.01)

    silent = yardstick.held(circuit, "edges", silent=["input->edges"])
    assert silent.natural_r == 0
