"""Edits against the same thing done by hand, layer by layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.editing.apply import cut_after, cut_before, edit
from circuitdsl.editing.baselines import (
    edge_weights,
    matched_kernels,
    means,
    nearest_members,
    recorded,
)
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.verbs import (
    Ablate,
    Patch,
    ReplaceEdges,
    Scale,
    ScaleEdges,
    Shift,
    Where,
    drop,
    negate,
    negate_edges,
)
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.measure.passes import run
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.text.diagnostics import InputError

LOGITS = "softmax2_pre_activation"


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return noise_images()


def _by_hand(network, images, layer, change):
    """Logits with one layer's activations changed by a function."""
    cut = cut_after(TWO, layer)
    values = dict(network.activations(images, cut))
    values[layer] = change(values[layer])
    return network.resume(values, [LOGITS])[LOGITS]


def test_unit_edits_act_after_relu(network, images):
    units = select(TWO, "mixed3a_3x3[1, 3]")
    before = network.logits(images)
    for steps, change in (
        ([Ablate(units)], lambda h: h.at[..., np.array([1, 3])].set(0)),
        ([Ablate(units, (1.5, 2.5))], lambda h: h.at[..., 1].set(1.5).at[..., 3].set(2.5)),
        ([Scale(units, 0.3)], lambda h: h.at[..., np.array([1, 3])].multiply(0.3)),
        ([negate(units)], lambda h: h.at[..., np.array([1, 3])].multiply(-1)),
    ):
        edited = edit(network, steps)
        expected = _by_hand(network, images, "mixed3a_3x3", change)
        np.testing.assert_allclose(edited.logits(images), expected, rtol=1e-4, atol=1e-4)
        assert not np.allclose(expected, before, rtol=1e-4, atol=1e-4)
        assert edited.notices == ()
    np.testing.assert_array_equal(network.logits(images), before)


def test_steps_compose_in_order(network, images):
    units = select(TWO, "3a[4, 5]")
    first = edit(network, [Ablate(units, (2.0, 4.0)), Scale(units, 0.5)])
    second = edit(network, [Scale(units, 0.5), Ablate(units, (2.0, 4.0))])
    halved = edit(network, [Ablate(units, (1.0, 2.0))])
    whole = edit(network, [Ablate(units, (2.0, 4.0))])
    np.testing.assert_array_equal(first.logits(images), halved.logits(images))
    np.testing.assert_array_equal(second.logits(images), whole.logits(images))
    again = edit(edit(network, [Ablate(units, (2.0, 4.0))]), [Scale(units, 0.5)])
    np.testing.assert_array_equal(again.logits(images), first.logits(images))
    assert again.network is network
    assert len(again.steps) == 2
    twice = edit(network, [negate(units), negate(units)])
    np.testing.assert_array_equal(twice.logits(images), network.logits(images))


def test_several_layers_at_once(network, images):
    early, late = select(TWO, "conv2d2:5"), select(TWO, "3b:5")
    edited = edit(network, [Ablate(late), Ablate(early)])
    assert edited.edited_layers == ("conv2d2", "mixed3b_5x5")
    values = edited.activations(images, ["conv2d2", "mixed3b"])
    assert not values["conv2d2"][..., 5].any()
    assert not values["mixed3b"][..., 5].any()
    alone = edit(network, [Ablate(early)]).activations(images, ["mixed3b"])["mixed3b"]
    np.testing.assert_allclose(values["mixed3b"], alone.at[..., 5].set(0), rtol=1e-4, atol=1e-4)


IDENTITIES = [
    lambda units, both, weights: [],
    lambda units, both, weights: [Scale(units, 1.0)],
    lambda units, both, weights: [Scale(units, 4.0), Scale(units, 0.25)],
    lambda units, both, weights: [drop(both, Where("weight", "<", -1e9))],
    lambda units, both, weights: [ScaleEdges(both, 1.0)],
    lambda units, both, weights: [ReplaceEdges(both, weights)],
    lambda units, both, weights: [negate_edges(both), negate_edges(both)],
]


