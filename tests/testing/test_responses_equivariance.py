"""Responses turn with the stimulus, and where they do not it is seen."""

from __future__ import annotations

import numpy as np
import pytest
from builders import (
    DOT,
    EQUAL,
    blob,
    circuit,
    connect,
    extended,
    family,
    orient,
    place,
    px,
    scale,
    stem,
    tap,
    tune,
)
from hypothesis import given, settings

from circuitdsl.ir.circuit import INPUT, Norm
from circuitdsl.ir.members.groups import Element
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.testing import (
    Figure,
    Stroke,
    assert_invariant,
    assert_responses_equivariant,
    random_figure,
)
from circuitdsl.testing.strategies import figures
from circuitdsl.text.diagnostics import InputError


@pytest.fixture(scope="module")
def network() -> HandwrittenNetwork:
    """Gabors, complex cells, lines, and a family that no turn changes."""
    return build(
        extended(
            stem(8, 4),
            family("complex", "conv2d1", orient(8)),
            family("line", "conv2d2", orient(8)),
            family("any", "conv2d2"),
            connect("gabors", "complex", DOT, tune("th", EQUAL), over=("ph",)),
            connect("complex", "line", place(blob(tap(0.8))), tune("th", EQUAL)),
            connect("complex", "any", place(blob(tap(0.8))), over=("th",)),
        )
    )


def test_equivariance_of_responses(network) -> None:
    found = assert_responses_equivariant(network, "line")
    assert found.exact < 1e-4
    assert found.sampled > found.exact


def test_invariance_of_responses(network) -> None:
    assert assert_invariant(network, "any") < 1e-4
    with pytest.raises(AssertionError, match="not invariant"):
        assert_invariant(network, "line")


def controls(kernel: np.ndarray) -> dict[str, np.ndarray]:
    turned, shifted, swapped = kernel.copy(), kernel.copy(), kernel.copy()
    turned[..., 3] = np.roll(np.rot90(kernel[..., 3]), 1, axis=0)
    shifted[..., 3] = np.roll(kernel[..., 3], 1, axis=2)
    swapped[..., [2, 3]] = kernel[..., [3, 2]]
    return {"turned": turned, "shifted": shifted, "swapped": swapped}


@pytest.mark.parametrize("control", ["turned", "shifted", "swapped"])
def test_equivariance_of_responses_fails_where_it_should(network, control) -> None:
    kernel = np.asarray(network.arrays["complex->line"])
    wrong = network.with_weights({"complex->line": controls(kernel)[control]})
    with pytest.raises(AssertionError, match="not equivariant"):
        assert_responses_equivariant(wrong, "line")


@pytest.fixture(scope="module")
def sized() -> HandwrittenNetwork:
    """Spots of three sizes, and what reads them at each size."""
    spot = place(blob(px(1)), (-0.25, blob(px(1.8))))
    return build(
        circuit(
            (family("spots", "conv2d0", scale(3, 1.3)), family("any", "conv2d1")),
            (
                connect(INPUT, "spots", spot, norm=Norm("l2")),
                connect("spots", "any", DOT, over=("r",)),
            ),
            backbone="tiny",
        )
    )


def test_equivariance_of_responses_to_larger_figures(sized) -> None:
    found = assert_responses_equivariant(sized, "spots")
    assert found.exact == 0
    assert 0 < found.sampled < 0.1
    with pytest.raises(InputError, match="nothing turns or mirrors `any`"):
        assert_responses_equivariant(sized, "any")


def test_equivariance_of_responses_fails_where_sizes_are_swapped(sized) -> None:
    kernel = np.asarray(sized.arrays["input->spots"])
    wrong = sized.with_weights({"input->spots": kernel[..., [1, 0, 2]]})
    with pytest.raises(AssertionError, match="not equivariant"):
        assert_responses_equivariant(wrong, "spots")


def test_what_cannot_be_asked_says_so(network) -> None:
    with pytest.raises(InputError, match="nothing turns or mirrors `any`"):
        assert_responses_equivariant(network, "any")
    with pytest.raises(InputError, match="did you mean `line`"):
        assert_responses_equivariant(network, "lines")
    with pytest.raises(InputError, match="answers none"):
        assert_responses_equivariant(network, "line", [Figure(())])


def test_a_larger_figure_is_as_strong() -> None:
    """Everything is larger, widths too; the ink is the same."""
    stroke = Figure((Stroke(2, 1, 30, 10, bend=1 / 12, width_px=2),))
    larger = Figure((Stroke(4, 2, 30, 20, bend=1 / 24, width_px=4),))
    np.testing.assert_allclose(
        stroke.draw(65, element=Element(dilation=2.0)), larger.draw(65), atol=1e-3
    )


@given(figures())
@settings(max_examples=15)
def test_turned_figures_are_turned_images(figure: Figure) -> None:
    """A quarter turn of the formulas is a quarter turn of the array."""
    quarter = figure.draw(33, element=Element(90.0))
    np.testing.assert_allclose(quarter, np.rot90(figure.draw(33)), atol=1e-2)


def test_a_figure_bends_to_the_left() -> None:
    arc = Figure((Stroke(0, 0, 0, 24, bend=1 / 12),)).draw(41)
    assert arc[20, 20, 0] > 180
    assert arc[16, 30].max() > arc[24, 30].max() + 20
    assert random_figure(20, 1) == random_figure(20, 1)
