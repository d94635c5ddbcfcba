"""What a shard needs: passes and photographs, described so that any process can open them.

In: arguments that can be sent to another process. Out: `Opened`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from circuitdsl.measure.memory import fitted
from circuitdsl.measure.passes import Pass
from circuitdsl.measure.shards.digests import digest_of
from circuitdsl.stimuli.batches import SIZE, Batch, mirrored
from circuitdsl.stimuli.photographs import Cut, ImageSet

SHARD = 256
"""Photographs in a shard: a minute of work or so."""


@dataclass(frozen=True, eq=False)
class Shape:
    """How photographs are dealt out.

    Attributes:
        cut: How each is cut.
        batch: Photographs in a batch.
        shard: Photographs in a shard, at most; it is a whole number of batches.
        mirror: Each photograph is followed by its mirror image.
    """

    cut: Cut
    batch: int = SIZE
    shard: int = SHARD
    mirror: bool = False


@dataclass(frozen=True, eq=False)
class Opened:
    """What a job works with.

    Attributes:
        passes: What is measured.
        images: The photographs.
        shape: How they are dealt out.
        about: What tells this job from others, but for the photographs: a digest of the networks
            and of what is done to them.
    """

    passes: Sequence[Pass[Any]]
    images: ImageSet
    shape: Shape
    about: Mapping[str, str]

    @property
    def shard(self) -> int:
        """Photographs in a shard."""
        batch = self.shape.batch
        return max(batch, self.shape.shard // batch * batch)

    def batches(self, places: range) -> Iterator[Batch]:
        """The photographs of some places, in batches that suit this process's device."""
        shape = self.shape
        size = fitted(shape.batch, self.shard)
        batch = max(1, size // 2) if shape.mirror else size
        shown = self.images.part(places, batch, shape.cut)
        return mirrored(shown) if shape.mirror else shown


class Job(Protocol):
    """Passes over photographs, described so that another process can open them.

    A job is sent to other processes: its passes are made there.
    """

    def open(self) -> Opened:
        """The passes and the photographs, the same in every process."""
        ...


@dataclass(frozen=True, eq=False)
class Work:
    """A job of passes that other processes can make again (`passes.remade`).

    Attributes:
        passes: What is measured.
        images: The photographs.
        shape: How they are dealt out.
    """

    passes: tuple[Pass[Any], ...]
    images: ImageSet
    shape: Shape

    def open(self) -> Opened:
        """What it says; in another process, what was made there."""
        shape = (self.shape.cut, self.shape.batch, self.shape.mirror)
        about = {"job": digest_of((self.passes, shape))}
        return Opened(self.passes, self.images, self.shape, about)
