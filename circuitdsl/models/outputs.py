"""What the outputs of a network, or of a model of the registry, stand for.

In: a network, or a model's name. Out: what image folders call each output, or a name to show.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from circuitdsl.ir.backbones import BACKBONES, Backbone
from circuitdsl.models.files.weights import read_metadata
from circuitdsl.models.labels import classes
from circuitdsl.models.registry import MODELS, model, model_path

if TYPE_CHECKING:
    from circuitdsl.models.network import Network


def labels(name: str) -> tuple[str, ...]:
    """What image folders call each output of a model: WordNet ids, or a model's own class names.

    An output that stands for nothing has the label "".

    Raises:
        InputError: there is no such model, it has no classifier, or its weights are needed and not
            here.
    """
    words = BACKBONES[model(name).backbone].labels
    return _listed(words, 0) if words else _noted(name)


def labels_of(network: Network) -> tuple[str, ...]:
    """What image folders call each output of a network: its number where no list says.

    Raises:
        InputError: it has no classifier, or its weights are needed and not here.
    """
    return _outputs_of(network, 0)


def class_names_of(network: Network) -> tuple[str, ...]:
    """A name to show for each output of a network.

    Raises:
        InputError: it has no classifier, or its weights are needed and not here.
    """
    return _outputs_of(network, 1)


def class_names(name: str) -> tuple[str, ...]:
    """A name to show for each output of a model.

    Raises:
        InputError: there is no such model, it has no classifier, or its weights are needed and not
            here.
    """
    words = BACKBONES[model(name).backbone].labels
    return _listed(words, 1) if words else _noted(name)


def _outputs_of(network: Network, part: int) -> tuple[str, ...]:
    if network.backbone.labels:
        return _listed(network.backbone.labels, part)
    if network.name in MODELS:
        return _noted(network.name)
    return _numbers(network.backbone)


def _listed(words: str | tuple[str, ...], part: int) -> tuple[str, ...]:
    """The outputs of a list: what folders call them (part 0), or a name to show (part 1)."""
    return tuple(output[part] for output in classes(words)) if isinstance(words, str) else words


def _noted(name: str) -> tuple[str, ...]:
    """The outputs as a model's weight file notes them."""
    numbers = _numbers(BACKBONES[model(name).backbone])
    path = model_path(name)
    noted = read_metadata(path).get("classes") if path.suffix == ".safetensors" else None
    return numbers if noted is None else tuple(json.loads(noted))


def _numbers(backbone: Backbone) -> tuple[str, ...]:
    return tuple(map(str, range(backbone.by_name[backbone.classifier].width)))
