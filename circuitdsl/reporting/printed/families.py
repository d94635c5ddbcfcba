"""Tables and figures of a family beside the units that agree with it.

In: a `FamilyComparison`. Out: rich tables; a figure with a panel for each pair and axis.
"""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from circuitdsl.compare.families import FamilyComparison, MemberScore
from circuitdsl.measure.tunings.along_axes import AxisTuning
from circuitdsl.reporting.drawn.figures import clean
from circuitdsl.reporting.drawn.image_files import (
    HAND,
    INK,
    ORIGINAL,
    blank_figure,
    check_format,
    save_figure,
)
from circuitdsl.reporting.printed.tables import interval, narrow
from circuitdsl.text.diagnostics import InputError

_ROUND = ("rot", "orient")
"""Kinds of axes that are drawn around a circle."""

_COLUMNS = 5


def agreement_table(comparison: FamilyComparison) -> Table:
    """Pair by pair and in the mean, the agreement on photographs and its controls."""
    table = narrow(
        f"{comparison.family} of {comparison.file} against {comparison.layer} of "
        f"{comparison.model}:\n{_how_chosen(comparison)}",
        f"natural r: over all positions of {comparison.images} other images, with a\n"
        "bootstrap 95 % interval; partial: contrast energy taken out of both;\n"
        "controls: energy alone, the same circuit with permuted kernels,\n"
        "the member's responses to other images",
    )
    for heading in ("member", "unit"):
        table.add_column(heading, no_wrap=True)
    for heading in ("natural r", "partial", "energy", "random", "wrong"):
        table.add_column(heading, justify="right", no_wrap=True)
    for unit in comparison.units:
        figure = unit.figure
        controls = (figure.partial_r, figure.energy, figure.random, figure.wrong_pairs)
        table.add_row(
            _member(unit),
            unit.original,
            interval(figure.r, *figure.r_ci),
            *(f"{value:.2f}" for value in controls),
        )
    mean = comparison.mean
    table.add_section()
    table.add_row(
        "mean",
        "",
        interval(mean["natural_r"], *comparison.natural_r_ci),
        *(f"{mean[name]:.2f}" for name in ("partial_r", "energy", "random", "wrong_pairs")),
        style="bold",
    )
    return table


def tuning_table(comparison: FamilyComparison) -> Table:
    """Pair by pair, what both prefer of the stimuli that the family names."""
    own, *others = comparison.sets
    other = "; other: highest response to another set, over that to this one" if others else ""
    table = narrow(
        f"{comparison.family} and its units on {own}",
        f"hand-written/original; rival: far from the preferred value{other}\n"
        f"tuning: correlation over the images of\n{', '.join(comparison.sets)}",
    )
    table.add_column("unit", no_wrap=True)
    along = ("axis", "prefers", "width", "rival") if comparison.axes else ()
    for heading in (*along, *(("other",) if others else ()), "tuning"):
        table.add_column(heading, justify="right", no_wrap=True)
    for unit in comparison.units:
        ends = ["/".join(_highest(unit, side) for side in (1, 2))] if others else []
        ends.append(f"{unit.tuning_r:.2f}")
        pairs = list(zip(unit.hand_axes, unit.original_axes, strict=True))
        for place, (hand, original) in enumerate(pairs):
            cells = (
                hand.axis,
                _both(hand.preferred, original.preferred, hand),
                _both(hand.width, original.width, hand),
                f"{hand.rival:.2f}/{original.rival:.2f}",
            )
            table.add_row("" if place else unit.original, *cells, *([] if place else ends))
        if not pairs:
            table.add_row(unit.original, *ends)
    return table


def _member(unit: MemberScore) -> str:
    """A member without the name of its family, which the title says."""
    name, _, place = unit.hand.partition("[")
    return place.rstrip("]").replace("deg", "°") or name


def _how_chosen(comparison: FamilyComparison) -> str:
    count = len(comparison.searched)
    searched = "" if count == 1 else f", the best of {count} layers"
    kind = "" if comparison.of_kind else "\nno family of its kind: a control agrees as well"
    return (
        f"units found by agreement on {comparison.chosen_on} images of {comparison.images_from}"
        f"{searched}{kind}"
    )


def _both(hand: float, original: float, axis: AxisTuning) -> str:
    digits, unit = (0, "°") if axis.period_deg else (1, " oct")
    values = ["none" if isnan(value) else f"{value:.{digits}f}" for value in (hand, original)]
    return "/".join(values) + unit


def _highest(unit: MemberScore, side: int) -> str:
    values = [float(rival[side]) for rival in unit.rivals]
    return "none" if all(map(isnan, values)) else f"{np.nanmax(values):.2f}"


def draw_axes(comparison: FamilyComparison, target: Path) -> None:
    """Draw the tuning of each pair along each axis, scaled to its maximum.

    Axes that turn the plane are drawn around a circle, the others as lines.

    Args:
        comparison: The score.
        target: A file whose suffix names its format: png, pdf or svg.

    Raises:
        InputError: no such format, or no axis that stimuli follow.
        OSError: the file can't be written.
    """
    check_format(target)
    if not comparison.axes:
        raise InputError(
            f"`{comparison.family}` has no tuning to draw",
            why="no setting of the stimuli that it names follows one of its axes",
            help="leave out --figure, or claim something of a set such as `lines(th=every(15deg))`",
        )
    panels = [(unit, place) for place in range(len(comparison.axes)) for unit in comparison.units]
    columns = min(_COLUMNS, len(comparison.units))
    rows = -(-len(panels) // columns)
    figure = blank_figure(2.3 * columns, 0.8 + 2.6 * rows)
    title = f"{comparison.family} of {comparison.file}  ·  {comparison.layer} of {comparison.model}"
    figure.suptitle(f"{title}\n{_how_chosen(comparison)}", fontsize=10, color=INK)
    for number, (unit, place) in enumerate(panels, 1):
        turned = unit.hand_axes[place].kind in _ROUND
        panel = figure.add_subplot(rows, columns, number, projection="polar" if turned else None)
        _draw_panel(panel, unit, place)
    handles = figure.axes[0].get_lines()[:2]
    figure.legend(
        handles, ["original", "hand-written"], loc="outside lower center", ncols=2, frameon=False
    )
    save_figure(figure, target)


def _draw_panel(panel: Any, unit: MemberScore, place: int) -> None:
    hand, original = unit.hand_axes[place], unit.original_axes[place]
    for tuning, colour in ((original, ORIGINAL), (hand, HAND)):
        values, curve = np.array(tuning.values), np.array(tuning.curve)
        curve = curve / (curve.max() or 1.0)
        if hand.kind in _ROUND:
            # what repeats after half a turn is drawn twice, so that the angles stay true
            turns = round(360.0 / tuning.period_deg)
            values = np.concatenate([values + turn * tuning.period_deg for turn in range(turns)])
            values = np.deg2rad([*values, values[0]])
            curve = np.array([*np.tile(curve, turns), curve[0]])
        panel.plot(values, curve, color=colour, linewidth=1.6)
    if hand.kind in _ROUND:
        clean(panel)
        panel.set_xticks(np.deg2rad([0, 90, 180, 270]), [""] * 4)
    else:
        panel.set_ylim(0, 1.05)
        panel.set_xlabel(f"{hand.axis} ({'degrees' if hand.period_deg else 'octaves'})", fontsize=7)
        panel.tick_params(labelsize=7)
    panel.set_title(
        f"{unit.original}, {unit.hand}\nnatural r {unit.figure.r:.2f}", fontsize=7, color=INK
    )
