"""Feature visualisation: spaces of images, views, aims, ascent."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from two_blocks import TWO, noise_images, two_weights

from circuitdsl.measure.passes import fold
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import batches_of
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import cut, direction, logit, units, written_direction
from circuitdsl.visualizing.features.ascent import Climb
from circuitdsl.visualizing.features.parameters import (
    RECORRELATING,
    fourier,
    image_of,
    maco,
    magnitudes,
    start,
)
from circuitdsl.visualizing.features.photographed import spectrum, strongest
from circuitdsl.visualizing.features.pictures import pictures
from circuitdsl.visualizing.features.views import seen

QUICK = Climb(steps=6)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


@given(st.integers(0, 1000), st.sampled_from([8, 12]))
def test_a_start_image_is_where_the_ascent_starts(seed: int, side: int) -> None:
    image = np.random.default_rng(seed).uniform(5, 250, (side, side, 3)).astype(np.float32)
    space = fourier(side)
    again = 255 * np.asarray(image_of(space, start(space, jax.random.key(0), image)))
    np.testing.assert_allclose(again, image, atol=0.1)


def test_fourier_by_definition() -> None:
    space, side = fourier(8), 8
    parameters = np.asarray(start(space, jax.random.key(3)), np.float64)
    channels = np.zeros((3, side, side))
    for channel in range(3):
        for row in range(side):
            for column in range(side):
                total = 0.0
                for u in range(side):
                    for v in range(side // 2 + 1):
                        high = min(u, side - u)
                        size = max(np.hypot(high, v) / side, 1 / side)
                        value = complex(*parameters[:, channel, u, v]) * side / size / 4
                        wave = value * np.exp(2j * np.pi * (u * row + v * column) / side)
                        once = v in (0, side // 2)
                        total += wave.real if once else 2 * wave.real
                channels[channel, row, column] = total / side**2
    colours = np.einsum("dc,chw->hwd", RECORRELATING, channels)
    expected = 1 / (1 + np.exp(-colours))
    np.testing.assert_allclose(image_of(space, jnp.asarray(parameters)), expected, atol=1e-5)


def test_maco_keeps_the_magnitudes_of_photographs() -> None:
    photographs = jnp.asarray(noise_images(2, 16))
    common = np.asarray(magnitudes(photographs)).mean(axis=0)
    space = maco(common, np.full(3, 0.5))
    shape = start(space, jax.random.key(1)).shape
    assert shape == (1, 3, 16, 9)
    image = image_of(space, start(space, jax.random.key(1), np.asarray(photographs[0])))
    r = np.corrcoef(np.asarray(image).ravel(), np.asarray(photographs[0]).ravel())[0, 1]
    assert r > 0.7  # its phases say most of what an image is


def test_the_spectrum_of_photographs_is_their_mean() -> None:
    images = noise_images(5, 24)
    (state,) = fold([spectrum(16)], batches_of([images[:3], images[3:]]))
    found = spectrum(16).finish(state)
    middle = images[:, 4:20, 4:20]
    np.testing.assert_allclose(found.mean, middle.mean(axis=(0, 1, 2)) / 255, rtol=1e-5)
    expected = np.asarray(magnitudes(jnp.asarray(middle))).mean(axis=0)
    np.testing.assert_allclose(found.magnitude, expected, rtol=1e-4, atol=1e-4)


def test_views_keep_what_is_uniform_but_for_grey_from_beyond() -> None:
    white = jnp.ones((2, 40, 40, 3))
    views = [seen(white, jax.random.key(number)) for number in range(8)]
    for view in views:
        assert float(view.max()) <= 1 + 1e-5
        assert float(view.min()) >= 0.5 - 1e-5
        np.testing.assert_allclose(view[:, 18:22, 18:22], 1, atol=1e-5)
    assert len({float(view.sum()) for view in views}) == 8


def test_a_picture_excites_its_unit_and_does_not_depend_on_its_neighbours(
    network: Network,
) -> None:
    aims = units(network, ["mixed3b_5x5[1, 3]", "mixed3a_3x3:2"])
    space = fourier(24)
    alone = pictures(network, aims[:1], space, QUICK, frames=(0, 2))[0]
    together = pictures(network, aims, space, QUICK, frames=(0,), again=True)
    for aim, late in zip(aims, together, strict=True):
        cutoff = cut(network, aim)
        maps = cutoff.after(network.params, jnp.asarray(late.frames[0]))
        assert late.activations[0] > float((maps @ aim.readout).max())
        assert late.again is not None
        assert late.again_activation is not None
        assert not np.allclose(late.again, late.images[0], atol=1)
    assert set(alone.frames) == {0, 2}
    np.testing.assert_allclose(alone.images, together[0].images, atol=0.5)


def test_variants_have_other_causes(network: Network) -> None:
    aims = units(network, "mixed3b_5x5:1")
    (one,) = pictures(network, aims, fourier(24), replace(QUICK, variants=2))
    assert one.images.shape == (2, 24, 24, 3)
    assert len(one.activations) == 2
    assert np.abs(one.images[0] - one.images[1]).mean() > 1


def test_other_ways_up(network: Network) -> None:
    how = replace(QUICK, where="channel", gradient="normalised")
    aims = [written_direction(network, "3a:1 - 0.5*3a:4"), logit(network, "2")]
    begun = pictures(network, aims, fourier(24), how, frames=(1,))
    for aim, picture in zip(aims, begun, strict=True):
        cutoff = cut(network, aim)
        early, late = (
            float((cutoff.before(network.params, jnp.asarray(images)) @ aim.readout).mean())
            for images in (picture.frames[1], picture.images)
        )
        assert late > early


def test_a_direction_reads_as_a_sum() -> None:
    network = Network(TWO, two_weights())
    aim = written_direction(network, "mixed3b:1 - .5 * 3b:4+2*mixed3b:1")
    expected = np.zeros(11)
    expected[[1, 4]] = 3, -0.5
    np.testing.assert_allclose(aim.readout, expected / np.linalg.norm(expected), rtol=1e-6)
    for text in ("", "mixed3b", "mixed3b:1 mixed3b:2", "mixed3b:1 - mixed3a:2", "mixed3b:99"):
        with pytest.raises(InputError, match="no direction"):
            written_direction(network, text)
    with pytest.raises(InputError, match="11 finite numbers"):
        direction(network, "3b", np.zeros(11))


def test_the_strongest_photograph_is_named(network: Network) -> None:
    images = noise_images(5)
    aims = units(network, ["mixed3b:3", "mixed3b:7"])
    finding = strongest(network, aims)
    (state,) = fold([finding], batches_of([images[:3], images[3:]]))
    for aim, found in zip(aims, finding.finish(state), strict=True):
        maps = np.asarray(cut(network, aim).after(network.params, jnp.asarray(images)))
        peaks = (maps @ aim.readout).max(axis=(1, 2))
        assert found.place == peaks.argmax()
        assert found.activation == pytest.approx(peaks.max(), rel=1e-5)
