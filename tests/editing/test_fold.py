import numpy as np
import pytest
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.editing.apply import edit
from circuitdsl.editing.baselines import recorded
from circuitdsl.editing.fold import fold
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.verbs import Ablate, Patch, Scale, Where, drop, negate, negate_edges
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of

IMAGES = noise_images()


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


def _u(name):
    return select(TWO, name)


def _e(source, target):
    return edges(_u(source), _u(target))


FOLDABLE = {
    "ablation": [Ablate(_u(["conv2d0:1", "mixed3b_5x5[0, 2]"]))],
    "means": [Ablate(_u(["3a:1", "3b:4"]), (0.5, 2.0))],
    "scaling": [Scale(_u(["conv2d1:1", "3a:4"]), 3.0), Scale(_u("3b:0"), 0.1)],
    "signs at the end of the network": [negate(_u("3b[0, 4, 10]"))],
    "signs before plain convolutions": [Scale(_u("conv2d1[0, 2]"), -2.0)],
    "signs of bottlenecks": [negate(_u("mixed3b_5x5_bottleneck[0, 3]"))],
    "negative constants": [Ablate(_u("3b:4"), (-2.0,))],
    "edges without a bottleneck": [
        drop(_e("conv2d1", "conv2d2[1, 2]"), Where("weight", "<", 0)),
        negate_edges(_e("3a[1, 4]", "mixed3b_1x1[0, 2]")),
        drop(_e("3a[1, 4]", "mixed3b_pool_reduce")),
    ],
    "edges that read what is turned round": [
        negate(_u("conv2d1:0")),
        drop(_e("conv2d1[0, 1]", "conv2d2[1, 2]"), Where("weight", "<", 0)),
    ],
}


@pytest.mark.parametrize("name", FOLDABLE)
def test_folded_weights_do_the_same(network, name):
    edited = edit(network, FOLDABLE[name])
    folded = fold(edited)
    assert folded.left == ()
    found = Network(TWO, folded.params).logits(IMAGES)
    np.testing.assert_allclose(found, edited.logits(IMAGES), rtol=1e-4, atol=1e-4)
    assert not np.allclose(found, network.logits(IMAGES), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_folded_is_said_and_the_rest_is_done(network):
    units = _u("mixed3b_5x5[0, 2]")
    maps = run(recorded(network, units), batches_of([IMAGES[:1]]))
    cases = [
        (drop(_e("3a[1, 4]", "mixed3b_5x5[1, 3]")), "the ReLU of mixed3b_5x5_bottleneck"),
        (Patch(units, maps), "mixed3b:3, mixed3b:5: what flows"),
        (negate(_u("3a:1")), "mixed3a:1: a maximum or a normalisation reads it"),
    ]
    for step, words in cases:
        folded = fold(edit(network, [Ablate(_u("3b:0")), step]))
        assert len(folded.left) == 1
        assert words in folded.left[0]
        rest = edit(network, [Ablate(_u("3b:0"))])
        found = Network(TWO, folded.params).logits(IMAGES)
        np.testing.assert_allclose(found, rest.logits(IMAGES), rtol=1e-4, atol=1e-4)


def test_the_network_itself_keeps_its_weights(network):
    before = {name: np.array(value) for name, value in network.params.items()}
    fold(edit(network, FOLDABLE["ablation"]))
    for name, value in network.params.items():
        np.testing.assert_array_equal(value, before[name])
