"""A Ray cluster of two nodes comes to the same bytes as this process; so does what is left of it.

Four actors share two nodes of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from engine_verbs import (
    Verb,
    circuit_in,
    coverage,
    digits,
    match,
    photographs_in,
    score,
    sweep,
)
from shard_jobs import TwoJob, bytes_of

from circuitdsl.measure import shards
from circuitdsl.measure.shards import Engine, actors, fold_shards
from circuitdsl.models.registry import load_network
from circuitdsl.text.diagnostics import InputError

pytest.importorskip("ray", reason="pip install 'circuitdsl[ray]'")

# Ray closes sockets and files when it pleases, and speaks of its own deprecations
pytestmark = pytest.mark.filterwarnings("ignore")

NODE: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80_000_000}
# a node that does not answer ten times is dead; one that is slow has ten seconds for each answer
HEALTH: dict[str, Any] = {"health_check_period_ms": 500, "health_check_failure_threshold": 10}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import ray
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # as a cluster of this machine alone has it
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
        nodes = Cluster(
            initialize_head=True,
            head_node_args={**NODE, "include_dashboard": False, "_system_config": HEALTH},
        )
        nodes.add_node(**NODE)
        try:
            yield nodes
        finally:
            ray.shutdown()
            nodes.shutdown()


@pytest.mark.parametrize("verb", [match, coverage, sweep, score])
def test_a_verb_comes_to_the_same_by_a_cluster(
    verb: Verb, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards.Opened, "shard", property(lambda opened: 2))
    given = load_network("tiny"), circuit_in(tmp_path), photographs_in(tmp_path / "photographs")
    alone = digits(verb, *given)
    assert digits(verb, *given, ray=cluster.address, workers=4) == alone


def test_a_node_that_goes_away_takes_nothing_along(cluster: Any, tmp_path: Path) -> None:
    job = TwoJob(photographs_in(tmp_path, 48, "01234"), shard=4, slow_s=0.2)
    alone = bytes_of(fold_shards(job)[1])
    lost: list[int] = []

    def lose(seen: int, total: int) -> None:
        if not lost:
            lost.append(seen)
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)

    _, states = fold_shards(job, Engine(4, ray=cluster.address), progress=lose)
    assert lost == [4]
    assert bytes_of(states) == alone


def test_actors_that_never_start_end_the_run(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "STARTED_S", 0.0)
    monkeypatch.setattr(actors, "_KEPT", {})
    job = TwoJob(photographs_in(tmp_path, 8, "01234"), shard=4)
    with pytest.raises(InputError, match="no actor has started on the Ray cluster within 0 s"):
        fold_shards(job, Engine(2, ray=cluster.address))
