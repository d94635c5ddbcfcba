"""Families as written and as fitted beside trained units, on photographs that neither has seen.

Photographs are dealt by their names, in order: every third belongs to one part. Fits have seen
photographs of part 0 alone (`circuitdsl fit --images` of a folder of these), where the page does
not say otherwise. Here part 0 chooses units too, and the figures are of part 1: the mean agreement
of the four units that agree best, with a bootstrap 95 % interval over images.

    python benchmarks/families.py --images DIR --limit 60
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circuitdsl import load_network
from circuitdsl.compare.score import end_family
from circuitdsl.fitting.compared import Agreed, rated
from circuitdsl.models.network import Network
from circuitdsl.pipeline import read
from circuitdsl.reporting.json_files import write_json
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.text.resources import circuits_folder

UNITS = 4

PARTS = 3


@dataclass(frozen=True)
class Row:
    """What is looked at: a circuit, the layer of the units, and what was asked for once fitted."""

    circuit: str
    layer: str
    asked: float


ROWS = (
    Row("high_low", "mixed3a", 0.50),
    Row("black_white", "conv2d2", 0.50),
    Row("boundary", "mixed3b", 0.66),
    Row("colour_centre", "conv2d2", 0.60),
    Row("colour_spots", "conv2d2", 0.60),
    Row("colour_contrast", "conv2d1", 0.70),
)


def main() -> None:
    """Measure what is not kept yet, and print the table."""
    parser = argparse.ArgumentParser(description="Families as written and as fitted.")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--limit", type=int, default=60, help="photographs of each part")
    parser.add_argument("--model", default="inceptionv1-caffe2")
    parser.add_argument("--circuit", action="append", help="only these")
    parser.add_argument("--figures", type=Path, help="figures as JSON")
    options = parser.parse_args()
    network = load_network(options.model)
    halves = parts(open_images(options.images), options.limit)
    figures: dict[str, dict[str, object]] = {}
    print("| family | layer | as written | fitted | asked |\n|---|---|---|---|---|")
    for row in ROWS:
        if options.circuit and row.circuit not in options.circuit:
            continue
        names = [row.circuit, f"{row.circuit}_fitted"]
        paths = [circuits_folder() / f"{name}.circ" for name in names]
        cells: list[str] = []
        for path in paths:
            agreed = held_out(path, row.layer, network, halves) if path.exists() else None
            cells.append("none" if agreed is None else _cell(agreed))
            if agreed is not None:
                figures[path.stem] = agreed.record()
        family = end_family(read(paths[0])).name
        print(f"| `{family}` | {row.layer} | {' | '.join(cells)} | {row.asked:.2f} |", flush=True)
    if options.figures is not None:
        write_json(options.figures, figures)


def parts(images: ImageSet, limit: int) -> tuple[ImageSet, ImageSet]:
    """Parts 0 and 1, at most so many photographs of each, spread evenly."""
    dealt: list[ImageSet] = []
    for part in (0, 1):
        places: Sequence[int] = range(part, len(images), PARTS)
        count = min(limit, len(places))
        dealt.append(images.some([places[at * len(places) // count] for at in range(count)]))
    return dealt[0], dealt[1]


def held_out(path: Path, layer: str, network: Network, halves: tuple[ImageSet, ImageSet]) -> Agreed:
    """The figure of part 1 of a circuit's last family."""
    circuit = read(path)
    family = end_family(circuit)
    _, agreed = rated(
        circuit, family, network, layer, halves, count=UNITS, progress=lambda stage: None
    )
    return agreed


def _cell(agreed: Agreed) -> str:
    low, high = agreed.natural_r_ci
    return f"{agreed.natural_r:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
