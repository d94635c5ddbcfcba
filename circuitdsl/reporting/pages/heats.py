"""Responses over two settings of a stimulus set as heat maps.

In: `Grids` of members and of units. Out: blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from circuitdsl.reporting.drawn.pixels import heat, png
from circuitdsl.reporting.pages.blocks import Block, Note, Shot, Shots, figure
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.seeing.grids import Grids, Side

WIDTH = 144
"""Of a map, in CSS pixels; it is as high."""


def grid_blocks(shown: tuple[Grids, Grids] | Lacking) -> list[Block]:
    """Members, then the units beside them, in one order.

    Args:
        shown: The grids of both.
    """
    if isinstance(shown, Lacking):
        return [Note(f"No grid over two settings. {shown.why}")]
    hand, original = shown
    return [grid_shots("Hand-written", hand), grid_shots("Original", original)]


def grid_shots(title: str, made: Grids) -> Shots:
    """A heat map for each unit, white for its highest response.

    Args:
        title: What they are.
        made: The grids.
    """
    shots = tuple(_map(made, at) for at in range(len(made.units)))
    down, across = _range(made.down), _range(made.across)
    return Shots(f"{title} on {made.stimulus}: {down} downwards, {across} rightwards", shots)


def unit_shots(title: str, unit: str, several: Sequence[Grids]) -> Shots:
    """A heat map of one unit for each of several sets, white for its highest response to the set.

    Args:
        title: What they are.
        unit: The unit.
        several: Grids that have it.
    """
    shots: list[Shot] = []
    for made in several:
        shot = _map(made, made.units.index(unit))
        down, across = _range(made.down), _range(made.across)
        caption = f"{made.stimulus}: {down} downwards, {across} rightwards; {shot.caption}"
        shots.append(replace(shot, caption=caption, named=False))
    return Shots(title, tuple(shots))


def _map(made: Grids, at: int) -> Shot:
    values, name = made.responses[..., at], made.units[at]
    most = float(values.max())
    told = f"Responses of {name}, {made.down.name} downwards, {made.across.name} rightwards"
    address = png(heat(values, most)[..., :3])
    return Shot(address, told, name, f"highest {figure(most)}", side=WIDTH, pixels=True)


def _range(side: Side) -> str:
    unit = f" {side.unit}" if side.unit else ""
    return f"{side.name} {side.values[0]:.3g} to {side.values[-1]:.3g}{unit}"
