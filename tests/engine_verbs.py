"""Verbs over photographs, as tests of engines call them: on `tiny`, on noise, with a small circuit.

Each gives what JSON can hold, down to the last digit.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import circuitdsl
from circuitdsl.editing.apply import edit
from circuitdsl.editing.select import select
from circuitdsl.editing.verbs import Ablate
from circuitdsl.measure.shards.store import fold_part
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels

CLASSES = labels("tiny")[:3]

ARCS = """circ 1
from std.shapes import arc
backbone V = tiny()
family arcs [th: rot(4)] at V.conv2d0
connect V.input -> arcs {
  place = arc(5px, span=7px, width=0.8tap)
  norm  = mass(1, balance=1)
}
"""


def photographs_in(folder: Path, count: int = 12, classes: Sequence[str] = CLASSES) -> Path:
    """A folder of noise, of classes in turn."""
    for number in range(count):
        path = folder / classes[number % len(classes)] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).resize((224, 224)).save(path)
    return folder


def circuit_in(folder: Path) -> Path:
    """A file of a circuit whose units `tiny` may hold."""
    path = folder / "arcs.circ"
    path.write_text(ARCS, encoding="utf-8")
    return path


Verb = Callable[..., Any]


def effect(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    edited = edit(network, [Ablate(select(network.backbone, "mixed3b_1x1[0, 1]"))])
    return circuitdsl.effect(edited, images, draws=1, mirror=True, **engine).record()


def match(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    (found,) = circuitdsl.match([circuit], [network], images, layers=["conv2d0"], draws=1, **engine)
    return [row.record("tiny") for row in found.rows]


def score(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    one = circuitdsl.load(circuit)
    found = circuitdsl.score(one, network, images=images, find="agreement", units=4, **engine)
    return found.record()


def score_of_curves(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    one = circuitdsl.load(circuit)
    return circuitdsl.score(one, network, images=images, find="curves", units=2, **engine).record()


def coverage(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    return circuitdsl.coverage(
        circuit, images, model=network, layers=["conv2d0"], **engine
    ).record()


def sweep(network: Network, circuit: Path, images: Path, **engine: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        circuitdsl.sweep(network, "mixed3b_1x1[0..2]", images, table, **engine)
        return table.read_text(encoding="utf-8")


def digits(verb: Verb, network: Network, circuit: Path, images: Path, **engine: Any) -> str:
    """What a verb comes to, to the last digit."""
    return json.dumps(verb(network, circuit, images, **engine))


def sent(job: Any, manifest: Any, folder: Any, missing: Any, *_: Any) -> Iterator[int]:
    """What processes do with a job, one shard after the other and the last one first."""
    opened = pickle.loads(pickle.dumps(job)).open()
    for shard in reversed(missing):
        folder.put(shard, fold_part(opened, manifest.places(shard)))
        yield shard
