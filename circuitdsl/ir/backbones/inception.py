"""Inception networks: InceptionV1 of TensorFlow, a narrow one, and Berkeley's GoogLeNet.

Widths: Szegedy et al. 2014, "Going deeper with convolutions", table 1.
"""

from __future__ import annotations

from dataclasses import replace

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Layer, Lrn, declared
from circuitdsl.ir.backbones.preprocessing import CAFFE, GREY

TINY_CLASSES = 20

_TENSORFLOW_LRN = Lrn(radius=5, alpha=1e-4, beta=0.5, bias=2.0)
_CAFFE_LRN = Lrn(radius=2, alpha=1e-4 / 5, beta=0.75, bias=1.0)

_Widths = tuple[int, int, int, int, int, int]
"""1x1, 3x3 bottleneck, 3x3, 5x5 bottleneck, 5x5, after the pool."""

_BLOCKS: dict[str, _Widths] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _block(name: str, source: str, widths: _Widths, suffixes: tuple[str, str]) -> list[Layer]:
    """One inception block; `suffixes` name a bottleneck and the convolution after the pool."""
    narrow, pooled = suffixes
    one, three_in, three, five_in, five, pool = widths
    parts = (f"{name}_1x1", f"{name}_3x3", f"{name}_5x5", f"{name}_{pooled}")
    return [
        Layer(parts[0], "conv", (source,), one),
        Layer(f"{name}_3x3_{narrow}", "conv", (source,), three_in, bottleneck=True),
        Layer(parts[1], "conv", (f"{name}_3x3_{narrow}",), three, 3),
        Layer(f"{name}_5x5_{narrow}", "conv", (source,), five_in, bottleneck=True),
        Layer(parts[2], "conv", (f"{name}_5x5_{narrow}",), five, 5),
        Layer(f"{name}_pool", "maxpool", (source,), 0, 3),
        Layer(parts[3], "conv", (f"{name}_pool",), pool),
        Layer(name, "concat", parts, 0),
    ]


def _tensorflow(
    blocks: dict[str, _Widths], stem: tuple[int, int, int], classes: int
) -> list[Layer]:
    conv2d0, conv2d1, conv2d2 = stem
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv2d0", "conv", ("input",), conv2d0, 7, 2),
        Layer("maxpool0", "maxpool", ("conv2d0",), 0, 3, 2),
        Layer("localresponsenorm0", "lrn", ("maxpool0",), 0, lrn=_TENSORFLOW_LRN),
        Layer("conv2d1", "conv", ("localresponsenorm0",), conv2d1),
        Layer("conv2d2", "conv", ("conv2d1",), conv2d2, 3),
        Layer("localresponsenorm1", "lrn", ("conv2d2",), 0, lrn=_TENSORFLOW_LRN),
        Layer("maxpool1", "maxpool", ("localresponsenorm1",), 0, 3, 2),
    ]
    pools = {"4a": "maxpool4", "5a": "maxpool10"}
    for number, widths in blocks.items():
        if number in pools:
            layers.append(Layer(pools[number], "maxpool", (layers[-1].name,), 0, 3, 2))
        name, source = f"mixed{number}", layers[-1].name
        layers += _block(name, source, widths, ("bottleneck", "pool_reduce"))
    dense = "softmax2_pre_activation"
    return [
        *layers,
        Layer("avgpool0", "globalpool", (layers[-1].name,), 0),
        Layer(dense, "dense", ("avgpool0",), classes, activation="none", weights="softmax2"),
        Layer("softmax2", "softmax", (dense,), 0),
    ]


def _short_names(layers: tuple[Layer, ...], prefix: str) -> tuple[tuple[str, str], ...]:
    """`3b` for `mixed3b`, `3b_5x5` for `mixed3b_5x5`."""
    names = (layer.name for layer in layers if layer.name.startswith(prefix))
    return tuple((name.removeprefix(prefix), name) for name in names)


def inceptionv1() -> Backbone:
    """InceptionV1 with the names of TensorFlow's graph, as the Circuits articles have them."""
    # as the released weights are, wherever they differ from the article
    blocks = {**_BLOCKS, "4a": (192, 96, 204, 16, 48, 64), "5a": (256, 160, 320, 48, 128, 128)}
    layers = declared(_tensorflow(blocks, (64, 64, 192), 1008))
    return Backbone(
        "inceptionv1",
        layers,
        224,
        GREY,
        logits="softmax2_pre_activation",
        labels="imagenet-1008",
        short_names=_short_names(layers, "mixed"),
    )


def tiny() -> Backbone:
    """A narrow InceptionV1 up to mixed3b."""
    # a 5x5 branch with room for one curve unit or two in each direction, so that they spread out;
    # XLA runs a stem of 64 channels several times as fast as one of 24
    blocks = {"3a": (16, 24, 40, 12, 24, 8), "3b": (16, 16, 24, 24, 16, 8)}
    layers = declared(_tensorflow(blocks, (64, 24, 48), TINY_CLASSES))
    return Backbone(
        "tiny",
        layers,
        224,
        GREY,
        logits="softmax2_pre_activation",
        short_names=_short_names(layers, "mixed"),
    )


def _ceil_pool(name: str, source: str) -> Layer:
    return Layer(name, "maxpool", (source,), 0, 3, 2, VALID, ceil=True)


def bvlc_googlenet() -> Backbone:
    """GoogLeNet as Berkeley trained it in Caffe: explicit padding, pools that round up."""
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv1_7x7_s2", "conv", ("input",), 64, 7, 2, (3, 3)),
        _ceil_pool("pool1_3x3_s2", "conv1_7x7_s2"),
        Layer("pool1_norm1", "lrn", ("pool1_3x3_s2",), 0, lrn=_CAFFE_LRN),
        Layer("conv2_3x3_reduce", "conv", ("pool1_norm1",), 64),
        Layer("conv2_3x3", "conv", ("conv2_3x3_reduce",), 192, 3, padding=(1, 1)),
        Layer("conv2_norm2", "lrn", ("conv2_3x3",), 0, lrn=_CAFFE_LRN),
        _ceil_pool("pool2_3x3_s2", "conv2_norm2"),
    ]
    pools = {"4a": "pool3_3x3_s2", "5a": "pool4_3x3_s2"}
    for number, widths in _BLOCKS.items():
        if number in pools:
            layers.append(_ceil_pool(pools[number], layers[-1].name))
        block = _block(f"inception_{number}", layers[-1].name, widths, ("reduce", "pool_proj"))
        layers += [
            replace(layer, padding=(layer.kernel // 2, layer.kernel // 2)) for layer in block
        ]
    layers += [
        Layer("pool5_7x7_s1", "globalpool", ("inception_5b",), 0),
        Layer("loss3_classifier", "dense", ("pool5_7x7_s1",), 1000, activation="none"),
        Layer("prob", "softmax", ("loss3_classifier",), 0),
    ]
    table = declared(layers)
    stem = (("conv1", "conv1_7x7_s2"), ("conv2", "conv2_3x3"))
    return Backbone(
        "bvlc_googlenet",
        table,
        224,
        CAFFE,
        logits="loss3_classifier",
        labels="imagenet",
        short_names=(*_short_names(table, "inception_"), *stem),
    )
