"""Controls: the same thing done to units that nobody chose, or in a gentler way.

In: steps, the mean activation of each channel, a seed. Out: steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.editing.select import Units, edges
from circuitdsl.editing.verbs import Ablate, Affine, ScaleEdges, Step, units_of
from circuitdsl.models.written.handwritten import HandwrittenNetwork

Floats = NDArray[np.float64]


def redrawn(
    steps: Sequence[Step], means: Mapping[str, Floats], seed: int
) -> tuple[Step, ...] | None:
    """The same steps on other units: each is replaced by one of the same convolution at random.

    Args:
        steps: What was done.
        means: The mean of each channel, for units that are ablated to theirs.
        seed: Of the draw.

    Returns:
        The steps, or None where they say nothing about other units: splices, patches, replaced
        edges, edges chosen by angle; or where there are no others (`taken_whole`).
    """
    if taken_whole(steps):
        return None
    chosen = {place: None for step in steps for units in units_of(step) for place in units.places}
    generator = np.random.default_rng(seed)
    new: dict[tuple[str, int], tuple[str, int]] = {}
    for branch in dict.fromkeys(branch for branch, _ in chosen):
        taken = [channel for name, channel in chosen if name == branch]
        others = [c for c in range(_width(steps, branch)) if c not in taken]
        if len(others) < len(taken):  # not enough of them: any will do
            others = list(range(_width(steps, branch)))
        drawn = generator.choice(others, len(taken), replace=False)
        new |= {(branch, c): (branch, int(d)) for c, d in zip(taken, drawn, strict=True)}

    def moved(units: Units) -> Units:
        return Units(units.backbone, tuple(new[place] for place in units.places))

    found: list[Step] = []
    for step in steps:
        if isinstance(step, Affine):
            found.append(step.on(moved(step.units)))
        elif isinstance(step, Ablate):
            units = moved(step.units)
            found.append(Ablate(units) if step.to is None else ablate_to(units, means))
        elif isinstance(step, ScaleEdges) and all(w.quantity != "angle" for w in step.where):
            other = edges(moved(step.edges.source), moved(step.edges.target))
            found.append(replace(step, edges=other))
        else:
            return None
    return tuple(found)


def taken_whole(steps: Sequence[Step]) -> tuple[str, ...]:
    """The convolutions of the steps, if the steps act on every unit of all of them; else none."""
    places = {place for step in steps for units in units_of(step) for place in units.places}
    taken = Counter(branch for branch, _ in sorted(places))
    whole = all(count == _width(steps, branch) for branch, count in taken.items())
    return tuple(taken) if whole else ()


def ablate_to(units: Units, means: Mapping[str, Floats]) -> Ablate[Units, tuple[float, ...]]:
    """Ablate units to their means."""
    return Ablate(units, tuple(float(means[branch][channel]) for branch, channel in units.places))


def softened(steps: Sequence[Step], means: Mapping[str, Floats]) -> tuple[Step, ...] | None:
    """The same steps with means in place of zeros; None where no unit is ablated to zero."""
    if not any(isinstance(step, Ablate) and step.to is None for step in steps):
        return None
    return tuple(
        ablate_to(step.units, means) if isinstance(step, Ablate) and step.to is None else step
        for step in steps
    )


def shuffled_members(members: Sequence[int], seed: int) -> tuple[int, ...]:
    """The members dealt out anew, so that as few units as possible keep theirs.

    Where all units have the same member, so they have afterwards: nothing is shuffled.
    """
    generator = np.random.default_rng(seed)
    old = np.asarray(members)
    best = old
    for _ in range(200):
        drawn = generator.permutation(old)
        if (drawn == old).sum() < (best == old).sum() or best is old:
            best = drawn
        if not (best == old).any():
            break
    return tuple(best.tolist())


def random_kernels(hand: HandwrittenNetwork, family: str, seed: int) -> HandwrittenNetwork:
    """The network with noise for the kernels into one family.

    For each connection and each member the noise has the same sum of squares as the kernel.
    """
    key = jax.random.key(seed)
    new: dict[str, ArrayLike] = {}
    for number, connection in enumerate(hand.circuit.into(family)):
        kernel = hand.arrays[connection.name]
        noise = jax.random.normal(jax.random.fold_in(key, number), kernel.shape)
        size = jnp.sqrt(jnp.square(kernel).sum(axis=(0, 1, 2)))
        new[connection.name] = noise * size / jnp.sqrt(jnp.square(noise).sum(axis=(0, 1, 2)))
    return hand.with_weights(new)


def _width(steps: Sequence[Step], branch: str) -> int:
    backbone = units_of(steps[0])[0].backbone
    return backbone.by_name[branch].width
