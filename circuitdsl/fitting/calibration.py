"""Calibration as a differentiable function of a circuit's weights.

In: a circuit and its lowered weights, traced or not. Out: the weights with `FAMILY.gain` and
`FAMILY.bias` solved, through which gradients flow down to the dials.

What `calibrate` (see `calibration.py`) computes depends, of all the images of `one`, on each
member's best one alone. Those are chosen now and then, outside the traced function; as long as the
choice holds, both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.calibration import solved_weights
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.batches import filled
from circuitdsl.stimuli.render import batches, centre_of

_BATCH = 32
_LEAST = 1e-6
"""Of a peak above a quantile: a fit that comes to where none can be calibrated stays finite."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["best", "zero"],
    meta_fields=["at", "quantile"],
)
@dataclass(frozen=True)
class Reference:
    """What one family is calibrated on.

    Attributes:
        best: The image of `one` that each member answers most, `[member, height, width, 3]`.
        at: Row and column of the central neuron.
        zero: The images of `zero`, `[image, height, width, 3]`.
        quantile: Of the responses to them.
    """

    best: Array
    at: int
    zero: Array
    quantile: float


def references(circuit: Circuit, weights: Mapping[str, Array]) -> dict[str, Reference]:
    """Choose, at these weights, the images that the calibrated families are calibrated on.

    Raises:
        DiagnosticError: a family cannot be calibrated (E602).
    """
    network = HandwrittenNetwork(circuit, solved_weights(circuit, weights))
    stimuli = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    found: dict[str, Reference] = {}
    for family in circuit.layers_in_order:
        asked = family.calibrate
        if asked is None:
            continue
        one, zero = stimuli[asked.one], stimuli[asked.zero]
        centre = centre_of(one, network.backbone, family.layer)
        centre = centre.aside(circuit.centre_px(family.name))
        shown = jnp.concatenate(list(batches(one, centre, _BATCH)))
        answers: list[NDArray[np.float32]] = []
        for start in range(0, len(shown), _BATCH):
            part = shown[start : start + _BATCH]
            whole = filled(np.asarray(part), _BATCH)
            before = network.pre_activations(whole, [family.name])[family.name]
            answers.append(np.asarray(before[: len(part), centre.index, centre.index]))
        responses = np.concatenate(answers)
        noise = centre_of(zero, network.backbone, family.layer)
        found[family.name] = Reference(
            shown[responses.argmax(axis=0)],
            centre.index,
            jnp.concatenate(list(batches(zero, noise, _BATCH))),
            asked.quantile,
        )
    return found


def steered(
    circuit: Circuit, weights: Mapping[str, Array], found: Mapping[str, Reference]
) -> dict[str, Array]:
    """The weights, calibrated on chosen images; differentiable, upstream families first."""
    solved = dict(weights)
    for name, reference in found.items():
        solved |= {f"{name}.gain": jnp.float32(1), f"{name}.bias": jnp.float32(0)}
        network = HandwrittenNetwork(circuit, solved)
        peaks = network.pre_activations(reference.best, [name])[name]
        peak = jnp.diagonal(peaks[:, reference.at, reference.at]).mean()
        quiet = network.pre_activations(reference.zero, [name])[name]
        quantile = jnp.quantile(quiet.ravel(), reference.quantile)
        gain = 1.0 / jnp.maximum(peak - quantile, _LEAST)
        solved |= {f"{name}.gain": gain, f"{name}.bias": -gain * quantile}
    return solved
