"""Units of a layer that respond alike, put together.

In: a network, one of its layers, images. Out: the correlation of every two units over all positions
of all images; groups of units of which every one is correlated with the others in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from circuitdsl.measure.passes import Need, Pass, Shown, State, total
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]

ALIKE = 0.3
"""The mean correlation from which two groups of units are one."""


def likeness(network: Network, layer: str) -> Pass[Floats]:
    """The pass that correlates every two units of a layer, `[unit, unit]`.

    A unit that never varies is correlated with none.
    """
    width = network.backbone.by_name[layer].width

    def step(state: State, shown: Shown) -> State:
        real = jnp.arange(len(shown.images)) < shown.count
        sums = _sums(shown.of(network)[layer], real.astype(jnp.float32))
        return total(state, {name: np.asarray(part, np.float64) for name, part in sums.items()})

    def finish(state: State) -> Floats:
        mean = state["y"] / state["count"]
        covariance = state["yy"] / state["count"] - np.outer(mean, mean)
        spread = np.sqrt(np.maximum(np.diag(covariance), 0))
        below = np.outer(spread, spread)
        return np.divide(covariance, below, out=np.eye(width), where=below > 1e-12)

    return Pass(
        init=lambda: {
            "count": np.zeros(()),
            "y": np.zeros(width),
            "yy": np.zeros((width, width)),
        },
        step=step,
        merge=total,
        finish=finish,
        needs=(Need(network, (layer,)),),
    )


def groups(r: Floats, units: Sequence[int], at_least: float = ALIKE) -> list[tuple[int, ...]]:
    """Some units in groups by average linkage of their correlations, the largest group first.

    Args:
        r: The correlation of every two units of the layer, `[unit, unit]`.
        units: The units to group.
        at_least: Groups are joined while the mean correlation between them is so much.
    """
    if len(units) < 2:
        return [tuple(units)] if units else []
    own = r[np.ix_(units, units)]
    distance = squareform(1 - own, checks=False).clip(min=0)
    labels = fcluster(linkage(distance, "average"), 1 - at_least, "distance")
    members: dict[int, list[int]] = {}
    for unit, label in zip(units, labels.tolist(), strict=True):
        members.setdefault(label, []).append(unit)
    return sorted(map(tuple, members.values()), key=lambda group: (-len(group), group))


@jax.jit
def _sums(maps: Array, real: Array) -> dict[str, Array]:
    positions = maps.shape[1] * maps.shape[2]
    y = (maps * real[:, None, None, None]).reshape(-1, maps.shape[-1])
    return {
        "count": real.sum() * positions,
        "y": y.sum(axis=0),
        "yy": jnp.einsum("pu,pv->uv", y, y, precision="highest"),
    }
