"""Grids as files: heat maps, a record.

In: `Grids`. Out: a PNG, PDF or SVG figure with a heat map for each unit, or a JSON record; each
written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl.reporting.drawn.image_files import INK, blank_figure, save_figure
from circuitdsl.reporting.drawn.written import Written
from circuitdsl.run.seeing.grids import Grids, Side

COLUMNS = 5
TICKS = 5


def draw_grids(made: Grids, target: Path) -> None:
    """Draw a heat map for each unit, black for nothing, white for its own highest response.

    Raises:
        OSError: the file can't be written.
    """
    count = len(made.units)
    columns = min(COLUMNS, count)
    lines = -(-count // columns)
    size = (2.4 * columns + 0.4, 2.1 * lines + 0.4)
    figure = blank_figure(*size)
    places: Any = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in places[count:]:
        axes.set_axis_off()
    for at, (axes, name) in enumerate(zip(places, made.units, strict=False)):
        values = made.responses[..., at]
        most = float(values.max())
        axes.imshow(values, cmap="hot", vmin=0, vmax=most if most > 0 else 1, aspect="auto")
        axes.set_title(f"{name}: {most:.3g}", fontsize=7, color=INK)
        axes.set_xticks(*_ticks(made.across), fontsize=6)
        axes.set_yticks(*_ticks(made.down), fontsize=6)
    figure.supxlabel(_label(made.across), fontsize=8, color=INK)
    figure.supylabel(_label(made.down), fontsize=8, color=INK)
    save_figure(figure, target)


def _ticks(side: Side) -> tuple[list[int], list[str]]:
    """A few places along a side, and the values there."""
    count = len(side.values)
    places = np.unique(np.linspace(0, count - 1, min(TICKS, count)).round().astype(int)).tolist()
    return places, [f"{side.values[at]:.3g}" for at in places]


def _label(side: Side) -> str:
    return f"{side.name}, {side.unit}" if side.unit else side.name


GRIDS = Written("write grids", draw_grids)
"""What grids are written as."""
