"""The shipped curve detectors against the network that they are of: no figure of theirs is lost.

Each bound is what docs/curves.md states less its interval, on some of the photographs that no dial
was fitted to. Recovered cross-entropy has too wide an interval on so few, and is left to
`benchmarks/curves.py`; the divergence from the whole network is measured here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from many_circuits import Standing, make_yardstick

from circuitdsl import load, load_network
from circuitdsl.fitting.result import split_photographs
from circuitdsl.measure.finders.curves_published import PUBLISHED
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.measure.tunings.published import read_grids
from circuitdsl.models.outputs import labels

pytestmark = pytest.mark.network

CURVES = ROOT / "circuits_src" / "curves_fitted.circ"
MODEL = "inceptionv1-caffe2"
TO_MATCH, TO_SCORE = 32, 64


@pytest.fixture(scope="module")
def standing(shared: Path, caffe2_weights: Path, photographs: Path) -> Standing:
    """The circuit's figures, on a sixteenth of the published circles."""
    grids = shared / "reference" / "distill" / "curve_grids_dev.npz"
    if not grids.is_file():
        pytest.skip(f"no published grids {grids}")
    network = load_network(MODEL, caffe2_weights)
    to_match, _ = split_photographs(photographs, TO_MATCH)
    _, to_score = split_photographs(photographs, TO_SCORE)
    yardstick = make_yardstick(
        network,
        find_family(network, "mixed3b", MODEL),
        labels(MODEL),
        (to_match, to_score),
        read_grids(grids, PUBLISHED),
    )
    return yardstick.held(load(CURVES), "curve", rough=True)


def test_correlation_on_photographs(standing: Standing) -> None:
    assert standing.natural_r >= 0.639


def test_angles(standing: Standing) -> None:
    assert standing.preferred_error_deg <= 2.0


@pytest.mark.parametrize(
    ("measure", "least"),
    [("aligned_r", 0.925), ("raw_r", 0.921), ("filled_r", 0.995), ("coloured_r", 0.988)],
)
def test_published_grids(standing: Standing, measure: str, least: float) -> None:
    assert standing.grids[measure] >= least


def test_echo(standing: Standing) -> None:
    assert standing.grids["echo"] <= 0.0005


def test_the_work_that_the_units_do_is_recovered(standing: Standing) -> None:
    (share,) = (s for s in standing.shares if (s.measure, s.against) == ("kl", "zero"))
    assert share.value >= 0.78
    assert share.shuffled <= share.value / 2  # members at wrong angles do not do it
