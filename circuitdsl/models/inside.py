"""A hand-written circuit inside a blank network of its backbone's real shapes.

In: a circuit and its lowered arrays. Out: every weight of the backbone by its TensorFlow name, all
zero but for the circuit's channels and their routes, which the plain network module runs.

The network has its own normalisation and no other: local response normalisation after its first
pool and after `conv2d2`, over neighbouring channels, so the order of packing matters. What a
circuit's `normalise` would do, it cannot. `as_inside` is the circuit that it does run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.ir.packing import Packing, arriving, fitted
from circuitdsl.models.handwritten import check_weights
from circuitdsl.text.diagnostics import Diagnostic

FloatArray = NDArray[np.float32]


def as_inside(circuit: Circuit) -> Circuit:
    """The circuit as a blank network of its backbone runs it.

    Without `normalise`, and with the backbone's own normalisation.
    """
    use = replace(circuit.backbone, norm="lrn")
    return replace(circuit, backbone=use, normalisations=())


def findings_inside(circuit: Circuit, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings of a check with those that only matter inside.

    What does not fit the backbone's widths (E503, E504) is an error, and what its normalisation
    changes is said (L405).
    """
    findings = [
        replace(
            each, severity="error", note=f"`{circuit.backbone.architecture}` is as wide as it is"
        )
        if each.code in ("E503", "E504")
        else each
        for each in found
    ]
    for sentence in departures(circuit):
        span = circuit.backbone.span
        if circuit.normalisations and sentence.startswith("`normalise`"):
            span = circuit.normalisations[0].span
        findings.append(
            Diagnostic(
                "L405",
                f"inside `{circuit.backbone.architecture}` {sentence}",
                span,
                "warning",
                help="`lower --inside` calibrates what the network will run",
            )
        )
    return findings


def departures(circuit: Circuit) -> tuple[str, ...]:
    """How the circuit inside differs from the circuit alone, a sentence each."""
    said: list[str] = []
    if circuit.normalisations:
        names = ", ".join(f"`{each.family}`" for each in circuit.normalisations)
        said.append(f"`normalise` has no place in the network; {names} stay as they are")
    layers = {layer.name: layer for layer in circuit.backbone.geometry.layers}
    steps = [
        step.name
        for connection in circuit.connections
        if connection.source != INPUT
        for step in circuit.backbone.geometry.between(
            circuit.by_name[connection.source].layer, circuit.by_name[connection.target].layer
        )
        if layers[step.name].kind == "lrn"
    ]
    if steps and circuit.backbone.norm != "lrn":
        names = ", ".join(dict.fromkeys(steps))
        said.append(f"the network normalises at {names}, which `norm=lrn` would do alone")
    return tuple(said)


def weights_inside(circuit: Circuit, weights: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
    """Every weight of a blank network with the circuit in it.

    Args:
        circuit: Any circuit; its `normalise` is passed over.
        weights: The arrays of `as_inside(circuit)`, lowered and calibrated.

    Returns:
        Weights by TensorFlow name, kernels `[height, width, in, out]`.

    Raises:
        InputError: the circuit does not fit, reads units of a trained network, or the arrays are
            not its own.
    """
    circuit = as_inside(circuit)
    check_weights(circuit, weights)
    packing = fitted(circuit)
    backbone = circuit.backbone.geometry
    blank = {n: np.zeros(shape, np.float32) for n, shape in backbone.parameter_shapes.items()}
    for family in circuit.families:
        place = packing.places[family.name]
        blank[f"{family.layer}_b"][place.channels] = np.asarray(weights[f"{family.name}.bias"])
    for connection in circuit.connections:
        target = circuit.by_name[connection.target]
        kernel = np.asarray(weights[connection.name]) * np.asarray(weights[f"{target.name}.gain"])
        read = slice(0, 3)
        if connection.source != INPUT:
            read = arriving(circuit, packing, connection.source, target.name).channels
        blank[f"{target.layer}_w"][:, :, read, packing.places[target.name].channels] += kernel
    _lay_routes(packing, blank)
    return blank


def _lay_routes(packing: Packing, blank: dict[str, FloatArray]) -> None:
    for route in packing.routes:
        kernel = blank[f"{route.passes.layer}_w"]
        kernel[0, 0, route.reads.channels, route.passes.channels] = np.eye(route.reads.count)
