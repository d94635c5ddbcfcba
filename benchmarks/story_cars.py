"""A car of panes above and wheels below, and the same car spread over units of other things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from story_parts import BATCH, EXAMPLES, Part, estimated, selectivity

from circuitdsl import build, load
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.visualizing.aims import units
from circuitdsl.visualizing.expanded import expanded

Floats = NDArray[np.float64]
Record = dict[str, Any]


def car(network: Network, choose: Part, scored: Part) -> Record:
    """A unit for cars the right way up, its parts, and one written by hand of them."""
    unit = upright(network, choose)
    up, down = scored.of("mixed4c")[:, unit], scored.of("mixed4c", "upside down")[:, unit]
    cars = scored.cars
    hand = build(load(EXAMPLES / "car_parts.circ"), given=network)
    return {
        "unit": unit,
        "cars": int(cars.sum()),
        "doglike": float(selectivity(choose.of("mixed4c"), choose.dogs)[unit]),
        "carlike": float(selectivity(scored.of("mixed4c"), cars)[unit]),
        **estimated("up", lambda drawn: drawn @ up[cars] / drawn.sum(axis=-1), int(cars.sum())),
        **estimated(
            "kept_upside_down",
            lambda drawn: drawn @ down[cars] / (drawn @ up[cars]),
            int(cars.sum()),
        ),
        **estimated(
            "others_kept_upside_down",
            lambda drawn: drawn @ down[~cars] / (drawn @ up[~cars]),
            int((~cars).sum()),
        ),
        "parts": parts_of(network, choose, unit),
        "by_hand": agreement_of(network, hand, unit, scored),
    }


WIDEST = "mixed4c_5x5"
"""The convolution of its block that sees farthest, and so tells above from below."""


def upright(network: Network, part: Part) -> int:
    """The unit of mixed4c, of its widest convolution, that cars lose most when upside down."""
    lost = part.of("mixed4c") - part.of("mixed4c", "upside down")
    rank = selectivity(lost, part.cars)
    names = [network.backbone.branch_of("mixed4c", unit)[0] for unit in range(len(rank))]
    return int(np.where(np.array(names) == WIDEST, rank, -np.inf).argmax())


def parts_of(network: Network, choose: Part, unit: int) -> dict[str, list[Record]]:
    """What a unit reads of mixed4b above, below and in the middle, of what cars excite."""
    kernel = expanded(network, "mixed4b", units(network, f"mixed4c:{unit}")).kernel[..., 0]
    middle = len(kernel) // 2
    above, below = kernel[:middle].sum(axis=(0, 1)), kernel[middle + 1 :].sum(axis=(0, 1))
    around = kernel[middle - 1 : middle + 2, middle - 1 : middle + 2].sum(axis=(0, 1))
    carlike = np.maximum(selectivity(choose.of("mixed4b"), choose.cars), 0)
    ranks = {
        "above": (above - below) * ((above > 0) & (below < 0)),
        "below": (below - above) * ((below > 0) & (above < 0)),
        "body": np.maximum(around, 0),
    }
    return {
        name: [
            {"unit": int(at), "above": float(above[at]), "below": float(below[at])}
            for at in np.argsort(-rank * carlike)[:3]
        ]
        for name, rank in ranks.items()
    }


def agreement_of(network: Network, hand: HandwrittenNetwork, unit: int, part: Part) -> Record:
    """Correlation of the hand-written car with the unit over all positions of some photographs.

    The control is the same car with its panes below and its wheels above.
    """
    kernels = {name: value[::-1] for name, value in hand.arrays.items() if np.ndim(value) == 4}
    written = (hand, hand.with_weights(kernels))
    images = open_images(part.folder, BY_HAND)
    sums: list[Floats] = []
    for batch in images.batches_for(network.backbone, BATCH):
        maps = [network.activations(batch.images, ("mixed4c",))["mixed4c"][..., unit]]
        maps += [one.activations(batch.images, ["car"])["car"][..., 0] for one in written]
        real = [np.asarray(one, np.float64)[: batch.count] for one in maps]
        variables = np.stack([np.ones_like(real[0]), *real])
        sums.append(np.einsum("ibpq,jbpq->bij", variables, variables))
    products = np.concatenate(sums)

    def r(column: int) -> Callable[[Floats], Floats]:
        def of(drawn: Floats) -> Floats:
            whole = np.tensordot(drawn, products, 1)
            mean = whole[..., 0, :] / whole[..., 0, :1]
            covariance = whole / whole[..., :1, :1] - mean[..., :, None] * mean[..., None, :]
            return covariance[..., 1, column] / np.sqrt(
                covariance[..., 1, 1] * covariance[..., column, column]
            )

        return of

    return {**estimated("r", r(2), len(products)), **estimated("upset_r", r(3), len(products))}


BY_HAND = 100
"""Photographs on which the hand-written car is held against the unit."""


STRENGTH = 0.3
"""Of the ridge, as a share of the mean eigenvalue."""


def superposition(network: Network, choose: Part, scored: Part) -> Record:
    """The car of mixed4c in units of mixed4d that dogs excite, and a direction that finds it."""
    unit = upright(network, choose)
    doglike = selectivity(choose.of("mixed4d"), choose.dogs)
    dogs = np.flatnonzero(doglike > _DOGS)
    weights = np.concatenate(
        [
            expanded(
                network, "mixed4c", units(network, f"{branch.name}[0..{branch.width - 1}]")
            ).sums[unit]
            for branch in network.backbone.branch_layers("mixed4d")
        ]
    )
    target, held = choose.of("mixed4c")[:, unit], scored.of("mixed4c")[:, unit]
    fitted, shown = choose.of("mixed4d")[:, dogs], scored.of("mixed4d")[:, dogs]
    alone = int(np.nanargmax(_r_with(target, fitted)))
    direction = ridge(fitted, target, shown)
    order = np.random.default_rng(0).permutation(len(target))
    chance = ridge(fitted, target[order], shown)
    count = len(held)

    def r(values: Floats) -> Callable[[Floats], Floats]:
        return lambda drawn: _weighted_r(drawn, values, held)

    excited = np.maximum(weights, 0)
    return {
        "unit": unit,
        "dog_units": len(dogs),
        "units": len(doglike),
        "excited_dog_units": int((weights[dogs] > 0).sum()),
        "share_of_excitation": float(excited[dogs].sum() / excited.sum()),
        "best_single": int(dogs[alone]),
        **estimated("single_r", r(shown[:, alone]), count),
        **estimated("direction_r", r(direction), count),
        **estimated("shuffled_r", r(chance), count),
    }


_DOGS = 0.5


def ridge(x: Floats, y: Floats, shown: Floats) -> Floats:
    """The response of the direction that predicts `y` best from `x`, to other photographs."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    x, shown = (x - mean) / spread, (shown - mean) / spread
    kernel = x @ x.T
    kernel += STRENGTH * np.trace(kernel) / len(x) * np.eye(len(x))
    return shown @ (x.T @ np.linalg.solve(kernel, y - y.mean()))


def _r_with(y: Floats, x: Floats) -> Floats:
    return np.array([np.corrcoef(y, column)[0, 1] if column.any() else np.nan for column in x.T])


def _weighted_r(drawn: Floats, x: Floats, y: Floats) -> Floats:
    n = drawn.sum(axis=-1)
    mean = [drawn @ part / n for part in (x, y)]
    spread = [drawn @ (part * part) / n - m * m for part, m in zip((x, y), mean, strict=True)]
    return (drawn @ (x * y) / n - mean[0] * mean[1]) / np.sqrt(spread[0] * spread[1])
