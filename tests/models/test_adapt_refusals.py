"""What `adapt` says of models that no table of layers can express."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import pytest
from flax import linen, nnx

import circuitdsl
from circuitdsl.text.diagnostics import InputError

EXAMPLE = jnp.zeros((1, 12, 12, 3))
KERNEL = jnp.ones((3, 3, 3, 3))


def convolved(x: jax.Array) -> jax.Array:
    return jax.lax.conv_general_dilated(
        x, KERNEL, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def looped(x: jax.Array) -> jax.Array:
    return jax.lax.fori_loop(0, 3, lambda _, y: 2 * y, convolved(x))


def curved(x: jax.Array) -> jax.Array:
    with jax.named_scope("stem"):
        return jnp.tanh(convolved(x))


def wrapped(x: jax.Array) -> jax.Array:
    return convolved(jnp.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="wrap"))


def cropped(x: jax.Array) -> jax.Array:
    return convolved(x)[:, 1:-1]


class Normalised(nnx.Module):
    def __init__(self) -> None:
        self.conv = nnx.Conv(3, 4, (3, 3), rngs=nnx.Rngs(0))
        self.norm = nnx.BatchNorm(4, rngs=nnx.Rngs(0))

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.norm(self.conv(x))


def broken() -> nnx.Module:
    module = Normalised()
    module.conv.kernel[...] = module.conv.kernel[...].at[0, 0].set(jnp.nan)
    return module


@pytest.mark.parametrize(
    ("model", "example", "words"),
    [
        (convolved, EXAMPLE, r"layers of convolved have no names\n.*conv of 3 at test_adapt_ref"),
        (looped, EXAMPLE, r"a `scan` over maps .*: test_adapt_refusals.py:\d+ \(looped\)"),
        (curved, EXAMPLE, r"computes `tanh`: test_.*\(curved\)\n.*float32\[2,12.* in stem"),
        (wrapped, EXAMPLE, r"positions .* another order: test_adapt_refusals.py:\d+ \(wrapped"),
        (cropped, EXAMPLE, r"positions of maps are cut out.*: test_.*\(cropped\)"),
        (lambda x: convolved(x)[..., :2], EXAMPLE, r"channels are cut apart: test_.*\(<lambda>"),
        (lambda x: jnp.flip(convolved(x), 1), EXAMPLE, r"positions of .*: test_.*\(<lambda>"),
        (broken(), EXAMPLE, r"weights that are not finite, in `conv.kernel`"),
        (Normalised(), EXAMPLE, r"statistics are taken over the batch: .*\n.*\n.*module.eval\(\)"),
        (linen.Conv(4, (3, 3)), EXAMPLE, r"linen module without variables\n.*module.bind"),
        (Normalised(), jnp.zeros((1, 12, 12, 5)), "does not take an example of shape"),
        (convolved, jnp.zeros((12, 12, 3)), r"convolved does not .* shape \[12, 12, 3\]\n"),
        (Normalised(), jnp.zeros((12, 12)), r"the example has the shape \[12, 12\]"),
        (Normalised(), jnp.zeros((1, 12, 9, 3)), "the example is 12 by 9 pixels"),
        (lambda x: jnp.ones(3), EXAMPLE, "nothing that .* gives depends on the images"),
        ("resnet", EXAMPLE, "a value of type `str` is no model"),
    ],
)
def test_one_message_says_what_cannot_be_read(model, example, words) -> None:
    with pytest.raises(InputError, match=words):
        circuitdsl.adapt(model, example)


def test_names_can_be_given_to_what_has_none() -> None:
    network = circuitdsl.adapt(convolved, EXAMPLE, names=["edges"])
    assert [layer.name for layer in network.backbone.layers] == ["input", "edges"]
    with pytest.raises(InputError, match="2 names are given, and convolved has 1 layers"):
        circuitdsl.adapt(convolved, EXAMPLE, names=["edges", "lines"])
    scoped = circuitdsl.adapt(
        partial(lambda w, x: convolved(x) * w["gain"], {"gain": 2.0}), EXAMPLE, names=["a"]
    )
    assert scoped.backbone.by_name["a"].width == 3


@pytest.mark.parametrize(
    ("preprocess", "words"),
    [
        ("torchvison", "did you mean `torchvision`"),
        (lambda x: x**2, "something else than to subtract"),
        (lambda x: x[:, ::2, ::2], r"preprocess makes \[16, 4, 4, 3\]"),
    ],
)
def test_preprocessing_that_is_not_understood(preprocess, words) -> None:
    with pytest.raises(InputError, match=words):
        circuitdsl.adapt(convolved, EXAMPLE, preprocess=preprocess, names=["edges"])


def test_labels_are_as_many_as_outputs() -> None:
    model = nnx.Sequential(nnx.Conv(3, 4, (3, 3), rngs=nnx.Rngs(0)), lambda x: x.mean((1, 2)))
    with pytest.raises(InputError, match="1000 labels are given, and Sequential has 4 outputs"):
        circuitdsl.adapt(model, EXAMPLE, labels="imagenet")
    network = circuitdsl.adapt(model, EXAMPLE, labels=["cat", "dog", "car", "sky"])
    assert network.backbone.labels == ("cat", "dog", "car", "sky")


def test_a_network_of_grey_images_takes_its_own_input() -> None:
    model = nnx.Sequential(nnx.Conv(1, 4, (3, 3), rngs=nnx.Rngs(0)))
    network = circuitdsl.adapt(model, jnp.zeros((1, 12, 12, 1)))
    assert network.activations(jnp.ones((1, 12, 12, 1)), ["layers_0"])["layers_0"].shape[-1] == 4
    with pytest.raises(InputError, match=r"images are \[batch, height, width, 1\]"):
        network.activations(jnp.ones((1, 12, 12, 3)), ["layers_0"])
    with pytest.raises(InputError, match="takes 1 channels"):
        circuitdsl.adapt(model, jnp.zeros((1, 12, 12, 1)), preprocess="unit")
