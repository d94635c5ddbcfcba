"""A backbone with two inception blocks, small enough to compile quickly."""

from __future__ import annotations

import numpy as np

from circuitdsl.ir.backbones import Backbone, Layer

TWO = Backbone(
    "two",
    (
        Layer("input", "input", (), 3),
        Layer("conv2d0", "conv", ("input",), 6, 7, 2),
        Layer("maxpool0", "maxpool", ("conv2d0",), 6, 3, 2),
        Layer("conv2d1", "conv", ("maxpool0",), 5),
        Layer("conv2d2", "conv", ("conv2d1",), 7, 3),
        Layer("mixed3a_1x1", "conv", ("conv2d2",), 3),
        Layer("mixed3a_3x3_bottleneck", "conv", ("conv2d2",), 3, bottleneck=True),
        Layer("mixed3a_3x3", "conv", ("mixed3a_3x3_bottleneck",), 4, 3),
        Layer("mixed3a", "concat", ("mixed3a_1x1", "mixed3a_3x3"), 7),
        Layer("mixed3b_1x1", "conv", ("mixed3a",), 3),
        Layer("mixed3b_5x5_bottleneck", "conv", ("mixed3a",), 4, bottleneck=True),
        Layer("mixed3b_5x5", "conv", ("mixed3b_5x5_bottleneck",), 6, 5),
        Layer("mixed3b_pool", "maxpool", ("mixed3a",), 7, 3),
        Layer("mixed3b_pool_reduce", "conv", ("mixed3b_pool",), 2),
        Layer("mixed3b", "concat", ("mixed3b_1x1", "mixed3b_5x5", "mixed3b_pool_reduce"), 11),
        Layer("avgpool0", "globalpool", ("mixed3b",), 11),
        Layer(
            "softmax2_pre_activation",
            "dense",
            ("avgpool0",),
            5,
            activation="none",
            weights="softmax2",
        ),
        Layer("softmax2", "softmax", ("softmax2_pre_activation",), 5),
    ),
    24,
    logits="softmax2_pre_activation",
    short_names=(("3a", "mixed3a"), ("3b", "mixed3b")),
)


def two_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights of `TWO`, float32; biases above 0, so that most units fire somewhere."""
    generator = np.random.default_rng(seed)
    weights: dict[str, np.ndarray] = {}
    for name, shape in TWO.parameter_shapes.items():
        values = generator.normal(size=shape) * (2 / max(1, np.prod(shape[:-1]))) ** 0.5
        if name.startswith("softmax2"):
            values *= 0.02  # so that the classifier is not sure of everything
        weights[name] = (abs(values) if len(shape) == 1 else values).astype(np.float32)
    return weights


def noise_images(count: int = 3, side: int = 24, seed: int = 0) -> np.ndarray:
    """Images of whole grey levels, `[count, side, side, 3]`."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3)).astype(np.float32)
