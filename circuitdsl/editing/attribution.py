"""What ablating each unit would do, to first order: one pass for all units together.

In: a trained network, units of one layer, labelled images. Out: an estimate for each unit, and how
well two orders of units agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compiling import compiled
from circuitdsl.editing.apply import cut_after
from circuitdsl.editing.select import Units
from circuitdsl.editing.sweep import swept_layer
from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.classes import right_outputs
from circuitdsl.measure.passes import Need, Pass, Shown, State, remade, total
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]


@remade
def attribution(
    network: Network,
    units: Units,
    outputs: Mapping[str, int],
    means: Mapping[str, Floats] | None = None,
) -> Pass[Floats]:
    """What ablating each unit would change the cross-entropy by, to first order, `[unit]`.

    The gradient of the loss with respect to the activations, times what ablation would add to them,
    summed over positions and averaged over images: one pass forwards and one backwards for all
    units together.

    Args:
        network: The network.
        units: Units of one layer or block.
        outputs: The output of each class of images.
        means: The mean of each channel by convolution, to ablate to; None for zero.

    Raises:
        InputError: units of several layers.
    """
    layer = swept_layer([units])
    backbone = network.backbone
    cut = cut_after(backbone, layer)
    columns = [backbone.block_of(branch)[1] + channel for branch, channel in units.places]
    to = np.zeros(backbone.by_name[layer].width, np.float32)
    for branch, values in (means or {}).items():
        if backbone.block_of(branch)[0] == layer:
            start = backbone.block_of(branch)[1]
            to[start : start + len(values)] = values

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        before = {name: values[name] for name in cut}
        aims = jnp.asarray(right_outputs(shown.batch, outputs)), jnp.asarray(to)
        effects = shown.real(_attributed(backbone, layer, network.params, before, aims))
        return total(
            state, {"sums": effects[:, columns].sum(axis=0), "images": np.array([shown.count])}
        )

    return Pass(
        init=lambda: {"sums": np.zeros(len(columns)), "images": np.zeros(1, np.int64)},
        step=step,
        merge=total,
        finish=lambda state: state["sums"] / state["images"],
        needs=(Need(network, cut),),
    )


@compiled(static=("backbone", "layer"))
def _attributed(
    backbone: Backbone,
    layer: str,
    params: dict[str, Array],
    values: dict[str, Array],
    aims: tuple[Array, Array],
) -> Array:
    """First-order effects of all channels, `[batch, channel]`."""
    right, to = aims
    last = backbone.classifier

    def loss(h: Array) -> Array:
        logits = evaluate(backbone, params, {**values, layer: h}, (last,))[last]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), right[:, None], axis=1).sum()

    h = values[layer]
    return (jax.grad(loss)(h) * (to - h)).sum(axis=(1, 2))


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's correlation; NaN where either never varies."""
    ranks = [_ranks(values) for values in (a, b)]
    centred = [rank - rank.mean() for rank in ranks]
    spread = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float(centred[0] @ centred[1]) / spread if spread > 0 else float("nan")


def _ranks(values: Floats) -> Floats:
    """Places in order, ties sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse].astype(np.float64)
