"""A user's own model as a `Network`.

In: a module or a function of JAX, and an example of what it takes. Out: a `Network` of a table that
was read off the jaxpr, held against the model at every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from circuitdsl.ir.backbones import Backbone, Layer, Preprocessing, declared, same_padding
from circuitdsl.ir.backbones.layers import Padding
from circuitdsl.models.adapting.modules import opened
from circuitdsl.models.adapting.naming import named
from circuitdsl.models.adapting.preparing import composed
from circuitdsl.models.adapting.table import Entry, Table, flat_result, tabled
from circuitdsl.models.adapting.tracing import Traced, paddings, program_of, traced
from circuitdsl.models.forward import PRE_RELU
from circuitdsl.models.labels import LISTS, classes
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError

TOLERANCE = 1e-4
"""The largest difference from the model, over the largest value of a layer."""

_LARGER = (1, 2, 3, 5)
"""Pixels by which other examples are larger, to tell TensorFlow's padding from numbers."""


def adapted(
    model: Callable[..., Any],
    example: Any,
    preprocessing: Preprocessing | None = None,
    name: str = "",
    names: Sequence[str] | None = None,
) -> Network:
    """A user's model as a network; see `circuitdsl.adapt`.

    Raises:
        InputError: the model cannot be read, or the table does not give what the model gives.
    """
    module = opened(model)
    trace = traced(module, example)
    if preprocessing is not None and trace.operations[0].width != 3:
        raise InputError(
            f"preprocess makes colour images, and {module.name} takes "
            f"{trace.operations[0].width} channels",
            help="leave preprocess out: such a network takes its own input, not photographs",
        )
    table = tabled(trace.operations, [maps.operation for maps in trace.results])
    logits = _logits(table, trace)
    title = name or module.name
    layer_names = named(title, table.entries, names)
    same = _same_windows(trace)
    layers = [
        _layer(layer_name, entry, layer_names, same)
        for layer_name, entry in zip(layer_names, table.entries, strict=True)
    ]
    backbone = Backbone(
        title,
        declared(layers),
        trace.operations[0].size[0],
        composed(preprocessing, table.preprocessing),
        logits=None if logits is None else layer_names[logits],
    )
    network = Network(backbone, _weights(layers, table), name=title)
    _check(network, trace, table, layer_names)
    return network


def relabelled(network: Network, labels: str | tuple[str, ...]) -> Network:
    """A network whose outputs stand for what a list, or the labels themselves, say.

    Raises:
        InputError: there is no such list, or it has another number of outputs.
    """
    if not labels:
        return network
    backbone = network.backbone
    if isinstance(labels, str) and labels not in LISTS:
        raise InputError(
            f"there is no list of labels `{labels}`", help=f"the lists are {', '.join(LISTS)}"
        )
    count = len(classes(labels) if isinstance(labels, str) else labels)
    outputs = backbone.by_name[backbone.classifier].width
    if count != outputs:
        raise InputError(f"{count} labels are given, and {backbone.name} has {outputs} outputs")
    return Network(replace(backbone, labels=labels), network.params, name=network.name)


def _logits(table: Table, trace: Traced) -> int | None:
    """The layer before the softmax: the first result without positions."""
    for maps in trace.results:
        operation = trace.operations[maps.operation]
        if {"h", "w"}.intersection(maps.axes) or "n" not in maps.axes:
            continue
        if operation.kind == "softmax":
            return table.entries[table.place[maps.operation]].inputs[0]
        if operation.has_positions:
            flat_result(table, maps.operation, operation)
        return table.place[maps.operation]
    return None


def _same_windows(trace: Traced) -> set[int]:
    """The windows whose padding follows TensorFlow's rule: it changes with the size of images."""
    base = paddings(trace.program)
    changed: set[int] = set()
    for more in _LARGER:
        shape = [
            length + more * (name in "hw")
            for length, name in zip(trace.images.shape, trace.axes, strict=True)
        ]
        try:
            other = program_of(trace.module, jax.ShapeDtypeStruct(shape, trace.images.dtype))
        except InputError:
            continue  # it takes images of one size only
        found = paddings(other)
        if len(found) == len(base):
            pairs = zip(base, found, strict=True)
            changed |= {at for at, (one, two) in enumerate(pairs, start=1) if one != two}
    return {
        operation.windows
        for operation in trace.operations
        if operation.windows in changed and _by_rule(trace, operation.inputs[0], operation.windows)
    }


def _by_rule(trace: Traced, source: int, windows: int) -> bool:
    """Whether the padding of a window is what TensorFlow's rule gives for its source."""
    operation = next(one for one in trace.operations if one.windows == windows)
    size = trace.operations[source].size[0]
    return same_padding(size, operation.side, operation.stride)[1:] == operation.margins[0]


def _layer(name: str, entry: Entry, names: Sequence[str], same: set[int]) -> Layer:
    padding: Padding = "same" if entry.windows in same else entry.margin
    return Layer(
        name,
        entry.kind,
        tuple(names[source] for source in entry.inputs),
        entry.width,
        kernel=entry.side,
        stride=entry.stride,
        padding=padding,
        border="exclude" if entry.inner else "reflect" if entry.reflects else "zeros",
        groups=entry.groups,
        activation=entry.activation,
    )


def _weights(layers: Sequence[Layer], table: Table) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = {}
    for layer, entry in zip(layers, table.entries, strict=True):
        if entry.kernel is not None and entry.bias is not None:
            weights[layer.kernel_key] = entry.kernel.astype(np.float32)
            weights[layer.bias_key] = entry.bias.astype(np.float32)
    return weights


def _check(network: Network, trace: Traced, table: Table, names: Sequence[str]) -> None:
    """Hold the network against the model at every layer, on the example.

    Raises:
        InputError: they differ, naming the first layer where they do.
    """
    places: dict[str, int] = {}
    for name, entry in zip(names, table.entries, strict=True):
        if entry.before is not None and network.backbone.by_name[name].rectified:
            places[name + PRE_RELU] = entry.before
        places[name] = entry.operation
    expected = trace.values(tuple(places.values()))
    given = {"input": expected[places["input"]]}
    compared = [name for name, place in places.items() if place in expected]
    for name, found in network.resume(given, compared).items():
        values = expected[places[name]]
        if found.ndim < values.ndim:
            values = values.mean((1, 2))
        difference = _difference(np.asarray(found), np.asarray(values))
        if not difference <= TOLERANCE:
            raise InputError(
                f"{network.name} was read wrongly: {name} differs from the model",
                why=f"by {difference:.1g} of its largest value on the example, "
                f"where up to {TOLERANCE:g} is rounding",
                help="compute in float32; if it does, that model is not understood",
            )


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference over the largest value of an image, of the image where it is worst."""
    beyond, largest = (
        abs(values).reshape(len(values), -1).max(axis=1) for values in (found - expected, expected)
    )
    return float((beyond / np.maximum(largest, 1e-6)).max())
