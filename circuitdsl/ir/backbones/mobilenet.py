"""MobileNet v1: Howard et al. 2017, with Keras' names; each block is depthwise, then 1x1."""

from __future__ import annotations

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import Layer, declared
from circuitdsl.ir.backbones.naming import batch_norm, weighted
from circuitdsl.ir.backbones.preprocessing import Preprocessing, grey

_FIRST = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
_BLOCKS = (*_FIRST, *((512, 1),) * 5, (1024, 2), (1024, 1))
"""Width after each block, and its stride."""


def mobilenet_v1() -> Backbone:
    """MobileNet v1 of full width; batch normalisations are folded into convolutions."""
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv1", "conv", ("input",), 32, 3, 2, activation="relu6"),
    ]
    for number, (width, stride) in enumerate(_BLOCKS, start=1):
        layers += depthwise(str(number), layers[-1], width, stride)
    layers += [
        Layer("global_average_pooling2d", "globalpool", (layers[-1].name,), 0),
        Layer("conv_preds", "dense", ("global_average_pooling2d",), 1000, activation="none"),
        Layer("predictions", "softmax", ("conv_preds",), 0),
    ]
    module = r"(conv1|conv_dw_\d+|conv_pw_\d+)"
    return Backbone(
        "mobilenet_v1",
        declared(layers),
        224,
        Preprocessing(grey(127.5), grey(1 / 127.5), short_side=256),
        logits="conv_preds",
        labels="imagenet",
        rules=(
            *weighted(module, r"\1"),
            *batch_norm(rf"{module}_bn", r"\1"),
            *weighted("conv_preds", "conv_preds"),
        ),
        norm_epsilon=1e-3,
    )


def depthwise(number: str, source: Layer, width: int, stride: int) -> list[Layer]:
    """A 3x3 convolution of each channel by itself, then a 1x1 convolution of all."""
    apart, joint = f"conv_dw_{number}", f"conv_pw_{number}"
    return [
        Layer(
            apart,
            "conv",
            (source.name,),
            source.width,
            3,
            stride,
            groups=source.width,
            activation="relu6",
        ),
        Layer(joint, "conv", (apart,), width, activation="relu6"),
    ]
