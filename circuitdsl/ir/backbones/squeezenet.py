"""SqueezeNet 1.1: Iandola et al. 2016, "SqueezeNet", with the authors' later, cheaper stem."""

from __future__ import annotations

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Layer, declared
from circuitdsl.ir.backbones.preprocessing import CAFFE

_FIRES = {
    **dict.fromkeys((2, 3), (16, 64)),
    **dict.fromkeys((4, 5), (32, 128)),
    **dict.fromkeys((6, 7), (48, 192)),
    **dict.fromkeys((8, 9), (64, 256)),
}
"""Width of squeezing, and of each expansion."""
_POOLED = (4, 6)
"""Fires that read a pool."""


def squeezenet_v1_1() -> Backbone:
    """SqueezeNet 1.1 with DeepScale's names."""
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv1", "conv", ("input",), 64, 3, 2, VALID),
        _pool("pool1", "conv1"),
    ]
    for number, (narrow, wide) in _FIRES.items():
        if number in _POOLED:
            layers.append(_pool(f"pool{number - 1}", layers[-1].name))
        name, source = f"fire{number}", layers[-1].name
        squeeze = f"{name}_squeeze1x1"
        parts = (f"{name}_expand1x1", f"{name}_expand3x3")
        layers += [
            Layer(squeeze, "conv", (source,), narrow, bottleneck=True),
            Layer(parts[0], "conv", (squeeze,), wide),
            Layer(parts[1], "conv", (squeeze,), wide, 3, padding=(1, 1)),
            Layer(name, "concat", parts, 0),
        ]
    layers += [
        Layer("conv10", "conv", ("fire9",), 1000),
        Layer("pool10", "globalpool", ("conv10",), 0),
        Layer("prob", "softmax", ("pool10",), 0),
    ]
    return Backbone(
        "squeezenet_v1_1", declared(layers), 227, CAFFE, logits="pool10", labels="imagenet"
    )


def _pool(name: str, source: str) -> Layer:
    return Layer(name, "maxpool", (source,), 0, 3, 2, VALID, ceil=True)
