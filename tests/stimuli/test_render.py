"""`stimulus` declarations as images."""

import numpy as np
import pytest

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.ir.circuit import Stimulus
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, Setting
from circuitdsl.ir.tables.generators import GENERATORS, settings_of
from circuitdsl.stimuli.drawing.circles import draw_circles
from circuitdsl.stimuli.render import batches, centre_of, count

INCEPTION = BACKBONES["inceptionv1"]


def stimulus(generator, **settings):
    kinds = GENERATORS[generator]
    said = tuple((k, Setting(tuple(map(float, v)), kinds[k].unit)) for k, v in settings.items())
    return Stimulus("lab", generator, said)


def rendered(declared, layer="mixed3b_5x5", batch=64):
    centre = centre_of(declared, INCEPTION, layer)
    return centre, list(batches(declared, centre, batch))


@pytest.mark.parametrize("generator", sorted(set(GENERATORS) - {ACTIVITY, PHOTOGRAPHS}))
def test_every_generator_draws_what_it_counts(generator):
    few = {"n": [5], "th": [0, 30], "radius": [8, 12]}
    small = {"size": [32]} | {k: v for k, v in few.items() if k in GENERATORS[generator]}
    declared = stimulus(generator, **small)
    _, images = rendered(declared, batch=7)
    assert sum(map(len, images)) == count(declared)
    assert all(len(batch) <= 7 for batch in images)
    for batch in images:
        assert batch.shape[1:] == (32, 32, 3)
        assert batch.dtype == np.float32
        assert 0 <= float(batch.min()) <= float(batch.max()) <= 255


def test_defaults_are_filled_in():
    said = stimulus("arcs", radius=[30])
    assert settings_of(said)["radius"] == (30.0,)
    assert settings_of(said)["stroke"] == GENERATORS["arcs"]["stroke"].default
    assert count(said) == len(GENERATORS["arcs"]["th"].default) * 2


def test_settings_are_crossed_in_their_order():
    declared = stimulus("arcs", radius=[20, 40], th=[0, 90], contrast=[-1, 1], size=[48])
    centre, images = rendered(declared)
    expected = draw_circles(
        np.array([20.0, 40.0]),
        np.array([90.0, 0.0]),
        np.array([0.0, 255.0]),
        np.array([255.0, 0.0]),
        canvas=centre.canvas,
        stroke_px=3.0,
    )
    whole = np.concatenate(images)
    assert np.abs(whole[[2, 5]] - expected).max() < 1e-3


def test_discs_are_filled_and_arcs_are_not():
    ink = {}
    for generator in ("arcs", "discs"):
        declared = stimulus(generator, radius=[12], th=[0], contrast=[1], size=[64])
        ink[generator] = float(rendered(declared)[1][0].mean())
    assert ink["discs"] > 1.5 * ink["arcs"]


def test_noise_is_the_same_however_it_is_batched():
    declared = stimulus("noise", n=[6], seed=[3], size=[32])
    whole, parts = rendered(declared)[1][0], rendered(declared, batch=4)[1]
    assert np.abs(np.asarray(whole) - np.concatenate(parts)).max() < 1e-2


def test_surfaces_meet_at_the_neuron():
    left = stimulus("borders", th=[180], hue=[0], contrast=[1], size=[64])
    image = np.asarray(rendered(left)[1][0][0])
    # red on the left, cyan on the right, both as light as the grey between
    np.testing.assert_allclose(
        image[20, 4], 127.5 * (1 + np.array((2, -1, -1)) / 6**0.5), rtol=1e-5
    )
    np.testing.assert_allclose(image.mean(axis=-1), 127.5, rtol=1e-5)
    spot = stimulus("spots", radius=[9], hue=[120], contrast=[1], size=[64])
    centre, images = rendered(spot)
    middle = round(centre.canvas.point[0])
    assert np.argmax(images[0][0][middle, middle]) == 1
    up = stimulus("textures", th=[90], fine=[4], coarse=[40], contrast=[0.8], size=[64])
    rows = np.abs(np.diff(np.asarray(rendered(up)[1][0][0, ..., 0]), axis=1)).mean(axis=1)
    assert rows[:20].min() > 3 * rows[-20:].max()
