"""Backbones: the architectures that a `backbone` declaration can name, as data.

`layers` says what a layer is, `geometry` what follows from a table of them; every other file is the
table of some networks.
"""

from circuitdsl.ir.backbones.alexnet import bvlc_alexnet
from circuitdsl.ir.backbones.geometry import Backbone, Sampling
from circuitdsl.ir.backbones.inception import TINY_CLASSES, bvlc_googlenet, inceptionv1, tiny
from circuitdsl.ir.backbones.layers import GeometryError, Layer, Lrn, declared, same_padding
from circuitdsl.ir.backbones.mobilenet import mobilenet_v1
from circuitdsl.ir.backbones.preprocessing import Preprocessing
from circuitdsl.ir.backbones.resnet import resnet18, resnet34, resnet50
from circuitdsl.ir.backbones.squeezenet import squeezenet_v1_1
from circuitdsl.ir.backbones.vgg import vgg16, vgg19

BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        inceptionv1(),
        tiny(),
        bvlc_googlenet(),
        squeezenet_v1_1(),
        bvlc_alexnet(),
        vgg16(),
        vgg19(),
        resnet18(),
        resnet34(),
        resnet50(),
        mobilenet_v1(),
    )
}
"""The architectures that a `backbone` declaration can name."""

USUAL = inceptionv1().name
"""The one that is named where a text or a caller names none."""

__all__ = [
    "BACKBONES",
    "TINY_CLASSES",
    "USUAL",
    "Backbone",
    "GeometryError",
    "Layer",
    "Lrn",
    "Preprocessing",
    "Sampling",
    "declared",
    "same_padding",
]
