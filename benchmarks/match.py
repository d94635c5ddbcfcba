"""What `match` takes beyond the forward passes that it needs, and how much memory.

Matches every family of the shipped circuits with the layers of a network up to `--through`, then
runs the plain forward passes that this needs: of the network, of the circuits, and of the random
circuits that they are held against. Programs are compiled for the first batch of each pass over the
photographs, which is left out; from then on a batch takes what it takes for a thousand. Prints
seconds a photograph, their ratio, and the peak memory of a process of its own for each number of
photographs.

    python benchmarks/match.py --images DIR --limit 48 --memory 100 --memory 1000
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jax

from circuitdsl import load_network, match
from circuitdsl.measure.agreeing.side_by_side import Contender, meetings
from circuitdsl.measure.passes import Pass, Shown, State, fold
from circuitdsl.models.network import Network
from circuitdsl.models.written.given import at_home
from circuitdsl.pipeline import BATCH, read
from circuitdsl.run.comparing.matching import contender_of, searched_layers
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.resources import circuits_folder

ASKED = 1.5
"""Times the plain forward passes."""

ASKED_GB = 3.0


@dataclass
class Watch:
    """When each batch of a pass was done.

    Attributes:
        ends: The seconds at which batches ended, by what a pass reports itself as.
        last: What was reported last.
    """

    ends: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    last: str = ""

    def __call__(self, stage: str) -> None:
        """Note the end of a batch, `what: 8 of 24 photographs`; other reports are no batches."""
        what, _, rest = stage.rpartition(": ")
        if rest.endswith("photographs") and self.last != stage:  # a finished pass says so again
            self.ends.setdefault(what, []).append(time.perf_counter())
        self.last = stage

    @property
    def seconds(self) -> float:
        """Seconds a photograph of all passes, without each one's first batch."""
        spans = [(ends[-1] - ends[0], len(ends) - 1) for ends in self.ends.values()]
        return sum(span for span, _ in spans) / (sum(count for _, count in spans) * BATCH)


def main() -> None:
    """Time both, or, in a process of its own, match and say how much memory that took."""
    parser = argparse.ArgumentParser(description="Time a match and measure its memory.")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--limit", type=int, default=48, help="photographs, a multiple of 16")
    parser.add_argument("--memory", type=int, action="append", help="photographs; several times")
    parser.add_argument("--model", default="inceptionv1-caffe2")
    parser.add_argument("--through", default="mixed4a", help="the last layer that is looked at")
    parser.add_argument("--draws", type=int, default=1, help="random circuits")
    parser.add_argument("--peak", action="store_true", help="match once and print the peak alone")
    options = parser.parse_args()
    if options.peak:
        _match(options, Watch())
        print(_peak_gb())
        return
    if options.limit >= 4 * BATCH:
        _timed(options)
    for count in options.memory or ():
        peak = _peak(options, count)
        print(f"peak memory, {count} photographs: {peak:.2f} GB (asked: under {ASKED_GB:g})")


def _timed(options: argparse.Namespace) -> None:
    matching, plain = Watch(), Watch()
    _match(options, matching)
    peak = _peak_gb()
    print(
        f"match: {matching.seconds:.3f} s a photograph; peak memory {peak:.2f} GB, "
        f"{options.limit} photographs",
        flush=True,
    )
    network = load_network(options.model)
    circuits = {path.stem: read(path) for path in _files()}
    contenders = [
        contender_of(title, circuit, network, families=(), draws=options.draws, seed=0)
        for title, circuit in circuits.items()
        if at_home(circuit, network)
    ]
    families = sum(len(contender.families) for contender in contenders)
    layers = _layers(network, options.through)
    _forward(options, network, contenders, layers, plain)
    print(
        f"plain passes: {plain.seconds:.3f} s a photograph; match takes "
        f"{matching.seconds / plain.seconds:.2f} times as long (asked: {ASKED:g})\n"
        f"{families} families of {len(contenders)} circuits, {options.draws} random circuits of "
        f"each, {', '.join(layers)} of {network.name}"
    )


def _files() -> list[Path]:
    """The shipped circuits; `stimuli.circ` has none, only images for them."""
    return [path for path in sorted(circuits_folder().glob("*.circ")) if path.stem != "stimuli"]


def _layers(network: Network, through: str) -> tuple[str, ...]:
    layers = searched_layers(network.backbone)
    return layers[: layers.index(through) + 1]


def _match(options: argparse.Namespace, watch: Watch) -> None:
    network = load_network(options.model)
    match(
        _files(),
        [network],
        options.images,
        layers=_layers(network, options.through),
        draws=options.draws,
        limit=options.limit,
        progress=watch,
    )


def _forward(
    options: argparse.Namespace,
    network: Network,
    contenders: Sequence[Contender],
    layers: Sequence[str],
    watch: Watch,
) -> None:
    """All networks on all photographs, and nothing done with what they give."""
    side = network.backbone.input_px
    needs = tuple(
        need
        for contender in contenders
        if contender.families
        for meeting in meetings(contender, network, layers, side)
        for need in meeting.needs
    )

    def step(state: State, shown: Shown) -> State:
        jax.block_until_ready([dict(shown.of(need.network)) for need in needs])
        return state

    nothing = Pass(dict, step, lambda a, b: a, lambda state: None, needs)
    batches = open_images(options.images, options.limit).batches(BATCH, side)
    fold([nothing], batches, lambda seen: watch(f"plain: {seen} photographs"))


def _peak_gb() -> float:
    """The most memory that this process has had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _peak(options: argparse.Namespace, count: int) -> float:
    """The peak memory in GB of a process that matches some photographs."""
    command = [sys.executable, __file__, "--peak", "--images", str(options.images)]
    command += ["--model", options.model, "--through", options.through]
    command += ["--draws", str(options.draws), "--limit", str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
