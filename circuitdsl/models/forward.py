"""The forward pass of any backbone table, from any of its layers to any others.

In: a `Backbone`, its weights by name, the activations that are given. Out: the activations that are
asked for; nothing is computed that they don't need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import jax
import jax.numpy as jnp
from jax import Array

from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.models.convolution import convolve, normalise, pool
from circuitdsl.text.diagnostics import InputError, suggestion

PRE_RELU = "_pre_relu"

Change = Callable[[Array, Mapping[str, Array]], Array]
"""From what a layer gives, and all values so far by name, to what it gives instead."""

_UNCHANGED: Mapping[str, Change] = {}


def layer_names(backbone: Backbone) -> tuple[str, ...]:
    """Every name that can be given or asked for, in order of computation."""
    names: list[str] = []
    for layer in backbone.layers:
        if layer.rectified:
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
        params: Weights by name; only those of the layers computed need be there.
        given: Activations by layer name, `[batch, height, width, channels]`. Layer `input` is the
            image as the backbone preprocesses it. A given layer is never recomputed.
        wanted: Layer names; `NAME_pre_relu` is a layer before its activation function.
        changes: What to make of the values of a layer with units, by `NAME`, or by `NAME_pre_relu`
            before its activation function (whether it has one or not), before anything reads them.
            What is given is taken as it is.

    Returns:
        Activations by name: `[batch, height, width, channels]`, or `[batch, channels]` from the
        global pool on.

    Raises:
        InputError: an unknown name, a layer that the given ones do not determine, or an image that
            is smaller than a window.
    """
    check_names(backbone, [*given, *wanted])
    needed = _needed(backbone, given, wanted)
    values = dict(given)
    for layer in backbone.layers:
        if layer.name not in needed:
            continue
        if not layer.has_units:
            values[layer.name] = _step(layer, params, [values[name] for name in layer.inputs])
            continue
        if layer.name + PRE_RELU not in values:
            for name, before in _before(backbone, layer, (needed, params, values)).items():
                values[name] = _changed(name, before, values, changes)
        activated = _activated(layer, values[layer.name + PRE_RELU])
        values[layer.name] = _changed(layer.name, activated, values, changes)
    return {name: values[name] for name in wanted}


def _changed(
    name: str, value: Array, values: Mapping[str, Array], changes: Mapping[str, Change]
) -> Array:
    return changes[name](value, values) if name in changes else value


def _activated(layer: Layer, before: Array) -> Array:
    match layer.activation:
        case "relu":
            return jax.nn.relu(before)
        case "relu6":
            return jax.nn.relu6(before)
        case "none":
            return before


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


_State = tuple[set[str], Mapping[str, Array], Mapping[str, Array]]
"""The layers needed, the weights, the values so far."""


def _before(backbone: Backbone, layer: Layer, state: _State) -> dict[str, Array]:
    """A layer with units before its activation function, and others computed with it."""
    _, params, values = state
    if layer.kind == "conv":
        return _convolutions(_together(backbone, layer, state), params, values)
    first, *others = (values[name] for name in layer.inputs)
    return {layer.name + PRE_RELU: sum(others, first)}


def _together(backbone: Backbone, first: Layer, state: _State) -> list[Layer]:
    """`first`, and what else can be computed in one product with it.

    The branches of an inception block begin with 1x1 convolutions of one source; one wide matrix
    product is faster than several narrow ones.
    """
    needed, _, values = state
    if not _is_product(first):
        return [first]
    return [
        layer
        for layer in backbone.layers
        if layer.inputs == first.inputs
        and _is_product(layer)
        and layer.name in needed
        and layer.name + PRE_RELU not in values
    ]


def _is_product(layer: Layer) -> bool:
    """Whether a layer multiplies each position by one matrix."""
    shape = (layer.kind, layer.kernel, layer.stride, layer.groups)
    return shape == ("conv", 1, 1, 1) and layer.window(8) == (8, 0, 0)


def _convolutions(
    layers: list[Layer], params: Mapping[str, Array], values: Mapping[str, Array]
) -> dict[str, Array]:
    """Pre-activations of convolutions that share source, kernel side and stride."""
    kernels = [params[layer.kernel_key] for layer in layers]
    biases = [params[layer.bias_key] for layer in layers]
    source, first = values[layers[0].inputs[0]], layers[0]
    out = convolve(source, jnp.concatenate(kernels, -1), first, first.groups)
    out = out + jnp.concatenate(biases)
    done: dict[str, Array] = {}
    start = 0
    for layer in layers:
        done[layer.name + PRE_RELU] = out[..., start : start + layer.width]
        start += layer.width
    return done


def _step(layer: Layer, params: Mapping[str, Array], sources: list[Array]) -> Array:
    """A layer without units of its own."""
    source = sources[0]
    match layer.kind:
        case "maxpool" | "avgpool":
            return pool(source, layer)
        case "lrn" if layer.lrn is not None:
            return normalise(source, layer.lrn)
        case "concat":
            return jnp.concatenate(sources, axis=-1)
        case "globalpool":
            return source.mean(axis=(1, 2))
        case "dense":
            product = source @ params[layer.kernel_key] + params[layer.bias_key]
            return _activated(layer, product)
        case "softmax":
            return jax.nn.softmax(source)
        case _:
            raise ValueError(f"a layer of kind {layer.kind} is no single step: {layer.name}")
