"""InceptionV1's forward pass, timed against the same network in eager PyTorch.

    python benchmarks/forward.py [--batch 32] [--rounds 7] [--threads 2]

Same weights (random ones: time doesn't depend on them), same images, same number of threads. The
contestants take turns in every round, so that other work on the machine slows all of them alike;
what is reported are medians over rounds. PyTorch runs in both of its memory layouts. The rate of a
plain float32 matrix product, measured in the same rounds, says how much of the machine is used.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

try:
    import torch
    from torch.nn import functional
except ImportError:
    sys.exit("this benchmark needs PyTorch to compare with: pip install torch")

from circuitdsl.ir.backbones import BACKBONES, Backbone, same_padding
from circuitdsl.models.network import INPUT_MEAN, Network

Hooks = Mapping[str, Callable[[torch.Tensor], torch.Tensor]]

REQUIRED_RATIO = 1.4
MATRIX = 2048


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

    @torch.inference_mode()
    def logits(self, images: torch.Tensor, hooks: Hooks | None = None) -> torch.Tensor:
        """Images minus their mean, to scores; hooks change what the layers of their names give."""
        values = {"input": images}
        for layer in self.backbone.layers[1:-1]:
            sources = [values[name] for name in layer.inputs]
            x = sources[0]
            _, before, after = same_padding(x.shape[-1], layer.kernel, layer.stride)
            if layer.kind == "conv":
                if before != after:
                    x = functional.pad(x, (before, after, before, after))
                kernel, bias = self.params[f"{layer.name}_w"], self.params[f"{layer.name}_b"]
                padding = before if before == after else 0
                x = functional.relu_(functional.conv2d(x, kernel, bias, layer.stride, padding))
            elif layer.kind == "maxpool":
                # ceil_mode is the padding of one row after that SAME has at stride 2
                x = functional.max_pool2d(x, layer.kernel, layer.stride, before, ceil_mode=True)
            elif layer.kind == "lrn":
                x = functional.local_response_norm(x, 11, alpha=11e-4, beta=0.5, k=2.0)
            elif layer.kind == "concat":
                x = torch.cat(sources, 1)
            elif layer.kind == "avgpool":
                x = x.mean((2, 3))
            elif layer.kind == "dense":
                x = torch.addmm(self.params["softmax2_b"], x, self.params["softmax2_w"])
            if hooks and layer.name in hooks:
                x = hooks[layer.name](x)
            values[layer.name] = x
        return x


def gigaflops(backbone: Backbone) -> float:
    """Billions of multiplications and additions for one image."""
    total = 0
    for layer in backbone.layers:
        if layer.kind in ("conv", "dense"):
            positions = backbone.sampling(layer.name).size ** 2
            fan_in = layer.kernel**2 * backbone.by_name[layer.inputs[0]].width
            total += 2 * positions * fan_in * layer.width
    return total / 1e9


Contestants = dict[str, Callable[[], object]]


def contestants(batch_size: int) -> Contestants:
    """What is timed, by name; all networks are first seen to compute the same.

    Raises:
        SystemExit: they don't.
    """
    backbone = BACKBONES["inceptionv1"]
    generator = np.random.default_rng(0)
    params = {
        name: (generator.normal(size=shape) * (2 / np.prod(shape[:-1])) ** 0.5).astype(np.float32)
        for name, shape in backbone.parameter_shapes.items()
    }
    network = Network(backbone, params)
    side = backbone.input_px
    images = generator.uniform(0, 255, (batch_size, side, side, 3))
    ours = jnp.asarray(images, jnp.float32)
    theirs = torch.tensor((images - INPUT_MEAN).transpose(0, 3, 1, 2).astype(np.float32))
    matrix = jnp.asarray(generator.normal(size=(MATRIX, MATRIX)), jnp.float32)
    product = jax.jit(jnp.matmul)
    done: Contestants = {
        "circuitdsl": lambda: network.logits(ours).block_until_ready(),
        "matrix product": lambda: product(matrix, matrix).block_until_ready(),
    }
    expected = np.asarray(network.logits(ours))
    layouts = {"PyTorch": torch.contiguous_format, "PyTorch, channels last": torch.channels_last}
    for name, layout in layouts.items():
        eager = EagerNetwork(backbone, params, layout)
        batch = theirs.contiguous(memory_format=layout)
        difference = np.abs(eager.logits(batch).numpy() - expected).max()
        if difference > 1e-4 * np.abs(expected).max():
            sys.exit(f"{name} computes something else: logits differ by {difference:.2g}")
        done[name] = partial(eager.logits, batch)
    return done


def interleaved(timed: Contestants, rounds: int) -> dict[str, list[float]]:
    """Seconds of every contestant in every round, after one round that doesn't count."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + 1):
        for name, run in timed.items():
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def report(seconds: dict[str, list[float]], batch_size: int) -> None:
    """Print rates, shares of the matrix product's rate, and ratios."""
    product_rate = 2 * MATRIX**3 / 1e9 / statistics.median(seconds["matrix product"])
    work = gigaflops(BACKBONES["inceptionv1"]) * batch_size
    print(f"  {'matrix product':24s}{'':17s}{product_rate:8.1f} GFLOP/s")
    for name, times in seconds.items():
        if name == "matrix product":
            continue
        median = statistics.median(times)
        line = (
            f"  {name:24s}{batch_size / median:8.1f} images/s{work / median:8.1f} GFLOP/s"
            f"{work / median / product_rate:6.0%} of the matrix product's rate"
        )
        if name != "circuitdsl":
            ratios = [other / own for own, other in zip(seconds["circuitdsl"], times, strict=True)]
            line += f"; circuitdsl is {statistics.median(ratios):.2f} times as fast"
        print(line)
    print(f"  required: {REQUIRED_RATIO} times as fast as PyTorch")


def main() -> None:
    """Time, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    # XLA makes as many threads as there are cores to run on when it is first used
    if hasattr(os, "sched_setaffinity"):  # Linux only
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    torch.set_num_threads(options.threads)
    jax.config.update("jax_platforms", "cpu")
    print(
        f"InceptionV1 forward, batch {options.batch}, {options.threads} threads, float32, "
        f"medians of {options.rounds} rounds"
    )
    report(interleaved(contestants(options.batch), options.rounds), options.batch)


if __name__ == "__main__":
    main()
