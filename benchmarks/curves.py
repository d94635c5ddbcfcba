"""How close the hand-written curve detectors come to the originals, and what each part buys.

Prints, for the circuit as written, for a fitted one if one is named, and, on demand, for the
circuit with each connection and each normalisation left out in turn: the correlation with a trained
network's own units on photographs that were not fitted to (with a bootstrap interval), the error of
the preferred angle, and the agreement with published response grids; then the recoveries, and how
long the files are.

Usage: `python benchmarks/curves.py --images DIR --grid FILE [--fitted FILE] [--ablations]
[--recovery] [--limit N] [--rough] [--model M]`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import jax.numpy as jnp

from circuitdsl.check.load import load
from circuitdsl.compare.by_name import open_model
from circuitdsl.compare.fitted import SPLIT_SEED, split_photographs
from circuitdsl.compare.grids import PublishedGrids, read_grids
from circuitdsl.compare.score import Comparison, Images, score_circuit
from circuitdsl.compare.studies import splice_recovery
from circuitdsl.diagnostics import DiagnosticError
from circuitdsl.ir.circuit import Circuit
from circuitdsl.models.network import Network
from circuitdsl.stimuli.images import ImageSet
from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.read import read_source

CURVES = Path(__file__).parent.parent / "circuits_src" / "curves.circ"
HEADINGS = ("natural r", "95 % interval", "error", "raw", "aligned", "echo", "filled", "coloured")


def main() -> None:
    """Run and print."""
    options = _options()
    name, network = open_model(options.model)
    _, test = split_photographs(options.images, options.limit)
    published = read_grids(options.grid)
    if options.rough:
        published = published.thinned()
    print(f"against {name}; {len(test.paths)} test photographs (split seed {SPLIT_SEED})", end="; ")
    print(f"{published.outline[0].size} circles a neuron of {options.grid.name}")
    print(f"{'':40s}" + "".join(f"{heading:>14s}" for heading in HEADINGS))
    files = {"written": options.file}
    if options.fitted is not None:
        files["fitted"] = options.fitted
    for label, file in files.items():
        _row(label, load(file), network, test, published)
    if options.ablations:
        for label, circuit in without_each(load(options.file)):
            _row(label, circuit, network, test, published)
    for label, file in files.items():
        lines, numbers = size(file)
        print(f"{label}: {lines} source lines, {numbers} free numbers")
        if options.recovery:
            _recoveries(label, file, options)


def without_each(circuit: Circuit) -> Iterator[tuple[str, Circuit]]:
    """The circuit with each connection, then each normalisation, left out."""
    for left_out in circuit.connections:
        rest = tuple(part for part in circuit.connections if part is not left_out)
        yield f"without {left_out.name}", replace(circuit, connections=rest)
    for normalised in circuit.normalisations:
        kept = tuple(part for part in circuit.normalisations if part is not normalised)
        yield f"without normalise {normalised.family}", replace(circuit, normalisations=kept)


def size(file: Path) -> tuple[int, int]:
    """Lines that are neither blank nor comments, and numbers that somebody chose.

    Numbers in stimuli, in ranges of dials and in the counts of axes are not of the circuit's
    making.
    """
    source = read_source(file)
    lines = (line.strip() for line in source.text.splitlines())
    tree, _ = parse(source)
    skipped = (nodes.Stimulus, nodes.Backbone, nodes.ImportNames, nodes.ImportModule, nodes.Axis)

    def numbers(node: object) -> int:
        if isinstance(node, nodes.Number):
            return 1
        if isinstance(node, nodes.Param):
            return numbers(node.default)
        if isinstance(node, tuple):
            return sum(map(numbers, node))
        if isinstance(node, skipped) or not is_dataclass(node):
            return 0
        return sum(numbers(getattr(node, part.name)) for part in fields(node))

    return sum(1 for line in lines if line and not line.startswith("#")), numbers(tree.items)


def _row(
    label: str, circuit: Circuit, network: Network, test: ImageSet, published: PublishedGrids
) -> None:
    side = circuit.backbone.input_px
    batches = (jnp.asarray(batch.images) for batch in test.batches(16, side))
    start = time.perf_counter()
    try:
        found = score_circuit(
            circuit, network, Images(batches, "test"), file=label, model="", published=published
        )
    except DiagnosticError as error:
        print(f"{label:40s}  {error.diagnostics[0].message}", flush=True)
        return
    print(
        f"{label:40s}" + _figures(found) + f"   ({time.perf_counter() - start:.0f} s)", flush=True
    )


def _figures(found: Comparison) -> str:
    low, high = found.natural_r_ci
    mean = found.mean
    parts = [
        f"{mean['natural_r']:.3f}",
        f"{low:.3f}..{high:.3f}",
        f"{mean['preferred_error_deg']:.1f} deg",
    ]
    if found.grids is not None:
        parts += [f"{value:.3f}" for value in found.grids.mean.values()]
    return "".join(f"{part:>14s}" for part in parts)


def _recoveries(label: str, file: Path, options: argparse.Namespace) -> None:
    """Gains are matched on the training half, everything is measured on the other."""
    with tempfile.TemporaryDirectory() as folder:
        halves = [Path(folder) / name for name in ("train", "test")]
        for half, images in zip(
            halves, split_photographs(options.images, options.limit), strict=True
        ):
            for path in images.paths:
                link = half / path.relative_to(options.images)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path.resolve())
        found = splice_recovery(file, halves[1], model=options.model, calibration=halves[0])
    for share in found.shares:
        low, high = share.ci
        print(
            f"{label}: recovery of {share.measure} against {share.against}: {share.value:.3f} "
            f"({low:.3f}..{high:.3f}); shuffled {share.shuffled:.3f}, random {share.random:.3f}"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the hand-written curve detectors.")
    parser.add_argument("file", nargs="?", type=Path, default=CURVES)
    parser.add_argument("--model", default="inceptionv1-caffe2")
    parser.add_argument("--images", type=Path, required=True, help="labelled photographs")
    parser.add_argument("--grid", type=Path, required=True, help="published response grids")
    parser.add_argument("--fitted", type=Path, help="the same circuit with fitted dials")
    parser.add_argument("--limit", type=int, help="photographs of each half")
    parser.add_argument("--rough", action="store_true", help="a sixteenth of the circles")
    parser.add_argument("--ablations", action="store_true", help="leave out each part in turn")
    parser.add_argument("--recovery", action="store_true", help="splice the units in")
    return parser.parse_args()


if __name__ == "__main__":
    main()
