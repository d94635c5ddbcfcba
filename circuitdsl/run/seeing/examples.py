"""`examples`: the photographs that units answer, strongest and at every level.

In: units, a folder of photographs, perhaps what people called some of them. Out: `Examples`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.aims import Aim
from circuitdsl.measure.examples import Example, Found, Level, edges, levels
from circuitdsl.measure.examples import examples as examples_pass
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asked import asked
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.crops import Box, crops, field, photographed, saliency

BATCH = 16

Floats = NDArray[np.float32]

_YES = frozenset({"1", "yes", "y", "true"})
_NO = frozenset({"0", "no", "n", "false"})


@dataclass(frozen=True, eq=False)
class Examples:
    """What units answer in photographs.

    Attributes:
        model: The network's name, or that of the circuit's file.
        weights: The digest of a trained network's weights; "" for a circuit.
        network: The network.
        photographs: The photographs.
        images: How many of them could be read.
        found: The units, in the order asked for.
        levels: Of each unit, from the lowest.
        labels: What people said, by unit and photograph.
        seed: The seed of the sample.
    """

    model: str
    weights: str
    network: Network | HandwrittenNetwork
    photographs: ImageSet
    images: int
    found: tuple[Found, ...]
    levels: tuple[tuple[Level, ...], ...]
    labels: Mapping[tuple[str, str], bool]
    seed: int

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Image files that could not be read, and why."""
        return self.photographs.left_out

    def name(self, example: Example) -> str:
        """The photograph's path in the folder."""
        return self.photographs.name(example.place)

    def box(self, found: Found, example: Example) -> Box:
        """The receptive field, in pixels of the image that the network saw."""
        return field(self.network.backbone, self._layer(found.aim), example)

    def crops(self, found: Found, some: Sequence[Example]) -> tuple[Floats, ...]:
        """The receptive field of some examples, RGB, 0..255, `[side, side, 3]`."""
        layer = self._layer(found.aim)
        return crops(self.photographs, self.network.backbone, layer, some)

    def saliency(self, found: Found, some: Sequence[Example]) -> tuple[Floats, ...]:
        """How much each pixel of the crops moves the unit, `[side, side]`; 0 beyond the image."""
        if not some:
            return ()
        images = photographed(self.photographs, self.network.backbone, some)
        maps = saliency(
            self.network, found.aim, np.stack([images[one.place] for one in some]), some
        )
        boxes = (self.box(found, one) for one in some)
        return tuple(box.of(values, beyond=0.0) for box, values in zip(boxes, maps, strict=True))

    def share(self, found: Found, level: Level) -> tuple[float, int] | None:
        """The share of a level's labelled examples that are said to be one, and their number."""
        said = [
            self.labels[found.aim.name, self.name(one)]
            for one in level.examples
            if (found.aim.name, self.name(one)) in self.labels
        ]
        return (sum(said) / len(said), len(said)) if said else None

    def _layer(self, aim: Aim) -> str:
        if isinstance(self.network, HandwrittenNetwork):
            return self.network.circuit.by_name[aim.layer].layer
        return aim.layer

    def record(self) -> dict[str, Any]:
        """The examples as JSON has them."""
        return {
            "model": self.model,
            "weights": self.weights,
            "images": self.images,
            "seed": self.seed,
            "units": [
                {
                    "name": found.aim.name,
                    "strongest": [self._entry(found, one) for one in found.strongest],
                    "levels": [
                        {
                            "low": level.low,
                            "high": level.high,
                            "labelled": self.share(found, level),
                            "examples": [self._entry(found, one) for one in level.examples],
                        }
                        for level in ranges
                    ],
                    "histogram": {
                        "lower_edges": [0.0, *edges()[:-1].tolist()],
                        "positions": found.counts.tolist(),
                        "photographs": found.photographs.tolist(),
                    },
                }
                for found, ranges in zip(self.found, self.levels, strict=True)
            ],
        }

    def _entry(self, found: Found, example: Example) -> dict[str, Any]:
        box = self.box(found, example)
        return {
            "photograph": self.name(example),
            "activation": example.activation,
            "row": example.row,
            "column": example.column,
            "box": [box.left, box.top, box.side],
        }


def examples(
    model: str | Network = AUTO,
    units: str | Sequence[str] = (),
    images: Path | str | None = None,
    *,
    circuit: Path | str | Circuit | None = None,
    family: str | None = None,
    classes: Sequence[str] = (),
    directions: Sequence[str | Aim] = (),
    weights: Path | str | None = None,
    limit: int | None = None,
    strongest: int = 9,
    count: int = 10,
    each: int = 3,
    labels: Path | str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Examples:
    """Find the photographs that excite units most, and a sample of every level of response.

    Args:
        model: A model of the registry, `auto`, or a network.
        units: Units by name: `mixed3b:345`, `mixed3b[320..329]`, `mixed3b`.
        images: A folder of photographs.
        circuit: A circuit, or its file. A hand-written family needs no model; a family of trained
            units stands for those units of the model.
        family: The circuit's family; by default the last one.
        classes: Outputs by name, label or number.
        directions: Sums of units, such as `mixed3b:345 - 0.5*mixed3b:379`, or aims.
        weights: A weight file, instead of the model's own.
        limit: The largest number of photographs.
        strongest: The number of strongest photographs of each unit.
        count: The number of levels, evenly from 0 to the strongest activation.
        each: Examples of each level at most.
        labels: A CSV file with columns `unit`, `photograph` and `label`, yes or no.
        seed: The seed of the sample.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the circuit is faulty, or a family cannot be calibrated.
        InputError: something that was asked for does not exist or does not fit.
    """
    if images is None:
        raise InputError("examples are photographs, and there are none", help="give a folder")
    if min(strongest, count, each) < 1:
        raise InputError("of strongest photographs, levels and examples there is at least 1 each")
    said = {} if labels is None else read_labels(Path(labels))
    target = asked(
        model,
        units,
        circuit=circuit,
        family=family,
        classes=classes,
        directions=directions,
        weights=weights,
    )
    photographs = open_images(Path(images), limit)
    total = len(photographs.paths)
    found = run(
        examples_pass(target.network, target.aims, strongest=strongest, each_bin=each, seed=seed),
        photographs.batches_for(target.network.backbone, BATCH),
        lambda seen: progress(f"photographs: {seen} of {total}"),
    )
    return Examples(
        model=target.model,
        weights=target.digest,
        network=target.network,
        photographs=photographs,
        images=total - len(photographs.skipped),
        found=found,
        levels=tuple(levels(one, count, each) for one in found),
        labels=said,
        seed=seed,
    )


def read_labels(path: Path) -> dict[tuple[str, str], bool]:
    """What people said of photographs: yes or no, by unit and photograph; empty labels are none.

    Raises:
        InputError: the file can't be read, lacks a column, or a label is neither.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read labels from {path}", why=str(error)) from error
    said: dict[tuple[str, str], bool] = {}
    for number, row in enumerate(rows, start=2):
        missing = [name for name in ("unit", "photograph", "label") if row.get(name) is None]
        if missing:
            raise InputError(
                f"{path} has no column `{missing[0]}` in line {number}",
                help="write what `examples -o FILE.csv` wrote, with yes or no as labels",
            )
        label = row["label"].strip().lower()
        if label not in _YES | _NO | {""}:
            raise InputError(f"{path}:{number}: `{row['label']}` is neither yes nor no")
        if label:
            said[row["unit"], row["photograph"]] = label in _YES
    return said