@pytest.mark.parametrize("number", range(len(IDENTITIES)))
def test_the_identity_leaves_logits_bit_for_bit(network, images, number):
    both = edges(select(TWO, "3a[1, 2, 6]"), select(TWO, "mixed3b_5x5[0, 5]"))
    units = select(TWO, "3a[4, 5]")
    edited = edit(network, IDENTITIES[number](units, both, edge_weights(network, both)))
    np.testing.assert_array_equal(edited.logits(images), network.logits(images))


def test_an_edit_on_the_way_leaves_what_it_does_not_touch_bit_for_bit(network, images):
    units = select(TWO, "mixed3b_5x5:3")
    cut = cut_before(TWO, ["mixed3b_5x5"])
    values = network.activations(images, cut)
    edited = edit(network, [Ablate(units)])
    found = edited.resume(values, ["mixed3b_1x1", "mixed3b_5x5", LOGITS])
    whole = network.resume(values, ["mixed3b_1x1", "mixed3b_5x5", LOGITS])
    np.testing.assert_array_equal(found["mixed3b_1x1"], whole["mixed3b_1x1"])
    others = np.arange(6) != 3
    np.testing.assert_array_equal(
        found["mixed3b_5x5"][..., others], whole["mixed3b_5x5"][..., others]
    )
    np.testing.assert_allclose(found[LOGITS], edited.logits(images), rtol=1e-4, atol=1e-4)


def _expanded(network, branch):
    """The definition, term by term."""
    params = {name: np.asarray(value, np.float64) for name, value in network.params.items()}
    narrow = params[f"{branch}_bottleneck_w"][0, 0]
    kernel = params[f"{branch}_w"]
    return sum(
        narrow[:, None, None, c, None] * kernel[None, :, :, c] for c in range(narrow.shape[1])
    ).transpose(1, 2, 0, 3)


def test_edge_edits_act_on_expanded_weights_and_leave_the_bottleneck_its_relu(network, images):
    source, target = select(TWO, "3a[1, 6, 4]"), select(TWO, "mixed3b_5x5[0, 5]")
    both = edges(source, target)
    rows, columns = np.array([1, 6, 4]), np.array([0, 5])
    weights = _expanded(network, "mixed3b_5x5")[:, :, rows][..., columns]
    np.testing.assert_allclose(edge_weights(network, both), weights, rtol=1e-9)
    names = ["mixed3a", "mixed3b_5x5_pre_relu"]
    intact = network.activations(images, names)
    read = intact["mixed3a"][..., rows]
    for step, delta in (
        (drop(both, Where("weight", "<", 0)), np.where(weights < 0, -weights, 0)),
        (drop(both, Where("magnitude", ">", 0.05)), np.where(abs(weights) > 0.05, -weights, 0)),
        (negate_edges(both), -2 * weights),
        (ScaleEdges(both, 3.0), 2 * weights),
        (ReplaceEdges(both, np.ones_like(weights)), 1 - weights),
    ):
        added = jax.lax.conv_general_dilated(
            read,
            jnp.asarray(delta, jnp.float32),
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        expected = intact["mixed3b_5x5_pre_relu"].at[..., columns].add(added)
        edited = edit(network, [step])
        found = edited.activations(images, names)["mixed3b_5x5_pre_relu"]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-2)
        assert edited.notices == ()


def test_edges_without_a_bottleneck_are_weights(network, images):
    """Of plain convolutions, of 1x1 branches, through pools and into several branches at once."""
    for source, target in (
        ("conv2d1[1, 2]", "conv2d2[3, 6]"),
        ("conv2d0[1, 2]", "conv2d1[3, 4]"),
        ("3a[4, 5]", "mixed3b_1x1[0, 2]"),
        ("3a[4, 5]", "mixed3b_pool_reduce[0, 1]"),
    ):
        both = edges(select(TWO, source), select(TWO, target))
        (branch,) = both.target.branches
        params = {name: np.array(value) for name, value in network.params.items()}
        for column in both.columns[0]:
            params[f"{branch}_w"][:, :, column, list(both.target.channels(branch))] = 0
        expected = Network(TWO, params).logits(images)
        found = edit(network, [drop(both)]).logits(images)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_edges_by_angle(network):
    source = select(TWO, "3a[4, 5]").at_angles([0, 350])
    target = select(TWO, "mixed3b_5x5[0, 5]").at_angles([10, 180])
    edited = edit(network, [drop(edges(source, target), Where("angle", "<=", 20))])
    _, change = edited.plan.edges["mixed3b_5x5"]
    alone = edit(network, [drop(edges(source, select(TWO, "mixed3b_5x5:0")))])
    np.testing.assert_array_equal(change.kernel, alone.plan.edges["mixed3b_5x5"][1].kernel)
    blind = edges(select(TWO, "3a[4, 5]"), target)
    with pytest.raises(InputError, match="angles that the units prefer are not known"):
        edit(network, [drop(blind, Where("angle", "<", 20))])


