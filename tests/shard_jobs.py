"""A job over photographs that workers can open by name, and a driver that tests can kill."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from two_blocks import TWO, two_weights

from circuitdsl.compare.accuracy import hits
from circuitdsl.measure.agreement import agreement
from circuitdsl.measure.passes import State
from circuitdsl.measure.shards import Opened, fold_shards
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.stimuli.photographs import open_images

BATCH, SHARD = 4, 8


@dataclass(frozen=True)
class TwoJob:
    """An accuracy and an agreement of a small network.

    Attributes:
        folder: The photographs.
        dies_once: A file; the process that finds none leaves one and is gone.
        seed: Of the network's weights.
    """

    folder: Path
    dies_once: Path | None = None
    seed: int = 0

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
        about = {"seed": str(self.seed)}
        return Opened(passes, open_images(self.folder), TWO, about, BATCH)


def bytes_of(states: tuple[State, ...]) -> list[dict[str, bytes]]:
    """The digits of some states."""
    return [{name: np.asarray(a).tobytes() for name, a in state.items()} for state in states]


if __name__ == "__main__":
    fold_shards(TwoJob(Path(sys.argv[1])), store=Path(sys.argv[2]), size=SHARD)
