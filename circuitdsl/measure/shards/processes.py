"""Shards folded by processes of this machine.

In: a job, the folder of finished shards, the shards that are missing. Out: their files, one by one.
Workers stay for the next reading of the same process, so that it does not wait for them to start.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Thread

from circuitdsl.measure.shards.store import Folder, Manifest, Told, fold_part
from circuitdsl.measure.shards.work import Job, Opened
from circuitdsl.text.diagnostics import InputError

ATTEMPTS = 3
"""How often workers may die before a run gives up."""

_OPENED: list[Opened] = []
"""What this worker opened last."""

_MEETING: list[Barrier] = []
"""Where this worker meets the others."""


@dataclass(frozen=True, eq=False)
class _Workers:
    """Processes that fold shards, of one job after the other.

    Attributes:
        pool: The processes.
        ends: Both ends of a pipe. The second is closed when this process stops listening, and when
            it ends, in whatever way; then its workers end.
    """

    pool: ProcessPoolExecutor
    ends: tuple[Connection, Connection]

    def end(self) -> None:
        """End without waiting for the shards in hand."""
        self.ends[1].close()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.ends[0].close()


_KEPT: dict[tuple[object, ...], _Workers] = {}
"""The workers of this process, by their number and what they took over when they started."""


def by_processes(  # noqa: PLR0917 - one call
    job: Job,
    shards: Manifest,
    folder: Folder,
    missing: Sequence[int],
    workers: int,
    progress: Told,
) -> Iterator[int]:
    """Fold shards by processes of this machine; those of workers that die are folded again.

    Yields:
        Each shard whose file is there.

    Raises:
        InputError: workers die again and again.
    """
    left = list(missing)
    done = shards.total - sum(len(shards.places(shard)) for shard in left)
    for _ in range(ATTEMPTS):
        if not left:
            return
        team = _workers(workers)
        try:
            for opened in [team.pool.submit(_open, job) for _ in range(workers)]:
                opened.result()
            waiting = {team.pool.submit(_work, shards, folder, shard): shard for shard in left}
            for future in as_completed(waiting):
                future.result()
                shard = waiting[future]
                left.remove(shard)
                done += len(shards.places(shard))
                progress(done, shards.total)
                yield shard
        except BaseException as error:
            _KEPT.clear()
            team.end()
            if not isinstance(error, BrokenProcessPool):
                raise
    if left:
        raise InputError(
            f"workers died {ATTEMPTS} times; {len(left)} of {len(missing)} shards are missing",
            why="the system ended them, for want of memory as a rule",
            help="run the same with fewer workers; what is finished is kept in the store",
        )


def _workers(count: int) -> _Workers:
    """So many workers: those of an earlier reading, unless they started elsewhere."""
    key = (count, Path.cwd(), tuple(sys.path))
    if key not in _KEPT:
        for other in _KEPT.values():
            other.end()
        _KEPT.clear()
        context = multiprocessing.get_context("spawn")
        heard, listening = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(count, context, _listen, (heard, context.Barrier(count)))
        _KEPT[key] = _Workers(pool, (heard, listening))
    return _KEPT[key]


def _listen(heard: Connection, meeting: Barrier) -> None:
    """Prepare a worker.

    Workers keep all cores, as a run in one process does: programs compiled for another number of
    threads add in another order, and give other last digits.
    """
    # Ctrl-C reaches all processes of a terminal; the one that it is meant for ends the others
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_unheard, args=(heard,), daemon=True).start()
    _MEETING.append(meeting)


def _end_unheard(heard: Connection) -> None:
    """End when nobody waits for this worker any more: a killed process cannot end its workers."""
    with suppress(EOFError, OSError):
        heard.poll(None)
    os._exit(1)


def _open(job: Job) -> None:
    """Open a job, in each worker once: none goes on before all have one."""
    _MEETING[0].wait()
    _OPENED[:] = [job.open()]


def _work(shards: Manifest, folder: Folder, shard: int) -> None:
    folder.put(shard, fold_part(_OPENED[0], shards.places(shard)))
