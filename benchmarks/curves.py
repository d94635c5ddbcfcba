"""How close the hand-written curve detectors come to the originals, and what each part buys.

Prints two tables, those of docs/curves.md. One has every measure of the circuit as written by hand
and of the fitted one, beside what is asked of it. The other has measures of the fitted circuit with
each family, connection, normalisation and centre left out in turn, on a sixteenth of the circles.
Between them stands where the correlation on photographs is lost: by unit, and by distance from the
border.

Photographs are split as `circuitdsl fit` splits them. Gains of splices are matched on 100 of the
first half, and everything is measured on the second. Finished rows are kept in a file and not
measured again, unless the circuit, the photographs or the model change.

Usage: `python benchmarks/curves.py --images DIR --grid FILE [--written FILE] [FITTED]
[--no-ablations] [--limit N] [--rough] [--results FILE] [--figures FILE] [--fresh] [--model M]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from left_out import Ablation, ablations
from many_circuits import Standing, Yardstick, make_yardstick

from circuitdsl import load_network
from circuitdsl.checking.load import load
from circuitdsl.cli.failures import FINDINGS, INTERRUPTED, USAGE, print_findings, say_error
from circuitdsl.compare.score import block_of, scored_family
from circuitdsl.fitting.result import SPLIT_SEED, split_photographs
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.writing.text import to_source
from circuitdsl.measure.finders import CURVES
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.models.outputs import labels
from circuitdsl.reporting.json_files import write_json
from circuitdsl.reporting.printed.terminal import progress
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.syntax.read import read_source
from circuitdsl.syntax.size import size_of
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.files import write_text

SOURCES = Path(__file__).parent.parent / "circuits_src"
WRITTEN, FITTED = SOURCES / "curves.circ", SOURCES / "curves_fitted.circ"
RESULTS = Path("out") / "curves.json"
TO_MATCH = 100
"""Photographs of the first half that gains are matched on."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of the first table.

    Attributes:
        heading: The measure.
        figure: The measure of a finished row, with an interval if there is one.
        asked: What is asked of the circuit.
        aim: What would be better still.
    """

    heading: str
    figure: Callable[[Row], str]
    asked: str = ""
    aim: str = ""


def _grid(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row['grids'][name]:.3f}"


def _share(
    measure: str, against: str, part: str = "value", ends: bool = True
) -> Callable[[Row], str]:
    def figure(row: Row) -> str:
        wanted = (measure, against)
        share = next(s for s in row["shares"] if (s["measure"], s["against"]) == wanted)
        if math.isnan(share["value"]):
            return "-"  # on so few photographs removing the units changes nothing
        low, high = share["ci"]
        interval = f" ({low:.2f} to {high:.2f})" if part == "value" and ends else ""
        return f"{share[part]:.2f}{interval}"

    return figure


def _natural(row: Row) -> str:
    low, high = row["natural_r_ci"]
    return f"{row['natural_r']:.3f} ({low:.3f} to {high:.3f})"


def _error(row: Row) -> str:
    return f"{row['preferred_error_deg']:.1f}"


LINES = (
    Line("correlation on photographs, mean over units", _natural, "0.65", "0.75"),
    Line("recovered cross-entropy, against zero", _share("cross_entropy", "zero"), "0.80", "0.92"),
    Line("recovered cross-entropy, against mean", _share("cross_entropy", "mean"), "0.75", "0.90"),
    Line("recovered top-5 accuracy, against zero ‡", _share("top5", "zero")),
    Line("recovered divergence from the whole network", _share("kl", "zero")),
    Line(
        "cross-entropy against zero, angles shuffled",
        _share("cross_entropy", "zero", "shuffled"),
        "0.35 below",
    ),
    Line("published grids, aligned †", _grid("aligned_r"), "0.92", "0.94"),
    Line("published grids, raw †", _grid("raw_r"), "0.88", "0.92"),
    Line("echo", _grid("echo"), "0.02", "0.008"),
    Line("error of the preferred angle, degrees", _error, "3", "1"),
    Line("discs against outlines", _grid("filled_r"), "0.95", "0.98"),
    Line("coloured discs against outlines", _grid("coloured_r"), "0.90", "0.97"),
)

COLUMNS: dict[str, Callable[[Row], str]] = {
    "photographs": lambda row: f"{row['natural_r']:.3f}",
    "cross-entropy": _share("cross_entropy", "zero", ends=False),
    "divergence": _share("kl", "zero", ends=False),
    "aligned": _grid("aligned_r"),
    "raw": _grid("raw_r"),
    "echo": _grid("echo"),
    "error": _error,
}
"""What the second table says of the circuit without a part."""


def measures_table(figures: Mapping[str, Any]) -> str:
    """The first table, in Markdown.

    Args:
        figures: As `--figures` keeps them.
    """
    hand, fitted, sizes = figures["by hand"], figures["fitted"], figures["sizes"]
    lines = ["| measure | by hand | fitted | asked | aim |", "|---|---|---|---|---|"]
    for line in LINES:
        cells = (line.heading, line.figure(hand), line.figure(fitted), line.asked, line.aim)
        lines.append(f"| {' | '.join(cells)} |")
    cells = ("lines", *(str(size["lines"]) for size in sizes), "300", "")
    lines.append(f"| {' | '.join(cells)} |")
    numbers = [f"{size['chosen']} chosen, {size['fitted']} fitted" for size in sizes]
    lines.append(f"| {' | '.join(('numbers', *numbers, '150', ''))} |")
    return "\n".join(lines)


def left_out_table(figures: Mapping[str, Any]) -> str:
    """The second table, in Markdown.

    Args:
        figures: As `--figures` keeps them.
    """
    lines = [f"| left out | {' | '.join(COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 1)]
    for row in figures["left out"]:
        cells = (row["row"], *(figure(row) for figure in COLUMNS.values()))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    options = _options()
    bench = Bench(options)
    files = {"by hand": options.written, "fitted": options.file}
    with progress() as report:
        bench.report = report
        _, test = bench.photographs
        circles = "a sixteenth of the circles" if options.rough else "all circles"
        print(
            f"against {bench.model[0]}; {len(test.paths)} photographs of the second half ", end=""
        )
        print(f"(split seed {SPLIT_SEED}); {circles} of {options.grid.name}\n", flush=True)
        rows = {
            label: bench.row(Ablation(label, load(file)), rough=options.rough)
            for label, file in files.items()
        }
        figures: dict[str, Any] = {**rows, "sizes": [_size(file) for file in files.values()]}
        print(measures_table(figures))
        _print_losses(rows)
        figures["left out"] = _left_out(bench, load(options.file)) if options.ablations else []
        if options.ablations:
            print(
                f"\nleft out, a sixteenth of the circles:\n\n{left_out_table(figures)}", flush=True
            )
        if options.figures is not None:
            write_json(options.figures, figures)


def _left_out(bench: Bench, circuit: Circuit) -> list[Row]:
    rows: list[Row] = []
    for ablation in (
        Ablation("nothing", circuit),
        *ablations(circuit, scored_family(circuit).name),
    ):
        try:
            rows.append(bench.row(ablation, rough=True))
        except DiagnosticError as error:
            bench.report(f"{ablation.left_out}: {error.diagnostics[0].message}")
    return rows


def _size(file: Path) -> dict[str, int]:
    size = size_of(read_source(file))
    return {"lines": size.lines, "chosen": size.chosen, "fitted": size.fitted}


class Bench:
    """What circuits are held against, opened when a row is missing, and the rows that are there."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.report: Callable[[str], None] = lambda stage: None
        self.done: dict[str, Row] = {}
        if options.results.exists() and not options.fresh:
            self.done = _finished(options.results)

    @cached_property
    def photographs(self) -> tuple[ImageSet, ImageSet]:
        """To match gains on, and to score on."""
        first, _ = split_photographs(self.options.images, TO_MATCH)
        _, second = split_photographs(self.options.images, self.options.limit)
        return first, second

    @cached_property
    def model(self) -> tuple[str, Any]:
        """The trained network and its name."""
        network = load_network(self.options.model)
        return network.name, network

    @cached_property
    def yardstick(self) -> Yardstick:
        """The trained units, looked at."""
        name, network = self.model
        family = scored_family(load(self.options.file))
        self.report(f"finding the curve family of {name}")
        found = find_family(network, block_of(network, family.layer), name)
        published = CURVES.published(self.options.grid)
        return make_yardstick(
            network, found, labels(name), self.photographs, published, progress=self.report
        )

    def row(self, ablation: Ablation, *, rough: bool) -> Row:
        """The figures of a circuit, from the file of results if they are there."""
        circuit = ablation.circuit
        key = self._key(circuit, ablation.silent, rough)
        if key not in self.done:
            start = time.perf_counter()
            standing = self.yardstick.held(
                circuit,
                scored_family(circuit, scored_family(load(self.options.file)).name).name,
                silent=ablation.silent,
                rough=rough,
                progress=lambda stage: self.report(f"{ablation.left_out}: {stage}"),
            )
            seconds = round(time.perf_counter() - start, 1)
            self.done[key] = {"row": ablation.left_out, "seconds": seconds, **standing.record()}
            write_text(self.options.results, json.dumps(self.done, indent=1) + "\n")
        return self.done[key]

    def _key(self, circuit: Circuit, silent: tuple[str, ...], rough: bool) -> str:
        names = [path.name for images in self.photographs for path in images.paths]
        measures = [each.name for each in fields(Standing)]
        settings = [self.model[0], self.options.grid.name, rough, silent, names, measures]
        text = to_source(circuit) + json.dumps(settings)
        return hashlib.sha256(text.encode()).hexdigest()


