"""A dog's head in two mirrored pathways: its units, their weights, and one pathway taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from story_parts import (
    BATCH,
    EXAMPLES,
    LAYERS,
    LOOKS_LEFT,
    LOOKS_RIGHT,
    Part,
    estimated,
    selectivity,
)

from circuitdsl import edit
from circuitdsl.measure.agreeing.mirrored import Partners, mirrored_kernels, partners
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.visualizing.aims import units
from circuitdsl.visualizing.expanded import expanded

Floats = NDArray[np.float64]
Record = dict[str, Any]

DOGLIKE, PARTIAL = 0.8, 1.0
FACING = 2.5
"""Standard errors by which a unit prefers dogs that look one way."""


def both_ways(part: Part, layer: str) -> tuple[Floats, Floats]:
    """Responses to each dog seen from the side, as it looks left and as it looks right."""
    plain, mirrored = part.of(layer), part.of(layer, "mirrored")
    left, right = np.isin(part.classes, LOOKS_LEFT), np.isin(part.classes, LOOKS_RIGHT)
    return (
        np.concatenate([plain[left], mirrored[right]]),
        np.concatenate([mirrored[left], plain[right]]),
    )


def heads(network: Network, choose: Part, scored: Part) -> Record:
    """Two mirrored pathways: found, seen in the weights, and one of them taken out."""
    alike = {
        layer: partners(choose.of(layer), choose.of(layer, "mirrored")) for layer in LAYERS[:4]
    }
    pairs = {layer: facing_pairs(choose, layer, alike[layer]) for layer in ("mixed4a", "mixed4b")}
    before = {"mixed4a": "mixed3b", "mixed4b": "mixed4a"}
    rows: list[Record] = []
    for layer, found in pairs.items():
        for pair in found:
            names = f"{layer}[{pair[0]}, {pair[1]}]"
            kernel = expanded(network, before[layer], units(network, names)).kernel
            turned, straight = mirrored_kernels(kernel, alike[before[layer]].of)
            rows.append(
                {
                    "layer": layer,
                    "left": pair[0],
                    "right": pair[1],
                    "partner_r": float(alike[layer].r[pair[0]]),
                    "own_r": float(alike[layer].own[pair[0]]),
                    "weights_mirrored": turned,
                    "weights_straight": straight,
                    "rivals": rivals(kernel.sum(axis=(0, 1)), alike[before[layer]]),
                    **prefers(scored, layer, pair),
                }
            )
    (first,) = pairs["mixed4a"][:1]
    joined = either(network, choose, alike, first)
    return {
        "dogs": int(scored.dogs.sum()),
        "from_the_side": len(both_ways(scored, "mixed4a")[0]),
        "pairs": rows,
        "either": joined,
        "necks": with_neck(network, choose, [row["unit"] for row in joined]),
        "removed": without_one(network, scored, joined),
    }


def facing_pairs(part: Part, layer: str, alike: Partners) -> list[tuple[int, int]]:
    """Mirrored pairs of units for dogs that look left, and right; the most decided first."""
    left, right = both_ways(part, layer)
    difference = left - right
    error = difference.std(axis=0) / np.sqrt(len(left)) + 1e-9
    decided = difference.mean(axis=0) / error
    doglike = selectivity(part.of(layer), part.dogs)
    found: list[tuple[int, int]] = []
    for one, other in alike.pairs():
        prefer_left, prefer_right = (one, other) if decided[one] > decided[other] else (other, one)
        if min(doglike[one], doglike[other]) < DOGLIKE:
            continue
        if min(decided[prefer_left], -decided[prefer_right]) >= FACING:
            found.append((prefer_left, prefer_right))
    return sorted(found, key=lambda pair: -doglike[list(pair)].mean())


def rivals(sums: Floats, alike: Partners) -> Record:
    """What two mirrored units read of mirrored pairs of the layer before.

    Of the pairs that each tells apart most, how many excite it on one side and inhibit it on the
    other, and the mean of either weight.
    """
    sides = np.array(alike.pairs())
    own, other = sums[sides].transpose(2, 0, 1)  # [pair, side] for each of the two units
    told = np.abs((own[:, 0] - own[:, 1]) - (other[:, 0] - other[:, 1]))
    top = np.argsort(-told)[:_RIVALS]
    swapped = (own[top, 0] < own[top, 1])[:, None]
    mine = np.where(swapped, own[top][:, ::-1], own[top])
    return {
        "pairs": len(top),
        "opposed": int(((mine[:, 0] > 0) & (mine[:, 1] < 0)).sum()),
        "same_side": float(mine[:, 0].mean()),
        "other_side": float(mine[:, 1].mean()),
        "units": sides[top].tolist(),
    }


_RIVALS = 4


def prefers(part: Part, layer: str, pair: tuple[int, int]) -> Record:
    """How much more each of a pair responds to dogs that look its way, in photographs not seen."""
    left, right = both_ways(part, layer)
    index = (left - right)[:, pair[0]] + (right - left)[:, pair[1]]
    whole = (left + right)[:, list(pair)].sum(axis=1)
    return estimated("prefers", lambda drawn: drawn @ index / (drawn @ whole), len(index))


def either(
    network: Network, choose: Part, alike: Mapping[str, Partners], pair: tuple[int, int]
) -> list[Record]:
    """Units of mixed4b that see dogs of either side and read both heads of a pair."""
    doglike = selectivity(choose.of("mixed4b"), choose.dogs)
    own = alike["mixed4b"].of == np.arange(len(doglike))
    candidates = [int(unit) for unit in np.flatnonzero(own & (doglike >= PARTIAL))]
    weights = {
        unit: expanded(network, "mixed4a", units(network, f"mixed4b:{unit}")).sums[list(pair), 0]
        for unit in candidates
    }
    best = sorted(candidates, key=lambda unit: -float(weights[unit].min()))[:4]
    return [
        {
            "unit": unit,
            "doglike": float(doglike[unit]),
            "own_r": float(alike["mixed4b"].own[unit]),
            "left": float(weights[unit][0]),
            "right": float(weights[unit][1]),
        }
        for unit in best
        if weights[unit].min() > 0
    ]


def with_neck(network: Network, choose: Part, joined: list[int]) -> list[Record]:
    """Dogs' units of mixed4c that read heads of either side, and what they read below them."""
    doglike = selectivity(choose.of("mixed4c"), choose.dogs)
    found: list[Record] = []
    for unit in map(int, np.argsort(-doglike)[:12]):
        reading = expanded(network, "mixed4b", units(network, f"mixed4c:{unit}"))
        kernel, middle = reading.kernel[..., 0], len(reading.kernel) // 2
        above, below = kernel[:middle].sum(axis=(0, 1)), kernel[middle + 1 :].sum(axis=(0, 1))
        head = float(reading.sums[joined, 0].sum())
        if head <= 0 or not middle:
            continue
        fur = selectivity(choose.of("mixed4b"), choose.dogs) * (below - above)
        fur[joined] = -np.inf
        neck = int(fur.argmax())
        found.append(
            {
                "unit": unit,
                "doglike": float(doglike[unit]),
                "heads": head,
                "neck": neck,
                "neck_above": float(above[neck]),
                "neck_below": float(below[neck]),
            }
        )
    return sorted(found, key=lambda row: -row["heads"])[:4]


