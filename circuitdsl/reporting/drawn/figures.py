"""Figures.

In: results of the comparisons, the layout of a circuit. Out: image files, written whole or not at
all.
"""

from __future__ import annotations

from colorsys import hls_to_rgb
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path as Bezier

from circuitdsl.compare.score import Comparison, UnitScore
from circuitdsl.measure.tunings.tuning import Tuning
from circuitdsl.reporting.drawn.image_files import (
    FAINT,
    HAND,
    INK,
    ORIGINAL,
    blank_figure,
    check_format,
    save_figure,
)
from circuitdsl.reporting.drawn.layout import BOX_HEIGHT, Layout, Sign
from circuitdsl.text.files import atomic_path

_COLUMNS = 5


def draw_tuning(comparison: Comparison, target: Path) -> None:
    """Draw the radial tuning curves of both families, side by side and pair by pair.

    The distance from the middle is the response, averaged over radii and contrasts; the direction
    is the angle that the finder's figures have; those that are the same after a part of a turn
    are drawn at each of their angles.

    Args:
        comparison: The score.
        target: A file whose suffix names its format: png, pdf or svg.

    Raises:
        InputError: no such format.
        OSError: the file can't be written.
    """
    check_format(target)
    rows = -(-len(comparison.units) // _COLUMNS)
    figure = blank_figure(11.0, 5.6 + 2.5 * rows)
    trained = f"{comparison.layer} of {comparison.model}"
    figure.suptitle(f"{comparison.family} of {comparison.file}  ·  {trained}", fontsize=12)
    halves: Any = figure.subfigures(2, 1, height_ratios=[5.0, 2.5 * rows])
    upper, lower = halves
    left, right = upper.subplots(1, 2, subplot_kw={"projection": "polar"})
    period = comparison.finder.period_deg
    angles = tuple(
        angle + start
        for start in np.arange(0.0, 360.0, period)
        for angle in comparison.grid.angles_deg
    )
    _draw_family(left, [unit.original_tuning for unit in comparison.units], angles)
    left.set_title(trained, fontsize=10, color=INK, pad=16)
    _draw_family(right, [unit.hand_tuning for unit in comparison.units], angles)
    right.set_title("hand-written", fontsize=10, color=INK, pad=16)
    small = lower.subplots(rows, _COLUMNS, subplot_kw={"projection": "polar"}, squeeze=False)
    for index, axes in enumerate(small.ravel()):
        if index < len(comparison.units):
            _draw_pair(axes, comparison.units[index], angles)
        else:
            axes.set_axis_off()
    handles = small[0][0].get_lines()[:2]
    lower.legend(
        handles,
        ["original", "hand-written"],
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )
    save_figure(figure, target)


def _draw_family(axes: Any, tunings: list[Tuning], angles_deg: tuple[float, ...]) -> None:
    """All curves of a family, each in the colour of its own angle; 1 is the family's maximum."""
    top = max(max(tuning.curve) for tuning in tunings) or 1.0
    for tuning in tunings:
        preferred = 0.0 if np.isnan(tuning.preferred_deg) else tuning.preferred_deg
        colour = hls_to_rgb(preferred / 360.0, 0.45, 0.55)
        around, response = _closed(tuning, angles_deg, top)
        axes.plot(around, response, color=colour, linewidth=1.6)
        axes.fill(around, response, color=colour, alpha=0.10, linewidth=0)
    clean(axes)
    axes.set_xticks(np.deg2rad([0, 90, 180, 270]), ["0°", "90°", "180°", "270°"], fontsize=8)


def _draw_pair(axes: Any, unit: UnitScore, angles_deg: tuple[float, ...]) -> None:
    """Two curves, each scaled to its own maximum."""
    for tuning, colour in ((unit.original_tuning, ORIGINAL), (unit.hand_tuning, HAND)):
        around, response = _closed(tuning, angles_deg, max(tuning.curve) or 1.0)
        axes.plot(around, response, color=colour, linewidth=1.6)
        axes.fill(around, response, color=colour, alpha=0.12, linewidth=0)
    clean(axes)
    axes.set_xticks(np.deg2rad([0, 90, 180, 270]), [""] * 4)
    axes.set_title(
        f"{unit.original}\ntuning r {unit.tuning_r:.2f}, natural r {unit.natural_r:.2f}",
        fontsize=8,
        color=INK,
        pad=6,
    )


def _closed(
    tuning: Tuning, angles_deg: tuple[float, ...], top: float
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Angles in radians and scaled responses, the first repeated at the end."""
    around = np.deg2rad([*angles_deg, angles_deg[0] + 360.0])
    turns = len(angles_deg) // len(tuning.curve)
    return around, np.array([*tuning.curve * turns, tuning.curve[0]]) / top


def clean(axes: Any) -> None:
    """Leave a polar panel only what a reader needs."""
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0.5, 1.0], ["", ""])
    axes.grid(color=FAINT, linewidth=0.5)
    axes.spines["polar"].set_visible(False)
    axes.tick_params(colors=INK, pad=0)


_ARROWS: dict[Sign, tuple[str, str]] = {
    "excites": ("#b4182d", "-|>"),
    "inhibits": ("#1c54b2", "|-|,widthA=0,widthB=0.6"),
    "both": ("#6b3fa0", "-|>"),
}


def draw_layout(layout: Layout, title: str, target: Path) -> None:
    """Draw families and arrows as a PNG, on white.

    Args:
        layout: Where they stand; 72 of its units are an inch.
        title: What stands in the file's metadata.
        target: The file.

    Raises:
        OSError: the file can't be written.
    """
    figure = Figure(figsize=(layout.width / 72, layout.height / 72), facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(layout.height, 0)
    axes.set_axis_off()
    for layer, y in layout.layers:
        axes.text(8, y, layer, color=ORIGINAL, fontsize=9, va="center", parse_math=False)
    for arrow in layout.arrows:
        colour, style = _ARROWS[arrow.sign]
        axes.add_patch(
            FancyArrowPatch(
                path=Bezier(arrow.points, [Bezier.MOVETO, *[Bezier.CURVE4] * 3]),
                arrowstyle=style,
                mutation_scale=9,
                color=colour,
                fill=arrow.sign != "inhibits",
                linewidth=1.5,
                linestyle="--" if arrow.sign == "both" else "-",
            )
        )
    for box in layout.boxes:
        corner, middle = (box.left, box.top), box.left + box.width / 2
        dashes = "--" if box.given else "-"
        axes.add_patch(
            Rectangle(corner, box.width, BOX_HEIGHT, fc="#f3f4f6", ec=ORIGINAL, ls=dashes)
        )
        said = {"ha": "center", "va": "center", "family": "monospace", "parse_math": False}
        axes.text(middle, box.top + 13, box.name, color=INK, fontsize=11, **said)
        axes.text(middle, box.top + 29, box.caption, color=ORIGINAL, fontsize=9, **said)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=144, format="png", metadata={"Title": title})
