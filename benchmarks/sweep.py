"""Sweeps over units, timed against a loop of PyTorch forward hooks over the same network.

    python benchmarks/sweep.py [--images 16] [--units 24] [--rounds 3] [--threads 2]
    python benchmarks/sweep.py --memory 200      # peak memory of a sweep over so many images

Random weights (time doesn't depend on them), the same images, the same number of threads. PyTorch
ablates a few of the units in each round, by a hook on the convolution that computes them; its time
for one unit and image is what counts. The contestants take turns, so that other work on the machine
slows all alike, and medians over rounds are reported. Also timed: attribution of all units at once,
and the forward pass of an edited network against that of the intact one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import torch
from forward import EagerNetwork

from circuitdsl.editing.apply import edit
from circuitdsl.editing.attribution import attribution
from circuitdsl.editing.select import edges, select
from circuitdsl.editing.sweep import one_by_one, sweep
from circuitdsl.editing.verbs import Ablate, Where, drop
from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.measure.passes import run
from circuitdsl.measure.shards import Reading, Shape
from circuitdsl.models.network import Network
from circuitdsl.models.preprocess import prepared
from circuitdsl.stimuli.batches import Batch, batches_of
from circuitdsl.stimuli.photographs import Cut, open_images

BACKBONE = BACKBONES["inceptionv1"]
LAYER = "mixed3b_5x5"
BATCH = 16
REQUIRED_SPEED, REQUIRED_APPROXIMATE, ALLOWED_GB = 5.0, 50.0, 3.0


def random_network() -> Network:
    """InceptionV1 with random weights."""
    generator = np.random.default_rng(0)
    params = {
        name: (generator.normal(size=shape) * (2 / np.prod(shape[:-1])) ** 0.5).astype(np.float32)
        for name, shape in BACKBONE.parameter_shapes.items()
    }
    return Network(BACKBONE, params)


OUTPUTS = {str(number): number for number in range(1, 1000)}
"""The output of each class of noise."""


def examples(count: int) -> Iterator[Batch]:
    """Noise with random classes, a batch at a time."""
    classes = np.random.default_rng(2).choice(list(OUTPUTS), count)
    return batches_of(_noise(count), classes.tolist())


def _noise(count: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(1)
    side = BACKBONE.input_px
    for start in range(0, count, BATCH):
        yield generator.integers(0, 256, (min(BATCH, count - start), side, side, 3))


def archived(file: Path, count: int) -> Reading:
    """The same in an archive, as a sweep reads images."""
    batches = list(examples(count))
    pixels = np.concatenate([batch.real for batch in batches]).astype(np.uint8)
    np.savez(file, images=pixels, labels=[label for batch in batches for label in batch.labels])
    return Reading(open_images(file), Shape(Cut(BACKBONE.input_px), BATCH))


def swept(network: Network, units: int, images: int) -> float:
    """Seconds of an exact sweep."""
    chosen = one_by_one(select(BACKBONE, f"{LAYER}[0..{units - 1}]"))
    with tempfile.TemporaryDirectory() as folder:
        reading = archived(Path(folder) / "noise.npz", images)
        start = time.perf_counter()
        sweep(network, chosen, reading, OUTPUTS, Path(folder) / "sweep.csv")
        return time.perf_counter() - start


def attributed(network: Network, images: int) -> float:
    """Seconds of attribution to every unit of the block."""
    start = time.perf_counter()
    run(attribution(network, select(BACKBONE, "mixed3b"), OUTPUTS), examples(images))
    return time.perf_counter() - start


def hooked(eager: EagerNetwork, units: int, images: int) -> float:
    """Seconds of PyTorch's loop: for each unit and batch a whole pass, ablated by a hook."""
    start = time.perf_counter()
    for unit in range(units):

        def ablate(value: torch.Tensor, unit: int = unit) -> torch.Tensor:
            value[:, unit] = 0
            return value

        for batch, right in examples(images):
            seen = np.asarray(prepared(BACKBONE.preprocessing, jnp.asarray(batch)))
            moved = torch.tensor(seen.transpose(0, 3, 1, 2).copy())
            logits = eager.logits(moved, {LAYER: ablate})
            torch.nn.functional.cross_entropy(logits, torch.tensor(right, dtype=torch.int64))
    return time.perf_counter() - start


def edited_over_intact(network: Network, rounds: int) -> float:
    """The median time of an edited forward pass over that of the intact one."""
    curves = select(BACKBONE, "3b[320..333]")
    early = select(BACKBONE, "3a[64..74]")
    edited = edit(
        network, [Ablate(curves), drop(edges(early, select(BACKBONE, "3b[340..349]")), NEGATIVE)]
    )
    images = jnp.asarray(next(examples(BATCH)).images)
    seconds: dict[str, list[float]] = {"edited": [], "intact": []}
    for number in range(rounds + 1):
        for name, one in (("edited", edited), ("intact", network)):
            start = time.perf_counter()
            one.logits(images).block_until_ready()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return statistics.median(seconds["edited"]) / statistics.median(seconds["intact"])


NEGATIVE = Where("weight", "<", 0)


def main() -> None:
    """Run the benchmark; exit with 1 where a figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--units", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--memory", type=int, metavar="IMAGES")
    options = parser.parse_args()
    network = random_network()
    if options.memory:
        swept(network, 4, options.memory)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"peak memory over {options.memory} images: {peak:.2f} GB (allowed {ALLOWED_GB})")
        sys.exit(peak > ALLOWED_GB)
    torch.set_num_threads(options.threads)
    eager = EagerNetwork(BACKBONE, network.params, torch.contiguous_format)
    few = max(1, options.units // 8)
    per = options.units * options.images
    times: dict[str, list[float]] = {"exact": [], "PyTorch": [], "attribution": []}
    for number in range(options.rounds + 1):
        taken = {
            "exact": swept(network, options.units, options.images) / per,
            "PyTorch": hooked(eager, few, options.images) / (few * options.images),
            "attribution": attributed(network, options.images) / (480 * options.images),
        }
        for name, seconds in taken.items():
            if number:  # the first round compiles
                times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"  {name:12s}{1e3 * seconds:10.3f} ms for each unit and image")
    speed = medians["PyTorch"] / medians["exact"]
    approximate = medians["exact"] / medians["attribution"]
    print(f"exact sweep against PyTorch's hooks: {speed:.1f} times (required {REQUIRED_SPEED})")
    print(
        f"attribution against the exact sweep: {approximate:.0f} times (required "
        f"{REQUIRED_APPROXIMATE:.0f})"
    )
    ratio = edited_over_intact(network, max(5, options.rounds))
    print(f"edited over intact forward pass: {ratio:.3f}")
    sys.exit(speed < REQUIRED_SPEED or approximate < REQUIRED_APPROXIMATE)


if __name__ == "__main__":
    main()
