"""35 earlier figures of seven families in five networks, measured again by their own protocol.

They were taken with the circuits as they shipped before contrast was divided out of their first
layer, and by a plainer protocol than `universality.py`: at one layer of each network, the best unit
of the same 32 photographs that the figure is of. The circuits come from the project's history:

    git worktree add ../before 502b0f3
    python benchmarks/earlier_figures.py --circuits ../before/circuits_src --images DIR

The table has the earlier figure, and in brackets the lowest and the highest of some sets of 32
photographs that have none in common.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from circuitdsl import load_network
from circuitdsl.measure.agreeing.choosing import every_pair
from circuitdsl.measure.agreeing.side_by_side import Contender, Gathering, gathered, meetings
from circuitdsl.measure.passes import fold
from circuitdsl.models.network import Network
from circuitdsl.pipeline import handwritten, read
from circuitdsl.stimuli.photographs import ImageSet, open_images

NETWORKS = ("inceptionv1-caffe2", "bvlc_googlenet", "squeezenet_v1_1", "bvlc_alexnet", "vgg16")
PHOTOGRAPHS = 32
SIDE_PX = 224
BATCH = 4

Cells = Mapping[tuple[str, str], float]
"""A figure for each family and network."""

EARLIER: dict[str, tuple[str, str]] = {
    "curve": (
        "curves_fitted",
        "mixed3b 0.68, inception_3b 0.59, fire5 0.67, conv3 0.64, conv3_3 0.61",
    ),
    "line": ("curves_fitted", "conv2d2 0.87, conv2_3x3 0.83, fire3 0.79, conv2 0.76, conv3_1 0.79"),
    "boundary": (
        "boundary",
        "mixed3b 0.61, inception_3a 0.66, fire4 0.75, conv3 0.73, conv3_1 0.71",
    ),
    "contrast": (
        "colour_contrast",
        "conv2d1 0.60, conv1_7x7_s2 0.86, fire2 0.71, conv1 0.81, conv2_2 0.84",
    ),
    "centre": (
        "colour_contrast",
        "conv2d2 0.47, conv2_3x3 0.71, fire2 0.60, conv1 0.61, conv3_2 0.78",
    ),
    "bw": ("black_white", "conv2d2 0.33, inception_3a 0.65, fire4 0.76, conv2 0.52, conv2_1 0.72"),
    "hilo": ("high_low", "mixed3a 0.37, inception_3a 0.43, fire4 0.40, conv2 0.43, conv3_2 0.44"),
}
"""Of each family, its circuit, and for each network the layer and the figure."""


def main() -> None:
    """Measure every set of photographs, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--circuits", type=Path, required=True, help="circuits of that time")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--sets", type=int, default=5, help="sets of photographs")
    options = parser.parse_args()
    images = open_images(options.images)
    step = len(images) // PHOTOGRAPHS
    every: list[Cells] = []
    for first in range(0, step, max(step // options.sets, 1))[: options.sets]:
        places = range(first, step * PHOTOGRAPHS, step)
        every.append(measured(options.circuits, images.some(places)))
    print(table(every))


def measured(circuits: Path, images: ImageSet) -> Cells:
    """The best unit's r of each family and network, over all positions that both have."""
    names = {circuit for circuit, _ in EARLIER.values()}
    hand = {name: handwritten(read(circuits / f"{name}.circ")) for name in names}
    cells: dict[tuple[str, str], Gathering] = {}
    for model in NETWORKS:
        network = load_network(model)
        for family, (circuit, _) in EARLIER.items():
            contender = Contender(circuit, (hand[circuit],), (family,))
            cells[family, model] = beside(contender, network, earlier(family, model)[0])
    passes = [every_pair(gathering) for gathering in cells.values()]
    states = fold(passes, images.batches(BATCH, SIDE_PX))
    pairs = [one.finish(state)[0] for one, state in zip(passes, states, strict=True)]
    return {cell: float(np.max(r)) for cell, r in zip(cells, pairs, strict=True)}


def beside(contender: Contender, network: Network, layer: str) -> Gathering:
    """A family and a layer at the pixels of the coarser of their grids."""
    (gathering,) = gathered(meetings(contender, network, [layer], SIDE_PX))
    return gathering


def earlier(family: str, model: str) -> tuple[str, float]:
    """The layer, and the figure."""
    cells = EARLIER[family][1].split(", ")
    layer, figure = cells[NETWORKS.index(model)].split()
    return layer, float(figure)


def table(every: Sequence[Cells]) -> str:
    """Markdown."""
    lines = [
        f"| family | {' | '.join(f'`{name}`' for name in NETWORKS)} |",
        f"|---{'|---' * len(NETWORKS)}|",
    ]
    for family in EARLIER:
        row: list[str] = []
        for model in NETWORKS:
            layer, figure = earlier(family, model)
            found = [cells[family, model] for cells in every]
            row.append(f"{layer} {figure:.2f} ({min(found):.2f} to {max(found):.2f})")
        lines.append(f"| `{family}` | {' | '.join(row)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
