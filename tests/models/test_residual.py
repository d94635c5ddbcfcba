"""A residual and a depthwise network, against Flax modules of the same weights.

The modules are written with Flax alone, batch normalisations and all; the weights reach ours as a
PyTorch state dict, by the rules of names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx
from safetensors.numpy import save_file

from circuitdsl.editing.apply import edit
from circuitdsl.editing.fold import fold
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.sweep import ablations, one_by_one
from circuitdsl.editing.verbs import Ablate, Scale, ScaleEdges
from circuitdsl.ir.backbones import Backbone, Layer, declared
from circuitdsl.ir.backbones.mobilenet import depthwise
from circuitdsl.ir.backbones.naming import batch_norm, weighted
from circuitdsl.ir.backbones.preprocessing import Preprocessing, grey
from circuitdsl.ir.backbones.resnet import residual
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.measure.units import trained
from circuitdsl.models.files.weights import read_weights
from circuitdsl.models.network import Network
from circuitdsl.stimuli.batches import Batch
from circuitdsl.stimuli.drawing.circles import CircleGrid
from circuitdsl.text.diagnostics import InputError

RESIDUAL = residual("residual", (2, 1), bottleneck=False, width=6, classes=5)
WIDE = residual("wide", (1, 1), bottleneck=True, width=4, classes=5)

_FIRST = Layer("conv1", "conv", ("input",), 8, 3, 2, activation="relu6")
_BLOCKS = [*depthwise("1", _FIRST, 12, 1)]
_BLOCKS += depthwise("2", _BLOCKS[-1], 10, 2)
DEPTHWISE = Backbone(
    "depthwise",
    declared(
        [
            Layer("input", "input", (), 3),
            _FIRST,
            *_BLOCKS,
            Layer("pool", "globalpool", (_BLOCKS[-1].name,), 0),
            Layer("conv_preds", "dense", ("pool",), 5, activation="none"),
        ]
    ),
    32,
    Preprocessing(grey(127.5), grey(1 / 127.5)),
    logits="conv_preds",
    rules=(
        *weighted(r"(conv1|conv_[dp]w_\d)", r"\1"),
        *batch_norm("bn1", "conv1"),
        *batch_norm(r"(conv_[dp]w_\d)_bn", r"\1"),
        *weighted("conv_preds", "conv_preds"),
    ),
    norm_epsilon=1e-3,
)

State = dict[str, np.ndarray]


def _module(layer: Layer) -> str:
    """PyTorch's name of a convolution: `layer1.0.conv2` for `layer1_0_conv2`."""
    if not layer.name.startswith("layer"):
        return layer.name
    name = ".".join(layer.name.split("_"))
    return name.replace("downsample", "downsample.0")


def _norm(layer: Layer) -> str:
    """PyTorch's name of the batch normalisation after a convolution; Keras' in MobileNet."""
    if layer.name in DEPTHWISE.by_name and layer.name != "conv1":
        return f"{layer.name}_bn"
    return _module(layer).replace("downsample.0", "downsample.1").replace("conv", "bn")


def state_dict(backbone: Backbone, seed: int = 0) -> State:
    """Random weights with PyTorch's names and layouts."""
    generator = np.random.default_rng(seed)
    state: State = {}
    for layer in backbone.layers:
        if not layer.has_weights:
            continue
        *window, fan_in, width = backbone.parameter_shapes[layer.kernel_key]
        spread = (2 / np.prod([fan_in, *window])) ** 0.5
        kernel = spread * generator.normal(size=(width, fan_in, *window))
        state[f"{_module(layer)}.weight"] = kernel.astype(np.float32)
        if layer.kind == "dense":
            state[f"{_module(layer)}.bias"] = generator.normal(size=width).astype(np.float32)
            continue
        norm = _norm(layer)
        state[f"{norm}.weight"] = generator.uniform(0.5, 1.5, width).astype(np.float32)
        state[f"{norm}.bias"] = 0.3 * generator.normal(size=width).astype(np.float32)
        state[f"{norm}.running_mean"] = 0.1 * generator.normal(size=width).astype(np.float32)
        state[f"{norm}.running_var"] = generator.uniform(0.5, 2, width).astype(np.float32)
        state[f"{norm}.num_batches_tracked"] = np.array(7)
    return state


