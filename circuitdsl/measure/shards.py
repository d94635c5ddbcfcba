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

import hashlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.passes import Pass, State, fold
from circuitdsl.stimuli.batches import SIZE, Batch
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, write_text

SHARD = 1024
"""Photographs in a shard: some minutes of work."""

ATTEMPTS = 3
"""How often workers may die before a run gives up."""

States = tuple[State, ...]


@dataclass(frozen=True, eq=False)
class Opened:
    """What a job works with.

    Attributes:
        passes: What is measured.
        images: The photographs.
        backbone: Of the networks, as which the images are cut.
        about: What tells this job from others, but for the photographs: the model, a digest of its
            weights, what is done to it.
        batch: Photographs in a batch.
    """

    passes: Sequence[Pass[Any]]
    images: ImageSet
    backbone: Backbone
    about: Mapping[str, str]
    batch: int = SIZE


class Job(Protocol):
    """Passes over photographs, described so that another process can open them.

    A job is pickled: it holds names, paths and numbers, not networks.
    """

    def open(self) -> Opened:
        """The passes and the photographs, the same in every process."""
        ...


@dataclass(frozen=True, eq=False)
class Held:
    """A job that this process has opened, for no other one to work on."""

    opened: Opened

    def open(self) -> Opened:
        """What was opened."""
        return self.opened


@dataclass(frozen=True)
class Manifest:
    """Which photographs each shard holds.

    Attributes:
        about: The job.
        size: Photographs in a shard.
        digests: A digest of the names and sizes of each shard's photographs.
        total: How many photographs there are.
    """

    about: Mapping[str, str]
    size: int
    digests: tuple[str, ...]
    total: int

    def places(self, shard: int) -> range:
        """The places of a shard's photographs."""
        return range(shard * self.size, min((shard + 1) * self.size, self.total))

    def text(self) -> str:
        """The manifest as JSON."""
        return json.dumps({**vars(self), "about": dict(self.about)}, indent=1) + "\n"


def manifest(opened: Opened, size: int = SHARD) -> Manifest:
    """Deal photographs into shards.

    Args:
        opened: The job.
        size: Photographs in a shard, at most; it is a whole number of batches.
    """
    images = opened.images
    size = max(opened.batch, size // opened.batch * opened.batch)
    digests: list[str] = []
    for start in range(0, len(images.paths), size):
        lines = [
            f"{path.relative_to(images.folder).as_posix()} {path.stat().st_size}"
            for path in images.paths[start : start + size]
        ]
        digests.append(hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest())
    return Manifest(opened.about, size, tuple(digests), len(images.paths))


def fold_shards(
    job: Job,
    *,
    store: Path | None = None,
    workers: int = 1,
    size: int = SHARD,
    progress: Callable[[int, int], None] = lambda seen, total: None,
) -> tuple[Opened, States]:
    """The states of a job's passes over all its photographs.

    Args:
        job: What to do.
        store: A folder for the finished shards, to go on from where it holds some; without one, an
            interrupted run starts again.
        workers: Processes that fold shards; 1 for this one alone.
        size: Photographs in a shard.
        progress: Told how many photographs are done, and how many there are.

    Returns:
        What this process opened, its images' `skipped` filled in, and the states.

    Raises:
        InputError: no photographs, another job's store, or workers that die again and again.
        OSError: the store can't be written.
    """
    opened = job.open()
    shards = manifest(opened, size)
    with _folder(store) as folder:
        _claim(folder, shards)
        names = [_file(folder, shard) for shard in range(len(shards.digests))]
        missing = [shard for shard, file in enumerate(names) if not file.exists()]
        done = shards.total - sum(len(shards.places(shard)) for shard in missing)
        if workers > 1:
            for shard in _together(job, shards, folder, missing, workers):
                done += len(shards.places(shard))
                progress(done, shards.total)
        else:
            for shard in missing:
                _fold(opened, shards, folder, shard, lambda seen: progress(seen, shards.total))
        states = tuple(one.init() for one in opened.passes)
        for file in names:
            parts, skipped = _read(file, len(opened.passes))
            opened.images.skipped.update(
                {opened.images.paths[place]: why for place, why in skipped}
            )
            states = tuple(
                one.merge(state, part)
                for one, state, part in zip(opened.passes, states, parts, strict=True)
            )
    if len(opened.images.skipped) == shards.total:
        raise opened.images.nothing()
    return opened, states


@contextmanager
def _folder(store: Path | None) -> Generator[Path]:
    if store is not None:
        store.mkdir(parents=True, exist_ok=True)
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="circuitdsl-shards-") as folder:
        yield Path(folder)