def without_one(network: Network, part: Part, joined: list[Record]) -> Record:
    """What taking out one pathway does to dogs that look its way, and to the others."""
    script = EXAMPLES / "one_head.circ"
    networks = {
        "intact": network,
        "left": edit(script, "no_left", model=network),
        "right": edit(script, "no_right", model=network),
    }
    side = np.isin(part.classes, LOOKS_LEFT + LOOKS_RIGHT)
    places = np.flatnonzero(side)
    pixels = np.concatenate(
        [batch.images[: batch.count] for batch in part.images.batches_for(network.backbone, BATCH)]
    )[places]
    looks_left = np.isin(part.classes[places], LOOKS_LEFT)[:, None, None, None]
    turned = pixels[:, :, ::-1]
    views = {
        "left": np.where(looks_left, pixels, turned),
        "right": np.where(looks_left, turned, pixels),
    }
    output = {label: at for at, label in enumerate(labels_of(network))}
    right = np.array([output[name] for name in part.classes[places]])
    of_either = [row["unit"] for row in joined]
    entropy: dict[tuple[str, str], Floats] = {}
    response: dict[tuple[str, str], Floats] = {}
    last = network.backbone.classifier
    for removed, changed in networks.items():
        for way, images in views.items():
            values = changed.activations(jnp.asarray(images, jnp.float32), ("mixed4b", last))
            logits = np.asarray(values[last], np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            total = np.log(np.exp(logits).sum(axis=1))
            entropy[removed, way] = total - logits[np.arange(len(right)), right]
            most = np.asarray(values["mixed4b"], np.float64)[..., of_either].max(axis=(1, 2))
            response[removed, way] = most.mean(axis=1)
    record: Record = {}
    for name, table in (("cross_entropy", entropy), ("either", response)):
        own, other = (
            np.mean(
                [
                    table[removed, way] - table["intact", way]
                    for removed in ("left", "right")
                    for way in ("left", "right")
                    if (removed == way) == same
                ],
                axis=0,
            )
            for same in (True, False)
        )
        scale = 1.0
        if name == "either":
            scale = float(np.mean([table["intact", way].mean() for way in views]))
        for title, values in (("own", own), ("other", other), ("difference", own - other)):
            record |= estimated(
                f"{name}_{title}",
                lambda drawn, values=values, scale=scale: (
                    drawn @ values / drawn.sum(axis=-1) / scale
                ),
                len(values),
            )
    return record
