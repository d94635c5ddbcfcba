"""Where finished shards are kept until they are merged, and longer if a folder was named.

In: the sums of a shard. Out: one safetensors file for each, by atomic rename, and `manifest.json`,
which says what the run is and which photographs, by name and size, each shard holds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from circuitdsl.measure.passes import States, fold
from circuitdsl.measure.shards.work import Opened
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, write_text

Told = Callable[[int, int], None]
"""Told how many photographs are done, and how many there are."""


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


def manifest(opened: Opened) -> Manifest:
    """Deal photographs into shards."""
    images, size = opened.images, opened.shard
    digests: list[str] = []
    for start in range(0, len(images), size):
        lines = images.listed(range(start, min(start + size, len(images))))
        digests.append(hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest())
    return Manifest(opened.about, size, tuple(digests), len(images))


@dataclass(frozen=True)
class Part:
    """What a shard comes to.

    Attributes:
        states: Of each pass.
        skipped: The places of photographs that could not be read, and why.
    """

    states: States
    skipped: tuple[tuple[int, str], ...]


def fold_part(
    opened: Opened, places: range, progress: Callable[[int], None] = lambda place: None
) -> Part:
    """The sums of some photographs alone.

    Args:
        opened: The job.
        places: Of the photographs.
        progress: Told the place that comes next, after each batch.
    """
    images, skipped = opened.images, opened.images.skipped

    def batches() -> Iterator[Batch]:
        for batch in opened.batches(places):
            yield batch
            progress(int(batch.places[-1]) // (2 if opened.shape.mirror else 1) + 1)

    states = fold(opened.passes, batches(), empty=True)
    paths = ((place, images.paths[place]) for place in places) if skipped else ()
    return Part(states, tuple((place, skipped[path]) for place, path in paths if path in skipped))


class Memory:
    """Shards of this process, each of which is merged once."""

    def __init__(self) -> None:
        self._parts: dict[int, Part] = {}

    def has(self, shard: int) -> bool:
        """Whether a shard is here."""
        return shard in self._parts

    def put(self, shard: int, part: Part) -> None:
        """Keep a shard."""
        self._parts[shard] = part

    def take(self, shard: int) -> Part:
        """A shard, which is then forgotten."""
        return self._parts.pop(shard)


@dataclass(frozen=True)
class Folder:
    """Shards as files.

    Attributes:
        path: The folder.
    """

    path: Path

    def claim(self, shards: Manifest) -> None:
        """Note what the folder is of, or check that it is of this run.

        Raises:
            InputError: it is another run's.
            OSError: it can't be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / "manifest.json"
        text = shards.text()
        if not target.exists():
            write_text(target, text)
        elif target.read_text(encoding="utf-8") != text:
            raise InputError(
                f"{self.path} holds the shards of another run",
                why="its manifest.json names another job, or other photographs",
                help="name another folder, or delete it and start again",
            )

    def has(self, shard: int) -> bool:
        """Whether a shard is there."""
        return self._file(shard).exists()

    def put(self, shard: int, part: Part) -> None:
        """Leave the file of a shard, whole or not at all."""
        arrays = {
            f"{number}.{name}": np.asarray(array, order="C")
            for number, state in enumerate(part.states)
            for name, array in state.items()
        }
        notes = {"skipped": json.dumps(part.skipped), "passes": str(len(part.states))}
        with atomic_path(self._file(shard)) as temporary:
            save_file(arrays, temporary, notes)

    def take(self, shard: int) -> Part:
        """A shard.

        Raises:
            InputError: its file is damaged.
        """
        file = self._file(shard)
        try:
            with safe_open(file, "numpy") as stored:
                notes = stored.metadata()
                states: list[dict[str, Any]] = [{} for _ in range(int(notes["passes"]))]
                for name in stored.keys():  # noqa: SIM118 - no mapping
                    number, own = name.split(".", 1)
                    states[int(number)][own] = stored.get_tensor(name)
                skipped = json.loads(notes["skipped"])
                return Part(tuple(states), tuple((int(place), str(why)) for place, why in skipped))
        except (SafetensorError, ValueError, KeyError, IndexError, TypeError) as error:
            raise InputError(
                f"{file} is no shard", why=str(error), help="delete it, and run the same again"
            ) from error

    def _file(self, shard: int) -> Path:
        return self.path / f"shard-{shard:06d}.safetensors"
