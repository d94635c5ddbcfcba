"""Whether a network does what somebody else's program of it does.

In: a network, and reference activations of its layers, or labelled photographs. Out: how far each
layer is from its reference; accuracy under each preprocessing that people use, so that a wrong one
is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.compare.accuracy import BATCH, hits
from circuitdsl.ir.backbones import Preprocessing
from circuitdsl.ir.backbones.preprocessing import CAFFE, GREY, TORCHVISION, UNCHANGED, grey
from circuitdsl.measure.classes import outputs_of
from circuitdsl.measure.passes import fold
from circuitdsl.models.forward import check_names
from circuitdsl.models.network import Network
from circuitdsl.models.preprocess import prepared
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import InputError

Floats = NDArray[np.float32]

IMAGES, INPUT = "images", "input"
"""Names in a reference of what was shown: RGB images 0..255, or what the first layer reads."""

ROUNDING = 1e-4
"""Differences up to this share of a layer's largest value come of rounding."""

CLEARLY = 0.02
"""A preprocessing is better if it takes this share off the cross-entropy."""

USUAL: dict[str, Preprocessing] = {
    "0..255": UNCHANGED,
    "minus 117": GREY,
    "minus the means of ImageNet": Preprocessing(CAFFE.mean),
    "0..1": Preprocessing(grey(0.0), grey(1 / 255)),
    "-1..1": Preprocessing(grey(127.5), grey(1 / 127.5)),
    "torchvision's means and deviations": TORCHVISION,
}
"""What people do to RGB images 0..255; each also with blue first."""


@dataclass(frozen=True)
class Difference:
    """How far a layer is from its reference.

    Attributes:
        layer: The layer.
        largest: The largest difference.
        share: The same over the largest value of the reference.
    """

    layer: str
    largest: float
    share: float


@dataclass(frozen=True)
class Trial:
    """Accuracy under one preprocessing.

    Attributes:
        name: What is done to images.
        own: Whether it is the network's own.
        top1: The share of images right at first.
        top5: The share of images right among five.
        cross_entropy: In nats.
    """

    name: str
    own: bool
    top1: float
    top5: float
    cross_entropy: float


def differences(network: Network, reference: Mapping[str, Floats]) -> tuple[Difference, ...]:
    """How far each layer of a reference is from the network's.

    Args:
        network: Any network.
        reference: Activations by layer, channels last or first, and what was shown: `images` or
            `input`.

    Raises:
        InputError: nothing says what was shown, or a layer is unknown, of another shape, or not
            finite.
    """
    shown = [name for name in (IMAGES, INPUT) if name in reference]
    if not shown:
        raise InputError(
            "the reference does not say what the network was shown",
            help=f"add `{IMAGES}` (RGB, 0..255) or `{INPUT}` (what the first layer reads)",
        )
    layers = [name for name in reference if name != IMAGES and name != shown[0]]
    if not layers:
        raise InputError("the reference has no layers", help="add arrays named by layers")
    check_names(network.backbone, layers)
    for name, values in reference.items():
        if not np.isfinite(values).all():
            raise InputError(f"the reference holds values that are not finite, in {name}")
    first = _channels_last(reference[shown[0]], network.backbone.by_name[INPUT].width)
    found = (
        network.activations(first, layers)
        if shown[0] == IMAGES
        else network.resume({INPUT: first}, layers)
    )
    return tuple(_difference(name, np.asarray(found[name]), reference[name]) for name in layers)


def trials(
    network: Network,
    folder: Path,
    labels: Sequence[str],
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda seen, total: None,
) -> tuple[int, tuple[Trial, ...]]:
    """Accuracy under the network's own preprocessing and the usual ones, in one pass.

    Args:
        network: Any network with a classifier.
        folder: One sub-folder for each class, named by its label.
        labels: The label of each output.
        limit: Take this many images, spread evenly.
        progress: Called with the images seen and those there are.

    Returns:
        The number of images, and the trials, the least cross-entropy first.

    Raises:
        InputError: as of `accuracy`.
    """
    images_shown = open_images(folder, limit)
    outputs = outputs_of(images_shown.labels, labels)
    named = candidates(network.backbone.preprocessing)
    passes = [
        hits(_Prepared(network, way), network.backbone.classifier, outputs)
        for way in named.values()
    ]
    total = len(images_shown)
    states = fold(
        passes,
        images_shown.batches_for(network.backbone, BATCH),
        lambda seen: progress(seen, total),
    )
    rows: list[Trial] = []
    images = 0
    for (name, way), one, state in zip(named.items(), passes, states, strict=True):
        images, top1, top5, cross_entropy = one.finish(state)
        own = way == network.backbone.preprocessing
        rows.append(Trial(name, own, top1, top5, cross_entropy))
    return images, tuple(sorted(rows, key=lambda row: row.cross_entropy))


def candidates(own: Preprocessing) -> dict[str, Preprocessing]:
    """A network's own preprocessing, and the usual ones that differ from it, by name."""
    found: dict[str, Preprocessing] = {}
    for name, way in USUAL.items():
        found[f"{name}, RGB"] = replace(way, order="rgb", short_side=own.short_side)
        found[f"{name}, BGR"] = replace(way, order="bgr", short_side=own.short_side)
    known = next((name for name, way in found.items() if way == own), "its own")
    return {known: own, **{name: way for name, way in found.items() if way != own}}


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A network that is shown images prepared in some way."""

    network: Network
    way: Preprocessing

    def activations(self, images: ArrayLike, layers: Sequence[str]) -> dict[str, Array]:
        seen = prepared(self.way, jnp.asarray(images, jnp.float32))
        return self.network.resume({INPUT: seen}, layers)


def _difference(name: str, found: Floats, values: Floats) -> Difference:
    expected = values
    if expected.shape != found.shape and expected.ndim == 4:
        expected = _channels_last(expected, found.shape[-1])
    if expected.shape != found.shape:
        raise InputError(
            f"{name} is {list(found.shape)} here, and {list(values.shape)} in the reference",
            help="write activations `[batch, height, width, channels]`, or channels first",
        )
    largest = float(abs(found - expected).max())
    return Difference(name, largest, largest / max(float(abs(expected).max()), 1e-12))


def _channels_last(values: Floats, width: int) -> Floats:
    """Maps with their channels last, whichever way they lie."""
    turned = values.ndim == 4 and values.shape[-1] != width and values.shape[1] == width
    return values.transpose(0, 2, 3, 1) if turned else values
