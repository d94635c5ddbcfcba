"""Networks as a user would write them, in Flax NNX and linen, with weights of a state dict."""

from __future__ import annotations

import re
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

State = Mapping[str, np.ndarray]
Values = dict[str, jax.Array]

_PARTS = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}


def torch_name(path: tuple[str, ...]) -> str:
    """PyTorch's key of a weight: `layer1.0.bn1.weight` for (layer1_0, bn1, scale)."""
    module = ".".join(path[:-1])
    if module.startswith("layer"):
        module = module.replace("_", ".", 1)
        module = re.sub("downsample$", "downsample.0", module)
        module = module.replace("downsample_bn", "downsample.1")
    return f"{module}.{_PARTS[path[-1]]}"


def of_state(state: State, path: tuple[str, ...]) -> jax.Array:
    """A weight as Flax has it."""
    values = state[torch_name(path)]
    turned = values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T
    return jnp.asarray(turned if path[-1] == "kernel" else values)


def fill(module: nnx.Module, state: State) -> None:
    """Give an NNX module the weights of a state dict."""
    for path, variable in nnx.to_flat_state(nnx.state(module)):
        variable[...] = of_state(state, tuple(map(str, path)))


def bound(module: linen.Module, state: State, side: int) -> linen.Module:
    """A linen module with the weights of a state dict."""
    variables = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((1, side, side, 3)))
    filled = jax.tree_util.tree_map_with_path(
        lambda keys, _: of_state(state, tuple(key.key for key in keys)[1:]), variables
    )
    return module.bind(filled)


# ---- residual ------------------------------------------------------------------------------------


class NnxBlock(nnx.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, into: int, width: int, stride: int, rngs: nnx.Rngs) -> None:
        def conv(source: int, side: int, step: int) -> nnx.Conv:
            return nnx.Conv(
                source, width, (side, side), step, padding=side // 2, use_bias=False, rngs=rngs
            )

        self.conv1, self.bn1 = conv(into, 3, stride), nnx.BatchNorm(width, rngs=rngs)
        self.conv2, self.bn2 = conv(width, 3, 1), nnx.BatchNorm(width, rngs=rngs)
        if stride != 1 or into != width:
            self.downsample = conv(into, 1, stride)
            self.downsample_bn = nnx.BatchNorm(width, rngs=rngs)

    def every(self, x: jax.Array, name: str) -> Values:
        """The values of every layer."""
        values = {f"{name}_conv1": nnx.relu(self.bn1(self.conv1(x)))}
        values[f"{name}_conv2"] = self.bn2(self.conv2(values[f"{name}_conv1"]))
        if hasattr(self, "downsample"):
            values[f"{name}_downsample"] = x = self.downsample_bn(self.downsample(x))
        return values | {name: nnx.relu(values[f"{name}_conv2"] + x)}


