import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_network import SMALL, small_weights

from circuitdsl.ir.backbones import BACKBONES, Backbone, same_padding
from circuitdsl.models.files.weights import read_weights
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(SMALL, small_weights())


def _images(side: int = 17, n: int = 2) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (n, side, side + 3, 3)).astype(np.float32)


def _slowly(weights: dict[str, np.ndarray], images: np.ndarray) -> dict[str, np.ndarray]:
    """Every layer of `SMALL` in NumPy, float64, one window at a time."""
    values = {"input": images.astype(np.float64) - 117}
    for layer in SMALL.layers[1:]:
        sources = [values[name] for name in layer.inputs]
        x = sources[0]
        if layer.kind in ("conv", "maxpool"):
            fill = 0.0 if layer.kind == "conv" else -np.inf
            sizes = [same_padding(n, layer.kernel, layer.stride) for n in x.shape[1:3]]
            margin = ((0, 0), *((before, after) for _, before, after in sizes), (0, 0))
            padded = np.pad(x, margin, constant_values=fill)
            out = np.empty((len(x), sizes[0][0], sizes[1][0], layer.width))
            for i, j in np.ndindex(out.shape[1:3]):
                top, left = i * layer.stride, j * layer.stride
                window = padded[:, top : top + layer.kernel, left : left + layer.kernel]
                if layer.kind == "conv":
                    out[:, i, j] = np.einsum("bhwi,hwio->bo", window, weights[f"{layer.name}_w"])
                else:
                    out[:, i, j] = window.max(axis=(1, 2))
            if layer.kind == "conv":
                out += weights[f"{layer.name}_b"]
                values[f"{layer.name}_pre_relu"] = out
                out = np.maximum(out, 0)
            values[layer.name] = out
        elif layer.kind == "lrn":
            channels = range(layer.width)
            near = [(x[..., max(0, c - 5) : c + 6] ** 2).sum(-1) for c in channels]
            values[layer.name] = x / np.sqrt(2 + 1e-4 * np.stack(near, -1))
        elif layer.kind == "concat":
            values[layer.name] = np.concatenate(sources, -1)
        elif layer.kind == "globalpool":
            values[layer.name] = x.mean((1, 2))
        elif layer.kind == "dense":
            values[layer.name] = x @ weights["softmax2_w"] + weights["softmax2_b"]
        else:
            values[layer.name] = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    return values


def test_every_layer_agrees_with_a_slow_numpy_network(network):
    images = _images()
    expected = _slowly(small_weights(), images)
    found = network.activations(images, network.layer_names)
    assert set(found) == set(expected) == set(network.layer_names)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


def test_logits_are_the_layer_before_the_softmax(network):
    images = _images()
    logits = network.activations(images, ["softmax2_pre_activation"])["softmax2_pre_activation"]
    np.testing.assert_array_equal(network(images), logits)
    np.testing.assert_array_equal(network.logits(images), logits)


def test_no_more_is_computed_than_the_layers_need():
    weights = small_weights()
    few = {name: jnp.asarray(weights[name]) for name in ("conv2d0_w", "conv2d0_b")}
    image = jnp.asarray(_images()) - 117
    assert set(evaluate(SMALL, few, {"input": image}, ("maxpool0",))) == {"maxpool0"}
    needed = {k: jnp.asarray(v) for k, v in weights.items() if not k.startswith("mixed3a_1x1")}
    evaluate(SMALL, needed, {"input": image}, ("mixed3a_3x3",))


def test_branches_computed_together_equal_branches_computed_alone(network):
    images = _images()
    together = network.activations(images, ["mixed3a_1x1", "mixed3a_3x3_bottleneck"])
    for name, values in together.items():
        alone = network.activations(images, [name])[name]
        np.testing.assert_allclose(values, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", ["input", "conv2d0_pre_relu", "localresponsenorm0", "mixed3a"])
def test_resuming_gives_what_the_whole_pass_gives(network, start):
    images = _images()
    given = network.activations(images, [start])
    expected = network.activations(images, ["softmax2", "mixed3a"])
    found = network.resume(given, ["softmax2", "mixed3a"])
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6)


def test_a_given_layer_is_taken_as_it_is(network):
    images = _images()
    values = network.activations(images, ["conv2d1", "mixed3a_1x1"])
    edited = {**values, "mixed3a_1x1": jnp.zeros_like(values["mixed3a_1x1"])}
    found = network.resume(edited, ["mixed3a", "mixed3a_1x1"])
    assert not found["mixed3a"][..., :2].any()
    assert not found["mixed3a_1x1"].any()
    whole = network.activations(images, ["mixed3a"])["mixed3a"]
    np.testing.assert_allclose(found["mixed3a"][..., 2:], whole[..., 2:], rtol=1e-5, atol=1e-6)


def test_a_layer_that_the_given_ones_do_not_determine_is_refused(network):
    values = network.activations(_images(), ["mixed3a"])
    with pytest.raises(InputError, match="`conv2d1` cannot be computed from mixed3a"):
        network.resume(values, ["conv2d1"])


