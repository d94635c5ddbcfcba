"""Measures that a fit maximises, as functions that have a gradient; each is at most 1.

In: what hand-written and trained units answer to the same images. Out: the evaluation of each
measure of fits (`ir.tables.measures`):

- `natural`: the correlation on photographs, position by position, mean over units;
- `recovered`: how much less the outputs of the trained network diverge with the hand-written units
  in the trained ones' place than with none, `1 - KL(intact | spliced) / KL(intact | removed)`;
- `grid`: the correlation over published figures, mean over the published neurons;
- `tuning`: the same over the figures by which the trained family was found, mean over its units.

A splice gives each hand-written unit the gain and the offset by which it predicts the trained one
best on the photographs at hand, as recoveries do on photographs set aside. The gradient flows
through both: were they held, the measure would reward a dial for scaling a unit, which changes no
recovery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from numpy.typing import ArrayLike

from circuitdsl.editing.logits import divergence
from circuitdsl.fitting.evidence import Rest

_LEAST = 1e-6


@dataclass(frozen=True)
class Said:
    """What hand-written units, and the trained ones beside them, answer to some photographs.

    Attributes:
        maps: Of the hand-written units, `[batch, height, width, unit]`.
        targets: Of the trained ones.
        compared: The number of units that agreement is looked at of, the first ones.
        best: The number of those, the best, that it is the mean over.
        params: The weights of the trained network.
        rest: What comes after the units, if that is looked at.
        layer_values: The activations of the units' layer, `[batch, height, width, channel]`.
        log_p: The logarithm of what the network gives each class, `[batch, class]`.
        removed: The divergence with the units at zero, `[batch]`.
    """

    maps: Array
    targets: Array
    compared: int
    best: int
    params: Mapping[str, Array]
    rest: Rest | None = None
    layer_values: ArrayLike | None = None
    log_p: ArrayLike | None = None
    removed: ArrayLike | None = None


def natural(said: Said) -> Array:
    """The mean correlation of the units compared, or of those of them that agree best."""
    r = correlations(said.maps[..., : said.compared], said.targets[..., : said.compared])
    return jnp.sort(r)[-said.best :].mean()


def recovered(said: Said) -> Array:
    """What the splice recovers of the outputs.

    Raises:
        ValueError: what comes after the units is not there.
    """
    rest = said.rest
    if rest is None or said.layer_values is None or said.log_p is None or said.removed is None:
        raise ValueError("a splice needs what comes after the units, and what it makes of them")
    axes = (0, 1, 2)
    mean, wanted = said.maps.mean(axis=axes), said.targets.mean(axis=axes)
    spread = said.maps - mean
    covariance = (spread * (said.targets - wanted)).mean(axis=axes)
    gain = jnp.maximum(covariance, 0) / (jnp.square(spread).mean(axis=axes) + _LEAST**2)
    logits = rest.logits(said.params, jnp.asarray(said.layer_values), gain * spread + wanted)
    lost = divergence(jnp.asarray(said.log_p), jax.nn.log_softmax(logits))
    return 1 - lost.mean() / jnp.maximum(jnp.asarray(said.removed).mean(), _LEAST)


def over_figures(left: Array, right: ArrayLike) -> Array:
    """The mean correlation of units over figures, `[figure, unit]`."""
    return correlations(left, right).mean()


ON_PHOTOGRAPHS: dict[str, Callable[[Said], Array]] = {"natural": natural, "recovered": recovered}
"""The evaluation of each measure on photographs."""

ON_FIGURES: dict[str, Callable[[Array, ArrayLike], Array]] = {
    "grid": over_figures,
    "tuning": over_figures,
}
"""The evaluation of each measure on figures, of answers `[figure, unit]`."""


def correlations(left: Array, right: ArrayLike) -> Array:
    """The correlation of each unit (the last axis) over everything else."""
    axes = tuple(range(left.ndim - 1))
    a, b = (part - part.mean(axis=axes, keepdims=True) for part in (left, jnp.asarray(right)))
    return (a * b).sum(axis=axes) / jnp.sqrt(
        (a * a).sum(axis=axes) * (b * b).sum(axis=axes) + _LEAST
    )
