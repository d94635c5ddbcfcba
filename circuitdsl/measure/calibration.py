"""Calibration: the gain and the offset that a family's `calibrate` asks for.

In: a circuit and its lowered weights. Out: the weights with `FAMILY.gain` and `FAMILY.bias` solved.

Let `z` be a family's input with gain 1 and bias 0, before ReLU. `z1` is the mean over its members
of the largest z of the central neuron over the images of `one`; `zq` is the stated quantile of z
over images, positions and members on `zero`. The gain `g = 1 / (z1 - zq)` and the bias `-g zq` put
the first at 1 and the second at 0. One pair serves the whole family, so symmetry survives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Calibration, Circuit, Family, Stimulus
from circuitdsl.measure.responses import answers
from circuitdsl.models.written.given import Given
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.render import centre_of
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError


def solved_weights(
    circuit: Circuit, weights: Mapping[str, Array], given: Given | None = None
) -> dict[str, Array]:
    """Solve every `calibrate` of a circuit, upstream families first.

    Args:
        circuit: The circuit.
        weights: Its lowered weights by array name.
        given: A network whose units the circuit reads, if it does.

    Returns:
        All weights, with the gain and bias of the calibrated families replaced.

    Raises:
        DiagnosticError: a family answers its `one` stimuli no more than its `zero` stimuli (E602).
    """
    solved = dict(weights)
    stimuli = {stimulus.name: stimulus for stimulus in circuit.stimuli}
    for family in circuit.layers_in_order:
        asked = family.calibrate
        if asked is None:
            continue
        solved |= {f"{family.name}.gain": jnp.float32(1), f"{family.name}.bias": jnp.float32(0)}
        network = HandwrittenNetwork(circuit, solved, given)
        peak = _mean_peak(network, family, stimuli[asked.one])
        quantile = _quantile(network, family, stimuli[asked.zero], asked.quantile)
        if not peak > quantile:
            raise DiagnosticError([_not_above(family, asked, peak, quantile)])
        gain = 1.0 / (peak - quantile)
        solved[f"{family.name}.gain"] = jnp.float32(gain)
        solved[f"{family.name}.bias"] = jnp.float32(-gain * quantile)
    return solved


def calibrate(network: HandwrittenNetwork) -> HandwrittenNetwork:
    """The network with every `calibrate` of its circuit solved; the given one is not changed.

    Raises:
        DiagnosticError: a family answers its `one` stimuli no more than its `zero` stimuli (E602).
    """
    if all(family.calibrate is None for family in network.circuit.families):
        return network
    return network.with_weights(solved_weights(network.circuit, network.arrays, network.given))


def _mean_peak(network: HandwrittenNetwork, family: Family, stimulus: Stimulus) -> float:
    """The mean over members of each one's largest response at the central position."""
    at = centre_of(stimulus, network.backbone, family.layer).index
    responses = [maps[:, at, at] for maps in _inputs(network, family, stimulus)]
    return float(np.concatenate(responses).max(axis=0).mean())


def _quantile(
    network: HandwrittenNetwork, family: Family, stimulus: Stimulus, quantile: float
) -> float:
    """The quantile over images, positions and members."""
    responses = [maps.ravel() for maps in _inputs(network, family, stimulus)]
    return float(np.quantile(np.concatenate(responses), quantile))


def _inputs(
    network: HandwrittenNetwork, family: Family, stimulus: Stimulus
) -> Iterator[NDArray[np.float32]]:
    """The family's maps before ReLU, `[batch, height, width, members]`."""
    for maps in answers(network, family, stimulus, before_relu=True):
        yield maps[family.name]


def _not_above(family: Family, asked: Calibration, peak: float, quantile: float) -> Diagnostic:
    return Diagnostic(
        "E602",
        f"cannot calibrate `{family.name}`: its peak {peak:.3g} on `{asked.one}` is not above the "
        f"{asked.quantile:g} quantile {quantile:.3g} on `{asked.zero}`",
        asked.span,
        label="no gain can make the first 1 and the second 0",
        note="the family answers the stimuli that it stands for no more than the others",
        help="look at the connections into it, or calibrate on other stimuli",
    )