def test_an_unknown_layer_is_refused_with_a_suggestion(network):
    with pytest.raises(InputError) as caught:
        network.activations(_images(), ["mixed3a_3x3_botleneck"])
    assert caught.value.message == "small has no layer `mixed3a_3x3_botleneck`"
    assert caught.value.help == "did you mean `mixed3a_3x3_bottleneck`?"


@pytest.mark.parametrize("shape", [(224, 224, 3), (1, 8, 8), (1, 8, 8, 1)])
def test_images_of_another_shape_are_refused(network, shape):
    with pytest.raises(InputError, match=r"images are \[batch, height, width, 3\]"):
        network.logits(np.zeros(shape))


@pytest.mark.parametrize("side", [1, 2, 15, 33])
def test_any_size_of_image_is_legal(network, side):
    assert network.logits(_images(side)).shape == (2, 4)


def test_weights_that_do_not_fit_are_refused():
    weights = small_weights()
    with pytest.raises(InputError, match=r"small needs `conv2d0_w` of shape \(7, 7, 3, 6\)"):
        Network(SMALL, {**weights, "conv2d0_w": weights["conv2d0_w"][:3]})
    with pytest.raises(InputError, match="either from params or from rngs"):
        Network(SMALL)


def test_parameters_go_by_their_tensorflow_names(network):
    state = nnx.state(network, nnx.Param)
    assert set(state) == set(SMALL.parameter_shapes) == set(network.params)
    np.testing.assert_array_equal(network.conv2d0_w[...], small_weights()["conv2d0_w"])


def test_a_random_start_is_reproducible_and_keeps_the_variance():
    stem = Backbone("stem", SMALL.layers[:2], 32)
    first, again = (Network(stem, rngs=nnx.Rngs(7)) for _ in range(2))
    for name, values in first.params.items():
        np.testing.assert_array_equal(values, again.params[name])
    assert not first.params["conv2d0_b"].any()
    # He et al. 2015: 2 / (7 * 7 * 3)
    assert float(first.params["conv2d0_w"].var()) == pytest.approx(2 / 147, rel=0.2)


def test_gradients_reach_every_parameter(network):
    images = _images()

    @nnx.jit
    def gradients(network: Network) -> nnx.State:
        return nnx.grad(lambda network: (network(images) ** 2).sum())(network)

    for name, gradient in gradients(network).items():
        assert np.abs(gradient[...]).max() > 0, name


def test_a_forward_pass_can_be_mapped_over_edits(network):
    values = network.activations(_images(), ["mixed3a"])["mixed3a"]
    masks = 1 - jnp.eye(8)

    def edited(mask: jax.Array) -> jax.Array:
        return network.resume({"mixed3a": values * mask}, ["softmax2"])["softmax2"]

    mapped = jax.vmap(edited)(masks)
    for mask, found in zip(masks, mapped, strict=True):
        np.testing.assert_allclose(found, edited(mask), rtol=1e-5, atol=1e-6)


def _in_torch(backbone: Backbone, weights: dict[str, np.ndarray], images: np.ndarray):
    """The same network written independently with PyTorch's own layers."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    values = {"input": torch.tensor((images - 117).transpose(0, 3, 1, 2))}
    for layer in backbone.layers[1:]:
        x = values[layer.inputs[0]]
        if layer.kind in ("conv", "maxpool"):
            _, before, after = same_padding(x.shape[2], layer.kernel, layer.stride)
            fill = 0.0 if layer.kind == "conv" else float("-inf")
            x = functional.pad(x, (before, after, before, after), value=fill)
        if layer.kind == "conv":
            kernel = torch.tensor(weights[f"{layer.name}_w"].transpose(3, 2, 0, 1).copy())
            bias = torch.tensor(weights[f"{layer.name}_b"])
            out = functional.relu(functional.conv2d(x, kernel, bias, layer.stride))
        elif layer.kind == "maxpool":
            out = functional.max_pool2d(x, layer.kernel, layer.stride)
        elif layer.kind == "lrn":
            # PyTorch divides alpha by the number of channels
            out = functional.local_response_norm(x, 11, alpha=11e-4, beta=0.5, k=2.0)
        elif layer.kind == "concat":
            out = torch.cat([values[name] for name in layer.inputs], 1)
        elif layer.kind == "globalpool":
            out = x.mean((2, 3))
        elif layer.kind == "dense":
            out = x @ torch.tensor(weights["softmax2_w"]) + torch.tensor(weights["softmax2_b"])
        else:
            out = functional.softmax(x, 1)
        values[layer.name] = out
    return {
        name: value.movedim(1, -1).numpy() if value.ndim == 4 else value.numpy()
        for name, value in values.items()
    }


@pytest.mark.network
def test_the_real_network_agrees_with_pytorch(caffe2_weights, photographs):
    from circuitdsl.stimuli.photographs import open_images

    backbone = BACKBONES["inceptionv1"]
    weights = read_weights(caffe2_weights, backbone)
    images = next(open_images(photographs, 4).batches(4)).images
    expected = _in_torch(backbone, weights, images)
    found = Network(backbone, weights).activations(images, list(expected))
    for name, values in expected.items():
        scale = np.abs(values).max()
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-5 * scale, err_msg=name)