def _claim(folder: Path, shards: Manifest) -> None:
    """Note what the store is of, or check that it is of this job.

    Raises:
        InputError: it is another job's.
    """
    target = folder / "manifest.json"
    text = shards.text()
    if not target.exists():
        write_text(target, text)
    elif target.read_text(encoding="utf-8") != text:
        raise InputError(
            f"{folder} holds the shards of another run",
            why="its manifest.json names another job, or other photographs",
            help="name another folder, or delete it and start again",
        )


def _file(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:06d}.safetensors"


def _fold(
    opened: Opened,
    shards: Manifest,
    folder: Path,
    shard: int,
    progress: Callable[[int], None] = lambda seen: None,
) -> None:
    """Fold one shard and leave its file; `progress` is told the place that comes next."""
    images, places = opened.images, shards.places(shard)

    def batches() -> Iterator[Batch]:
        for batch in images.part_for(opened.backbone, places, opened.batch):
            yield batch
            progress(int(batch.places[-1]) + 1)

    states = fold(opened.passes, batches(), empty=True)
    skipped = [
        (place, images.skipped[images.paths[place]])
        for place in places
        if images.paths[place] in images.skipped
    ]
    arrays = {
        f"{number}.{name}": np.ascontiguousarray(array)
        for number, state in enumerate(states)
        for name, array in state.items()
    }
    with atomic_path(_file(folder, shard)) as temporary:
        save_file(arrays, temporary, {"skipped": json.dumps(skipped)})


def _read(file: Path, passes: int) -> tuple[list[State], list[tuple[int, str]]]:
    """The states of a shard, and the places of what could not be read and why.

    Raises:
        InputError: the file is damaged.
    """
    states: list[dict[str, Any]] = [{} for _ in range(passes)]
    try:
        with safe_open(file, "numpy") as stored:
            for name in stored.keys():  # noqa: SIM118 - no mapping
                number, own = name.split(".", 1)
                states[int(number)][own] = stored.get_tensor(name)
            skipped = json.loads(stored.metadata()["skipped"])
    except (SafetensorError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(
            f"{file} is no shard", why=str(error), help="delete it, and run the same again"
        ) from error
    return list(states), [(int(place), str(why)) for place, why in skipped]


# ---- several processes

_OPENED: dict[str, Opened] = {}
"""What this worker opened."""


def _together(
    job: Job, shards: Manifest, folder: Path, missing: Sequence[int], workers: int
) -> Iterator[int]:
    """Fold shards by processes of this machine; those of workers that die are folded again.

    Raises:
        InputError: workers die again and again.
    """
    left = list(missing)
    for _ in range(ATTEMPTS):
        if not left:
            return
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(min(workers, len(left)), context, _open, (job,))
        try:
            waiting = {pool.submit(_work, shards, folder, shard): shard for shard in left}
            for future in as_completed(waiting):
                future.result()
                left.remove(waiting[future])
                yield waiting[future]
        except BrokenProcessPool:
            continue
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if left:
        raise InputError(
            f"workers died {ATTEMPTS} times; {len(left)} of {len(missing)} shards are missing",
            why="the system ended them, for want of memory as a rule",
            help="run the same with fewer workers; what is finished is kept in the store",
        )


def _open(job: Job) -> None:
    """Open the job in a worker.

    Workers keep all cores, as a run in one process does: programs compiled for another number of
    threads add in another order, and give other last digits.
    """
    _OPENED["job"] = job.open()


def _work(shards: Manifest, folder: Path, shard: int) -> None:
    _fold(_OPENED["job"], shards, folder, shard)
