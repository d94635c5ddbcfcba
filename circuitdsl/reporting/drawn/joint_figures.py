"""Joint tuning as files: a figure, a record.

In: `Joint`. Out: a PNG, PDF or SVG figure with a panel for each unit whose photographs were turned,
or a JSON record; each written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl.reporting.drawn.image_files import (
    FAINT,
    HAND,
    INK,
    ORIGINAL,
    blank_figure,
    save_figure,
)
from circuitdsl.reporting.drawn.written import Written
from circuitdsl.run.seeing.joint import Joint

COLUMNS = 5


def draw_joint(made: Joint, target: Path) -> None:
    """Draw how units answer the turned photographs of each: its own curve, and all others'.

    Raises:
        OSError: the file can't be written.
    """
    tuning = made.tuning
    panels = len(tuning.owners) + 1
    columns = min(COLUMNS, panels)
    lines = -(-panels // columns)
    figure = blank_figure(2.4 * columns, 2.0 * lines)
    places: Any = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in places[panels:]:
        axes.set_axis_off()
    for number, owner in enumerate(tuning.owners):
        axes = places[number]
        for at, name in enumerate(tuning.names):
            curve = tuning.curves[number, :, at]
            colour = ORIGINAL if name == owner else FAINT if name in tuning.owners else HAND
            scale = np.nanmax(tuning.curves[:, :, at]) or 1.0
            weight = 1.6 if name == owner else 0.6
            axes.plot(tuning.values, curve / scale, color=colour, linewidth=weight)
        axes.set_title(owner, fontsize=7, color=INK)
        axes.tick_params(labelsize=6)
    mean = places[len(tuning.owners)]
    for curve, label, colour in zip(
        tuning.aligned, ("own", "hand-written"), (ORIGINAL, HAND), strict=True
    ):
        if np.isfinite(curve).any():
            mean.plot(tuning.values, curve, label=label, color=colour, linewidth=1.6)
    mean.set_title("mean over units", fontsize=7, color=INK)
    mean.tick_params(labelsize=6)
    mean.legend(fontsize=6, frameon=False)
    save_figure(figure, target)


JOINT = Written("write joint tuning", draw_joint)
"""What joint tuning is written as."""
