"""VGG networks: Simonyan and Zisserman 2014, as far as there are weights."""

from __future__ import annotations

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Border, Layer, declared
from circuitdsl.ir.backbones.preprocessing import Preprocessing, grey

_WIDTHS = {1: 64, 2: 128, 3: 256}


def _convolutions(source: str, counts: dict[int, int], border: Border) -> list[Layer]:
    """Blocks of 3x3 convolutions, each after the first behind a pool."""
    layers: list[Layer] = []
    for block, count in counts.items():
        for number in range(1, count + 1):
            name = f"conv{block}_{number}"
            layers.append(
                Layer(name, "conv", (source,), _WIDTHS[block], 3, 1, (1, 1), border=border)
            )
            source = name
        if block < max(counts):
            layers.append(Layer(f"pool{block}", "maxpool", (source,), 0, 2, 2, VALID))
            source = f"pool{block}"
    return layers


def vgg16() -> Backbone:
    """VGG-16 up to conv3_3."""
    layers = [Layer("input", "input", (), 3), *_convolutions("input", {1: 2, 2: 2, 3: 3}, "zeros")]
    mean = Preprocessing((123.68, 116.779, 103.939), order="bgr", short_side=256)
    return Backbone("vgg16", declared(layers), 224, mean)


def vgg19() -> Backbone:
    """VGG-19 up to conv3_1 with mean activations of 1, as style transfer uses it.

    Its first layer makes BGR minus the mean of RGB 0..1; its convolutions mirror the border.
    """
    colours = Layer("preprocess", "conv", ("input",), 3, activation="none", bottleneck=True)
    convolutions = _convolutions("preprocess", {1: 2, 2: 2, 3: 1}, "reflect")
    layers = [Layer("input", "input", (), 3), colours, *convolutions]
    mean = Preprocessing(grey(0.0), grey(1 / 255), short_side=256)
    return Backbone("vgg19", declared(layers), 224, mean)