def images(side: int = 37, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3)).astype(np.float32)


def opened(backbone: Backbone, folder: Path) -> Network:
    path = folder / f"{backbone.name}.safetensors"
    save_file(state_dict(backbone), path)
    return Network(backbone, read_weights(path, backbone))


# ---- the modules ---------------------------------------------------------------------------------


def in_linen(backbone: Backbone, state: State, pixels: np.ndarray) -> Mapping[str, np.ndarray]:
    """Every layer of a residual network as `flax.linen` computes it."""
    values: dict[str, jax.Array] = {"input": jnp.asarray(pixels)}

    def conv(name: str, source: str, pad: int, stride: int, rectify: bool = True) -> None:
        module = _module(backbone.by_name[name])
        kernel = state[f"{module}.weight"].transpose(2, 3, 1, 0)
        convolution = linen.Conv(
            kernel.shape[-1], kernel.shape[:2], stride, [(pad, pad)] * 2, use_bias=False
        )
        x = convolution.apply({"params": {"kernel": kernel}}, values[source])
        norm = _norm(backbone.by_name[name])
        variables = {
            "params": {"scale": state[f"{norm}.weight"], "bias": state[f"{norm}.bias"]},
            "batch_stats": {
                "mean": state[f"{norm}.running_mean"],
                "var": state[f"{norm}.running_var"],
            },
        }
        x = linen.BatchNorm(use_running_average=True, epsilon=1e-5).apply(variables, x)
        values[name] = linen.relu(x) if rectify else x

    conv("conv1", "input", 3, 2)
    values["maxpool"] = linen.max_pool(values["conv1"], (3, 3), (2, 2), [(1, 1), (1, 1)])
    source = "maxpool"
    for layer in backbone.layers:
        if layer.kind != "add":
            continue
        block = layer.name
        stride = 2 if block == "layer2_0" else 1
        skip = source
        if f"{block}_downsample" in backbone.by_name:
            skip = f"{block}_downsample"
            conv(skip, source, 0, stride, rectify=False)
        if f"{block}_conv3" in backbone.by_name:
            conv(f"{block}_conv1", source, 0, 1)
            conv(f"{block}_conv2", f"{block}_conv1", 1, stride)
            conv(f"{block}_conv3", f"{block}_conv2", 0, 1, rectify=False)
            last = f"{block}_conv3"
        else:
            conv(f"{block}_conv1", source, 1, stride)
            conv(f"{block}_conv2", f"{block}_conv1", 1, 1, rectify=False)
            last = f"{block}_conv2"
        values[block] = linen.relu(values[last] + values[skip])
        source = block
    values["avgpool"] = values[source].mean((1, 2))
    dense = linen.Dense(5)
    variables = {"params": {"kernel": state["fc.weight"].T, "bias": state["fc.bias"]}}
    values["fc"] = dense.apply(variables, values["avgpool"])
    return {name: np.asarray(value) for name, value in values.items()}


