"""A look at a network as files: a figure, a record.

In: `Look`. Out: a PNG, PDF or SVG figure or a JSON record, each written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl.reporting.drawn.feature_sheets import as_bytes
from circuitdsl.reporting.drawn.image_files import HAND, INK, ORIGINAL, blank_figure, save_figure
from circuitdsl.reporting.drawn.written import Written
from circuitdsl.run.seeing.looking import Look
from circuitdsl.visualizing.layers import over_image

COLUMNS = 9


def draw_look(seen: Look, target: Path) -> None:
    """Draw the image, the class's evidence, size and silence by depth, and the strongest maps.

    Raises:
        OSError: the file can't be written.
    """
    rows = [view for view in seen.layers if view.name in seen.shown and len(view.shape) == 3]
    heights = [2.4, 1.2 * len(rows)]
    figure = blank_figure(11.0, sum(heights))
    parts: Any = figure.subfigures(2, 1, height_ratios=heights)
    _draw_head(parts[0], seen)
    places: Any = parts[1].subplots(len(rows), COLUMNS, squeeze=False)
    for axes in places.ravel():
        axes.set_axis_off()
    for line, view in zip(places, rows, strict=True):
        size = " x ".join(map(str, view.shape))
        line[0].text(
            0.0,
            0.5,
            f"{view.name}\n{size}\n{view.silent:.0%} silent",
            fontsize=7,
            color=INK,
            va="center",
            transform=line[0].transAxes,
        )
        for axes, channel, map_ in zip(line[1:], view.channels, view.maps, strict=False):
            axes.imshow(map_, cmap="inferno", vmin=0, vmax=view.largest or 1.0)
            axes.set_title(str(channel), fontsize=6, color=INK, pad=2)
    save_figure(figure, target, 130)


def _draw_head(part: Any, seen: Look) -> None:
    image, evidence, depth = part.subplots(1, 3, width_ratios=[1, 1, 2.4])
    for axes in (image, evidence):
        axes.set_axis_off()
    image.imshow(as_bytes(seen.image))
    image.set_title(seen.model, fontsize=8, color=INK)
    if seen.evidence is not None:
        shade = over_image(seen.evidence.map, len(seen.image))[..., None]
        evidence.imshow(as_bytes(seen.image * (0.25 + 0.75 * shade)))
        evidence.set_title(
            f"{seen.evidence.name}, logit {seen.evidence.score:.1f}", fontsize=8, color=INK
        )
    layers = [view for view in seen.layers if view.name in seen.shown]
    at = np.arange(len(layers))
    depth.bar(at, [view.silent for view in layers], color=ORIGINAL, width=0.6)
    depth.set_ylabel("silent", fontsize=7, color=ORIGINAL)
    depth.set_xticks(at, [view.name for view in layers], rotation=60, ha="right", fontsize=6)
    sizes = depth.twinx()
    sizes.plot(at, [int(np.prod(view.shape)) for view in layers], color=HAND, marker="o", ms=3)
    sizes.set_yscale("log")
    sizes.set_ylabel("values", fontsize=7, color=HAND)
    for axes in (depth, sizes):
        axes.tick_params(labelsize=6)


LOOKS = Written("write a look", draw_look)
"""What looks are written as."""
