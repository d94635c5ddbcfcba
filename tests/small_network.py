"""A backbone small enough to compute by hand, with every kind of layer, and weights for it."""

from __future__ import annotations

import numpy as np

from circuitdsl.ir.backbones import Backbone, Layer, Lrn

SMALL = Backbone(
    "small",
    (
        Layer("input", "input", (), 3),
        Layer("conv2d0", "conv", ("input",), 6, 7, 2),
        Layer("maxpool0", "maxpool", ("conv2d0",), 6, 3, 2),
        Layer("localresponsenorm0", "lrn", ("maxpool0",), 6, lrn=Lrn(5, 1e-4, 0.5, 2.0)),
        Layer("conv2d1", "conv", ("localresponsenorm0",), 5),
        Layer("mixed3a_1x1", "conv", ("conv2d1",), 2),
        Layer("mixed3a_3x3_bottleneck", "conv", ("conv2d1",), 3, bottleneck=True),
        Layer("mixed3a_3x3", "conv", ("mixed3a_3x3_bottleneck",), 4, 3),
        Layer("mixed3a_pool", "maxpool", ("conv2d1",), 5, 3),
        Layer("mixed3a_pool_reduce", "conv", ("mixed3a_pool",), 2),
        Layer("mixed3a", "concat", ("mixed3a_1x1", "mixed3a_3x3", "mixed3a_pool_reduce"), 8),
        Layer("avgpool0", "globalpool", ("mixed3a",), 8),
        Layer(
            "softmax2_pre_activation",
            "dense",
            ("avgpool0",),
            4,
            activation="none",
            weights="softmax2",
        ),
        Layer("softmax2", "softmax", ("softmax2_pre_activation",), 4),
    ),
    32,
    logits="softmax2_pre_activation",
    short_names=(("3a", "mixed3a"),),
)


def small_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights of `SMALL`, float32."""
    generator = np.random.default_rng(seed)
    return {
        name: (generator.normal(size=shape) / max(1, np.prod(shape[:-1])) ** 0.5).astype(np.float32)
        for name, shape in SMALL.parameter_shapes.items()
    }
