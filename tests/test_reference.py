"""The reference interpreter by itself: facts that can be seen without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from agreement import TOLERANCE, apart
from builders import (
    EQUAL,
    arc,
    bar,
    blob,
    bump,
    circuit,
    connect,
    deg,
    directed,
    extended,
    family,
    gabor,
    mass,
    orient,
    oriented,
    place,
    px,
    real,
    rot,
    shape,
    stem,
    tap,
    tune,
)
from numpy.typing import NDArray
from programs import PROGRAMS

from circuitdsl.ir.circuit import INPUT, Axis, Circuit, Colour, Dial, Norm, Normalisation, Template
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.motifs import expand_motifs
from circuitdsl.lowering.weights import lower
from circuitdsl.reference import interpret, interpret_weights

Array = NDArray[np.float64]


def picture(size: tuple[int, int], seed: int = 0) -> Array:
    """Noise over all of the range, `[height, width, 3]`."""
    return np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)


def kernel(program: Circuit) -> Array:
    """The kernel of the program's last connection."""
    return interpret_weights(program)[program.connections[-1].name]


def from_image(template: Template, *axes: Axis, **more: object) -> Circuit:
    target = family("target", "conv2d0", *axes)
    return circuit((target,), (connect(INPUT, "target", template, **more),))


def test_a_bar_lies_along_its_angle() -> None:
    """0 degrees is horizontal, 90 vertical, 45 rises to the right."""
    bars = kernel(from_image(place(bar(px(7), px(0.5))), rot(8)))[:, :, 0]
    assert bars[3, :, 0].min() > 10 * bars[0, :, 0].max()
    assert bars[:, 3, 2].min() > 10 * bars[:, 0, 2].max()
    assert bars[1, 5, 1] > 10 * bars[5, 5, 1]


def test_a_quarter_turn_turns_the_kernel() -> None:
    """To the last bit but for the order in which sub-samples are added."""
    template = place(arc(px(4), px(6), px(0.7)), (-0.5, shape("half", width=px(2))))
    turned = kernel(from_image(template, rot(4)))[:, :, 0]
    for quarter in range(4):
        expected = np.rot90(turned[..., 0], quarter)
        np.testing.assert_allclose(turned[..., quarter], expected, rtol=0, atol=1e-15)


def test_an_arc_bends_to_the_left_of_its_tangent() -> None:
    """At 0 degrees it goes to +x, so that its ends are above its middle."""
    taps = kernel(from_image(place(arc(px(4), px(7), px(0.5)))))[:, :, 0, 0]
    heights = (taps * (3 - np.arange(7))[:, None]).sum(axis=0) / taps.sum(axis=0)
    assert heights[0] == pytest.approx(heights[6])
    assert heights[0] > 0.8 > abs(heights[3])


def test_a_straight_arc_is_a_bar() -> None:
    straight = kernel(from_image(place(arc(px(1e7), px(5), px(1))), rot(3)))
    np.testing.assert_allclose(
        straight, kernel(from_image(place(bar(px(5), px(1))), rot(3))), atol=1e-6
    )


def test_half_points_along_its_angle() -> None:
    halves = kernel(from_image(place(shape("half", width=px(1))), rot(4)))
    right, up = halves[:, :, 0, 0], halves[:, :, 0, 1]
    assert right[3, 4] > 0 > right[3, 2]
    assert up[2, 3] > 0 > up[4, 3]


def test_a_blob_stands_where_it_says() -> None:
    taps = kernel(from_image(place(blob(px(0.4), (px(2), px(-1))))))[:, :, 0, 0]
    assert np.unravel_index(taps.argmax(), taps.shape) == (4, 5)


def test_a_ring_is_round_and_hollow() -> None:
    taps = kernel(from_image(place(shape("ring", radius=px(2.5), width=px(0.4)))))[:, :, 0, 0]
    np.testing.assert_allclose(taps, taps.T)
    assert taps[3, 3] < 0.01 < taps[3, 5]


def test_a_dot_is_one_tap() -> None:
    taps = kernel(from_image(place(shape("dot"))))[:, :, 0, 0]
    assert np.count_nonzero(taps) == 1
    assert taps[3, 3] == pytest.approx(1 / np.sqrt(3))


@pytest.mark.parametrize("total", [0.0, 0.7])
def test_dc_is_what_the_taps_sum_to(total: float) -> None:
    gabors = kernel(from_image(place(gabor(px(5))), rot(5), dc=real(total)))
    np.testing.assert_allclose(gabors.sum(axis=(0, 1)), total / np.sqrt(3), atol=1e-12)


def test_norms() -> None:
    template = place(shape("half", width=px(2)), (0.3, blob(px(1))))
    by_norm = {
        norm.kind: kernel(from_image(template, rot(5), norm=norm))
        for norm in (Norm("none"), Norm("l1"), Norm("l2"), mass(2, 0.5))
    }
    members = (0, 1, 2)
    np.testing.assert_allclose(np.abs(by_norm["l1"]).sum(axis=members), 1)
    np.testing.assert_allclose((by_norm["l2"] ** 2).sum(axis=members), 1)
    np.testing.assert_allclose(np.maximum(by_norm["mass"], 0).sum(axis=members), 2)
    np.testing.assert_allclose(np.minimum(by_norm["mass"], 0).sum(axis=members), -1)
    none = by_norm["none"]
    np.testing.assert_allclose(by_norm["l1"] * np.abs(none).sum(axis=members), none)


