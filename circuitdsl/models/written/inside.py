"""A hand-written circuit inside a blank network of its backbone's real shapes.

In: a circuit and its lowered arrays. Out: every weight of the backbone by its name, all zero but
for the circuit's channels and their routes, which the plain network module runs.

The network has its own normalisation and no other: where its table has local response
normalisation, over neighbouring channels, so the order of packing matters. What a circuit's
`normalise` would do, it cannot. `as_inside` is the circuit that it does run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import INPUT, Circuit
from circuitdsl.ir.members.packing import Packing, arriving, fitted, grouped, overfull, pack
from circuitdsl.models.written.handwritten import check_weights
from circuitdsl.text.diagnostics import Diagnostic

FloatArray = NDArray[np.float32]


def as_inside(circuit: Circuit) -> Circuit:
    """The circuit as a blank network of its backbone runs it.

    Without `normalise`, and with the backbone's own normalisation.
    """
    use = replace(circuit.backbone, normalisation="lrn")
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
    packing = pack(circuit)
    if not any(each.code in ("E503", "E504") for each in findings):
        findings += [
            Diagnostic("E504", sentence, circuit.backbone.span, "error")
            for sentence in overfull(circuit, packing)
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
                help=f"{_instead(sentence)}`lower --inside` calibrates what the network will run.",
            )
        )
    return findings


def _instead(sentence: str) -> str:
    """How a circuit is seen alone as it runs inside, for the departures that a file can mend."""
    if sentence.startswith("`normalise`"):
        return "To see alone what runs inside, leave `normalise` out. "
    if "normalisation=lrn" in sentence:
        return "To see alone what runs inside, open the backbone with `normalisation=lrn`. "
    return ""


def departures(circuit: Circuit) -> tuple[str, ...]:
    """How the circuit inside differs from the circuit alone, a sentence each."""
    sentences: list[str] = []
    if circuit.normalisations:
        names = ", ".join(f"`{division.family}`" for division in circuit.normalisations)
        sentences.append(f"`normalise` has no place in the network; {names} stay as they are")
    layers = circuit.backbone.geometry.by_name
    steps = [
        step.name
        for connection in circuit.connections
        if connection.source != INPUT
        for step in circuit.backbone.geometry.between(
            circuit.by_name[connection.source].layer, circuit.by_name[connection.target].layer
        )
        if layers[step.name].kind == "lrn"
    ]
    if steps and circuit.backbone.normalisation != "lrn":
        names = ", ".join(dict.fromkeys(steps))
        sentences.append(
            f"the network normalises at {names}, which `normalisation=lrn` would do alone"
        )
    stopped = [f for f in circuit.families if layers[f.layer].activation == "relu6"]
    if stopped:
        names = ", ".join(f"`{family.name}`" for family in stopped)
        sentences.append(f"activations stop at 6; alone those of {names} do not")
    return tuple(sentences)


def weights_inside(circuit: Circuit, weights: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
    """Every weight of a blank network with the circuit in it.

    Args:
        circuit: Any circuit; its `normalise` is passed over.
        weights: The arrays of `as_inside(circuit)`, lowered and calibrated.

    Returns:
        Weights by name, kernels `[height, width, in, out]`.

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
        bias = backbone.by_name[family.layer].bias_key
        blank[bias][place.channels] = np.asarray(weights[f"{family.name}.bias"])
    for connection in circuit.connections:
        target = circuit.by_name[connection.target]
        kernel = np.asarray(weights[connection.name]) * np.asarray(weights[f"{target.name}.gain"])
        if connection.source == INPUT:
            kernel = _of_input(backbone, kernel)
        layer, place = backbone.by_name[target.layer], packing.places[target.name]
        whole = blank[layer.kernel_key]
        channels = arriving(circuit, packing, connection.source, target.name)
        whole[:, :, grouped(layer, whole.shape[2], channels, place), place.channels] += kernel
    for layer in backbone.readers(INPUT):
        if layer.bottleneck:  # it recolours the image; here it passes it on
            blank[layer.kernel_key][0, 0] = np.eye(3)
    _lay_routes(backbone, packing, blank)
    return blank


def _of_input(backbone: Backbone, kernel: FloatArray) -> FloatArray:
    """A kernel that reads RGB minus the mean, as one that reads the layer `input`."""
    scaled = kernel / np.asarray(backbone.preprocessing.scale, np.float32)[:, None]
    return scaled[:, :, ::-1] if backbone.preprocessing.order == "bgr" else scaled


def _lay_routes(backbone: Backbone, packing: Packing, blank: dict[str, FloatArray]) -> None:
    for route in packing.routes:
        kernel = blank[backbone.by_name[route.passes.layer].kernel_key]
        kernel[0, 0, route.reads.channels, route.passes.channels] = np.eye(route.reads.count)
