"""Tuning along a family's own axes: which settings follow an axis, and what is read off a curve."""

from __future__ import annotations

import numpy as np
import pytest
from builders import family, orient, rot

from circuitdsl.ir.members.axes import Axis
from circuitdsl.ir.stimuli import Setting, Stimulus
from circuitdsl.measure.tunings.along_axes import followed, tunings
from circuitdsl.stimuli.render import rows


def shown(generator: str, **settings) -> Stimulus:
    units = {"th": "angle", "hue": "angle", "contrast": "real"}
    return Stimulus(
        "shown",
        generator,
        tuple(
            (name, Setting(tuple(map(float, v)), units.get(name, "px")))
            for name, v in settings.items()
        ),
    )


SIDES = shown("borders", th=range(0, 360, 30), hue=range(0, 360, 60), contrast=[0.8, -0.8])
SCALE = Axis("s", "scale", 3, ratio=2.0)
HUE = Axis("h", "hue", 6)


def bump(away, width):
    return np.maximum(1 - np.abs((away + 180) % 360 - 180) / width, 0)


def test_a_unit_of_two_axes_is_read_through_its_peak() -> None:
    table = rows(SIDES)
    answer = bump(table["th"] - 90, 60) * bump(table["hue"] - 240, 120)
    along = followed(family("f", "conv2d0", rot(8), HUE), SIDES)
    ((th, hue),) = tunings(answer[:, None].astype(float), SIDES, along)
    assert (th.axis, th.preferred, th.rival) == ("th", pytest.approx(90), 0)
    assert th.width == pytest.approx(60, abs=5)
    assert (hue.axis, hue.preferred) == ("h", pytest.approx(240))
    assert hue.width == pytest.approx(120, abs=10)


def test_the_rival_is_what_answers_far_away() -> None:
    table = rows(SIDES)
    answer = bump(table["th"] - 90, 60) + 0.25 * bump(table["th"] - 270, 60)
    (axes,) = tunings(
        answer[:, None].astype(float), SIDES, followed(family("f", "conv2d0", rot(8)), SIDES)
    )
    assert axes[0].rival == pytest.approx(0.25)


def test_lines_repeat_after_half_a_turn() -> None:
    lines = shown("lines", th=range(0, 180, 15))
    answer = bump(2 * (rows(lines)["th"] - 165), 90)
    (axes,) = tunings(
        answer[:, None].astype(float), lines, followed(family("f", "conv2d0", orient(8)), lines)
    )
    assert (axes[0].period_deg, axes[0].preferred) == (180, pytest.approx(165))
    (near,) = tunings(
        np.roll(answer.reshape(12, -1), 2, axis=0).reshape(-1, 1).astype(float),
        lines,
        followed(family("f", "conv2d0", orient(8)), lines),
    )
    assert axes[0].error(near[0]) == pytest.approx(30)


def test_lengths_are_read_in_octaves() -> None:
    spots = shown("spots", radius=[4, 8, 16, 32, 64])
    octaves = np.log2(rows(spots)["radius"])
    answer = np.maximum(1 - np.abs(octaves - 4), 0) + 0.1 * (octaves == 6)
    along = followed(family("f", "conv2d0", SCALE), spots)
    (axes,) = tunings(answer[:, None].astype(float), spots, along)
    assert (axes[0].axis, axes[0].preferred) == ("s", pytest.approx(4))
    assert axes[0].width == pytest.approx(1, abs=0.02)
    assert axes[0].rival == pytest.approx(0.1)


def test_a_silent_unit_has_no_preference() -> None:
    spots = shown("spots", radius=[4, 8, 16, 32])
    along = followed(family("f", "conv2d0", SCALE, HUE), spots)
    assert [one.axis.name for one in along] == ["s", "h"]
    (axes,) = tunings(np.zeros((len(rows(spots)["hue"]), 1)), spots, along)
    assert all(np.isnan(axis.preferred) and axis.rival == 0 for axis in axes)


def test_an_axis_without_a_setting_of_its_own_is_not_followed() -> None:
    rings = shown("rings", radius=[10, 20])
    assert followed(family("f", "conv2d0", rot(8), HUE, SCALE), rings) == ()
    assert tunings(np.zeros((4, 2)), rings, ()) == ((), ())
    uneven = shown("lines", th=[0, 10, 20, 90])
    assert followed(family("f", "conv2d0", orient(8)), uneven) == ()
