"""`look`: what every layer of a network gives for one image.

In: a model, an image, perhaps a class. Out: `Look`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.models.network import Network
from circuitdsl.models.outputs import class_names_of
from circuitdsl.run.comparing.matching import searched_layers
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.photographs import read_image
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import logit
from circuitdsl.visualizing.layers import LayerView, grad_cam, last_maps, layer_views

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Evidence:
    """A class, and where in the image it is seen.

    Attributes:
        name: The class.
        score: Its logit.
        layer: The layer whose maps are looked at.
        map: Grad-CAM, `[row, column]` of that layer, not negative.
    """

    name: str
    score: float
    layer: str
    map: Floats


@dataclass(frozen=True, eq=False)
class Look:
    """What a network gives for an image.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        image: RGB, 0..255, `[side, side, 3]`, as the network saw it.
        layers: Every layer in order of computation.
        shown: The layers whose units are looked at elsewhere: blocks, and other convolutions.
        evidence: The class asked for, or the likeliest one; None without a classifier.
    """

    model: str
    weights: str
    image: Floats
    layers: tuple[LayerView, ...]
    shown: tuple[str, ...]
    evidence: Evidence | None

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them, without maps of layers."""
        evidence = self.evidence
        return {
            "model": self.model,
            "weights": self.weights,
            "layers": [layer.record() for layer in self.layers],
            "class": None
            if evidence is None
            else {
                "name": evidence.name,
                "logit": evidence.score,
                "layer": evidence.layer,
                "map": evidence.map.tolist(),
            },
        }


def look(
    model: str | Network,
    image: Path | str | Floats,
    *,
    class_name: str | None = None,
    layer: str | None = None,
    strongest: int = 8,
    weights: Path | str | None = None,
    progress: Progress = silent,
) -> Look:
    """Compute the activations of every layer of a network for one image.

    Args:
        model: A model of the registry, `auto`, or a network.
        image: An image file, or RGB, 0..255, `[height, width, 3]`.
        class_name: A class by name, label or number; by default the likeliest one.
        layer: The layer that the class is looked for in; by default the last with positions.
        strongest: The channels of each layer whose maps are kept.
        weights: A weight file, instead of the model's own.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, image, class or layer.
    """
    if strongest < 1:
        raise InputError(f"{strongest} channels of each layer leave nothing to look at")
    network = opened_network(model, weights)
    backbone = network.backbone
    if isinstance(image, Path | str):
        side = backbone.input_px
        pixels = read_image(Path(image), side, backbone.preprocessing.short_side)
    else:
        pixels = np.asarray(image, np.float32)
    progress(f"running {network.name}")
    views = layer_views(network, pixels, strongest)
    evidence = None
    if backbone.logits is not None:
        scores = np.asarray(network.logits(pixels[None]))[0]
        number = int(scores.argmax())
        if class_name is not None:
            number = int(logit(network, class_name).readout.argmax())
        elif scores.shape == (len(class_names_of(network)),):
            class_name = class_names_of(network)[number]
        progress("looking for the class")
        map_ = grad_cam(network, pixels, number, layer)
        place = layer or last_maps(network)
        title = class_name or str(number)
        evidence = Evidence(title, float(scores[number]), backbone.called(place), map_)
    elif class_name is not None:
        raise InputError(f"{network.name} has no classifier, so no class `{class_name}`")
    shown = searched_layers(backbone)
    return Look(network.name, network.digest, pixels, views, shown, evidence)
