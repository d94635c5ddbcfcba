"""Passes over any number of photographs: in parts, by several processes, resumable.

In: a `Job`, which opens passes and photographs in whatever process works on it. Out: the passes'
states. The photographs are dealt into shards, each a fixed run of places. A shard's state is the
fold over its images alone; the result is the merge of the shards in their order, whoever folded
them. So it is the same to the last digit for one process or several, unbroken or resumed.

Each finished shard leaves one safetensors file in the store, by atomic rename. What is killed loses
the shards in hand and nothing else; a later run of the same job computes those that are missing.
`manifest.json` in the store says what the job was and which photographs, by name and size, each
shard holds; another job's store is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from circuitdsl.measure.passes import Dealt, Pass, States
from circuitdsl.measure.shards.actors import LOCAL, by_actors
from circuitdsl.measure.shards.processes import by_processes
from circuitdsl.measure.shards.store import (
    Folder,
    Manifest,
    Memory,
    Told,
    fold_part,
    manifest,
)
from circuitdsl.measure.shards.work import Job, Opened, Shape, Work
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.files import temporary_folder
from circuitdsl.text.locks import held

__all__ = [
    "IN_PROCESS",
    "Engine",
    "Job",
    "Opened",
    "Reading",
    "Shape",
    "States",
    "Work",
    "fold_shards",
]


@dataclass(frozen=True)
class Engine:
    """Who folds shards, and where finished ones are kept.

    Attributes:
        workers: Processes that share the work; 1 for this one alone. On a cluster, its actors; 1
            for as many as it has GPUs or groups of cores.
        store: A folder for finished shards, to go on from where it holds some; without one, an
            interrupted run starts again.
        ray: The address of a Ray cluster that does the work, `auto` or `local` (`actors.py`).
    """

    workers: int = 1
    store: Path | None = None
    ray: str | None = None

    def stage(self, name: str) -> Engine:
        """The same, with a part of the store for one of several readings."""
        return self if self.store is None else replace(self, store=self.store / name)


IN_PROCESS = Engine()
"""This process alone, which keeps nothing."""


def fold_shards(
    job: Job,
    engine: Engine = IN_PROCESS,
    *,
    progress: Told = lambda seen, total: None,
    so_far: Callable[[Opened, States], None] = lambda opened, states: None,
) -> tuple[Opened, States]:
    """The states of a job's passes over all its photographs.

    Args:
        job: What to do.
        engine: Who does it.
        progress: Told how many photographs are done, and how many there are.
        so_far: Told the states of all photographs up to some place, whenever there are more.

    Returns:
        What this process opened, its images' `skipped` filled in, and the states.

    Raises:
        InputError: no photographs, another job's store, a store in which another run is at work, or
            workers that die again and again.
        OSError: the store can't be written.
    """
    opened = job.open()
    shards = manifest(opened)
    with _kept(engine, shards) as kept:
        missing = [shard for shard in range(len(shards.digests)) if not kept.has(shard)]
        merging = _Merging(opened, kept, len(shards.digests))
        if engine.ray is not None and missing:
            finished = _by_ray(job, shards, kept, missing, engine, progress)
        elif isinstance(kept, Folder) and engine.workers > 1:
            finished = by_processes(job, shards, kept, missing, engine.workers, progress)
        else:
            finished = _in_process(opened, shards, kept, missing, progress)
        for _ in chain((None,), finished):
            if merging.go_on():
                so_far(opened, merging.states)
    opened.images.check_readable()
    return opened, merging.states


@dataclass(frozen=True, eq=False)
class Reading(Dealt):
    """Photographs that passes go through in shards: give it to `fold` or `run` in place of batches.

    Attributes:
        images: The photographs.
        shape: How they are dealt out.
        engine: Who goes through them.
    """

    images: ImageSet
    shape: Shape
    engine: Engine = IN_PROCESS

    def stage(self, name: str) -> Reading:
        """The same, with a part of the store for one of several readings."""
        return replace(self, engine=self.engine.stage(name))

    def fold(self, passes: Sequence[Pass[Any]], progress: Callable[[int], None]) -> States:
        """See `Dealt`."""
        work = Work(tuple(passes), self.images, self.shape)
        times = 2 if self.shape.mirror else 1
        _, states = fold_shards(
            work, self.engine, progress=lambda seen, total: progress(times * seen)
        )
        # those that could be read, which is what counts as seen
        progress(times * (len(self.images) - len(self.images.skipped)))
        return states


class _Merging:
    """The sums of all shards up to the first one that is missing."""

    def __init__(self, opened: Opened, kept: Folder | Memory, count: int) -> None:
        self.opened = opened
        self.kept = kept
        self.count = count
        self.next = 0
        self.states: States = tuple(one.init() for one in opened.passes)

    def go_on(self) -> bool:
        """Merge what there is more of, in order; whether there was some."""
        images, before = self.opened.images, self.next
        while self.next < self.count and self.kept.has(self.next):
            part = self.kept.take(self.next)
            images.skipped.update({images.paths[place]: why for place, why in part.skipped})
            self.states = tuple(
                one.merge(state, more)
                for one, state, more in zip(
                    self.opened.passes, self.states, part.states, strict=True
                )
            )
            self.next += 1
        return self.next > before


def _in_process(
    opened: Opened,
    shards: Manifest,
    kept: Folder | Memory,
    missing: Sequence[int],
    progress: Told,
) -> Iterator[int]:
    """Fold the shards that are missing, and yield each."""
    for shard in missing:
        part = fold_part(opened, shards.places(shard), lambda place: progress(place, shards.total))
        kept.put(shard, part)
        yield shard


def _by_ray(  # noqa: PLR0917 - one call
    job: Job,
    shards: Manifest,
    kept: Folder | Memory,
    missing: Sequence[int],
    engine: Engine,
    progress: Told,
) -> Iterator[int]:
    """Fold the shards that are missing on a cluster, and yield each."""
    done = shards.total - sum(len(shards.places(shard)) for shard in missing)
    for shard, part in by_actors(job, shards, missing, engine.ray or LOCAL, engine.workers):
        kept.put(shard, part)
        done += len(shards.places(shard))
        progress(done, shards.total)
        yield shard


@contextmanager
def _kept(engine: Engine, shards: Manifest) -> Generator[Folder | Memory]:
    if engine.store is not None:
        with held(engine.store):
            folder = Folder(engine.store)
            folder.claim(shards)
            yield folder
    elif engine.workers > 1 and engine.ray is None:
        with temporary_folder() as folder:
            yield Folder(folder)
    else:
        yield Memory()