@pytest.mark.parametrize("norm", [Norm("l1"), Norm("l2"), mass(1)], ids=lambda norm: norm.kind)
def test_a_kernel_that_cancels_stays_nearly_nothing(norm: Norm) -> None:
    """The two sides of `half` meet in the one tap of a 1x1 layer."""
    copy = family("copy", "conv2d1", orient(4))
    sides = place(shape("half", width=tap(1)))
    read = connect("gabors", "copy", sides, tune("th", EQUAL), over=("ph",), norm=norm)
    program = extended(stem(), copy, read)
    for weights in (interpret_weights(program), lower(program)()):
        assert np.abs(np.asarray(weights[read.name])).max() < 0.01


def test_a_width_of_nothing_is_the_narrowest_there_is() -> None:
    width = DialValue("width", "px")
    lines = place(bar(px(6), width), blob(width, (px(1), px(0))), shape("half", width=width))
    program = replace(from_image(lines, rot(4)), dials=(Dial("width", "px", 1.0, 0.0, 5.0),))
    expected = interpret_weights(program, {"width": 0.0})
    assert apart(dict(lower(program)({"width": 0.0})), expected) <= TOLERANCE


def test_colours_have_length_one_and_hues_are_blind_to_grey() -> None:
    template = place(shape("dot"))
    for angle in (0.0, 75.0, 200.0):
        hue = kernel(from_image(template, colour=Colour("hue", deg(angle))))[3, 3, :, 0]
        assert (hue**2).sum() == pytest.approx(1)
        assert hue.sum() == pytest.approx(0, abs=1e-12)
    assert kernel(from_image(template, colour=Colour("hue", deg(0))))[3, 3, 0, 0] > 0.8


@pytest.mark.parametrize(("axis", "members_to_half"), [(orient(12), 2), (rot(12), 1)])
def test_a_bump_is_as_wide_as_it_says_at_half_its_height(axis: Axis, members_to_half: int) -> None:
    """Between `orient` axes the period is 180 degrees, between `rot` axes 360."""
    below, above = family("below", "conv2d0", axis), family("above", "conv2d1", axis)
    copied = connect("below", "above", place(shape("dot")), tune("th", bump(60)))
    weights = kernel(circuit((below, above), (copied,)))[0, 0]
    for member in range(12):
        assert weights[member, member] == 1
        for side in (-members_to_half, members_to_half):
            assert weights[member, (member + side) % 12] == pytest.approx(0.5)


@pytest.mark.parametrize("layer", ["mixed3a_3x3", "mixed3a_5x5", "mixed3a_pool_reduce"])
def test_a_tap_is_the_stride_of_what_the_layer_reads(layer: str) -> None:
    """8 px into the mixed3 layers, whatever the branch."""
    target = family("target", layer, rot(6))
    in_taps, in_px = (
        connect("edges", "target", place(blob(size)), tune("th", EQUAL))
        for size in (tap(0.75), px(6))
    )
    found, expected = (kernel(extended(directed(), target, one)) for one in (in_taps, in_px))
    np.testing.assert_array_equal(found, expected)


def test_motif_or_not_is_one_meaning() -> None:
    program = PROGRAMS["five_layers"]
    assert "tangent_tiling" in {motif.name for motif in program.motifs}
    expanded = interpret_weights(expand_motifs(program))
    for name, array in interpret_weights(program).items():
        np.testing.assert_array_equal(array, expanded[name])


def test_a_contrast_normalised_dot_by_hand() -> None:
    """Two channels, a window of 3, on an image with one bright pixel in the middle."""
    program = circuit(
        (family("a", "conv2d0"), family("b", "conv2d0", rot(2))),
        (
            connect(INPUT, "a", place(shape("dot")), norm=Norm("l1")),
            connect(INPUT, "b", place(shape("dot")), norm=Norm("l1"), gain=real(2)),
        ),
        normalisations=(Normalisation("a", 3, real(4), ("a", "b")),),
    )
    image = np.full((10, 10, 3), 117.0)
    # 10 pixels at stride 2 are padded by 2 before: output 2 has its middle tap on pixel 5
    image[5, 5] = 117 + 30
    weights = interpret_weights(program)
    responses = interpret(program, weights, image)
    assert responses["a"].shape == (5, 5, 1)
    assert responses["b"][2, 2].tolist() == pytest.approx([60, 60])
    energy = (30**2 + 2 * 60**2) / 3 / 9
    assert responses["a"][2, 2, 0] == pytest.approx(30 / np.sqrt(16 + energy))
    assert np.count_nonzero(responses["a"]) == 1


def test_earlier_layers_count_as_others_read_them() -> None:
    """Within a layer h counts before normalisation, from earlier layers after it."""
    read = connect(INPUT, "a", place(shape("dot")), norm=Norm("l1"))
    copies = [connect("a", name, place(shape("dot")), name=name) for name in ("b", "c")]
    families = (family("a", "conv2d0"), family("b", "conv2d1"), family("c", "conv2d1"))
    late = family("d", "conv2d2")
    step = connect("b", "d", place(shape("dot")))
    program = circuit(
        (*families, late),
        (read, *copies, step),
        normalisations=(
            Normalisation("b", 1, real(3), ("b",)),
            Normalisation("c", 1, real(0), ("b",)),
            Normalisation("d", 1, real(0), ("b",)),
        ),
    )
    responses = interpret(program, interpret_weights(program), np.full((9, 9, 3), 117.0 + 4))
    middle = {name: array[1, 1, 0] for name, array in responses.items()}
    assert middle == pytest.approx({"a": 4, "b": 0.8, "c": 1, "d": 1})


def test_no_family_is_normalised_by_a_later_one() -> None:
    program = extended(
        oriented(),
        family("line", "conv2d2", orient(4)),
        connect("complex", "line", place(shape("dot")), tune("th", EQUAL)),
        normalisations=(Normalisation("complex", 3, real(4), ("complex", "line")),),
    )
    with pytest.raises(ValueError, match="complex cannot wait for line, a later family"):
        interpret(program, interpret_weights(program), picture((40, 40)))
