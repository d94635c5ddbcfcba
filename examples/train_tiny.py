"""Train `tiny`, the network that ships with the package, on scenes that the package draws.

In: a seed and a number of steps. Out: a safetensors file of weights, and its accuracy on scenes
that training never saw. The same seed and steps give the same weights on the same machine, whether
training was interrupted or not: Ctrl-C saves a checkpoint, and the same command goes on from it.

    python examples/train_tiny.py --output tiny.safetensors
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from safetensors import safe_open
from safetensors.flax import load_file, save_file

from circuitdsl.ir.backbones import BACKBONES
from circuitdsl.models.network import Network
from circuitdsl.stimuli.scenes import CLASSES, scenes
from circuitdsl.text.files import atomic_path

TINY = BACKBONES["tiny"]

SIDE_PX, BATCH = 64, 40  # small scenes are cheap, and what is learnt holds at any side
PEAK_RATE = 2e-3
WEIGHT_DECAY = 1e-3
DROPPED = 0.1  # of mixed3b's channels, so that each must be evidence by itself
SPARSITY = 3e-2  # on mean activations of mixed3b: few units for each thing seen
HEAD_SPARSITY = 3e-4  # on the sum of the head's weights: few units for each class
SAVE_EVERY = 100


class State(NamedTuple):
    """What a step of training changes."""

    params: dict[str, Array]
    optimiser: optax.OptState


def optimiser(steps: int) -> optax.GradientTransformation:
    """Adam with decoupled weight decay; a short warm-up, then a cosine to nothing."""
    rate = optax.warmup_cosine_decay_schedule(0.0, PEAK_RATE, min(100, steps // 4), steps)
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(b2=0.99),
        optax.add_decayed_weights(WEIGHT_DECAY, mask=_kernels),
        optax.scale_by_learning_rate(rate),
    )


def _kernels(params: dict[str, Array]) -> dict[str, bool]:
    return {name: name.endswith("_w") for name in params}


def start(key: Array, steps: int) -> State:
    """Random weights, scaled so that activations are near 1 after the first normalisation.

    He's kernels would carry the contrasts of pixels, near 100, all the way to the head.
    """
    params = Network(TINY, rngs=nnx.Rngs(params=key)).params
    params["conv2d1_w"] *= 0.15
    params["softmax2_w"] *= 0.1
    return State(params, optimiser(steps).init(params))


def loss(
    params: dict[str, Array], images: Array, labels: Array, key: Array, sparsity: Array
) -> tuple[Array, dict[str, Array]]:
    """Cross-entropy of the classes, with a price on activations and on the head's weights."""
    network = Network(TINY, params)
    active = network.activations(images, ["mixed3b"])["mixed3b"]
    kept = jax.random.bernoulli(key, 1 - DROPPED, (active.shape[0], active.shape[-1]))
    pooled = active.mean(axis=(1, 2)) * kept / (1 - DROPPED)
    last = network.backbone.classifier
    logits = network.resume({"avgpool0": pooled}, [last])[last]
    entropy = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
    price = SPARSITY * active.mean() + HEAD_SPARSITY * jnp.abs(params["softmax2_w"]).sum()
    right = (logits.argmax(axis=-1) == labels).mean()
    return entropy + sparsity * price, {"entropy": entropy, "right": right, "active": active.mean()}


@partial(jax.jit, static_argnames="steps")
def train_step(
    state: State, scene: tuple[Array, Array], key: Array, done: int, steps: int
) -> tuple[State, dict[str, Array]]:
    """Go one step down the loss of labelled scenes, after `done` of `steps` steps."""
    # the price of activity rises from nothing, or it would silence units before they mean anything
    gradients, report = jax.grad(loss, has_aux=True)(state.params, *scene, key, done / steps)
    updates, moments = optimiser(steps).update(gradients, state.optimiser, state.params)
    return State(optax.apply_updates(state.params, updates), moments), report


