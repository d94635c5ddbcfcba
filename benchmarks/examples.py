"""What dataset examples of a whole layer cost beside the forward pass, and how much memory.

Reads photographs and runs a network on them up to a layer; then the same, keeping the strongest
photographs and a sample of every level for all units of the layer. Each is a process of its own,
whose peak of memory is printed, for each number of photographs; a first batch, which compiles, is
not timed. Usage: `python benchmarks/examples.py [MODEL] --images DIR [--layer L] [--limit N]...`.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from circuitdsl import load_network
from circuitdsl.measure.examples import examples
from circuitdsl.measure.passes import Need, Pass, Shown, State, run
from circuitdsl.models.network import Network
from circuitdsl.run.opening.asked import asked
from circuitdsl.run.seeing.examples import BATCH
from circuitdsl.stimuli.photographs import open_images

WAYS = ("forward", "examples")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time dataset examples of all units of a layer.")
    parser.add_argument("model", nargs="?", default="auto")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--layer", default="mixed3b")
    parser.add_argument("--limit", type=int, action="append")
    parser.add_argument("--way", choices=WAYS, help="this alone, in this process")
    options = parser.parse_args(arguments)
    limits = options.limit or [100, 1000]
    if options.way is not None:
        print(*timed(options.model, options.images, options.layer, limits[0], options.way))
        return
    for limit in limits:
        figures = {way: _elsewhere(options, limit, way) for way in WAYS}
        for way, (wall, cores, peak) in figures.items():
            print(
                f"{limit} photographs, {way}: {wall:.1f} s, {cores:.1f} s of cores' time, ", end=""
            )
            print(f"peak {peak:.0f} MB", flush=True)
        wall, cores = (figures["examples"][at] / figures["forward"][at] for at in (0, 1))
        print(f"  {wall:.2f} times the forward pass, {cores:.2f} of cores' time", flush=True)


def timed(model: str, images: Path, layer: str, limit: int, way: str) -> tuple[float, float, float]:
    """Seconds, seconds of the cores' time, and this process's peak of memory in MB."""
    network = load_network(model)
    work = forward(network, layer) if way == "forward" else examples_of(network, layer)
    warm = open_images(images, BATCH)
    run(work, warm.batches_for(network.backbone, BATCH))
    photographs = open_images(images, limit)
    start, begun = time.perf_counter(), time.process_time()
    run(work, photographs.batches_for(network.backbone, BATCH))
    wall, cores = time.perf_counter() - start, time.process_time() - begun
    return wall, cores, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def examples_of(network: Network, layer: str) -> Pass[Any]:
    """The pass of `circuitdsl examples` for every unit of a layer."""
    return examples(network, asked(network, [layer]).aims)


def forward(network: Network, layer: str) -> Pass[Any]:
    """The forward pass alone: the layer's activations are waited for, and forgotten."""

    def step(state: State, shown: Shown) -> State:
        shown.of(network)[layer].block_until_ready()
        return state

    return Pass(
        init=lambda: {"seen": np.zeros(())},
        step=step,
        merge=lambda a, b: a,
        finish=lambda state: state,
        needs=(Need(network, (layer,)),),
    )


def _elsewhere(options: argparse.Namespace, limit: int, way: str) -> tuple[float, ...]:
    """`timed` in a process of its own."""
    command = [sys.executable, __file__, options.model, "--images", str(options.images)]
    command += ["--layer", options.layer, "--limit", str(limit), "--way", way]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return tuple(map(float, output.split()))


if __name__ == "__main__":
    main()
