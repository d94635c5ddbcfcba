"""A job over photographs that workers can open by name, and a driver that tests can kill."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from two_blocks import TWO, two_weights

from circuitdsl.compare.accuracy import hits
from circuitdsl.measure.agreeing.agreement import agreement
from circuitdsl.measure.passes import Pass, Shown, State
from circuitdsl.measure.shards import Engine, Opened, Shape, fold_shards
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.stimuli.photographs import Cut, open_images

BATCH, SHARD = 4, 8


@dataclass(frozen=True)
class TwoJob:
    """An accuracy and an agreement of a small network.

    Attributes:
        folder: The photographs.
        dies_once: A file; the process that finds none leaves one and is gone.
        seed: Of the network's weights.
        shard: Photographs in a shard.
        slow_s: Seconds that each batch takes at least.
    """

    folder: Path
    dies_once: Path | None = None
    seed: int = 0
    shard: int = SHARD
    slow_s: float = 0.0

    def open(self) -> Opened:
        """The network and the photographs."""
        if self.dies_once is not None and not self.dies_once.exists():
            self.dies_once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        network = Network(TWO, two_weights(self.seed))
        pair = [trained(network, "mixed3b", units) for units in ([0, 1], [4, 5])]
        passes = [
            hits(
                network, network.backbone.classifier, {str(number): number for number in range(5)}
            ),
            agreement(*pair),
        ]
        passes = [slowed(one, self.slow_s) for one in passes]
        about = {"seed": str(self.seed)}
        shape = Shape(Cut.of(TWO), BATCH, self.shard)
        return Opened(passes, open_images(self.folder), shape, about)


def slowed(one: Pass[Any], seconds: float) -> Pass[Any]:
    """A pass that takes its time."""

    def step(state: State, shown: Shown) -> State:
        time.sleep(seconds)
        return one.step(state, shown)

    return replace(one, step=step)


def bytes_of(states: tuple[State, ...]) -> list[dict[str, bytes]]:
    """The digits of some states."""
    return [{name: np.asarray(a).tobytes() for name, a in state.items()} for state in states]


def digest_of(digits: list[dict[str, bytes]]) -> str:
    """A digest of what `bytes_of` gives."""
    lines = [f"{name} {part!r}" for state in digits for name, part in sorted(state.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    fold_shards(TwoJob(Path(sys.argv[1])), Engine(int(sys.argv[3]), Path(sys.argv[2])))
