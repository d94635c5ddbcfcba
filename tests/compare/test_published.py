"""The drawn stimuli against the published response grids of the original curve neurons."""

import numpy as np
import pytest

from circuitdsl.compare.subject import trained
from circuitdsl.compare.tuning import response_grid
from circuitdsl.ir.angles import tangent_deg
from circuitdsl.models.registry import open_network
from circuitdsl.stimuli.curves import STROKE_SHARE, CurveGrid

SIDE = 60
FAMILY = [345, 335, 384, 362, 334, 360, 349, 327, 343, 385]  # as `find curves` ranks them
EVERY_RADIUS, EVERY_ANGLE = 5, 10  # of the published 80 radii and 720 angles


@pytest.mark.network
def test_curve_units_of_another_network_answer_them_as_the_originals_did(shared, caffe2_weights):
    """Turned onto each other, the best match of each published neuron is a near copy.

    A wrong stroke, radius, polarity or direction of turning would spoil it.
    """
    path = shared / "reference" / "distill" / "curve_grids_dev.npz"
    if not path.is_file():
        pytest.skip(f"no published grids in {path}")
    with np.load(path) as grids:
        published = grids["outline"][:, ::EVERY_RADIUS, ::EVERY_ANGLE].astype(np.float64)
    radii = np.geomspace(4.8 * SIDE, 0.4293 * SIDE, 80)[::EVERY_RADIUS]
    bulges = (np.arange(0, 720, EVERY_ANGLE) / 2 - 180) % 360
    grid = CurveGrid(
        radius_px=tuple(radii.tolist()),
        tangent_deg=tuple(tangent_deg(bulge) for bulge in bulges.tolist()),
        contrast=(-1.0,),
        stroke_px=STROKE_SHARE * SIDE,
    )
    network = open_network("inceptionv1-caffe2", caffe2_weights)
    responses = response_grid(trained(network, "mixed3b", FAMILY), grid, side=SIDE)[:, :, 0]
    best = [
        max(
            np.corrcoef(original.ravel(), np.roll(responses[..., unit], turn, 1).ravel())[0, 1]
            for unit in range(len(FAMILY))
            for turn in range(len(bulges))
        )
        for original in published
    ]
    assert np.mean(best) >= 0.9
