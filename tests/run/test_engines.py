"""Every verb over photographs comes to the same, whoever goes through them.

Other processes are stood in for by this one, which is sent each job as they are and folds its
shards last to first (`tests/measure/test_shards.py` starts real ones).
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import circuitdsl
from circuitdsl.editing.apply import edit
from circuitdsl.editing.select import select
from circuitdsl.editing.verbs import Ablate
from circuitdsl.measure import shards
from circuitdsl.measure.shards.store import fold_part
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels
from circuitdsl.models.registry import load_network

ARCS = """circ 1
from std.shapes import arc
backbone V = tiny()
family arcs [th: rot(4)] at V.conv2d0
connect V.input -> arcs {
  place = arc(5px, span=7px, width=0.8tap)
  norm  = mass(1, balance=1)
}
"""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(12):
        path = folder / labels("tiny")[number % 3] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).resize((224, 224)).save(path)
    return folder


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("circuits") / "arcs.circ"
    path.write_text(ARCS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("tiny")


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


def sent(job: Any, manifest: Any, folder: Any, missing: Any, *_: Any) -> Iterator[int]:
    """What processes do with a job, one shard after the other and the last one first."""
    opened = pickle.loads(pickle.dumps(job)).open()
    for shard in reversed(missing):
        folder.put(shard, fold_part(opened, manifest.places(shard)))
        yield shard


@pytest.mark.parametrize("verb", [effect, match, score, score_of_curves, coverage])
def test_a_verb_comes_to_the_same_by_other_processes(  # noqa: PLR0917 - fixtures
    verb: Verb,
    network: Network,
    circuit: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shards.Opened, "shard", property(lambda opened: 2))
    monkeypatch.setattr(shards, "by_processes", sent)
    alone = json.dumps(verb(network, circuit, photographs))
    store = tmp_path / "store"
    assert json.dumps(verb(network, circuit, photographs, workers=2, store=store)) == alone
    kept = sorted(store.rglob("shard-*.safetensors"))
    assert len(kept) >= 3
    times = [path.stat().st_mtime_ns for path in kept]
    assert json.dumps(verb(network, circuit, photographs, store=store)) == alone
    assert [path.stat().st_mtime_ns for path in kept] == times
