"""Dataset examples as blocks: crops of the strongest photographs, and of one at each level.

In: `Examples`. Out: blocks, a row of pictures for each unit, and its histogram.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from circuitdsl.measure.examples import Example, Found, Level, edges
from circuitdsl.reporting.drawn.pixels import heat, photograph, png
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
    rows: list[Block] = [
        row for found, levels in chosen for row in _rows(title, shown, found, levels) if row.shots
    ]
    silent = [found.aim.name for found, _ in chosen if not _answered(found)]
    if silent:
        rows.append(Note(f"{title}: {', '.join(silent)} answers no photograph."))
    plots = tuple(_histogram(found) for found, _ in chosen if found.counts[1:].any())
    counted = "Positions by activation (octaves from left to right), a logarithm of their number"
    return [*rows, Tunings(f"{title}: {counted}", plots)] if plots else rows


def _rows(
    title: str, shown: Examples, found: Found, levels: tuple[Level, ...]
) -> tuple[Shots, Shots]:
    """The strongest photographs of a unit, one of each level, and which pixels mattered."""
    best = _answered(found)
    strongest = [(one, "strongest") for one in best]
    sampled = [
        (level.examples[0], f"{level.low:.3g} to {level.high:.3g}")
        for level in reversed(levels[:-1])
        if level.examples and level.high > 0
    ]
    shots = _shots(shown, found, [*strongest, *sampled])
    name = found.aim.name
    return (
        Shots(f"{title}: {name}", shots),
        Shots(
            f"{title}: {name}, the pixels that mattered in the strongest (length of the gradient)",
            _salient(shown, found, best),
        ),
    )


def _answered(found: Found) -> list[Example]:
    return [one for one in found.strongest[:STRONGEST] if one.activation > 0]


def _salient(shown: Examples, found: Found, some: list[Example]) -> tuple[Shot, ...]:
    return tuple(
        Shot(
            png(heat(lengths, float(lengths.max()))[..., :3]),
            f"Pixels of {shown.name(one)} that {found.aim.name} answers",
            found.aim.name,
            side=SIDE,
            named=False,
        )
        for lengths, one in zip(shown.saliency(found, some), some, strict=True)
    )


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
