"""The forward pass of any backbone table, from any of its layers to any others.

In: a `Backbone`, its weights by TensorFlow name, the activations that are given. Out: the
activations that are asked for; nothing is computed that they don't need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import jax
import jax.numpy as jnp
from jax import Array

from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.models.convolution import convolve, max_pool, normalise
from circuitdsl.text.diagnostics import InputError, suggestion

PRE_RELU = "_pre_relu"

Change = Callable[[Array, Mapping[str, Array]], Array]
"""From what a layer gives, and all values so far by name, to what it gives instead."""

_UNCHANGED: Mapping[str, Change] = {}


def layer_names(backbone: Backbone) -> tuple[str, ...]:
    """Every name that can be given or asked for, in order of computation."""
    names: list[str] = []
    for layer in backbone.layers:
        if layer.kind == "conv":
            names.append(layer.name + PRE_RELU)
        names.append(layer.name)
    return tuple(names)


def check_names(backbone: Backbone, names: Collection[str]) -> None:
    """Refuse a name that the backbone does not have.

    Raises:
        InputError: with the nearest name as a suggestion.
    """
    known = layer_names(backbone)
    for name in names:
        if name not in known:
            raise InputError(
                f"{backbone.name} has no layer `{name}`",
                help=suggestion(name, known)
                or f"its layers are {', '.join(layer.name for layer in backbone.layers)}",
            )


def evaluate(
    backbone: Backbone,
    params: Mapping[str, Array],
    given: Mapping[str, Array],
    wanted: tuple[str, ...],
    changes: Mapping[str, Change] = _UNCHANGED,
) -> dict[str, Array]:
    """Activations of the `wanted` layers, from those `given`.

    Args:
        backbone: The table of layers.
        params: Weights by TensorFlow name; only those of the layers computed need be there.
        given: Activations by layer name, `[batch, height, width, channels]`. Layer `input` is the
            image minus its mean. A given layer is never recomputed.
        wanted: Layer names; `NAME_pre_relu` is a convolution before its ReLU.
        changes: What to make of a convolution's values, by `NAME` or `NAME_pre_relu`, before
            anything reads them. What is given is taken as it is.

    Returns:
        Activations by name: `[batch, height, width, channels]`, or `[batch, channels]` from the
        average pool on.

    Raises:
        InputError: an unknown name, or a layer that the given ones do not determine.
    """
    check_names(backbone, [*given, *wanted])
    needed = _needed(backbone, given, wanted)
    values = dict(given)
    for layer in backbone.layers:
        if layer.name not in needed:
            continue
        if layer.kind == "conv":
            if layer.name + PRE_RELU not in values:
                done = _convolutions(_together(backbone, layer, needed, values), params, values)
                values |= {name: _changed(name, done[name], values, changes) for name in done}
            rectified = jax.nn.relu(values[layer.name + PRE_RELU])
            values[layer.name] = _changed(layer.name, rectified, values, changes)
        else:
            values[layer.name] = _step(layer, params, [values[name] for name in layer.inputs])
    return {name: values[name] for name in wanted}


def _changed(
    name: str, value: Array, values: Mapping[str, Array], changes: Mapping[str, Change]
) -> Array:
    return changes[name](value, values) if name in changes else value


def _needed(backbone: Backbone, given: Mapping[str, Array], wanted: tuple[str, ...]) -> set[str]:
    """The layers that must be computed to get from the given ones to the wanted ones."""
    demanded = {name.removesuffix(PRE_RELU) for name in wanted if name not in given}
    needed: set[str] = set()
    for layer in reversed(backbone.layers):
        if layer.name not in demanded or layer.name in given:
            continue
        if layer.kind == "input":
            missing = ", ".join(f"`{name}`" for name in wanted)
            raise InputError(
                f"{missing} cannot be computed from {', '.join(given) or 'nothing'}",
                why="a layer that was not given is needed on the way",
                help="give a layer that lies before everything asked for",
            )
        needed.add(layer.name)
        if layer.name + PRE_RELU not in given:
            demanded.update(layer.inputs)
    return needed


def _together(
    backbone: Backbone, first: Layer, needed: set[str], values: Mapping[str, Array]
) -> list[Layer]:
    """`first`, and what else can be computed in one product with it.

    The branches of an inception block begin with 1x1 convolutions of one source; one wide matrix
    product is faster than several narrow ones.
    """
    if first.kernel != 1 or first.stride != 1:
        return [first]
    return [
        layer
        for layer in backbone.layers
        if (layer.kind, layer.kernel, layer.stride) == ("conv", 1, 1)
        and layer.inputs == first.inputs
        and layer.name in needed
        and layer.name + PRE_RELU not in values
    ]


def _convolutions(
    layers: list[Layer], params: Mapping[str, Array], values: Mapping[str, Array]
) -> dict[str, Array]:
    """Pre-activations of convolutions that share source, kernel side and stride."""
    kernels = [params[f"{layer.name}_w"] for layer in layers]
    biases = [params[f"{layer.name}_b"] for layer in layers]
    source = values[layers[0].inputs[0]]
    out = convolve(source, jnp.concatenate(kernels, -1), layers[0].stride) + jnp.concatenate(biases)
    done: dict[str, Array] = {}
    start = 0
    for layer in layers:
        done[layer.name + PRE_RELU] = out[..., start : start + layer.width]
        start += layer.width
    return done


def _step(layer: Layer, params: Mapping[str, Array], sources: list[Array]) -> Array:
    """A layer that is no convolution."""
    source = sources[0]
    match layer.kind:
        case "maxpool":
            return max_pool(source, layer.kernel, layer.stride)
        case "lrn":
            return normalise(source)
        case "concat":
            return jnp.concatenate(sources, axis=-1)
        case "avgpool":
            return source.mean(axis=(1, 2))
        case "dense":
            stem = layer.name.removesuffix("_pre_activation")
            return source @ params[f"{stem}_w"] + params[f"{stem}_b"]
        case "softmax":
            return jax.nn.softmax(source)
        case "input" | "conv":
            raise ValueError(f"a layer of kind {layer.kind} is no single step: {layer.name}")
