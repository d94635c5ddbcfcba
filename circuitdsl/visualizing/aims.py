"""What a picture is to excite: a unit, a direction, a class, a member of a family.

In: a network. Out: `Aim`s, each a direction in what one layer gives, and `Cut`s, the network as far
as that layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.select import layer_named, select
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.named_families import named_family
from circuitdsl.measure.aims import Aim
from circuitdsl.models.forward import PRE_RELU, evaluate
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import class_names_of, labels_of
from circuitdsl.models.preprocess import prepared
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.centre import central, fitting_side
from circuitdsl.text.diagnostics import InputError, suggestion

Weights = dict[str, Array]


Activations = Callable[[Weights, Array], Array]
"""Weights and images, RGB 0..255 `[batch, height, width, 3]`, to activations."""


@dataclass(frozen=True)
class Cut:
    """A network as far as one layer; cuts of one key compute the same from their weights.

    Attributes:
        key: What programs are compiled for.
        weights: What it computes with.
        rectified: Whether an activation function follows in the layer.
        before: The layer before its activation function.
        after: The layer after it.
        cause: The layer with units that it is computed from.
        centre: Images' side to the row and column of the neuron in the middle; None for a layer
            without positions.
        window: Images' side to the first row and the side of the square that this neuron sees.
    """

    key: Hashable
    weights: Weights = field(compare=False)
    rectified: bool = field(compare=False)
    before: Activations = field(compare=False)
    after: Activations = field(compare=False)
    cause: Activations = field(compare=False)
    centre: Callable[[int], int] | None = field(compare=False)
    window: Callable[[int], tuple[int, int]] = field(compare=False)


def units(network: Network, names: str | Sequence[str]) -> tuple[Aim, ...]:
    """An aim for each unit.

    Args:
        network: A trained network.
        names: As in `editing.select`.

    Raises:
        InputError: no such unit.
    """
    backbone = network.backbone
    return tuple(
        _one_of(backbone.unit_name(branch, channel), branch, channel, backbone)
        for branch, channel in select(backbone, names).places
    )


def _one_of(name: str, layer: str, channel: int, backbone: Backbone) -> Aim:
    declared = backbone.by_name[layer]
    readout = np.zeros(declared.width, np.float32)
    readout[channel] = 1.0
    return Aim(name, layer, readout, declared.rectified)


def direction(
    network: Network, layer: str, vector: Sequence[float] | NDArray[np.floating], name: str = ""
) -> Aim:
    """A direction in the activations of a layer.

    Args:
        network: A trained network.
        layer: A convolution or a block, or its short name.
        vector: A weight for each of its units, `[unit]`; only its direction counts.
        name: What to call it.

    Raises:
        InputError: no such layer, or not one finite weight for each unit, or no weight but 0.
    """
    declared = layer_named(network.backbone, layer)
    weights = np.asarray(vector, np.float64)
    if weights.shape != (declared.width,) or not np.isfinite(weights).all() or not weights.any():
        raise InputError(
            f"a direction in {declared.name} is {declared.width} finite numbers, not all 0; "
            f"got an array of shape {list(weights.shape)}"
        )
    readout = (weights / np.linalg.norm(weights)).astype(np.float32)
    parts = network.backbone.branch_layers(declared.name)
    rectified = all(part.rectified for part in parts)
    return Aim(name or f"a direction in {declared.name}", declared.name, readout, rectified)


_TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+(?:\.\d*)?|\.\d+)\s*\*\s*)?(\w+):(\d+)\s*")


def written_direction(network: Network, text: str) -> Aim:
    """A direction as a sum of units, such as `mixed3b:345 - 0.5*mixed3b:379`.

    Raises:
        InputError: it does not read so, or its units are not of one layer.
    """
    terms: list[tuple[str, int, float]] = []
    rest = text
    while rest and (term := _TERM.match(rest)) and (term[1] or not terms):
        layer = layer_named(network.backbone, term[3]).name
        terms.append((layer, int(term[4]), float(term[2] or 1) * (-1 if term[1] == "-" else 1)))
        rest = rest[term.end() :]
    block = network.backbone.example_block
    if rest or not terms:
        raise InputError(
            f"`{text}` is no direction", help=f"write `{block}:3 - 0.5*{block}:7`, or such a sum"
        )
    layer = terms[0][0]
    width = network.backbone.by_name[layer].width
    if any(name != layer or number >= width for name, number, _ in terms):
        raise InputError(
            f"`{text}` is no direction",
            why="its units are not all of one layer, or the layer has no such unit",
            help=f"name units of {layer}, 0 to {width - 1}",
        )
    vector = np.zeros(width)
    np.add.at(vector, [number for _, number, _ in terms], [weight for _, _, weight in terms])
    return direction(network, layer, vector, text)


def logit(network: Network, name: str) -> Aim:
    """A class, by its name, its WordNet id, or the number of its output before the softmax.

    Raises:
        InputError: the network has no classifier, or no such class.
    """
    backbone = network.backbone
    layer = backbone.classifier
    width = backbone.by_name[layer].width
    if name.isdecimal() and int(name) < width:
        return _one_of(f"class {name}", layer, int(name), backbone)
    known = [*zip(labels_of(network), class_names_of(network), strict=True)]
    for number, (label, title) in enumerate(known):
        if name and name.lower() in (label.lower(), title.lower()):
            return _one_of(f"class {title}", layer, number, backbone)
    raise InputError(
        f"{network.name} has no class `{name}`",
        help=suggestion(name, [title for _, title in known])
        or f"give a name, a label, or a number from 0 to {width - 1}",
    )


def members(network: HandwrittenNetwork, family: str) -> tuple[Aim, ...]:
    """An aim for each member of a hand-written family.

    Raises:
        InputError: the circuit has no such family.
    """
    declared = named_family(network.circuit, family)
    one_hot = np.eye(declared.size, dtype=np.float32)
    return tuple(
        Aim(declared.member_name(number), family, one_hot[number], rectified=True)
        for number in range(declared.size)
    )


def cut(network: Network | HandwrittenNetwork, aim: Aim) -> Cut:
    """The network as far as an aim's layer; what other aims read of that layer is there, too."""
    if isinstance(network, HandwrittenNetwork):
        return _cut_circuit(network, aim.layer)
    backbone, layer = network.backbone, aim.layer
    parts = tuple(part.name for part in backbone.branch_layers(layer))
    before = tuple(part + PRE_RELU for part in parts) if aim.rectified else (layer,)

    def centre(side: int) -> int:
        return central(backbone, layer, side).index

    plain = type(network) is Network  # an edited network computes more than its weights say

    def run(*names: str) -> Activations:
        def activations(weights: Weights, images: Array) -> Array:
            if plain:
                given = {"input": prepared(backbone.preprocessing, images)}
                values = evaluate(backbone, weights, given, names)
            else:
                values = network.activations(images, names)
            return jnp.concatenate([values[name] for name in names], axis=-1)

        return activations

    return Cut(
        (backbone, layer, aim.rectified) if plain else object(),
        _needed(network, layer) if plain else {},
        aim.rectified,
        run(*before),
        run(layer),
        run(_cause(backbone, layer)),
        centre if backbone.by_name[layer].has_positions else None,
        partial(_window, backbone, layer),
    )


