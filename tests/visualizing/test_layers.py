"""Views of layers, Grad-CAM by definition, the command `look`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_scenes import write_scenes
from two_blocks import TWO, noise_images, two_weights
from typer.testing import CliRunner

import circuitdsl
from circuitdsl.cli import app
from circuitdsl.models.network import Network
from circuitdsl.reporting.drawn.look_figures import LOOKS
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.layers import filters, grad_cam, last_maps, layer_views, over_image

IMAGE = noise_images(1)[0]


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(TWO, two_weights())


def test_every_layer_is_seen(network: Network) -> None:
    views = {view.name: view for view in layer_views(network, IMAGE, 3)}
    assert list(views) == [layer.name for layer in TWO.layers if layer.kind != "input"]
    maps = np.asarray(network.activations(IMAGE[None], ["mixed3a"])["mixed3a"])[0]
    view = views["mixed3a"]
    assert view.shape == maps.shape
    assert view.silent == pytest.approx((maps <= 0).mean())
    assert view.channels[0] == maps.max(axis=(0, 1)).argmax()
    np.testing.assert_allclose(view.maps[0], maps[..., view.channels[0]], rtol=1e-5)
    assert views["conv2d0"].weights == 7 * 7 * 3 * 6 + 6


def test_grad_cam_by_definition(network: Network) -> None:
    """After a mean over positions, the derivative of a logit is a dense layer's weights."""
    found = grad_cam(network, IMAGE, 2)
    assert last_maps(network) == "mixed3b"
    maps = np.asarray(network.activations(IMAGE[None], ["mixed3b"])["mixed3b"])[0]
    weights = two_weights()["softmax2_w"][:, 2] / maps[..., 0].size
    np.testing.assert_allclose(found, np.maximum(maps @ weights, 0), atol=1e-6)
    assert over_image(found, 24).shape == (24, 24)
    with pytest.raises(InputError, match="outputs 0 to 4"):
        grad_cam(network, IMAGE, 5)


def test_filters_are_the_weights(network: Network) -> None:
    one = filters(network, "mixed3b_5x5", 3)
    np.testing.assert_array_equal(one.kernel, two_weights()["mixed3b_5x5_w"][..., 3])
    assert one.bias == pytest.approx(two_weights()["mixed3b_5x5_b"][3])
    with pytest.raises(InputError, match="no unit of a convolution"):
        filters(network, "mixed3b", 0)


def test_the_command(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 1)
    image = str(tmp_path / "scenes" / "00.png")
    args = ["look", image, "-m", "tiny", "--class", "disc", "-o", str(tmp_path / "look.json")]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    assert "mixed3b" in done.stdout
    record = json.loads((tmp_path / "look.json").read_text())
    assert record["class"]["name"] == "disc"
    assert len(record["class"]["map"]) == 28


def test_a_figure_of_a_network_without_a_classifier(tmp_path: Path) -> None:
    table = replace(TWO, name="cut", layers=TWO.layers[:5], logits=None)
    weights = {key: value for key, value in two_weights().items() if key.startswith("conv2d")}
    seen = circuitdsl.look(Network(table, weights), IMAGE)
    assert seen.evidence is None
    LOOKS.write(seen, tmp_path / "look.png")
    assert (tmp_path / "look.png").stat().st_size > 10_000
