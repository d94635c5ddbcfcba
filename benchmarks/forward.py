"""A network's forward pass, timed against the same network in PyTorch, if that is installed.

    python benchmarks/forward.py [--model inceptionv1]... [--batch 32] [--rounds 7] [--threads 2]

Any backbones of the registry, up to their last layer with weights. Same weights (random ones: time
doesn't depend on them), same images, same number of threads. The contestants take turns in every
round, so that other work on the machine slows all of them alike; what is reported are medians over
rounds. PyTorch runs eagerly in both of its memory layouts, and compiled by `torch.compile` (which
needs a C++ compiler) with channels last, where it is fastest. The rate of a plain float32 matrix
product, measured in the same rounds, says how much of the machine is used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

try:
    import torch
    from torch import _inductor as inductor
    from torch.nn import functional
except ImportError:
    torch = None

from circuitdsl.ir.backbones import BACKBONES, Backbone, Layer
from circuitdsl.models.network import Network

Hooks = Mapping[str, Callable[..., Any]]

REQUIRED_RATIO = {"inceptionv1": 1.4}
"""Times as fast as eager PyTorch; 1 for other networks, and for what `torch.compile` makes."""

MATRIX = 2048

REST_S = 0.1
"""Seconds before each run: threads of the contestant before may still wait for work, busily."""


class EagerNetwork:
    """Any backbone in eager PyTorch, `[batch, channels, height, width]`, with PyTorch's layers."""

    def __init__(self, backbone: Backbone, params: dict[str, np.ndarray], layout: object) -> None:
        self.backbone = backbone
        self.params = {
            name: torch.tensor(values.transpose(3, 2, 0, 1).copy()).contiguous(memory_format=layout)
            if values.ndim == 4
            else torch.tensor(values)
            for name, values in params.items()
        }

    def logits(self, images: torch.Tensor, hooks: Hooks | None = None) -> torch.Tensor:
        """The layer `input` to the last layer with weights; hooks change what layers give."""
        with torch.inference_mode():
            return self.layers_of(images, hooks)

    def layers_of(self, images: torch.Tensor, hooks: Hooks | None = None) -> torch.Tensor:
        """As `logits`, in whatever mode PyTorch is."""
        values = {"input": images}
        x = images
        for layer in self.backbone.layers[1:]:
            if layer.kind == "softmax":
                continue
            x = self.step(layer, [values[name] for name in layer.inputs])
            if hooks and layer.name in hooks:
                x = hooks[layer.name](x)
            values[layer.name] = x
        return x

    def step(self, layer: Layer, sources: list[torch.Tensor]) -> torch.Tensor:
        """One layer."""
        x = sources[0]
        if layer.kind == "conv":
            _, before, after = layer.window(x.shape[-1])
            if before != after or layer.border == "reflect":
                mode = "reflect" if layer.border == "reflect" else "constant"
                x = functional.pad(x, (before, after, before, after), mode)
                before = 0
            kernel, bias = self.params[layer.kernel_key], self.params[layer.bias_key]
            x = functional.conv2d(x, kernel, bias, layer.stride, before, groups=layer.groups)
        elif layer.kind == "maxpool":
            # ceil_mode is the padding of one row after that SAME has at stride 2
            _, before, after = layer.window(x.shape[-1])
            x = functional.max_pool2d(
                x, layer.kernel, layer.stride, before, ceil_mode=after > before
            )
        elif layer.kind == "lrn" and layer.lrn is not None:
            lrn, side = layer.lrn, 2 * layer.lrn.radius + 1
            x = functional.local_response_norm(x, side, side * lrn.alpha, lrn.beta, lrn.bias)
        elif layer.kind == "concat":
            x = torch.cat(sources, 1)
        elif layer.kind == "add":
            x = sum(sources[1:], x)
        elif layer.kind == "globalpool":
            x = x.mean((2, 3))
        else:
            x = torch.addmm(self.params[layer.bias_key], x, self.params[layer.kernel_key])
        if layer.rectified:
            x = functional.relu_(x) if layer.activation == "relu" else functional.relu6(x)
        return x


def gigaflops(backbone: Backbone) -> float:
    """Billions of multiplications and additions for one image."""
    total = 0
    for layer in backbone.layers:
        if layer.has_weights:
            positions = backbone.sampling(layer.name).size ** 2
            total += 2 * positions * int(np.prod(backbone.parameter_shapes[layer.kernel_key]))
    return total / 1e9


Contestants = dict[str, Callable[[], object]]


