"""Shards folded by a Ray cluster: actors on its nodes, whose sums come back to this process.

In: a job, the shards that are missing. Out: the sums of each shard, one by one. Ray restarts actors
that die and runs what they had in hand again, on whatever node is left or comes new. Nodes need the
package and the photographs under the same path; no folder is shared. Actors stay for the next
reading of the same process, so that it does not wait for them to start.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from circuitdsl.measure.shards.store import Manifest, Part, fold_part
from circuitdsl.measure.shards.work import Job, Opened
from circuitdsl.text.diagnostics import InputError

LOCAL = "local"
"""Instead of an address: a cluster of this machine alone, for this run."""

CORES = 4
"""Cores of an actor that has no GPU; a network keeps about so many busy."""

STARTED_S = 300.0
"""Actors that have not started by then are left out; a busy core takes a minute to load JAX."""

RETRIES = 10
"""How often a shard is folded again, of whose actors one after the other dies."""

_KEPT: dict[str, list[Any]] = {}
"""The actors of this process by the connection that they belong to: without a handle they end."""


def by_actors(
    job: Job, shards: Manifest, missing: Sequence[int], address: str, workers: int = 1
) -> Iterator[tuple[int, Part]]:
    """Fold shards by actors.

    Args:
        job: What to do.
        shards: The photographs of each shard.
        missing: The shards to fold.
        address: Of the cluster; `auto` for the one that runs on this machine, or `local`.
        workers: The number of actors, if it is more than one; else there is one for each GPU of the
            cluster, or without GPUs one for every few cores.

    Yields:
        Each shard and its sums, as they come.

    Raises:
        InputError: Ray is not installed, there is no cluster at the address, no actor starts there,
            or actors die again and again.
    """
    ray = _connected(address)
    from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]
    from ray.util import ActorPool  # pyright: ignore[reportMissingImports]

    actors = _actors(ray, workers, len(missing))
    # in a list: an actor fetches it once, and again when it is restarted elsewhere
    shared = [ray.put(job)]
    pool: Any = ActorPool(actors)

    def fold(actor: Any, shard: int) -> Any:
        return actor.fold.remote(shared, shard, shards.places(shard))

    try:
        yield from pool.map_unordered(fold, missing)
    except BaseException as error:
        # what they still have in hand would keep a later reading waiting
        _KEPT.clear()
        for actor in actors:
            ray.kill(actor)
        if isinstance(error, RayError):
            raise InputError("the Ray cluster failed", why=str(error).strip()) from error
        raise


class _Worker:
    """Folds shards on a node, of one job after the other."""

    def __init__(self) -> None:
        self.job = ""
        self.opened: Opened | None = None

    def started(self) -> bool:
        """True, as soon as it has started."""
        return True

    def fold(self, shared: Sequence[Any], shard: int, places: range) -> tuple[int, Part]:
        """A shard and its sums."""
        if self.opened is None or self.job != shared[0].hex():
            import ray  # pyright: ignore[reportMissingImports]

            job: Any = ray.get(shared[0])
            self.opened, self.job = job.open(), shared[0].hex()
        opened: Any = self.opened
        return shard, fold_part(opened, places)


def _actors(ray: Any, workers: int, shards: int) -> list[Any]:
    """As many actors as there is work for; those of an earlier reading first.

    Raises:
        InputError: none starts.
    """
    resources = ray.cluster_resources()
    gpus, cores = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
    count = workers if workers > 1 else gpus or max(1, cores // CORES, len(ray.nodes()))
    # an actor holds no core while it runs, so that it can move to a node that is full
    settings: dict[str, Any] = {
        "max_restarts": -1,
        "max_task_retries": RETRIES,
        "scheduling_strategy": "SPREAD",
    }
    if gpus:
        settings["num_gpus"] = min(1, gpus / count)
    worker = ray.remote(**settings)(_Worker)
    kept = _KEPT.setdefault(ray.get_runtime_context().get_job_id(), [])
    fresh = [worker.remote() for _ in range(min(count, shards) - len(kept))]
    kept += _started(ray, fresh)
    if not kept:
        raise InputError(
            f"no actor has started on the Ray cluster within {STARTED_S:.0f} s",
            why="its nodes are busy, lack memory, or lack circuitdsl",
            help="`ray status` says what they have; --workers needs no cluster",
        )
    return kept[: min(count, shards)]


def _started(ray: Any, actors: Sequence[Any]) -> list[Any]:
    """Those that start in time; a shard given to one that never does would never come back."""
    waiting = {actor.started.remote(): actor for actor in actors}
    if not waiting:
        return []
    _, late = ray.wait(list(waiting), num_returns=len(waiting), timeout=STARTED_S)
    for one in late:
        ray.kill(waiting[one])
    return [actor for one, actor in waiting.items() if one not in late]


def _connected(address: str) -> Any:
    """The module of Ray, connected; the connection, and actors with it, ends with this process."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(
            "Ray is not installed", help="pip install 'circuitdsl[ray]', or use --workers"
        ) from error
    if ray.is_initialized():
        return ray
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL:
        # Ray gives way to all other programs (niceness 15): beside one that keeps the cores busy,
        # actors get a thirtieth of them, and a run of seconds takes an hour
        os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        with warnings.catch_warnings():
            # the processes that are forked here become Ray's own at once
            warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
            ray.init(
                address=None if address == LOCAL else address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False if address == LOCAL else None,
            )
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"there is no Ray cluster at {address}",
            why=str(error).strip().split("\n", maxsplit=1)[0],
            help=f"start one with `ray start --head`, or say `{LOCAL}`",
        ) from error
    return ray
