"""How fast text becomes weights.

Prints the time from `.circ` text to lowered arrays the first time, when the circuit was lowered
before, and when its numbers were changed; and the time of 1,000 settings of its dials by `vmap`.
Usage: `python benchmarks/lower.py [FILE]`.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from circuitdsl.checking.load import check_source, load
from circuitdsl.ir.circuit import Circuit
from circuitdsl.lowering.weights import Weights, lower
from circuitdsl.text.resources import circuits_folder
from circuitdsl.text.source import Source

SETTINGS = 1_000
REPEATS = 25


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes, until its arrays are there."""
    start = time.perf_counter()
    jax.block_until_ready(action())
    return time.perf_counter() - start


def settings(circuit: Circuit, count: int) -> dict[str, jax.Array]:
    """Dials drawn from their ranges, `[count]` each."""
    draw = np.random.default_rng(0)
    return {
        p.name: jnp.asarray(
            draw.uniform(
                p.default if p.low is None else p.low,
                p.default if p.high is None else p.high,
                count,
            ),
            jnp.float32,
        )
        for p in circuit.dials
    }


def circuit_of(source: Source) -> Circuit:
    """The circuit of a text that may import what lies beside it."""
    circuit = check_source(source).circuit
    if circuit is None:
        raise SystemExit(f"{source.name} has errors: see `circuitdsl check`")
    return circuit


def edited(text: str, step: int) -> str:
    """The text with every width of a bump changed a little."""
    return re.sub(r"bump\((\d+)deg", lambda m: f"bump({int(m[1]) + 0.01 * (step + 1):g}deg", text)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Time the way from text to weights.")
    parser.add_argument("file", nargs="?", type=Path, default=circuits_folder() / "curves.circ")
    path: Path = parser.parse_args().file
    text = path.read_text(encoding="utf-8")
    jnp.zeros(()).block_until_ready()

    circuit = load(path)
    cold = seconds(lower(circuit))
    print(f"{path.name}: {len(text.splitlines())} lines, {len(circuit.connections)} connections")
    print(f"lower, first time: {1e3 * cold:.1f} ms")

    def from_text() -> Weights:
        return lower(load(path))()

    whole = statistics.median(seconds(from_text) for _ in range(REPEATS))
    alone = statistics.median(seconds(lower(circuit)) for _ in range(REPEATS))
    print(f"text to weights, warm: {1e3 * whole:.1f} ms, of which lower {1e3 * alone:.1f} ms")

    others = [Source(path.name, edited(text, step), path) for step in range(REPEATS)]
    changed = statistics.median(seconds(lambda s=s: lower(circuit_of(s))()) for s in others)
    print(f"text never read before, with other numbers, to weights: {1e3 * changed:.1f} ms")

    together = jax.jit(jax.vmap(lower(circuit)))
    first = seconds(lambda: together(settings(circuit, SETTINGS)))
    dials = settings(circuit, SETTINGS)
    batch = statistics.median(seconds(lambda: together(dials)) for _ in range(5))
    print(f"{SETTINGS} settings of {len(circuit.dials)} dials by vmap: {batch:.2f} s")
    print(f"  the first time, with compilation: {first:.2f} s")


if __name__ == "__main__":
    main()