def test_patching_an_image_into_itself_changes_nothing(network, images):
    units = select(TWO, "mixed3b_5x5[3, 4]")
    maps = run(recorded(network, units), batches_of([images[:1]]))
    edited = edit(network, [Patch(units, maps)])
    np.testing.assert_array_equal(edited.logits(images[:1]), network.logits(images[:1]))
    values = edited.activations(images, ["mixed3b_5x5"])["mixed3b_5x5"]
    np.testing.assert_array_equal(values[2][..., np.array([3, 4])], maps[0])


def test_what_an_image_is_patched_with_depends_on_its_pixels_alone(network, images):
    units = select(TWO, "3a[1, 5]")
    maps = run(recorded(network, units), batches_of([images, images[::-1]]))
    edited = edit(network, [Patch(units, maps)])
    together = edited.activations(images, ["mixed3a"])["mixed3a"]
    for index in range(3):
        alone = edited.activations(images[index : index + 1], ["mixed3a"])["mixed3a"]
        np.testing.assert_allclose(alone[0], together[index], rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match="the image is not given"):
        edited.resume({"conv2d2": np.zeros((1, 6, 6, 7))}, [LOGITS])
    with pytest.raises(InputError, match="same size"):
        edited.logits(noise_images(1, 48))


def test_means_are_over_positions_and_images(network, images):
    units = select(TWO, ["3a:4", "conv2d2:3"])
    values = network.activations(images, ["mixed3a", "conv2d2"])
    expected = [values["mixed3a"][..., 4].mean(), values["conv2d2"][..., 3].mean()]
    found = run(means(network, units), batches_of([images[:2], images[2:]]))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    with pytest.raises(InputError, match="no image"):
        run(means(network, units), [])


def test_an_edited_network_counts_its_parameters_once(network):
    edited = edit(edit(network, [Ablate(select(TWO, "mixed3a:1"))]), [])
    for tree in (edited, nnx.state(edited, nnx.Param)):
        assert sum(map(np.size, jax.tree.leaves(tree))) == sum(
            map(np.prod, TWO.parameter_shapes.values())
        )
    assert edited.conv2d0_w is network.conv2d0_w
    with pytest.raises(AttributeError, match="no attribute 'conv9_w'"):
        edited.conv9_w  # noqa: B018


def test_steps_that_come_to_nothing_are_reported(network):
    units, one = select(TWO, "3a[4, 5]"), select(TWO, "3a:4")
    target = select(TWO, "mixed3b_5x5[0, 5]")
    both = edges(units, target)

    def said(*steps):
        return [(n.step, n.message) for n in edit(network, steps).notices]

    assert said(Ablate(one), Scale(units, 2.0)) == [
        (1, "`scale` has no effect on mixed3a:4, set to zero by `ablate`")
    ]
    assert said(Scale(units, 2.0), Ablate(one)) == [
        (1, "`ablate` overwrites what `scale` did to mixed3a:4")
    ]
    assert said(Ablate(one, (3.0,)), Scale(one, 2.0)) == []
    assert said(Scale(one, 1.0)) == [(0, "`scale` by 1 has no effect")]
    assert "no weight changes" in said(drop(both, Where("weight", ">", 1e9)))[0][1]
    assert said(drop(both), Ablate(one)) == [
        (0, "edges from units that are zero have no effect: mixed3a:4")
    ]
    assert said(Ablate(target), drop(both)) == [
        (1, "edges into units that are overwritten have no effect: mixed3b:3, mixed3b:8")
    ]


