"""Hand-written families in networks that other people trained: which units respond as they do?

Matches every family that ends a shipped circuit, and a few on the way, with the units of several
networks, and prints a table: for each family and network the layer whose best unit agrees most, its
r on photographs that chose nothing, what remains of it when contrast energy is taken out, and what
circuits of permuted kernels reach. The figures of each network are kept in a file; a run that was
cut off is resumed with the next network.

    python benchmarks/universality.py --images DIR --limit 64
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from circuitdsl import match
from circuitdsl.reporting.json_files import write_json
from circuitdsl.reporting.printed.terminal import progress
from circuitdsl.run.comparing.matching import record
from circuitdsl.text.resources import circuits_folder

NETWORKS = ("inceptionv1-caffe2", "bvlc_googlenet", "squeezenet_v1_1", "bvlc_alexnet", "vgg16")
FILES = (
    "lines",
    "curves_fitted",
    "boundary",
    "high_low",
    "colour_contrast",
    "colour_centre",
    "black_white",
    "circles",
    "dog_union",
)
FAMILIES = {
    "line": ("curves_fitted", "line"),
    "lines.line": ("lines", "line"),
    "curve": ("curves_fitted", "curve"),
    "boundary": ("boundary", "boundary"),
    "contrast": ("colour_contrast", "contrast"),
    "centre": ("colour_centre", "centre"),
    "bw": ("black_white", "bw"),
    "hilo": ("high_low", "hilo"),
    "circle": ("circles", "circle"),
    "evolute": ("circles", "evolute"),
    "seen.any": ("dog_union", "seen.any"),
}
"""Rows of the table: the circuit, and its family."""

Column = dict[str, dict[str, Any]]
"""One network's best row of each family."""


def main() -> None:
    """Match what has not been matched yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--limit", type=int, default=64, help="photographs, half of which choose")
    parser.add_argument("--model", action="append", help="networks; by default five")
    parser.add_argument("--draws", type=int, default=1, help="random circuits")
    parser.add_argument("--results", type=Path, default=Path("out/universality"))
    parser.add_argument("--figures", type=Path, help="the best rows, as the page keeps them")
    options = parser.parse_args()
    columns: dict[str, Column] = {}
    for model in options.model or NETWORKS:
        kept = options.results / f"{model}.json"
        if not kept.exists():
            _match(model, kept, options)
        columns[model] = best_of(json.loads(kept.read_text(encoding="utf-8"))["rows"])
    if options.figures is not None:
        write_json(options.figures, columns)
    print(table(columns))


def _match(model: str, kept: Path, options: argparse.Namespace) -> None:
    files = [circuits_folder() / f"{name}.circ" for name in FILES]
    with progress() as report:
        results = match(
            files,
            [model],
            options.images,
            families=tuple(dict.fromkeys(family for _, family in FAMILIES.values())),
            draws=options.draws,
            limit=options.limit,
            progress=report,
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, record(results))


def best_of(rows: Sequence[dict[str, Any]]) -> Column:
    """The row of each family whose unit agrees most, of all layers."""
    column: Column = {}
    for title, meant in FAMILIES.items():
        own = [row for row in rows if (row["circuit"], row["family"]) == meant]
        if own:
            column[title] = max(own, key=lambda row: row["r"])
    return column


def table(columns: dict[str, Column]) -> str:
    """Markdown: the layer, r, and in brackets the partial r and what random circuits reach."""
    lines = [
        f"| family | {' | '.join(f'`{name}`' for name in columns)} |",
        f"|---{'|---' * len(columns)}|",
    ]
    for title in FAMILIES:
        cells = " | ".join(_cell(column.get(title)) for column in columns.values())
        lines.append(f"| `{title}` | {cells} |")
    return "\n".join(lines)


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "none"
    random = row["controls"]["random"]
    return f"{row['layer']} {row['r']:.2f} ({row['partial_r']:.2f}; {random:.2f})"


if __name__ == "__main__":
    main()