class NnxResidual(nnx.Module):
    """A small ResNet."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.conv1 = nnx.Conv(3, 6, (7, 7), 2, padding=3, use_bias=False, rngs=rngs)
        self.bn1 = nnx.BatchNorm(6, rngs=rngs)
        self.layer1_0 = NnxBlock(6, 6, 1, rngs)
        self.layer1_1 = NnxBlock(6, 6, 1, rngs)
        self.layer2_0 = NnxBlock(6, 12, 2, rngs)
        self.fc = nnx.Linear(12, 5, rngs=rngs)

    def every(self, x: jax.Array) -> Values:
        """The values of every layer."""
        values = {"conv1": nnx.relu(self.bn1(self.conv1(x)))}
        x = values["maxpool"] = nnx.max_pool(values["conv1"], (3, 3), (2, 2), [(1, 1), (1, 1)])
        for name in ("layer1_0", "layer1_1", "layer2_0"):
            values |= getattr(self, name).every(x, name)
            x = values[name]
        values["globalpool"] = x.mean((1, 2))
        return values | {"fc": self.fc(values["globalpool"])}

    def __call__(self, x: jax.Array) -> jax.Array:
        """The logits."""
        return self.every(x)["fc"]


class LinenBlock(linen.Module):
    """Two 3x3 convolutions beside a shortcut."""

    width: int
    stride: int

    @linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The sum, rectified."""

        def conv(x: jax.Array, side: int, step: int, name: str, norm: str) -> jax.Array:
            x = linen.Conv(self.width, (side, side), step, side // 2, use_bias=False, name=name)(x)
            return linen.BatchNorm(use_running_average=True, name=norm)(x)

        y = linen.relu(conv(x, 3, self.stride, "conv1", "bn1"))
        y = conv(y, 3, 1, "conv2", "bn2")
        if self.stride != 1 or x.shape[-1] != self.width:
            x = conv(x, 1, self.stride, "downsample", "downsample_bn")
        return linen.relu(y + x)


class LinenResidual(linen.Module):
    """A small ResNet."""

    @linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The logits."""
        x = linen.Conv(6, (7, 7), 2, 3, use_bias=False, name="conv1")(x)
        x = linen.relu(linen.BatchNorm(use_running_average=True, name="bn1")(x))
        x = linen.max_pool(x, (3, 3), (2, 2), [(1, 1), (1, 1)])
        x = LinenBlock(6, 1, name="layer1_0")(x)
        x = LinenBlock(6, 1, name="layer1_1")(x)
        x = LinenBlock(12, 2, name="layer2_0")(x)
        return linen.Dense(5, name="fc")(x.mean((1, 2)))


# ---- depthwise -----------------------------------------------------------------------------------

STEPS = (
    ("conv1", 8, 3, 2, 1),
    ("conv_dw_1", 8, 3, 1, 8),
    ("conv_pw_1", 12, 1, 1, 1),
    ("conv_dw_2", 12, 3, 2, 12),
    ("conv_pw_2", 10, 1, 1, 1),
)
"""Convolutions of a small MobileNet: name, width, side, stride, groups."""


class LinenDepthwise(linen.Module):
    """A small MobileNet."""

    @linen.compact
    def __call__(self, x: jax.Array) -> Values:
        """The values of every layer."""
        values: Values = {}
        for name, width, side, stride, groups in STEPS:
            x = linen.Conv(
                width,
                (side, side),
                stride,
                feature_group_count=groups,
                use_bias=False,
                name=name,
            )(x)
            norm = "bn1" if name == "conv1" else f"{name}_bn"
            x = linen.BatchNorm(use_running_average=True, epsilon=1e-3, name=norm)(x)
            x = values[name] = linen.relu6(x)
        values["globalpool"] = x.mean((1, 2))
        values["conv_preds"] = linen.Dense(5, name="conv_preds")(values["globalpool"])
        return values


class NnxDepthwise(nnx.Module):
    """A small MobileNet."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        into = 3
        for name, width, side, stride, groups in STEPS:
            conv = nnx.Conv(
                into,
                width,
                (side, side),
                stride,
                feature_group_count=groups,
                use_bias=False,
                rngs=rngs,
            )
            setattr(self, name, conv)
            norm = "bn1" if name == "conv1" else f"{name}_bn"
            setattr(self, norm, nnx.BatchNorm(width, epsilon=1e-3, rngs=rngs))
            into = width
        self.conv_preds = nnx.Linear(into, 5, rngs=rngs)

    def every(self, x: jax.Array) -> Values:
        """The values of every layer."""
        values: Values = {}
        for name, *_ in STEPS:
            norm = getattr(self, "bn1" if name == "conv1" else f"{name}_bn")
            x = values[name] = jax.nn.relu6(norm(getattr(self, name)(x)))
        values["globalpool"] = x.mean((1, 2))
        return values | {"conv_preds": self.conv_preds(values["globalpool"])}

    def __call__(self, x: jax.Array) -> jax.Array:
        """The logits."""
        return self.every(x)["conv_preds"]
