"""The central neurons of edited networks: what whole maps have there."""

from __future__ import annotations

import numpy as np
import pytest
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.editing.apply import edit
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.verbs import Ablate, Step, negate_edges
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network

EDGES = edges(select(TWO, "3a[1, 2, 6]"), select(TWO, "mixed3b_5x5[0, 5]"))


@pytest.mark.parametrize("step", [negate_edges(EDGES), Ablate(select(TWO, "mixed3b_5x5:3"))])
def test_a_neuron_is_that_of_the_map(step: Step) -> None:
    images = noise_images()
    edited = edit(Network(TWO, two_weights()), [step])
    for layer in ("mixed3b_5x5", "mixed3b"):
        whole = np.asarray(edited.activations(images, [layer])[layer])
        index = whole.shape[1] // 2
        neurons = np.asarray(trained(edited, layer).neurons(images, index))
        np.testing.assert_allclose(neurons, whole[:, index, index], rtol=1e-4, atol=1e-4)
