"""Residual networks: He et al. 2015, "Deep residual learning", with PyTorch's names."""

from __future__ import annotations

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Layer, declared
from circuitdsl.ir.backbones.naming import Rule, batch_norm, weighted
from circuitdsl.ir.backbones.preprocessing import TORCHVISION

_EXPANSION = 4
"""How many times as wide as its middle a block with a bottleneck is."""


def resnet18() -> Backbone:
    """ResNet-18."""
    return residual("resnet18", (2, 2, 2, 2), bottleneck=False)


def resnet34() -> Backbone:
    """ResNet-34."""
    return residual("resnet34", (3, 4, 6, 3), bottleneck=False)


def resnet50() -> Backbone:
    """ResNet-50, with the stride in the 3x3 convolutions, as PyTorch has it."""
    return residual("resnet50", (3, 4, 6, 3), bottleneck=True)


def residual(
    name: str, counts: tuple[int, ...], *, bottleneck: bool, width: int = 64, classes: int = 1000
) -> Backbone:
    """A residual network.

    Args:
        name: What it is called.
        counts: Blocks in each stage; every stage but the first halves the resolution.
        bottleneck: Blocks of 1x1, 3x3, 1x1 convolutions; otherwise of two of 3x3.
        width: Channels of the stem, and of the first stage's 3x3 convolutions.
        classes: Outputs.
    """
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv1", "conv", ("input",), width, 7, 2, (3, 3)),
        Layer("maxpool", "maxpool", ("conv1",), 0, 3, 2, (1, 1)),
    ]
    out = width
    for stage, count in enumerate(counts, start=1):
        middle = width * 2 ** (stage - 1)
        wide = middle * _EXPANSION if bottleneck else middle
        for number in range(count):
            stride = 2 if stage > 1 and number == 0 else 1
            block = f"layer{stage}_{number}"
            source, shortcut = layers[-1].name, layers[-1].name
            if stride != 1 or out != wide:
                shortcut = f"{block}_downsample"
                layers.append(
                    Layer(shortcut, "conv", (source,), wide, 1, stride, VALID, activation="none")
                )
            layers += _convolutions(block, source, (middle, wide), stride, bottleneck)
            layers.append(Layer(block, "add", (layers[-1].name, shortcut), 0))
            out = wide
    layers += [
        Layer("avgpool", "globalpool", (layers[-1].name,), 0),
        Layer("fc", "dense", ("avgpool",), classes, activation="none"),
        Layer("softmax", "softmax", ("fc",), 0),
    ]
    return Backbone(
        name,
        declared(layers),
        224,
        TORCHVISION,
        logits="fc",
        labels="imagenet" if classes == 1000 else "",
        rules=_RULES,
    )


def _convolutions(
    block: str, source: str, widths: tuple[int, int], stride: int, bottleneck: bool
) -> list[Layer]:
    """The convolutions of a block; the last one is rectified once it is summed."""
    middle, wide = widths
    first, second, third = (f"{block}_conv{number}" for number in (1, 2, 3))
    if bottleneck:
        return [
            Layer(first, "conv", (source,), middle, padding=VALID, bottleneck=True),
            Layer(second, "conv", (first,), middle, 3, stride, (1, 1)),
            Layer(third, "conv", (second,), wide, padding=VALID, activation="none"),
        ]
    return [
        Layer(first, "conv", (source,), middle, 3, stride, (1, 1)),
        Layer(second, "conv", (first,), wide, 3, 1, (1, 1), activation="none"),
    ]


_BLOCK = r"(layer\d+\.\d+)"
_RULES: tuple[Rule, ...] = (
    *weighted(rf"{_BLOCK}\.(conv\d)", r"\1.\2"),
    *batch_norm(rf"{_BLOCK}\.bn(\d)", r"\1.conv\2"),
    *weighted(rf"{_BLOCK}\.downsample\.0", r"\1.downsample"),
    *batch_norm(rf"{_BLOCK}\.downsample\.1", r"\1.downsample"),
    *weighted("conv1", "conv1"),
    *batch_norm("bn1", "conv1"),
    *weighted("fc", "fc"),
)
