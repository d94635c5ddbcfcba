"""The atlas of early vision: what hand-written families cover, and how much works with them.

Photographs are split in three once and for good, by the place of their names in sorted order: one
part chooses and fits, one decides between designs, and one is looked at once, for the figures that
are stated. Each step is kept in a file; a run that was cut off is resumed with the next step, and
one of other circuits or another number of photographs begins anew.

    python benchmarks/atlas.py --images DIR                 # figures of the second part
    python benchmarks/atlas.py --images DIR --stated        # of the third

Steps: the coverage of every layer, the network with all covered units replaced, and the families in
networks that other people trained.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl import cleanroom, coverage, load_network
from circuitdsl.pipeline import compared
from circuitdsl.reporting.json_files import write_json
from circuitdsl.reporting.printed.terminal import progress
from circuitdsl.run.circuits import circuit_files
from circuitdsl.run.comparing.coverage import (
    calibrated_networks,
    contenders_of,
    seen_layers,
    written_circuits,
)
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.resources import circuits_folder

MODEL = "inceptionv1-caffe2"
LAYERS = ("conv2d0", "conv2d1", "conv2d2", "mixed3a", "mixed3b")
OTHERS = ("bvlc_googlenet", "squeezenet_v1_1", "bvlc_alexnet", "vgg16")
CHOOSE, DECIDE, STATE = range(3)
"""The parts of the photographs: to choose and fit, to decide between designs, to state figures."""

STEPS = ("coverage", "cleanroom", "networks")

BEST = 4
"""Units whose mean correlation says whether a network has a family."""

MATCHED = 0.5
"""The mean from which it has."""

CONTROLS = {
    "permuted": "control: members dealt out anew among the units of each layer",
    "shuffled": "control: other members of the same families",
    "random": "control: permuted kernels",
}

Record = dict[str, Any]


def main() -> None:
    """Take the steps that have not been taken yet, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=Path, required=True, help="photographs, by class")
    parser.add_argument("--circuits", type=Path, default=circuits_folder() / "early_vision")
    parser.add_argument("--limit", type=int, help="photographs of each part")
    parser.add_argument("--stated", action="store_true", help="figures of the third part")
    parser.add_argument("--model", action="append", help="other networks; by default four")
    parser.add_argument("--step", action="append", choices=STEPS, help="by default all")
    parser.add_argument("--results", type=Path, default=Path("out/atlas"))
    parser.add_argument("--figures", type=Path, help="all figures, as the page keeps them")
    options = parser.parse_args()
    figures = measured(options, options.step or STEPS)
    if options.figures is not None:
        write_json(options.figures, figures)
    if "coverage" in figures:
        print(coverage_table(figures["coverage"]), "\n")
    if "cleanroom" in figures:
        print(cleanroom_table(figures["cleanroom"]), "\n")
    if "networks" in figures:
        print(networks_table(figures["networks"]))


