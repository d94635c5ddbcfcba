"""Every verb over photographs comes to the same, whoever goes through them.

Other processes are stood in for by this one, which is sent each job as they are and folds its
shards last to first (`tests/measure/test_shards.py` starts real ones).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_verbs import (
    Verb,
    circuit_in,
    coverage,
    digits,
    effect,
    match,
    photographs_in,
    score,
    score_of_curves,
    sent,
    sweep,
)

from circuitdsl.measure import shards
from circuitdsl.models.network import Network
from circuitdsl.models.registry import load_network


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photographs_in(tmp_path_factory.mktemp("photographs"))


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return circuit_in(tmp_path_factory.mktemp("circuits"))


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("tiny")


@pytest.mark.parametrize("verb", [effect, match, score, score_of_curves, coverage, sweep])
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
    alone = digits(verb, network, circuit, photographs)
    store = tmp_path / "store"
    assert digits(verb, network, circuit, photographs, workers=2, store=store) == alone
    kept = sorted(store.rglob("shard-*.safetensors"))
    assert len(kept) >= 3
    times = [path.stat().st_mtime_ns for path in kept]
    assert digits(verb, network, circuit, photographs, store=store) == alone
    assert [path.stat().st_mtime_ns for path in kept] == times