def in_nnx(state: State, pixels: np.ndarray) -> Mapping[str, np.ndarray]:
    """Every layer of the depthwise network as Flax NNX computes it."""
    values: dict[str, jax.Array] = {"input": jnp.asarray(pixels)}
    x = values["input"]
    rngs = nnx.Rngs(0)
    for layer in DEPTHWISE.layers:
        if layer.kind != "conv":
            continue
        kernel = state[f"{layer.name}.weight"].transpose(2, 3, 1, 0)
        side, groups = kernel.shape[0], 8 if layer.name == "conv_dw_1" else 12
        convolution = nnx.Conv(
            x.shape[-1],
            kernel.shape[-1],
            (side, side),
            2 if layer.name in ("conv1", "conv_dw_2") else 1,
            padding="SAME",
            use_bias=False,
            feature_group_count=groups if "dw" in layer.name else 1,
            rngs=rngs,
        )
        convolution.kernel[...] = jnp.asarray(kernel)
        norm = nnx.BatchNorm(kernel.shape[-1], use_running_average=True, epsilon=1e-3, rngs=rngs)
        norm.scale[...] = jnp.asarray(state[f"{_norm(layer)}.weight"])
        norm.bias[...] = jnp.asarray(state[f"{_norm(layer)}.bias"])
        norm.mean[...] = jnp.asarray(state[f"{_norm(layer)}.running_mean"])
        norm.var[...] = jnp.asarray(state[f"{_norm(layer)}.running_var"])
        x = values[layer.name] = jax.nn.relu6(norm(convolution(x)))
    values["pool"] = x.mean((1, 2))
    values["conv_preds"] = values["pool"] @ state["conv_preds.weight"].T + state["conv_preds.bias"]
    return {name: np.asarray(value) for name, value in values.items()}