def test_a_shift_adds_to_what_earlier_steps_left(network, images):
    units, layer = select(TWO, "mixed3b_5x5[0, 2]"), "mixed3b_5x5"
    before = network.activations(images, [layer])[layer]
    steps = [Scale(units, 0.5), Shift(units, 3.0), Scale(units, 2.0)]
    after = edit(network, steps).activations(images, [layer])[layer]
    np.testing.assert_allclose(after[..., [0, 2]], before[..., [0, 2]] + 6.0, rtol=1e-5, atol=1e-5)
    assert edit(network, steps).notices == ()
    (notice,) = edit(network, [Shift(units, 0.0)]).notices
    assert notice.message == "`shift` by 0 has no effect"


def test_steps_that_do_not_fit_are_refused(network):
    units = select(TWO, "3a[4, 5]")
    both = edges(units, select(TWO, "mixed3b_5x5[0, 5]"))
    wrong = [
        (Ablate(select(BACKBONES["inceptionv1"], "3a:4")), "units of inceptionv1, not two"),
        (Ablate(units, (1.0,)), "2 units are ablated, to 1 values"),
        (Patch(units, np.zeros((1, 5, 5, 3), np.float32)), "cannot be put into 2 units"),
        (ReplaceEdges(both, np.zeros((3, 3, 2, 2))), "cannot replace those of"),
        (drop(both, Where("weight", "~", 0)), "`~` compares nothing"),
    ]
    for step, words in wrong:
        with pytest.raises(InputError, match=words):
            edit(network, [step])
    spread = edges(units, select(TWO, "3b[0, 5]"))
    with pytest.raises(InputError, match="one convolution at a time"):
        edit(network, [ReplaceEdges(spread, np.zeros((1, 1, 2, 2)))])


def test_lines_are_near_half_a_turn_on():
    units = select(TWO, "3b:0..1").at_angles([178.0, 352.0])
    members = (0.0, 45.0, 90.0, 135.0)
    assert nearest_members(members, units, within_deg=10, period_deg=180.0) == (0, 0)
    with pytest.raises(InputError, match="43"):
        nearest_members(members, units, within_deg=10)


def test_nearest_members_respect_the_limit():
    units = select(TWO, "mixed3b_5x5[0, 1, 2]").at_angles([359, 20, 200])
    assert nearest_members((0.0, 90.0, 180.0), units) == (0, 0, 2)
    with pytest.raises(InputError, match=r"mixed3b:4: the nearest angle is 20.0 degrees off"):
        nearest_members((0.0, 90.0, 180.0), units, within_deg=18)
    with pytest.raises(InputError, match="not known"):
        nearest_members((0.0,), select(TWO, "3b:1"))


def test_kernels_are_matched_in_strength():
    kernel = np.arange(16.0).reshape(1, 1, 4, 4) + 1
    old = np.full((1, 1, 3, 2), 2.0)
    new = matched_kernels(kernel, [0, 2, 3], [1, 1], old)
    np.testing.assert_allclose((new**2).sum((0, 1, 2)), (old**2).sum((0, 1, 2)))
    np.testing.assert_allclose(new[0, 0, :, 0] / new[0, 0, 0, 0], kernel[0, 0, [0, 2, 3], 1] / 2)
    with pytest.raises(InputError, match="cannot replace"):
        matched_kernels(np.zeros((3, 3, 4, 4)), [0], [0], old)


def test_the_forward_pass_takes_changes_before_anything_reads_them(network, images):
    given = {"input": jnp.asarray(images) - 117}
    seen = []

    def change(value, values):
        seen.append(sorted(values)[0])
        return value * 0

    out = evaluate(TWO, network.params, given, ("conv2d1", "conv2d2"), {"conv2d1": change})
    assert seen == ["conv2d0"]
    assert not out["conv2d1"].any()
    bias = jax.nn.relu(network.params["conv2d2_b"])
    np.testing.assert_allclose(out["conv2d2"], jnp.broadcast_to(bias, out["conv2d2"].shape))


def test_cuts_hold_what_is_read_later():
    assert cut_after(TWO, "mixed3a") == ("mixed3a",)
    assert cut_before(TWO, ["mixed3b_5x5"]) == (
        "mixed3a",
        "mixed3b_1x1",
        "mixed3b_5x5_bottleneck",
    )
    assert "mixed3a" in cut_before(TWO, ["mixed3b_5x5", "mixed3b"])
