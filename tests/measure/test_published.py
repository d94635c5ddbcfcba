"""The drawn stimuli against the published response grids of the original curve neurons."""

import numpy as np
import pytest

from circuitdsl.measure.finders.curves_published import PUBLISHED, SIDE, published_stimuli
from circuitdsl.measure.tunings.published import aligned_r, read_grids
from circuitdsl.measure.tunings.tuning import response_grid
from circuitdsl.measure.units import trained
from circuitdsl.models.registry import load_network

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
    published = read_grids(path, PUBLISHED).outline[:, ::EVERY_RADIUS, ::EVERY_ANGLE]
    grid = published_stimuli(EVERY_RADIUS, EVERY_ANGLE)
    network = load_network("inceptionv1-caffe2", caffe2_weights)
    responses = response_grid(trained(network, "mixed3b", FAMILY), grid, side=SIDE)[:, :, 0]
    best = [
        max(aligned_r(original, responses[..., unit]) for unit in range(len(FAMILY)))
        for original in published
    ]
    assert np.mean(best) >= 0.9