def _agree(network: Network, expected: Mapping[str, np.ndarray], pixels: np.ndarray) -> None:
    names = [layer.name for layer in network.backbone.layers if layer.kind != "softmax"]
    assert set(names) == set(expected)
    for name, values in network.activations(pixels, names).items():
        scale = max(1.0, np.abs(expected[name]).max())
        np.testing.assert_allclose(
            np.asarray(values) / scale, expected[name] / scale, atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize("backbone", [RESIDUAL, WIDE], ids=lambda backbone: backbone.name)
def test_a_residual_network_is_that_of_flax_linen_at_every_layer(backbone, tmp_path):
    pixels = images()
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    seen = ((pixels / 255 - mean) / deviation).astype(np.float32)
    _agree(opened(backbone, tmp_path), in_linen(backbone, state_dict(backbone), seen), pixels)


def test_a_depthwise_network_is_that_of_flax_nnx_at_every_layer(tmp_path):
    pixels = images(32)
    seen = pixels / 127.5 - 1
    _agree(opened(DEPTHWISE, tmp_path), in_nnx(state_dict(DEPTHWISE), seen), pixels)


# ---- edits ---------------------------------------------------------------------------------------

EDITS: list[tuple[Backbone, str, Callable[[np.ndarray], np.ndarray]]] = [
    (RESIDUAL, "layer1_0[1, 3]", lambda h: h * 0.0),
    (RESIDUAL, "layer2_0_conv1:2", lambda h: h * 0.0),
    (DEPTHWISE, "conv_dw_1[0, 5]", lambda h: h * 0.0),
]


@pytest.mark.parametrize(("backbone", "units", "change"), EDITS)
def test_units_are_edited_wherever_they_are_computed(backbone, units, change, tmp_path):
    network, pixels = opened(backbone, tmp_path), images(32)
    chosen = select(backbone, units)
    (layer,) = chosen.branches
    names = list(backbone.by_name)
    before = names[: names.index(layer) + 1]
    values = dict(network.activations(pixels, before))
    h = np.array(values[layer])
    channels = list(chosen.channels(layer))
    h[..., channels] = change(h[..., channels])
    expected = network.resume({**values, layer: h}, [backbone.classifier])[backbone.classifier]
    edited = edit(network, [Ablate(chosen)])
    np.testing.assert_allclose(edited.logits(pixels), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("backbone", "units", "by", "left"),
    [
        (RESIDUAL, "layer1_0:1", 0.0, "it is a sum, and what is summed is read elsewhere too"),
        (RESIDUAL, "layer2_0:1", 0.0, ""),
        (RESIDUAL, "layer2_0:1", 0.5, ""),
        (RESIDUAL, "layer1_1_conv1:1", -1.0, ""),
        (RESIDUAL, "layer1_1_conv2:1", -0.5, ""),
        (DEPTHWISE, "conv_dw_1:3", 0.0, ""),
        (DEPTHWISE, "conv_dw_1:3", 0.5, "its activation function stops at 6"),
    ],
)
def test_edits_are_folded_where_weights_can_say_them(backbone, units, by, left, tmp_path):
    network, pixels = opened(backbone, tmp_path), images(32)
    edited = edit(network, [Scale(select(backbone, units), by)])
    folded = fold(edited)
    if left:
        assert left in folded.left[0]
        return
    assert folded.left == ()
    found = Network(backbone, folded.params).logits(pixels)
    np.testing.assert_allclose(found, edited.logits(pixels), atol=1e-4)


def test_edges_go_through_sums_and_within_groups(tmp_path):
    network, pixels = opened(RESIDUAL, tmp_path), images(32)
    between = edges(select(RESIDUAL, "layer1_0:2"), select(RESIDUAL, "layer1_1_conv1[0..5]"))
    edited = edit(network, [ScaleEdges(between, 0.0)])
    params = {name: np.array(value) for name, value in network.params.items()}
    params["layer1_1_conv1_w"][:, :, 2] = 0
    expected = Network(RESIDUAL, params).logits(pixels)
    np.testing.assert_allclose(edited.logits(pixels), expected, atol=1e-4)
    np.testing.assert_allclose(fold(edited).params["layer1_1_conv1_w"], params["layer1_1_conv1_w"])
    with pytest.raises(InputError, match="no weights lead into layer1_1: it adds up other layers"):
        edges(select(RESIDUAL, "layer1_0:2"), select(RESIDUAL, "layer1_1:3"))
    network = opened(DEPTHWISE, tmp_path)
    between = edges(select(DEPTHWISE, "conv1"), select(DEPTHWISE, "conv_dw_1:3"))
    edited = edit(network, [ScaleEdges(between, 0.0)])
    params = {name: np.array(value) for name, value in network.params.items()}
    params["conv_dw_1_w"][..., 3] = 0
    expected = Network(DEPTHWISE, params).logits(images(32))
    np.testing.assert_allclose(edited.logits(images(32)), expected, atol=1e-4)
    assert fold(edited).left == ()


def test_sweeps_and_searches_run_on_them(tmp_path):
    for backbone, layer in ((RESIDUAL, "layer2_0"), (DEPTHWISE, "conv_dw_2")):
        network, pixels = opened(backbone, tmp_path), images(32, 3)
        sets = one_by_one(select(backbone, layer))
        swept = ablations(network, sets, {str(index): index for index in range(5)})
        batch = Batch(pixels, np.arange(3), ("a", "b", "c"), ("0", "1", "2"))
        table = run(swept, [batch])
        assert table.images == 3
        for row, units in enumerate(sets):
            logits = edit(network, [Ablate(units)]).logits(pixels)
            loss = -np.asarray(jax.nn.log_softmax(logits))[np.arange(3), np.arange(3)].mean()
            assert table.column("cross_entropy")[row] == pytest.approx(loss, abs=1e-4)
        grid = CircleGrid((6.0,), tuple(range(0, 360, 30)), (0.5,))
        assert find_family(network, layer, grid=grid).units


def test_the_central_neuron_is_that_of_the_whole_map(tmp_path):
    network, pixels = opened(RESIDUAL, tmp_path), images(64)
    for layer in ("layer1_1", "layer1_1_conv2", "layer2_0", "conv1"):
        units = trained(network, layer)
        maps = np.asarray(units.maps(jnp.asarray(pixels)))
        at = maps.shape[1] // 2
        found = units.neurons(jnp.asarray(pixels), at)
        np.testing.assert_allclose(found, maps[:, at, at], atol=1e-4)
