"""Joint tuning as files: a figure, a record.

In: `Joint`. Out: a PNG, PDF or SVG figure with a panel for each unit whose photographs were turned,
or a JSON record; each written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from circuitdsl.reporting.drawn.figures import FAINT, FORMATS, HAND, INK, ORIGINAL
from circuitdsl.reporting.json_files import write_json
from circuitdsl.run.seeing.joint import Joint
from circuitdsl.text.files import atomic_path, known_suffix

COLUMNS = 5


def check_format(target: Path) -> str:
    """The format that a file name asks for.

    Raises:
        InputError: no such format.
    """
    return known_suffix(target, (*FORMATS, "json"), "write joint tuning")


def write_joint(made: Joint, target: Path) -> None:
    """Write joint tuning as what the file's name says.

    Raises:
        InputError: no such format.
        OSError: the file can't be written.
    """
    kind = check_format(target)
    if kind == "json":
        write_json(target, made.record())
    else:
        draw_joint(made, target)


def draw_joint(made: Joint, target: Path) -> None:
    """Draw how units answer the turned photographs of each: its own curve, and all others'.

    Raises:
        OSError: the file can't be written.
    """
    tuning = made.tuning
    panels = len(tuning.owners) + 1
    columns = min(COLUMNS, panels)
    lines = -(-panels // columns)
    figure = Figure(figsize=(2.4 * columns, 2.0 * lines), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
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
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=150, format=target.suffix.lstrip("."))
