"""Shards folded by processes of this machine.

In: a job, the folder of finished shards, the shards that are missing. Out: their files, one by one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

from circuitdsl.measure.shards.store import Folder, Manifest, Told, fold_part
from circuitdsl.measure.shards.work import Job, Opened
from circuitdsl.text.diagnostics import InputError

ATTEMPTS = 3
"""How often workers may die before a run gives up."""

_OPENED: dict[str, Opened] = {}
"""What this worker opened."""


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
        context = multiprocessing.get_context("spawn")
        # closed when this process stops listening, and when it ends, in whatever way
        heard, listening = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(min(workers, len(left)), context, _open, (job, heard))
        try:
            waiting = {pool.submit(_work, shards, folder, shard): shard for shard in left}
            for future in as_completed(waiting):
                future.result()
                shard = waiting[future]
                left.remove(shard)
                done += len(shards.places(shard))
                progress(done, shards.total)
                yield shard
        except BrokenProcessPool:
            continue
        except BaseException:
            # an interrupt does not wait for the shards in hand
            listening.close()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            listening.close()
            heard.close()
    if left:
        raise InputError(
            f"workers died {ATTEMPTS} times; {len(left)} of {len(missing)} shards are missing",
            why="the system ended them, for want of memory as a rule",
            help="run the same with fewer workers; what is finished is kept in the store",
        )


def _open(job: Job, heard: Connection) -> None:
    """Open the job in a worker.

    Workers keep all cores, as a run in one process does: programs compiled for another number of
    threads add in another order, and give other last digits.
    """
    # Ctrl-C reaches all processes of a terminal; the one that it is meant for ends the others
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_unheard, args=(heard,), daemon=True).start()
    _OPENED["job"] = job.open()


def _end_unheard(heard: Connection) -> None:
    """End when nobody waits for this worker any more: a killed process cannot end its workers."""
    with suppress(EOFError, OSError):
        heard.poll(None)
    os._exit(1)


def _work(shards: Manifest, folder: Folder, shard: int) -> None:
    folder.put(shard, fold_part(_OPENED["job"], shards.places(shard)))
