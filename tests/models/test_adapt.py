"""`adapt`: modules of other people's making, read off their jaxprs and held against them."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT
from flax import nnx
from own_models import (
    LinenDepthwise,
    LinenResidual,
    NnxDepthwise,
    NnxResidual,
    bound,
    fill,
)
from small_scenes import write_scenes
from test_residual import DEPTHWISE, RESIDUAL, images, opened, state_dict

import circuitdsl
from circuitdsl.editing import Ablate, select
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.models.network import Network
from circuitdsl.stimuli.drawing.circles import CircleGrid

RENAMED = {"globalpool": {"residual": "avgpool", "depthwise": "pool"}}


def residual_nnx() -> NnxResidual:
    module = NnxResidual(nnx.Rngs(0))
    fill(module, state_dict(RESIDUAL))
    module.eval()
    return module


def depthwise_nnx() -> NnxDepthwise:
    module = NnxDepthwise(nnx.Rngs(0))
    fill(module, state_dict(DEPTHWISE))
    module.eval()
    return module


@pytest.fixture(scope="module")
def residual() -> Network:
    return circuitdsl.adapt(residual_nnx(), jnp.zeros((1, 48, 48, 3)), preprocess="torchvision")


@pytest.fixture(scope="module")
def depthwise() -> Network:
    linen = bound(LinenDepthwise(), state_dict(DEPTHWISE), 48)
    return circuitdsl.adapt(linen, jnp.zeros((1, 48, 48, 3)), preprocess="signed")


def agree(found: dict[str, jax.Array], expected: dict[str, jax.Array]) -> None:
    for name, values in expected.items():
        scale = max(1.0, float(abs(values).max()))
        np.testing.assert_allclose(found[name] / scale, values / scale, atol=1e-5, err_msg=name)


def test_every_layer_is_that_of_the_module_and_of_the_declared_backbone(
    residual: Network, depthwise: Network, tmp_path: Path
) -> None:
    cases = (
        (residual, residual_nnx().every, RESIDUAL, {"globalpool": "avgpool"}),
        (depthwise, depthwise_nnx().every, DEPTHWISE, {"globalpool": "pool"}),
    )
    for network, every, backbone, renamed in cases:
        declared = opened(backbone, tmp_path)
        for side in (48, 53):  # the padding follows the size as the module's does
            pixels = images(side)
            expected = jax.jit(every)(network.prepared(pixels))
            layers = [layer.name for layer in network.backbone.layers if layer.name != "input"]
            assert set(layers) == set(expected)
            agree(network.activations(pixels, layers), expected)
            found = declared.activations(pixels, [renamed.get(name, name) for name in layers])
            agree({name: found[renamed.get(name, name)] for name in layers}, expected)


def test_nnx_and_linen_give_the_same_table(residual: Network, depthwise: Network) -> None:
    example = jnp.zeros((1, 48, 48, 3))
    linen = bound(LinenResidual(), state_dict(RESIDUAL), 48)
    again = circuitdsl.adapt(linen, example, preprocess="torchvision", name="NnxResidual")
    assert again.backbone == residual.backbone and again.digest == residual.digest
    again = circuitdsl.adapt(depthwise_nnx(), example, preprocess="signed", name="LinenDepthwise")
    assert again.backbone == depthwise.backbone and again.digest == depthwise.digest


def test_layers_go_by_the_names_of_modules_and_blocks(residual: Network) -> None:
    assert residual.layer_names[:4] == ("input", "conv1_pre_relu", "conv1", "maxpool")
    assert residual.backbone.by_name["layer1_0"].inputs == ("layer1_0_conv2", "maxpool")
    assert residual.backbone.by_name["layer2_0"].inputs == (
        "layer2_0_conv2",
        "layer2_0_downsample",
    )
    assert residual.backbone.logits == "fc"
    assert residual.name == "NnxResidual"


@pytest.mark.parametrize("margins", [((2, 2), (2, 2)), ((0, 3), (0, 3)), ((3, 1), (3, 1))])
def test_a_mirror_image_around_maps_is_the_padding_of_what_reads_it(margins) -> None:
    first = nnx.Conv(3, 6, (3, 3), 2, rngs=nnx.Rngs(0))
    second = nnx.Conv(6, 4, (4, 4), padding="VALID", rngs=nnx.Rngs(1))

    def mirrored(x: jax.Array) -> jax.Array:
        return jnp.pad(nnx.relu(first(x)), ((0, 0), *margins, (0, 0)), mode="reflect")

    def model(x: jax.Array) -> jax.Array:
        return nnx.relu(second(mirrored(x)))

    network = circuitdsl.adapt(model, jnp.zeros((1, 24, 24, 3)), names=["first", "second"])
    layer = network.backbone.by_name["second"]
    assert (layer.border, layer.padding) == ("reflect", margins[0])
    for side in (24, 29):
        pixels = images(side) / 255
        found = network.resume({"input": pixels}, ["second"])["second"]
        agree({"second": found}, {"second": jax.jit(model)(pixels)})
    conv = nnx.Conv(3, 4, (3, 3), padding="REFLECT", rngs=nnx.Rngs(2))
    assert (
        circuitdsl.adapt(nnx.Sequential(conv, nnx.relu), jnp.zeros((1, 9, 9, 3)))
        .backbone.by_name["layers_0"]
        .border
        == "reflect"
    )


# ---- geometry, against which pixels move a neuron ------------------------------------------------


@pytest.mark.parametrize(
    ("padding", "side", "stride", "groups"),
    [("SAME", 5, 2, 1), ("SAME", 4, 3, 3), ("VALID", 3, 2, 1), (2, 3, 1, 3)],
)
def test_windows_are_read_as_pixels_move_neurons(padding, side, stride, groups) -> None:
    rngs, window = nnx.Rngs(1), (side, side)
    first = nnx.Conv(3, 6, window, stride, padding=padding, feature_group_count=groups, rngs=rngs)
    second = nnx.Conv(6, 4, (3, 3), 2, rngs=rngs)
    pool = partial(nnx.max_pool, window_shape=(2, 2))
    model = nnx.Sequential(first, pool, second)
    network = circuitdsl.adapt(model, jnp.zeros((1, 40, 40, 3)))
    # whatever a lost row of pixels reaches is lost
    pixels = np.ones((40, 40, 40, 3), np.float32)
    pixels[np.arange(40), np.arange(40)] = np.nan
    names = [layer.name for layer in network.backbone.layers if layer.inputs]
    values = network.resume({"input": pixels}, names)
    np.testing.assert_array_equal(np.isnan(values[names[-1]]), np.isnan(jax.jit(model)(pixels)))
    for name in names:
        sampling = network.backbone.sampling(name)
        lost = np.isnan(np.asarray(values[name])).all(axis=(2, 3))
        assert lost.shape == (40, sampling.size)
        middle = sampling.size // 2
        (rows,) = np.nonzero(lost[:, middle])
        centre = sampling.offset + sampling.stride * middle
        half = (sampling.receptive_field - 1) / 2
        assert (rows[0], rows[-1]) == (centre - half, centre + half), name
    one = np.ones((3, 40, 40, 3), np.float32)
    one[np.arange(3), ..., np.arange(3)] = np.nan
    lost = np.isnan(np.asarray(network.resume({"input": one}, names[:1])[names[0]]))
    members = np.arange(6) // (6 // groups) == np.arange(3)[:, None]
    np.testing.assert_array_equal(lost.any(axis=(1, 2)), members if groups > 1 else True)


def test_preprocessing_is_what_the_function_or_the_module_does(residual: Network) -> None:
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

    def usual(x):
        return (x / 255 - mean) / deviation

    def backwards(x):
        return usual(x)[..., ::-1]

    pixels = images(8)
    first = nnx.Sequential(nnx.Conv(3, 4, (3, 3), rngs=nnx.Rngs(0)))
    example = jnp.zeros((1, 8, 8, 3))
    for function in (usual, backwards):
        network = circuitdsl.adapt(first, example, preprocess=function)
        np.testing.assert_allclose(network.prepared(pixels), function(pixels), atol=1e-5)
        inside = circuitdsl.adapt(lambda x, f=function: first(f(x)), example)
        assert inside.backbone.layers[1].inputs == ("input",)
        np.testing.assert_allclose(inside.prepared(pixels), function(pixels), atol=1e-5)
    np.testing.assert_allclose(residual.prepared(pixels), usual(pixels), atol=1e-5)
    both = circuitdsl.adapt(lambda x: first(usual(x)), example, preprocess="caffe")
    seen = pixels[..., ::-1] - np.array([104.0, 117.0, 123.0])
    np.testing.assert_allclose(both.prepared(pixels), usual(seen), atol=1e-5)


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, {})
    names, sampling, shape = capsys.readouterr().out.splitlines()
    assert "'shapes_pre_relu', 'shapes'" in names
    assert sampling.startswith("Sampling(stride=4, ")
    assert shape == "(2, 4)"


# ---- verbs ---------------------------------------------------------------------------------------


def test_find_edit_match_and_sweep_run_on_it(
    residual: Network, depthwise: Network, tmp_path: Path
) -> None:
    (tmp_path / "scenes").mkdir()
    for label in ("0", "3"):  # outputs go by their numbers
        write_scenes(tmp_path / "scenes" / label, 4)
    (tmp_path / "edges.circ").write_text(
        "circ 1\nfrom std.shapes import gabor\nbackbone V = tiny(input=64px)\n"
        "family edges [th: orient(4)] at V.conv2d0\n"
        "connect V.input -> edges { colour = luma  place = gabor(8px, length=2px, width=2px) }\n",
        encoding="utf-8",
    )
    grid = CircleGrid((6.0,), tuple(range(0, 360, 30)), (0.5,))
    assert find_family(residual, "layer2_0", grid=grid).units
    for network, layer in ((residual, "layer1_1"), (depthwise, "conv_pw_1")):
        (found,) = circuitdsl.match(
            [tmp_path / "edges.circ"], [network], tmp_path / "scenes", layers=["conv1"], draws=1
        )
        assert {row.layer for row in found.rows} == {"conv1"}
        edited = circuitdsl.edit(network, [Ablate(select(network.backbone, f"{layer}[0, 3]"))])
        maps = edited.activations(images(32), [layer])[layer]
        assert not np.asarray(maps)[..., [0, 3]].any() and np.asarray(maps).any()
        table = circuitdsl.sweep(
            network, f"{layer}[0..2]", tmp_path / "scenes", tmp_path / f"{layer}.csv"
        )
        assert table.images == 8 and len(table.names) == 4


def test_an_equinox_module_takes_one_image_channels_first() -> None:
    eqx = pytest.importorskip("equinox")
    keys = jax.random.split(jax.random.key(0), 3)

    class Small(eqx.Module):
        edges: eqx.nn.Conv2d
        shapes: eqx.nn.Conv2d
        classes: eqx.nn.Linear

        def __init__(self) -> None:
            self.edges = eqx.nn.Conv2d(3, 8, 5, stride=2, padding=2, key=keys[0])
            self.shapes = eqx.nn.Conv2d(8, 12, 3, groups=2, key=keys[1])
            self.classes = eqx.nn.Linear(12, 4, key=keys[2])

        def every(self, x: jax.Array) -> dict[str, jax.Array]:
            edges = jax.nn.relu(self.edges(x))
            shapes = jax.nn.relu(self.shapes(eqx.nn.MaxPool2d(2, 2)(edges)))
            classes = self.classes(shapes.mean((1, 2)))
            return {"edges": edges, "shapes": shapes, "classes": classes}

        def __call__(self, x: jax.Array) -> jax.Array:
            return self.every(x)["classes"]

    module = Small()
    network = circuitdsl.adapt(module, jnp.zeros((3, 40, 40)), preprocess="unit")
    pixels = images(40)
    expected = jax.vmap(module.every)(jnp.moveaxis(network.prepared(pixels), -1, 1))
    found = network.activations(pixels, ["edges", "shapes", "classes"])
    agree(
        {
            name: values if values.ndim == 2 else jnp.moveaxis(values, -1, 1)
            for name, values in found.items()
        },
        expected,
    )
