"""Tables for the terminal.

In: results of the comparisons. Out: rich tables, which the command line prints.
"""

from __future__ import annotations

import math

from rich.box import SIMPLE_HEAD
from rich.table import Table

from circuitdsl.compare.score import Comparison
from circuitdsl.measure.tunings.find import FoundFamily

_OF_ANOTHER_KIND = "\nthese units are no family of its kind: it is told apart by other figures"


def score_table(comparison: Comparison) -> Table:
    """Unit by unit and in the mean, hand-written against trained.

    Width and echo are shown for both: the hand-written unit's, then the original's.
    """
    low, high = comparison.natural_r_ci
    table = narrow(
        f"{comparison.family} of {comparison.file} against {comparison.layer} of "
        f"{comparison.model}:\nunits found by their tuning to {comparison.finder.figure}s alone"
        + ("" if comparison.of_kind else _OF_ANOTHER_KIND),
        "error: between preferred angles; "
        f"tuning: correlation over {comparison.grid.size} {comparison.finder.figure}s;\n"
        f"natural r: over all positions of {comparison.images} images from "
        f"{comparison.images_from},\nwith a bootstrap 95 % interval; width and echo: "
        "hand-written/original",
    )
    table.add_column("prefers", justify="right", no_wrap=True)
    table.add_column("original", no_wrap=True)
    for heading in ("error", "width", "echo", "tuning", "natural r"):
        table.add_column(heading, justify="right", no_wrap=True)
    for unit in comparison.units:
        hand, original = unit.hand_tuning, unit.original_tuning
        table.add_row(
            _degrees(hand.preferred_deg, 1),
            unit.original,
            _degrees(unit.preferred_error_deg, 1),
            f"{_degrees(hand.fwhm_deg).rstrip('°')}/{_degrees(original.fwhm_deg)}",
            f"{hand.echo:.2f}/{original.echo:.2f}",
            f"{unit.tuning_r:.2f}",
            interval(unit.natural_r, *unit.natural_r_ci),
        )
    mean = comparison.mean
    table.add_section()
    table.add_row(
        "mean",
        "",
        _degrees(mean["preferred_error_deg"], 1),
        "",
        f"{mean['echo']:.2f}" + " " * 5,
        f"{mean['tuning_r']:.2f}",
        interval(mean["natural_r"], low, high),
        style="bold",
    )
    return table


def found_table(found: FoundFamily, count: int) -> Table:
    """The best units of a found family."""
    shown, finder = found.units[:count], found.finder
    table = narrow(
        f"{finder.title} in {found.layer} of {found.model}",
        f"the best {len(shown)} of {len(found.units)} units that fire for {finder.figure}s, by "
        f"tuning alone ({found.grid.size} {finder.figure}s)\n{finder.angle}",
    )
    table.add_column("unit", no_wrap=True)
    branches = any(unit.branch != found.layer for unit in shown)
    if branches:
        table.add_column("branch", no_wrap=True)
    also = [] if finder.also is None else [finder.also[0]]
    for heading in ("prefers", *also, "width", "echo", "peak", "selectivity"):
        table.add_column(heading, justify="right", no_wrap=True)
    for unit in shown:
        tuning = unit.tuning
        table.add_row(
            f"{found.layer}:{unit.unit}",
            *([unit.branch] if branches else []),
            _degrees(tuning.preferred_deg, 1),
            *(
                [_degrees(finder.also[1](tuning.preferred_deg), 1)]
                if finder.also is not None
                else []
            ),
            _degrees(tuning.fwhm_deg),
            f"{tuning.echo:.2f}",
            f"{tuning.peak:.0f}",
            f"{tuning.selectivity:.2f}",
        )
    return table


def _degrees(value: float, digits: int = 0) -> str:
    return "none" if math.isnan(value) else f"{value:.{digits}f}°"


def interval(value: float, low: float, high: float) -> str:
    """A number and the ends of its interval."""
    return f"{value:.2f} {low:.2f}..{high:.2f}"


def narrow(title: str, caption: str) -> Table:
    """A table narrow enough for 80 columns."""
    return Table(
        title=title,
        caption=caption,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        caption_style="dim",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