def accuracy(network: Network, seed: int, count: int, side: int) -> float:
    """Share of scenes of `side` pixels that the network names rightly.

    Args:
        network: A network with the classes of `scenes`.
        seed: That of training, which draws its scenes from another key.
        count: How many scenes, rounded up to whole batches.
        side: Height and width of the scenes in pixels.
    """
    key = jax.random.split(jax.random.key(seed), 3)[2]
    parts = -(-count // BATCH)
    right = 0
    for part in range(parts):
        images, labels = scenes(jax.random.fold_in(key, part), BATCH, side)
        right += int((network.logits(images).argmax(axis=-1) == labels).sum())
    return right / (parts * BATCH)


def save_checkpoint(path: Path, state: State, settings: dict[str, int], step: int) -> None:
    """Write weights and optimiser state after `step` steps."""
    leaves = {f"leaf{at:04d}": leaf for at, leaf in enumerate(jax.tree.leaves(state))}
    metadata = {"settings": json.dumps(settings), "step": str(step)}
    with atomic_path(path) as temporary:
        save_file(leaves, temporary, metadata)


def load_checkpoint(path: Path, like: State, settings: dict[str, int]) -> tuple[State, int]:
    """Read what `save_checkpoint` wrote: the state, and how many steps it has seen.

    Raises:
        SystemExit: the checkpoint is of a run with other settings.
    """
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    if json.loads(metadata["settings"]) != settings:
        sys.exit(f"{path} is of a run with {metadata['settings']}: delete it to start afresh")
    leaves = load_file(path)
    return jax.tree.unflatten(
        jax.tree.structure(like), [leaves[name] for name in sorted(leaves)]
    ), int(metadata["step"])


def train(seed: int, steps: int, checkpoint: Path, stop_after: int | None = None) -> State:
    """Train from the checkpoint if there is one, else from the seed.

    Args:
        seed: Decides the first weights and every scene.
        steps: How many steps the whole run has.
        checkpoint: Written every now and then, and on Ctrl-C.
        stop_after: Return after this step, leaving a checkpoint to go on from.

    Raises:
        KeyboardInterrupt: after the checkpoint is written.
    """
    settings = {"seed": seed, "steps": steps}
    start_key, scene_key, _ = jax.random.split(jax.random.key(seed), 3)
    state, done = start(start_key, steps), 0
    if checkpoint.exists():
        state, done = load_checkpoint(checkpoint, state, settings)
        print(f"going on from step {done} of {checkpoint}")
    began, reports = time.monotonic(), []
    first, last = done, steps if stop_after is None else min(steps, stop_after)
    try:
        while done < last:
            draw_key, drop_key = jax.random.split(jax.random.fold_in(scene_key, done))
            # drawn apart from the step: compiled together, XLA draws the scenes more than once
            drawn = scenes(draw_key, BATCH, SIDE_PX)
            state, report = train_step(state, drawn, drop_key, done, steps)
            done += 1
            reports.append(report)
            if done % SAVE_EVERY == 0 or done == last:
                _print_progress(done, steps, reports, (time.monotonic() - began) / (done - first))
                reports.clear()
                save_checkpoint(checkpoint, state, settings, done)
    except KeyboardInterrupt:
        save_checkpoint(checkpoint, state, settings, done)
        print(f"\nstopped after step {done}; the same command goes on from {checkpoint}")
        raise
    return state


def _print_progress(
    done: int, steps: int, reports: list[dict[str, Array]], seconds_a_step: float
) -> None:
    mean = {
        name: float(sum(report[name] for report in reports)) / len(reports) for name in reports[0]
    }
    print(
        f"step {done:5d}/{steps}  cross-entropy {mean['entropy']:.3f}  right {mean['right']:.1%}"
        f"  active {mean['active']:.2f}  {(steps - done) * seconds_a_step / 60:.0f} min left",
        flush=True,
    )


def main() -> None:
    """Train, write the weights, and say how good they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("tiny.safetensors"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--stop-after", type=int, help="write the weights as they are at this step")
    parser.add_argument("--held-out", type=int, default=2000, help="scenes to measure accuracy on")
    parser.add_argument("--sides", type=int, nargs="*", default=[SIDE_PX], help="their sides in px")
    arguments = parser.parse_args()
    checkpoint = arguments.output.with_suffix(".checkpoint.safetensors")
    try:
        state = train(arguments.seed, arguments.steps, checkpoint, arguments.stop_after)
    except KeyboardInterrupt:
        sys.exit(130)
    network = Network(TINY, state.params)
    with atomic_path(arguments.output) as temporary:
        metadata = {
            "model": "tiny",
            "seed": str(arguments.seed),
            "steps": str(arguments.steps),
            "stopped_after": str(arguments.stop_after or arguments.steps),
            "classes": json.dumps(CLASSES),
        }
        save_file(network.params, temporary, metadata)
    if arguments.stop_after is None:
        checkpoint.unlink()
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes")
    for side in arguments.sides:
        share = accuracy(network, arguments.seed, arguments.held_out, side)
        print(f"held-out accuracy {share:.1%} of {arguments.held_out} scenes of {side} px")


if __name__ == "__main__":
    main()
