"""Dataset examples as blocks: crops of the strongest photographs, and of one at each level.

In: `Examples`. Out: blocks, a row of pictures for each unit, and its histogram.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from circuitdsl.measure.examples import Example, Found, Level, edges
from circuitdsl.reporting.drawn.pixels import photograph
from circuitdsl.reporting.pages.blocks import Block, Note, Shot, Shots, Tuned, Tunings, trace
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.seeing.examples import Examples

STRONGEST = 4
"""Of each unit, the strongest photographs that are shown."""

SIDE = 88
"""Width of a crop, in CSS pixels."""


def example_blocks(
    title: str, shown: Examples | Lacking, names: Collection[str] | None = None
) -> list[Block]:
    """The examples of some units.

    Args:
        title: What they are.
        shown: The examples.
        names: Units; by default all.
    """
    if isinstance(shown, Lacking):
        return [Note(f"{title}: no examples. {shown.why}")]
    chosen = [
        (found, levels)
        for found, levels in zip(shown.found, shown.levels, strict=True)
        if names is None or found.aim.name in names
    ]
    rows = [_row(title, shown, found, levels) for found, levels in chosen]
    plots = tuple(_histogram(found) for found, _ in chosen if found.counts[1:].any())
    counted = "Positions by activation (octaves from left to right), a logarithm of their number"
    return [*rows, Tunings(f"{title}: {counted}", plots)] if plots else [*rows]


def _row(title: str, shown: Examples, found: Found, levels: tuple[Level, ...]) -> Shots:
    """The strongest photographs of a unit, then one of each level from the highest down."""
    strongest = [(one, "strongest") for one in found.strongest[:STRONGEST] if one.activation > 0]
    sampled = [
        (level.examples[0], f"{level.low:.3g} to {level.high:.3g}")
        for level in reversed(levels[:-1])
        if level.examples and level.high > 0
    ]
    shots = _shots(shown, found, [*strongest, *sampled])
    name = found.aim.name
    return Shots(f"{title}: {name}" if shots else f"{title}: {name} answers no photograph", shots)


def _shots(shown: Examples, found: Found, some: list[tuple[Example, str]]) -> tuple[Shot, ...]:
    crops = shown.crops(found, [one for one, _ in some]) if some else ()
    return tuple(
        Shot(
            photograph(crop),
            f"Part of {shown.name(one)} that {found.aim.name} answers by {one.activation:.3g}",
            found.aim.name,
            f"{what}: {one.activation:.3g}",
            side=SIDE,
            named=False,
        )
        for crop, (one, what) in zip(crops, some, strict=True)
    )


def _histogram(found: Found) -> Tuned:
    used = np.flatnonzero(found.counts[1:])
    places = np.arange(used[0], used[-1] + 1)
    heights = np.log1p(found.counts[1:][places]).tolist()
    low, high = edges()[used[0]], edges()[min(used[-1] + 1, len(edges()) - 1)]
    line = trace("original", places.tolist(), heights, 0.0)
    silent = found.counts[0] / found.counts.sum()
    name = found.aim.name
    ends = (f"{low:.3g}", f"{high:.3g}")
    return Tuned("", name, False, ends, (line,), f"nothing at {silent:.0%} of positions")
