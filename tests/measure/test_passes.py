"""Several passes over one reading: the same figures as alone, one run of each network."""

import numpy as np
import pytest
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.compare.accuracy import hits
from circuitdsl.compare.outputs import outcomes
from circuitdsl.editing.apply import edit
from circuitdsl.editing.attribution import attribution
from circuitdsl.editing.baselines import channel_means, means
from circuitdsl.editing.select import select
from circuitdsl.editing.sweep import ablations, one_by_one
from circuitdsl.editing.verbs import Ablate
from circuitdsl.measure.agreeing.agreement import agreement
from circuitdsl.measure.agreeing.bootstrap import blocks_of, merge_blocks, no_blocks
from circuitdsl.measure.passes import fold, run
from circuitdsl.measure.recording import recording
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of, first_of
from circuitdsl.text.diagnostics import InputError

IMAGES = noise_images(11, seed=4)
CLASSES = [str(number % 5) for number in range(11)]
OUTPUTS = {str(number): number for number in range(5)}


class Counted(Network):
    """A network that notes which layers it was asked for."""

    asked: list[tuple[str, ...]]

    def activations(self, images, layers):
        self.asked.append(tuple(layers))
        return super().activations(images, layers)


@pytest.fixture
def network() -> Counted:
    counted = Counted(TWO, two_weights())
    counted.asked = []
    return counted


def shown(start=0, end=11):
    """Batches of four, as one run has them; numbered from the first image of all."""
    parts = (IMAGES[at : at + 4] for at in range(0, 11, 4))
    return [batch for batch in batches_of(parts, CLASSES) if start <= batch.places[0] < end]


def passes(network):
    curves = select(TWO, "mixed3b_5x5[0, 2]")
    edited = edit(network, [Ablate(select(TWO, "mixed3a_3x3"))])
    left, right = (trained(network, "mixed3b", units) for units in ([0, 1], [4, 5]))
    return [
        agreement(left, right),
        hits(network, network.backbone.classifier, OUTPUTS),
        means(network, curves),
        channel_means(network, ["mixed3a", "mixed3b"]),
        outcomes(network, {"gone": edited}, OUTPUTS),
        ablations(network, one_by_one(curves), OUTPUTS),
        attribution(network, curves, OUTPUTS),
    ]


def numbers(result):
    """A result's numbers, whatever it is made of."""
    if hasattr(result, "__dict__"):
        return numbers(list(vars(result).values()))
    if isinstance(result, dict):
        return numbers(list(result.values()))
    if isinstance(result, list | tuple):
        return np.concatenate([numbers(part) for part in result]) if result else np.zeros(0)
    return np.zeros(0) if isinstance(result, str) else np.ravel(np.float64(result))


def test_passes_over_one_reading_give_what_they_give_alone(network):
    every = passes(network)
    states = fold(every, shown())
    assert len(network.asked) == 3  # one run for each batch, whoever looks at it
    assert len(set(network.asked)) == 1
    for one, state in zip(every, states, strict=True):
        together, alone = one.finish(state), run(one, shown())
        np.testing.assert_allclose(numbers(together), numbers(alone), rtol=2e-5, atol=1e-6)


def test_shards_merge_in_order_to_the_same_digits(network):
    """A fold over all is the merge of folds over parts, in their order."""
    every = passes(network)
    whole = fold(every, shown())
    first, second = fold(every, shown(0, 8)), fold(every, shown(8))
    for one, state, a, b in zip(every, whole, first, second, strict=True):
        merged = one.merge(a, b)
        assert sorted(merged) == sorted(state)
        np.testing.assert_allclose(
            numbers(one.finish(merged)), numbers(one.finish(state)), rtol=1e-9, atol=1e-12
        )
        empty = one.merge(one.init(), state)
        for name, array in state.items():
            np.testing.assert_array_equal(empty[name], array, err_msg=name)


def test_a_state_is_no_larger_for_more_images(network):
    def size(state):
        return sum(np.asarray(array).nbytes for array in state.values())

    every = [one for one in passes(network) if "block" not in one.init()]
    for one, after, more in zip(every, fold(every, shown(0, 4)), fold(every, shown()), strict=True):
        assert size(one.init()) == size(after) == size(more)


@pytest.mark.parametrize("most", [1, 3, 8])
def test_blocks_hold_what_images_do(most):
    generator = np.random.default_rng(0)
    values = generator.integers(-50, 50, (20, 2)).astype(float)  # whole numbers: sums are exact
    places = np.flatnonzero(generator.uniform(size=31) < 0.7)[:20]
    values = values[: len(places)]
    state = no_blocks(2)
    for at in range(0, len(places), 3):
        state = merge_blocks(state, blocks_of(places[at : at + 3], values[at : at + 3]), most)
        assert len(state["count"]) <= most
    level = int(state["level"][0])
    assert state["block"].tolist() == sorted(set((places >> level).tolist()))
    for block, count, sums in zip(state["block"], state["count"], state["sums"], strict=True):
        inside = places >> level == block
        assert count == inside.sum()
        np.testing.assert_array_equal(sums, values[inside].sum(axis=0))


def test_recordings_keep_every_image_in_order():
    one = recording(lambda shown: {"ink": shown.batch.real[:, 0, 0], "at": shown.batch.places})
    parts = fold([one], shown(0, 8))[0], fold([one], shown(8))[0]
    for arrays in (run(one, shown()), one.finish(one.merge(*parts))):
        np.testing.assert_array_equal(arrays["ink"], IMAGES[:, 0, 0])
        assert arrays["at"].tolist() == list(range(11))
    assert [batch.count for batch in first_of(shown(), 5)] == [4, 4]


def test_no_images_are_refused(network):
    with pytest.raises(InputError, match="no image to look at"):
        fold(passes(network), [])
