"""How close the hand-written curve detectors come to the originals, and what each part buys.

Prints two tables. One has every measure of the circuit as written by hand and of the fitted one,
beside what is asked of it and what the first handwritten network that was published reached. The
other has the same measures of the fitted circuit with each family, connection, normalisation and
centre left out in turn, on a sixteenth of the circles. Between them stands where the correlation on
photographs is lost: by unit, and by distance from the border.

Photographs are split as `circuitdsl fit` splits them. Gains of splices are matched on 100 of the
first half, and everything is measured on the second. Finished rows are kept in a file and not
measured again, unless the circuit, the photographs or the model change.

Usage: `python benchmarks/curves.py --images DIR --grid FILE [--written FILE] [FITTED]
[--no-ablations] [--limit N] [--rough] [--results FILE] [--fresh] [--model M]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable
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
from circuitdsl.ir.text import to_source
from circuitdsl.measure.find import find_family
from circuitdsl.measure.published import read_grids
from circuitdsl.models.registry import labels
from circuitdsl.report.terminal import progress
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
    """A line of the table.

    Attributes:
        heading: The measure.
        short: The same over a column.
        figure: The measure of a finished row, with an interval if there is one.
        asked: What is asked of the circuit.
        aim: What would be better still.
        record: What the first published handwritten network reached.
    """

    heading: str
    short: str
    figure: Callable[[Row], str]
    asked: str = ""
    aim: str = ""
    record: str = ""


def _grid(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row['grids'][name]:.3f}"


def _share(measure: str, against: str, part: str = "value") -> Callable[[Row], str]:
    def figure(row: Row) -> str:
        wanted = (measure, against)
        share = next(s for s in row["shares"] if (s["measure"], s["against"]) == wanted)
        if math.isnan(share["value"]):
            return "-"  # on so few photographs removing the units changes nothing
        low, high = share["ci"]
        ends = f" ({low:.2f} to {high:.2f})" if part == "value" else ""
        return f"{share[part]:.2f}{ends}"

    return figure


def _natural(row: Row) -> str:
    low, high = row["natural_r_ci"]
    return f"{row['natural_r']:.3f} ({low:.3f} to {high:.3f})"


LINES = (
    Line("correlation on photographs (95 %)", "photographs", _natural, "0.65", "0.75"),
    Line(
        "recovered cross-entropy, against zero",
        "CE, zero",
        _share("cross_entropy", "zero"),
        "0.80",
        "0.92",
    ),
    Line(
        "recovered cross-entropy, against mean",
        "CE, mean",
        _share("cross_entropy", "mean"),
        "0.75",
        "0.90",
    ),
    Line(
        "recovered top-5 accuracy, against zero",
        "top-5, zero",
        _share("top5", "zero"),
        "0.75",
        "0.90",
        "0.565",
    ),
    Line("recovered KL divergence, against zero", "KL, zero", _share("kl", "zero")),
    Line(
        "cross-entropy against zero, angles shuffled",
        "shuffled",
        _share("cross_entropy", "zero", "shuffled"),
        "0.35 below",
    ),
    Line("published grids, aligned", "aligned", _grid("aligned_r"), "0.92", "0.94", "0.908"),
    Line("published grids, raw", "raw", _grid("raw_r"), "0.88", "0.92", "0.834"),
    Line("echo", "echo", _grid("echo"), "0.02", "0.008", "0.109"),
    Line(
        "error of the preferred angle",
        "error",
        lambda row: f"{row['preferred_error_deg']:.1f} deg",
        "3 deg",
        "1 deg",
    ),
    Line("discs against outlines", "discs", _grid("filled_r"), "0.95", "0.98"),
    Line("coloured discs against outlines", "coloured", _grid("coloured_r"), "0.90", "0.97"),
)


def main() -> None:
    """Run and print."""
    options = _options()
    bench = Bench(options)
    files = {"fitted": options.file}
    if options.written is not None and options.written.exists():
        files = {"written": options.written, **files}
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
        _print_measures(rows, files)
        if not options.ablations:
            return
        circuit = load(options.file)
        print("\nleft out, a sixteenth of the circles:\n")
        print(f"{'':44s}" + "".join(f"{line.short:>{_width(line)}s}" for line in LINES), flush=True)
        kept = scored_family(circuit).name
        for ablation in (Ablation("nothing", circuit), *ablations(circuit, kept)):
            try:
                row = bench.row(ablation, rough=True)
            except DiagnosticError as error:
                print(f"{ablation.left_out:44s}  {error.diagnostics[0].message}", flush=True)
                continue
            figures = "".join(f"{line.figure(row):>{_width(line)}s}" for line in LINES)
            print(f"{ablation.left_out:44s}{figures}", flush=True)


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
        published = read_grids(self.options.grid)
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


def _print_measures(rows: dict[str, Row], files: dict[str, Path]) -> None:
    headings = (*rows, "asked", "aim", "published")
    print(f"{'':46s}" + "".join(f"{heading:>26s}" for heading in headings))
    for line in LINES:
        cells = (*(line.figure(row) for row in rows.values()), line.asked, line.aim, line.record)
        print(f"{line.heading:46s}" + "".join(f"{cell:>26s}" for cell in cells))
    sizes = [size_of(read_source(file)) for file in files.values()]
    for heading, counts, asked in (
        ("source lines", [size.lines for size in sizes], "300"),
        ("numbers chosen, fitted", [size.chosen + size.fitted for size in sizes], "150"),
    ):
        cells = (*map(str, counts), f"under {asked}")
        print(f"{heading:46s}" + "".join(f"{cell:>26s}" for cell in cells))
    cells = (f"{row['seconds']:.0f} s" for row in rows.values())
    print(f"{'measured in':46s}" + "".join(f"{cell:>26s}" for cell in cells), flush=True)
    print("\nwhere the correlation on photographs is lost:")
    for name, row in rows.items():
        units = " ".join(f"{r:.2f}" for r in row["natural_by_unit"])
        border = " ".join(f"{r:.2f}" for r in row["natural_by_border"])
        print(f"{name:10s}by unit, best first: {units}; 0, 1, 2, 3, 4 and more positions ", end="")
        print(f"from the border: {border}", flush=True)


def _width(line: Line) -> int:
    if line.short in ("photographs", "top-5, zero"):
        return 24
    return 21 if ", " in line.short else 10


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
