"""Dataset examples as files: a sheet, a table, figures.

In: `Examples`. Out: a PNG, PDF or SVG sheet, a CSV table with room for labels, a JSON record; each
written whole or not at all.
"""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.examples import Found, Level, edges
from circuitdsl.reporting.drawn.feature_sheets import as_bytes
from circuitdsl.reporting.drawn.image_files import INK, ORIGINAL, blank_figure, save_figure
from circuitdsl.reporting.drawn.written import Written
from circuitdsl.run.seeing.examples import Examples

MOST_UNITS = 12
"""A sheet shows so many units at most."""

COLUMNS = ("unit", "kind", "low", "high", "photograph", "row", "column", "activation", "label")

Image = NDArray[np.float32]


def examples_csv(shown: Examples) -> str:
    """Every example as comma-separated values; `label` is for people to fill in."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for found, levels in zip(shown.found, shown.levels, strict=True):
        rows = [("strongest", "", "", one) for one in found.strongest]
        rows += [
            ("level", f"{level.low:.6g}", f"{level.high:.6g}", one)
            for level in levels
            for one in level.examples
        ]
        for kind, low, high, one in rows:
            name = shown.name(one)
            said = shown.labels.get((found.aim.name, name))
            label = "" if said is None else "yes" if said else "no"
            place = (name, one.row, one.column, f"{one.activation:.6g}", label)
            writer.writerow((found.aim.name, kind, low, high, *place))
    return text.getvalue()


def draw_examples(shown: Examples, target: Path, *, salient: bool = False) -> None:
    """Draw the receptive fields of the first units' examples, and how often they answer.

    Raises:
        OSError: the file can't be written.
    """
    units = list(zip(shown.found, shown.levels, strict=True))[:MOST_UNITS]
    blocks = [_block(shown, found, levels, salient=salient) for found, levels in units]
    heights = [0.9 + 1.15 * len(block) + 1.1 for block in blocks]
    figure = blank_figure(11.0, sum(heights))
    parts: Any = figure.subfigures(len(units), 1, height_ratios=heights, squeeze=False)
    for part, block, (found, _) in zip(parts.ravel(), blocks, units, strict=True):
        peak = found.strongest[0].activation if found.strongest else 0.0
        title = f"{found.aim.name} of {shown.model}  ·  strongest of {shown.images}: {peak:.3g}"
        part.suptitle(title, fontsize=10)
        pictures, histogram = part.subfigures(2, 1, height_ratios=[1.15 * len(block), 1.1])
        _draw_block(pictures, block)
        _draw_histogram(histogram.subplots(), found)
    save_figure(figure, target, 120)


_Cell = tuple[str, Image]


def _block(
    shown: Examples, found: Found, levels: tuple[Level, ...], *, salient: bool
) -> list[list[_Cell | None]]:
    """Rows of crops: the strongest, perhaps what mattered in them, then a column for each level."""
    best = found.strongest[: max(len(levels), 1)]
    rows: list[list[_Cell | None]] = [
        [
            (f"{one.activation:.3g}", crop)
            for one, crop in zip(best, shown.crops(found, best), strict=True)
        ]
    ]
    if salient:
        rows.append([("", _bright(values)) for values in shown.saliency(found, best)])
    each = max((len(level.examples) for level in levels), default=0)
    every = [one for level in levels for one in level.examples]
    crops = dict(zip(every, shown.crops(found, every), strict=True))
    for number in range(each):
        row: list[_Cell | None] = []
        for level in levels:
            if number >= len(level.examples):
                row.append(None)
                continue
            title = _range(shown, found, level) if number == 0 else ""
            row.append((title, crops[level.examples[number]]))
        rows.append(row)
    return rows


def _range(shown: Examples, found: Found, level: Level) -> str:
    share = shown.share(found, level)
    said = "" if share is None else f"\n{share[0]:.0%} of {share[1]}"
    return f"{level.low:.3g}–{level.high:.3g}{said}"


def _bright(values: Image) -> Image:
    """Saliency as grey levels, the largest white."""
    inside = np.where(values == 127.5, 0.0, values)
    scaled = 255.0 * inside / (inside.max() or 1.0)
    return np.repeat(scaled[..., None], 3, axis=-1).astype(np.float32)


def _draw_block(part: Any, block: list[list[_Cell | None]]) -> None:
    columns = max(1, *(len(row) for row in block))
    places: Any = part.subplots(len(block), columns, squeeze=False)
    for axes in places.ravel():
        axes.set_axis_off()
    for axes_row, row in zip(places, block, strict=True):
        for axes, cell in zip(axes_row, row, strict=False):
            if cell is not None:
                axes.imshow(as_bytes(cell[1]))
                axes.set_title(cell[0], fontsize=6, color=INK, pad=2)


def _draw_histogram(axes: Any, found: Found) -> None:
    """The share of positions, and of photographs at their strongest, by activation."""
    middles = edges()[:-1] * 2 ** (1 / 16)
    for counts, label, colour in (
        (found.counts, "positions", ORIGINAL),
        (found.photographs, "photographs", "#d1495b"),
    ):
        shares = counts / max(1, counts.sum())
        seen = shares[1:] > 0
        axes.plot(middles[seen], shares[1:][seen], label=label, color=colour, linewidth=1)
    axes.set_yscale("log")
    axes.tick_params(labelsize=6)
    axes.legend(fontsize=6, frameon=False)


def written_examples(*, salient: bool = False) -> Written[Examples]:
    """What examples are written as: a sheet, a table with room for labels, or a record.

    Args:
        salient: Whether a sheet shows which pixels of the strongest photographs mattered.
    """
    return Written("write examples", partial(draw_examples, salient=salient), examples_csv)