def _key(options: argparse.Namespace) -> str:
    """A name for what kept figures are of: the texts of the circuits, and how many photographs."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(options.circuits.rglob("*.circ"))]
    return hashlib.sha256(json.dumps([texts, options.limit]).encode()).hexdigest()[:12]


def measured(options: argparse.Namespace, steps: Sequence[str]) -> Record:
    """The figures of some steps, from their files where they have been taken."""
    parts = thirds(options.images, options.results / "photographs")
    chosen, scored = parts[CHOOSE], parts[STATE if options.stated else DECIDE]
    kept = options.results / ("stated" if options.stated else "decided") / _key(options)
    kept.mkdir(parents=True, exist_ok=True)
    limit: int | None = options.limit
    figures: Record = {}
    if "coverage" in steps:
        figures["coverage"] = _step(
            kept / "coverage.json",
            lambda report: coverage(
                options.circuits,
                scored,
                model=MODEL,
                layers=LAYERS,
                calibration=chosen,
                limit=limit,
                progress=report,
            ).record(),
        )
        for layer in figures["coverage"]["layers"]:
            del layer["rows"]
    if "cleanroom" in steps:
        figures["cleanroom"] = _step(
            kept / "cleanroom.json",
            lambda report: cleanroom(
                options.circuits,
                scored,
                model=MODEL,
                through=LAYERS[-1],
                calibration=chosen,
                limit=limit,
                progress=report,
            ).record(),
        )
    if "networks" in steps:
        figures["networks"] = {
            name: _step(
                kept / f"{name}.json",
                lambda report, name=name: matched(
                    options.circuits, name, (chosen, scored), limit, report
                ),
            )
            for name in options.model or OTHERS
        }
    return figures


def thirds(images: Path, folder: Path) -> tuple[Path, Path, Path]:
    """Three folders of links to every third photograph, by the place of the sorted names.

    Args:
        images: All photographs, in one folder for each class.
        folder: Where the folders go.
    """
    found = open_images(images).paths
    parts = tuple(folder / name for name in ("choose", "decide", "state"))
    for place, path in enumerate(found):
        link = parts[place % 3] / path.relative_to(images)
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    return parts[0], parts[1], parts[2]


def _step(kept: Path, take: Callable[[Callable[[str], None]], Record]) -> Record:
    """What a step comes to, from its file if it has been taken."""
    if not kept.exists():
        with progress() as report:
            write_json(kept, take(report))
    return json.loads(kept.read_text(encoding="utf-8"))


def matched(
    circuits: Path,
    model: str,
    parts: tuple[Path, Path],
    limit: int | None,
    report: Callable[[str], None],
) -> Record:
    """By family the layer of a network whose best units agree most, and their mean correlation."""
    network = load_network(model)
    written, _ = written_circuits(circuit_files(circuits, sub_folders=False))
    hand = calibrated_networks(written, report)
    layers = seen_layers(network.backbone, list(hand.values()))
    chosen, scored = (open_images(part, limit) for part in parts)
    found = compared(
        contenders_of(hand, 1, 0),
        network,
        layers,
        (chosen, scored),
        units=BEST,
        seed=0,
        progress=report,
    )
    families: dict[str, dict[str, list[float]]] = {}
    for row in found:
        families.setdefault(row.family, {}).setdefault(row.layer, []).append(row.figure.r)
    best: Record = {}
    for family, by_layer in families.items():
        means = {
            layer: float(np.mean(values))
            for layer, values in by_layer.items()
            if len(values) == BEST
        }
        if means:
            layer = max(means, key=lambda name: means[name])
            best[family] = {"layer": layer, "mean_r": means[layer]}
    return best


def coverage_table(figures: Mapping[str, Any]) -> str:
    """Markdown: what is covered of each layer."""
    lines = [
        "| layer | units | covered at 0.5 | at 0.7 | mean of best r |",
        "|---|---|---|---|---|",
    ]
    for layer in figures["layers"]:
        covered = layer["covered"]
        lines.append(
            f"| {layer['layer']} | {layer['units']} | {covered['0.5']:.0%} | {covered['0.7']:.0%} "
            f"| {layer['mean_best_r']:.2f} |"
        )
    return "\n".join(lines)


def cleanroom_table(figures: Mapping[str, Any]) -> str:
    """Markdown: what replacing all covered units recovers, and the controls."""
    lines = [
        "| replaced | units | recovered, against zero | against mean |",
        "|---|---|---|---|",
    ]
    for layer in figures["layers"]:
        lines.append(_row(layer["layer"], layer))
    for together in figures["first"][1:]:
        lines.append(_row(f"all through {together['through']}", together))
    lines.append(_row("all, the rest removed too", figures["alone"]))
    for name, told in CONTROLS.items():
        lines.append(f"| {told} | | {_share(figures['all'][name])} |")
    return "\n".join(lines)


def _row(name: str, part: Mapping[str, Any]) -> str:
    return f"| {name} | {part['replaced']} of {part['units']} | {_share(part['recovered'])} |"


def _share(recovered: Mapping[str, float]) -> str:
    return f"{recovered['zero']:.2f} | {recovered['mean']:.2f}"


def networks_table(networks: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: for each family and network the best layer and the mean of its best units."""
    lines = [
        f"| family | {' | '.join(f'`{name}`' for name in networks)} |",
        f"|---{'|---' * len(networks)}|",
    ]
    families = list(dict.fromkeys(family for column in networks.values() for family in column))
    for family in families:
        cells = [_cell(column.get(family)) for column in networks.values()]
        lines.append(f"| `{family}` | {' | '.join(cells)} |")
    counts = {most: _in_at_least(networks, families, most) for most in (3, 4)}
    told = "; ".join(f"{count} in at least {most}" for most, count in counts.items())
    return "\n".join(lines) + f"\n\nFamilies with a mean of {MATCHED:g} or more: {told} networks."


def _cell(best: Mapping[str, Any] | None) -> str:
    return "none" if best is None else f"{best['layer']} {best['mean_r']:.2f}"


def _in_at_least(
    networks: Mapping[str, Mapping[str, Any]], families: Sequence[str], most: int
) -> int:
    """The number of families that so many networks have."""
    return sum(
        sum(column.get(family, {"mean_r": 0})["mean_r"] >= MATCHED for column in networks.values())
        >= most
        for family in families
    )


if __name__ == "__main__":
    main()
