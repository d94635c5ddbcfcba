"""Sums of blocks of images, to resample for intervals.

Positions of one image are not independent, images nearly are; so images are what is resampled. A
state that kept something of every image would grow with their number. Up to `MOST` images each is a
block of its own; beyond that neighbours are put together, by two, by four and so on, and blocks are
resampled. A block bootstrap of some thousand blocks is as good as one of images; it also allows for
neighbours, such as frames of one film, that are alike.

The state is `level`, `block [rows]`, `count [rows]` and `sums [rows, ...]`: at most `most` times
the size of one image's sums. A block is an image's place in the run shifted right by `level` bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.passes import State

Floats = NDArray[np.float64]

RESAMPLES = 1000
"""How often blocks are resampled for an interval."""

INTERVAL = 0.95
"""The share of resamples that an interval holds."""

MOST = 4096
"""Blocks that are kept at most."""


def no_blocks(*shape: int) -> State:
    """The state of no images, each of which will have sums of a shape."""
    return {
        "level": np.zeros(1, np.int64),
        "block": np.zeros(0, np.int64),
        "count": np.zeros(0),
        "sums": np.zeros((0, *shape)),
    }


def blocks_of(places: NDArray[np.int64], sums: Floats) -> State:
    """Each image as a block.

    Args:
        places: The number of each image in the run, rising, `[image]`.
        sums: `[image, ...]`.
    """
    return {
        "level": np.zeros(1, np.int64),
        "block": places,
        "count": np.ones(len(places)),
        "sums": sums,
    }


def merge_blocks(a: State, b: State, most: int = MOST) -> State:
    """The blocks of two states, with no more than `most` in all."""
    level = max(int(a["level"][0]), int(b["level"][0]))
    parts = [_at_level(part, level) for part in (a, b)]
    merged = {
        name: np.concatenate([part[name] for part in parts]) for name in ("block", "count", "sums")
    }
    order = np.argsort(merged["block"], kind="stable")
    both = _united({name: value[order] for name, value in merged.items()}, level)
    while len(both["block"]) > most:
        level += 1
        both = _at_level(both, level)
    return both


def _at_level(state: State, level: int) -> State:
    shift = level - int(state["level"][0])
    return _united({**state, "block": state["block"] >> shift}, level)


def _united(state: State, level: int) -> State:
    """Rows of the same block added up, the earlier ones first."""
    blocks, starts = np.unique(state["block"], return_index=True)
    sums, count = state["sums"], state["count"]
    if len(blocks) < len(state["block"]):
        sums, count = (np.add.reduceat(part, starts, axis=0) for part in (sums, count))
    return {"level": np.array([level]), "block": blocks, "count": count, "sums": sums}


def images_in(state: State) -> int:
    """The number of images."""
    return int(state["count"].sum())


def resampled(blocks: int, seed: int) -> Floats:
    """How often each block is drawn in each resample, `[resample, block]`."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), RESAMPLES).astype(np.float64)


def interval(samples: Floats) -> tuple[float, float]:
    """The ends of a bootstrap interval; samples that are no numbers don't count."""
    kept = samples[np.isfinite(samples)]
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(low), float(high)
