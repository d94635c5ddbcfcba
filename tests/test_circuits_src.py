"""The circuits that are shipped do what they say, on figures drawn for the purpose.

What they claim in `expect` lines is measured here too; what those cannot say is tested by itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray

from circuitdsl.checking import check_path, load
from circuitdsl.compare.expect import expectations_met
from circuitdsl.ir.tables.profiles import finest
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.responses import answers
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.stimuli.centre import central
from circuitdsl.stimuli.drawing.circles import draw_circles
from circuitdsl.stimuli.drawing.surfaces import draw_spots
from circuitdsl.stimuli.render import centre_of
from circuitdsl.syntax.read import read_source
from circuitdsl.syntax.size import size_of

FOLDER = ROOT / "circuits_src"
CIRCUITS = sorted(path for path in FOLDER.glob("*.circ") if path.name != "stimuli.circ")
CLAIMING = [
    path for path in CIRCUITS if any(part in path.read_text() for part in (" expect ", " with {"))
]
"""Files that claim something; settings of a file claim what it does."""
Floats = NDArray[np.float32]


@cache
def network(name: str) -> HandwrittenNetwork:
    circuit = check_path(FOLDER / f"{name}.circ").circuit
    assert circuit is not None
    return calibrate(build(circuit))


@pytest.mark.parametrize("path", CIRCUITS, ids=lambda path: path.stem)
def test_circuits_are_sound_and_say_what_they_are(path: Path) -> None:
    result = check_path(path)
    assert [d.message for d in result.diagnostics] == []
    assert result.circuit is not None
    assert result.circuit.doc


@pytest.mark.parametrize("path", CLAIMING, ids=lambda path: path.stem)
def test_claims_hold(path: Path) -> None:
    outcomes = expectations_met(network(path.stem))
    assert outcomes
    assert [each.diagnostic.message for each in outcomes if not each.holds] == []


def test_a_spot_excites_the_centre_of_its_own_hue() -> None:
    hand = network("colour_centre")
    contrast = hand.circuit.by_name["edge.contrast"]
    assert (contrast.size, len(contrast.elements)) == (24, 48)
    centre = central(hand.backbone, "conv2d2", 64)
    hues = np.arange(6) * 60.0
    images = draw_spots(np.full(6, 5.0), hues, np.full(6, 0.8), canvas=centre.canvas)
    found = hand.activations(images, ["centre"])["centre"][:, centre.index, centre.index]
    np.testing.assert_array_equal(np.argmax(found, axis=1), np.arange(6))
    assert float(found[0, 3]) == 0


def test_colour_takes_from_black_and_white() -> None:
    hand = network("black_white")
    centre = central(hand.backbone, "conv2d2", 64)
    ink = jnp.asarray([[255.0, 255.0, 255.0], [255.0, 128.0, 128.0]])
    images = draw_circles(
        [24.0, 24.0], [30.0, 30.0], ink, jnp.zeros(2), canvas=centre.canvas, filled=True
    )
    grey, red = hand.activations(images, ["bw"])["bw"][:, centre.index, centre.index, 0]
    assert 0 <= float(red) < 0.6 * float(grey)


def test_an_evolute_is_no_circle() -> None:
    """Four discs around the centre turn their outlines' backs on it; a ring does not."""
    hand = network("circles")
    centre = central(hand.backbone, "mixed4a_3x3", 96)
    y, x = np.mgrid[:96, :96].astype(np.float32)
    x, y = x - centre.canvas.point[0], centre.canvas.point[1] - y
    away = [np.hypot(x - a, y - b) for a, b in ((44, 0), (-44, 0), (0, 44), (0, -44))]
    drawn = [np.abs(np.min(away, axis=0) - 24), np.abs(np.hypot(x, y) - 20)]
    images = np.stack([np.clip(2.0 - d, 0, 1) * 255 for d in drawn])[..., None].repeat(3, axis=-1)
    found = hand.activations(images, ["circle", "evolute"])
    at = centre.index
    circle, evolute = (np.asarray(found[name][:, at, at, 0]) for name in ("circle", "evolute"))
    assert evolute[0] > 5 * circle[0] > -1
    assert circle[1] > 5 * evolute[1] > -1
    assert min(evolute[0], circle[1]) > 0.1


def strokes(*ends: tuple[float, float, float, float]) -> Floats:
    """White strokes on black around the middle, `[1, 96, 96, 3]`; y up."""
    y, x = np.mgrid[:96, :96].astype(np.float32)
    x, y = x - 47.5, 47.5 - y
    image = np.zeros((96, 96), np.float32)
    for x0, y0, x1, y1 in ends:
        length = np.hypot(x1 - x0, y1 - y0)
        u, v = (x1 - x0) / length, (y1 - y0) / length
        along = np.clip((x - x0) * u + (y - y0) * v, 0, length)
        image = np.maximum(
            image, np.clip(2 - np.hypot(x - x0 - along * u, y - y0 - along * v), 0, 1)
        )
    return 255 * image[None, ..., None].repeat(3, axis=-1)


def test_a_head_is_seen_from_either_side_and_from_one_at_a_time() -> None:
    hand = network("dog_union")
    left, right = (-15.0, -7.0, -1.0, 7.0), (15.0, -7.0, 1.0, 7.0)
    necks = (8.0, -9.0, 8.0, 9.0), (-8.0, -9.0, -8.0, 9.0)
    images = np.concatenate(
        [strokes(left, necks[0]), strokes(right, necks[1]), strokes(left, right)]
    )
    found = hand.activations(images, ["seen.head", "seen.any"])
    heads = np.asarray(found["seen.head"]).max(axis=(1, 2))
    assert heads[0, 0] > 2 * heads[0, 1]
    assert heads[1, 1] > 2 * heads[1, 0]
    any_ = np.asarray(found["seen.any"]).max(axis=(1, 2, 3))
    assert abs(any_[0] - any_[1]) < 0.2 * any_[0]
    assert any_[2] < 0.9 * min(any_[0], any_[1])  # snouts of both sides are rivals


def test_two_units_together_tell_a_car_that_neither_tells_alone() -> None:
    hand = network("superposition")
    shown = {stimulus.name: stimulus for stimulus in hand.circuit.stimuli}

    def both(name: str) -> list[float]:
        """What the two units say of a set, at most."""
        found: list[float] = []
        for family in ("first", "second"):
            declared = hand.circuit.by_name[family]
            at = centre_of(shown[name], hand.backbone, declared.layer).index
            maps = np.concatenate([part[family] for part in answers(hand, declared, shown[name])])
            found.append(float(maps[:, at, at, 0].max()))
        return found

    car, wheel, window = both("parts.cars"), both("wheels"), both("windows")
    assert min(car) > 2 * max(min(wheel), min(window))


FINEST = (finest(16, 180.0), finest(8, 180.0), finest(16, 360.0))
"""The narrowest tunings that their sources can follow: limits of sampling, not guesses."""


@pytest.mark.parametrize("name", ["curves.circ", "curves_fitted.circ"])
def test_no_dial_stands_at_the_end_of_its_range(name: str) -> None:
    """A dial within 2 % of an end tells that the range was too narrow."""
    for dial in load(ROOT / "circuits_src" / name).dials:
        if dial.low is None or dial.high is None:
            continue
        share = (dial.default - dial.low) / (dial.high - dial.low)
        assert share > 0.02 or dial.low in FINEST, dial.name
        assert share < 0.98, dial.name


def test_curves_are_short() -> None:
    assert size_of(read_source(ROOT / "circuits_src" / "curves.circ")).lines <= 120
