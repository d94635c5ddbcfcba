"""Expanded weights as files: a sheet of kernels, a table, a record.

In: `AllWeights`. Out: a PNG, PDF or SVG sheet, a CSV table, a JSON record; each written whole or
not at all. Red excites and blue inhibits; each unit's kernels have one scale.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl.reporting.drawn.image_files import INK, blank_figure, save_figure
from circuitdsl.reporting.drawn.pixels import signed
from circuitdsl.reporting.drawn.written import Written
from circuitdsl.run.seeing.weights import AllWeights

COLUMNS = 10

HEADINGS = ("unit", "way", "other", "magnitude", "sum", "share")


def weights_csv(shown: AllWeights) -> str:
    """Every listed pair as comma-separated values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    for unit in shown.units:
        for way, pairs in (("reads", unit.upstream), ("read by", unit.readers)):
            for read in pairs:
                numbers = (read.magnitude, read.total, read.share)
                writer.writerow([unit.name, way, read.name, *(f"{one:.6g}" for one in numbers)])
    return text.getvalue()


def draw_kernels(shown: AllWeights, target: Path) -> None:
    """Draw each unit's largest kernels in a row.

    Raises:
        OSError: the file can't be written.
    """
    lines = len(shown.units)
    figure = blank_figure(1.15 * COLUMNS, 1.5 * lines)
    places: Any = figure.subplots(lines, COLUMNS, squeeze=False)
    for axes in places.ravel():
        axes.set_axis_off()
    for row, unit in zip(places, shown.units, strict=True):
        most = max((float(np.abs(one).max()) for one in unit.kernels.values()), default=1.0)
        for number, (axes, read) in enumerate(zip(row, unit.upstream, strict=False)):
            axes.imshow(signed(unit.kernels[read.number], most), interpolation="nearest")
            title = f"{unit.name}\n{read.name}" if number == 0 else f"\n{read.name}"
            axes.set_title(title, fontsize=6, color=INK, pad=2, loc="left")
    save_figure(figure, target)


WEIGHTS = Written("write weights", draw_kernels, weights_csv)
"""What weights are written as."""