def _window(backbone: Backbone, layer: str, side: int) -> tuple[int, int]:
    """The first row and the side of the square of an image that the neuron in the middle sees."""
    small = min(fitting_side(backbone, layer), side)
    (x, _), (own, _) = (central(backbone, layer, each).canvas.point for each in (side, small))
    return min(max(round(x - own), 0), side - small), small


def _cut_circuit(network: HandwrittenNetwork, family: str) -> Cut:
    circuit = network.circuit
    layer = circuit.by_name[family].layer
    sources = [each.source for each in circuit.into(family) if each.source in circuit.by_name]

    # units of a trained network are compiled in, so that no other circuit may share the program
    alone = network.given is None

    def run(weights: Weights) -> HandwrittenNetwork:
        return network.with_weights(weights)

    def before(weights: Weights, images: Array) -> Array:
        return run(weights).pre_activations(images, [family])[family]

    def after(weights: Weights, images: Array) -> Array:
        return run(weights).activations(images, [family])[family]

    def cause(weights: Weights, images: Array) -> Array:
        maps = run(weights).activations(images, sources)
        return jnp.concatenate([maps[name] for name in sources], axis=-1) if sources else images

    def centre(side: int) -> int:
        return central(network.backbone, layer, side).index

    window = partial(_window, network.backbone, layer)
    key = (circuit, family) if alone else object()
    return Cut(key, network.arrays, True, before, after, cause, centre, window)


def _needed(network: Network, layer: str) -> Weights:
    """The weights of everything up to a layer."""
    last = network.backbone.order[layer]
    names = {
        key
        for one in network.backbone.layers[: last + 1]
        if one.has_weights
        for key in (one.kernel_key, one.bias_key)
    }
    return {name: value for name, value in network.params.items() if name in names}


def _cause(backbone: Backbone, layer: str) -> str:
    """The layer with units that a layer is computed from: what narrows or pools is passed."""
    name = backbone.by_name[layer].inputs[0]
    while backbone.by_name[name].inputs and (
        backbone.by_name[name].bottleneck
        or backbone.by_name[name].keeps_channels
        or not backbone.by_name[name].has_positions
    ):
        name = backbone.by_name[name].inputs[0]
    return name
