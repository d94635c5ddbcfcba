"""Shards folded by a Ray cluster: actors on its nodes, whose sums come back to this process.

In: a job, the shards that are missing. Out: the sums of each shard, one by one. Ray restarts actors
that die and runs what they had in hand again, on whatever node is left or comes new. Nodes need the
package and the photographs under the same path; no folder is shared.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from circuitdsl.measure.shards.store import Manifest, Part, fold_part
from circuitdsl.measure.shards.work import Job, Opened
from circuitdsl.text.diagnostics import InputError

LOCAL = "local"
"""Instead of an address: a cluster of this machine alone, for this run."""

CORES = 4
"""Cores of an actor that has no GPU; a network keeps about so many busy."""


def by_actors(
    job: Job, shards: Manifest, missing: Sequence[int], address: str
) -> Iterator[tuple[int, Part]]:
    """Fold shards by actors: one for each GPU of the cluster, else one for every few cores.

    Args:
        job: What to do.
        shards: The photographs of each shard.
        missing: The shards to fold.
        address: Of the cluster; `auto` for the one that runs on this machine, or `local`.

    Yields:
        Each shard and its sums, as they come.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    with _cluster(address) as ray:
        from ray.exceptions import RayError  # pyright: ignore[reportMissingImports]
        from ray.util import ActorPool  # pyright: ignore[reportMissingImports]

        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        count = gpus or max(1, int(resources.get("CPU", 1)) // CORES, len(ray.nodes()))
        # an actor holds no core while it runs, so that it can move to a node that is full
        settings: dict[str, Any] = {
            "max_restarts": -1,
            "max_task_retries": -1,
            "scheduling_strategy": "SPREAD",
        }
        worker = ray.remote(**settings, **({"num_gpus": 1} if gpus else {}))(_Worker)
        # in a list: an actor fetches it once, and again when it is restarted elsewhere
        shared = [ray.put(job)]
        actors = [worker.remote() for _ in range(min(count, len(missing)))]
        pool: Any = ActorPool(actors)

        def fold(actor: Any, shard: int) -> Any:
            return actor.fold.remote(shared, shard, shards.places(shard))

        try:
            yield from pool.map_unordered(fold, missing)
        except RayError as error:
            raise InputError("the Ray cluster failed", why=str(error).strip()) from error
        finally:
            for actor in actors:
                ray.kill(actor)


class _Worker:
    """Folds shards on a node."""

    def __init__(self) -> None:
        self.opened: Opened | None = None

    def fold(self, shared: Sequence[Any], shard: int, places: range) -> tuple[int, Part]:
        """A shard and its sums."""
        if self.opened is None:
            import ray  # pyright: ignore[reportMissingImports]

            job: Any = ray.get(shared[0])
            self.opened = job.open()
        opened: Any = self.opened
        return shard, fold_part(opened, places)


@contextmanager
def _cluster(address: str) -> Generator[Any]:
    """The module of Ray, connected; what the caller has connected stays so."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(
            "Ray is not installed", help="pip install 'circuitdsl[ray]', or use --workers"
        ) from error
    if ray.is_initialized():
        yield ray
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
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
    try:
        yield ray
    finally:
        ray.shutdown()