def _finished(results: Path) -> dict[str, Row]:
    try:
        return dict(json.loads(results.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InputError(
            f"cannot read the finished rows in {results}",
            why=str(error),
            help="move the file away, or name another with --results",
        ) from error


def _print_losses(rows: dict[str, Row]) -> None:
    print("\nwhere the correlation on photographs is lost:")
    for name, row in rows.items():
        units = " ".join(f"{r:.2f}" for r in row["natural_by_unit"])
        border = " ".join(f"{r:.2f}" for r in row["natural_by_border"])
        print(f"{name:10s}by unit, best first: {units}; 0, 1, 2, 3, 4 and more positions ", end="")
        print(f"from the border: {border}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the hand-written curve detectors.")
    parser.add_argument("file", nargs="?", type=Path, default=FITTED, metavar="FITTED")
    parser.add_argument("--written", type=Path, default=WRITTEN, help="the same, dials by hand")
    parser.add_argument("--model", default="inceptionv1-caffe2")
    parser.add_argument("--images", type=Path, required=True, help="labelled photographs")
    parser.add_argument("--grid", type=Path, required=True, help="published response grids")
    parser.add_argument("--limit", type=int, help="photographs of the second half")
    parser.add_argument("--rough", action="store_true", help="a sixteenth of the circles")
    parser.add_argument(
        "--ablations",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="leave out each part in turn",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="finished rows")
    parser.add_argument("--figures", type=Path, help="the tables' rows, as the page keeps them")
    parser.add_argument("--fresh", action="store_true", help="measure every row again")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        say_error(error)
        sys.exit(USAGE)
    except DiagnosticError as error:
        print_findings(error.diagnostics, err=True)
        sys.exit(FINDINGS)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)  # finished rows are in the file
