"""AlexNet as Berkeley trained it, up to conv5: Krizhevsky et al. 2012, in two groups."""

from __future__ import annotations

from circuitdsl.ir.backbones.geometry import Backbone
from circuitdsl.ir.backbones.layers import VALID, Layer, Lrn, declared
from circuitdsl.ir.backbones.preprocessing import Preprocessing

_LRN = Lrn(radius=2, alpha=1e-4 / 5, beta=0.75, bias=1.0)
_MEAN = Preprocessing((122.679, 116.669, 104.007), order="bgr", short_side=256)
"""Blue first, minus the means of Berkeley's mean image."""


def bvlc_alexnet() -> Backbone:
    """The convolutions; the dense layers after them are not in the table."""
    layers = [
        Layer("input", "input", (), 3),
        Layer("conv1", "conv", ("input",), 96, 11, 4, VALID),
        Layer("norm1", "lrn", ("conv1",), 0, lrn=_LRN),
        Layer("pool1", "maxpool", ("norm1",), 0, 3, 2, VALID, ceil=True),
        Layer("conv2", "conv", ("pool1",), 256, 5, padding=(2, 2), groups=2),
        Layer("norm2", "lrn", ("conv2",), 0, lrn=_LRN),
        Layer("pool2", "maxpool", ("norm2",), 0, 3, 2, VALID, ceil=True),
        Layer("conv3", "conv", ("pool2",), 384, 3, padding=(1, 1)),
        Layer("conv4", "conv", ("conv3",), 384, 3, padding=(1, 1), groups=2),
        Layer("conv5", "conv", ("conv4",), 256, 3, padding=(1, 1), groups=2),
    ]
    return Backbone("bvlc_alexnet", declared(layers), 227, _MEAN)