def contestants(name: str, batch_size: int) -> Contestants:
    """What is timed, by name; all networks are first seen to compute the same.

    Raises:
        SystemExit: they don't.
    """
    backbone = BACKBONES[name]
    last = backbone.logits or backbone.layers[-1].name
    generator = np.random.default_rng(0)
    params = {
        name: (generator.normal(size=shape) * (2 / np.prod(shape[:-1])) ** 0.5).astype(np.float32)
        for name, shape in backbone.parameter_shapes.items()
    }
    network = Network(backbone, params)
    side = backbone.input_px
    images = generator.uniform(0, 255, (batch_size, side, side, 3))
    ours = jnp.asarray(images, jnp.float32)
    matrix = jnp.asarray(generator.normal(size=(MATRIX, MATRIX)), jnp.float32)
    product = jax.jit(jnp.matmul)

    def answer() -> jax.Array:
        return network.activations(ours, [last])[last].block_until_ready()

    done: Contestants = {
        "circuitdsl": answer,
        "matrix product": lambda: product(matrix, matrix).block_until_ready(),
    }
    if torch is None:
        print("  PyTorch is not installed, so nothing is compared with it")
        return done
    expected = np.asarray(answer())
    read = np.asarray(network.prepared(ours)).transpose(0, 3, 1, 2).copy()
    layouts = {"PyTorch": torch.contiguous_format, "PyTorch, channels last": torch.channels_last}
    for title, layout in layouts.items():
        eager = EagerNetwork(backbone, params, layout)
        batch = torch.tensor(read).contiguous(memory_format=layout)
        theirs = eager.logits(batch).numpy()
        theirs = np.moveaxis(theirs, 1, -1) if theirs.ndim == 4 else theirs
        difference = np.abs(theirs - expected).max()
        if difference > 1e-4 * np.abs(expected).max():
            sys.exit(f"{title} computes something else: outputs differ by {difference:.2g}")
        done[title] = partial(eager.logits, batch)
        if layout is torch.channels_last and shutil.which("g++"):
            done["torch.compile, channels last"] = compiled(eager, batch)
    return done


def compiled(network: EagerNetwork, batch: torch.Tensor) -> Callable[[], object]:
    """The same network compiled by `torch.compile`, with its weights frozen into the program."""
    inductor.config.freezing = True

    @torch.compile(dynamic=False)
    def program(images: torch.Tensor) -> torch.Tensor:
        return network.layers_of(images)

    def run() -> torch.Tensor:
        with torch.no_grad():
            return program(batch)

    run()
    return run


def interleaved(timed: Contestants, rounds: int) -> dict[str, list[float]]:
    """Seconds of every contestant in every round, after one round that doesn't count."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + 1):
        for name, run in timed.items():
            time.sleep(REST_S)
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def report(name: str, seconds: dict[str, list[float]], batch_size: int) -> None:
    """Print rates, shares of the matrix product's rate, and ratios."""
    product_rate = 2 * MATRIX**3 / 1e9 / statistics.median(seconds["matrix product"])
    work = gigaflops(BACKBONES[name]) * batch_size
    print(f"  {'matrix product':30s}{'':17s}{product_rate:8.1f} GFLOP/s")
    for title, times in seconds.items():
        if title == "matrix product":
            continue
        median = statistics.median(times)
        line = (
            f"  {title:30s}{batch_size / median:8.1f} images/s{work / median:8.1f} GFLOP/s"
            f"{work / median / product_rate:6.0%} of the matrix product's rate"
        )
        if title != "circuitdsl":
            ratios = [other / own for own, other in zip(seconds["circuitdsl"], times, strict=True)]
            line += f"; circuitdsl is {statistics.median(ratios):.2f} times as fast"
        print(line)
    print(f"  required: {REQUIRED_RATIO.get(name, 1)} times as fast as eager PyTorch")


def main() -> None:
    """Time, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=sorted(BACKBONES), action="append")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    # XLA makes as many threads as there are cores to run on when it is first used
    if hasattr(os, "sched_setaffinity"):  # Linux only
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    if torch is not None:
        torch.set_num_threads(options.threads)
    jax.config.update("jax_platforms", "cpu")
    for name in options.model or ["inceptionv1"]:
        print(
            f"{name} forward, batch {options.batch}, {options.threads} threads, float32, "
            f"medians of {options.rounds} rounds",
            flush=True,
        )
        timed = contestants(name, options.batch)
        report(name, interleaved(timed, options.rounds), options.batch)


if __name__ == "__main__":
    main()
