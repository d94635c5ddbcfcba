"""What `match` takes beyond the forward passes that it needs, and how much memory.

Matches every family of the shipped circuits with the layers of a network up to `--through`. First
on a few photographs, so that programs are compiled; then the match and the plain forward passes of
the same networks on the same photographs take turns, so that other work on the machine slows both
alike. The passes are those that the match needs: of the network, of the circuits, and of the random
circuits that they are held against. Prints seconds, their ratio, and the peak memory of a process
of its own for each number of photographs.

    python benchmarks/match.py --images DIR --limit 48 --memory 100 --memory 1000
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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

WARM = 4 * BATCH
"""Photographs for compiling: both halves have whole batches."""


def main() -> None:
    """Time both, or, in a process of its own, match and say how much memory that took."""
    parser = argparse.ArgumentParser(description="Time a match and measure its memory.")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--limit", type=int, default=48, help="photographs that are timed")
    parser.add_argument("--memory", type=int, action="append", help="photographs; several times")
    parser.add_argument("--model", default="inceptionv1-caffe2")
    parser.add_argument("--through", default="mixed4a", help="the last layer that is looked at")
    parser.add_argument("--draws", type=int, default=1, help="random circuits")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peak", action="store_true", help="match once and print the peak alone")
    options = parser.parse_args()
    if options.peak:
        _match(options, options.limit)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
        return
    if options.limit:
        _timed(options)
    for count in options.memory or ():
        peak = _peak(options, count)
        print(f"peak memory, {count} photographs: {peak:.2f} GB (asked: under {ASKED_GB:g})")


def _timed(options: argparse.Namespace) -> None:
    network = load_network(options.model)
    circuits = {path.stem: read(path) for path in _files()}
    contenders = [
        contender_of(title, circuit, network, families=(), draws=options.draws, seed=0)
        for title, circuit in circuits.items()
        if at_home(circuit, network)
    ]
    families = sum(len(contender.families) for contender in contenders)
    layers = _layers(network, options.through)
    print(f"{families} families of {len(contenders)} circuits, {', '.join(layers)}")
    _match(options, WARM)
    _forward(options, network, contenders, layers, WARM)
    ratios: list[float] = []
    for _ in range(options.rounds):
        matching = _seconds(lambda: _match(options, options.limit))
        plain = _seconds(lambda: _forward(options, network, contenders, layers, options.limit))
        # what a match does before the first photograph is done for four batches as for a thousand
        before = (
            _seconds(lambda: _match(options, WARM)),
            _seconds(lambda: _forward(options, network, contenders, layers, WARM)),
        )
        share = (matching - before[0]) / (plain - before[1])
        ratios.append(share)
        print(
            f"{options.limit} photographs: match {matching:.1f} s, plain {plain:.1f} s; "
            f"{WARM}: {before[0]:.1f} s and {before[1]:.1f} s; each more: {share:.2f} times"
        )
    print(f"at most {max(ratios):.2f} times the plain passes (asked: {ASKED:g})")


def _files() -> list[Path]:
    """The shipped circuits; `stimuli.circ` has none, only images for them."""
    return [path for path in sorted(circuits_folder().glob("*.circ")) if path.stem != "stimuli"]


def _layers(network: Network, through: str) -> tuple[str, ...]:
    layers = searched_layers(network.backbone)
    return layers[: layers.index(through) + 1]


def _match(options: argparse.Namespace, count: int) -> None:
    network = load_network(options.model)
    match(
        _files(),
        [network],
        options.images,
        layers=_layers(network, options.through),
        draws=options.draws,
        limit=count,
    )


def _forward(
    options: argparse.Namespace,
    network: Network,
    contenders: Sequence[Contender],
    layers: Sequence[str],
    count: int,
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
    fold([nothing], open_images(options.images, count).batches(BATCH, side))


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak(options: argparse.Namespace, count: int) -> float:
    """The peak memory in GB of a process that matches some photographs."""
    command = [sys.executable, __file__, "--peak", "--images", str(options.images)]
    command += ["--model", options.model, "--through", options.through]
    command += ["--draws", str(options.draws), "--limit", str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
