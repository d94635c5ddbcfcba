"""Pictures that excite units: gradient ascent on an image's parameters.

In: a network cut after a layer, directions in that layer, a space of images. Out: an image for each
direction. All directions of a layer climb in one compiled program; every step they are seen
through one random view that depends on the seed and the step alone, so that a picture is the same
whichever others are made beside it, but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from circuitdsl.visualizing.aims import Cut, Weights
from circuitdsl.visualizing.features.parameters import Space, image_of, start
from circuitdsl.visualizing.features.views import seen

Where = Literal["neuron", "channel"]
Gradient = Literal["plain", "normalised"]

Floats = NDArray[np.float32]

RATE = 0.05
"""Adam's step size."""

AT_ONCE = 16
"""Pictures that climb together at most, which bounds memory."""

_SEGMENT = 16
"""Steps between two reports of progress."""

_LEAK = 0.01
"""The slope below 0 of the rectification of units that are climbed: where one is silent, there is a
way up all the same."""

_SMALLEST = 1e-12


@dataclass(frozen=True)
class Climb:
    """How pictures are made.

    Attributes:
        steps: Of Adam.
        where: Whether the neuron in the middle is excited, or the mean over all positions.
        gradient: As it is, or divided by its own root mean square, picture by picture.
        variants: Pictures for each aim.
        apart: How much pictures of one aim are kept from having the same causes: the mean cosine
            between their Gram matrices of the layer before, times this, in shares of the score.
        seed: The seed of the noise at the start and of the views.
    """

    steps: int = 512
    where: Where = "neuron"
    gradient: Gradient = "plain"
    variants: int = 1
    apart: float = 1.0
    seed: int = 0


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Task:
    """What stays the same from step to step.

    Attributes:
        weights: Of the network.
        directions: `[picture, channel]`.
        space: The space of images.
        views: The key of the views.
    """

    weights: Weights
    directions: Array
    space: Space
    views: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _State:
    parameters: Array
    optimiser: optax.OptState


def climb(
    cut: Cut,
    readouts: Floats,
    space: Space,
    how: Climb,
    *,
    from_image: Floats | None = None,
    frames: Sequence[int] = (),
    progress: Callable[[int], None] = lambda step: None,
) -> dict[int, Floats]:
    """Make a picture for each direction.

    Args:
        cut: The network.
        readouts: Weights of the layer's channels, `[aim, channel]`; at most `AT_ONCE` pictures.
        space: The space of images.
        how: How they are made.
        from_image: RGB, 0..255, `[side, side, 3]`, to start from instead of noise.
        frames: Steps after which the pictures are wanted, beside the last one.
        progress: Told how many steps are done.

    Returns:
        RGB, 0..255, `[aim, variant, side, side, 3]`, by step.
    """
    key = jax.random.key(how.seed)
    keys = [jax.random.fold_in(key, variant) for variant in range(how.variants)]
    begun = jnp.stack([start(space, one, from_image) for one in keys])
    parameters = jnp.tile(begun, (len(readouts), 1, 1, 1, 1))
    directions = jnp.repeat(jnp.asarray(readouts), how.variants, axis=0)
    task = _Task(cut.weights, directions, space, jax.random.fold_in(key, how.variants))
    program = replace(how, steps=0, seed=0)  # neither changes what is compiled
    state = _State(parameters, optax.adam(RATE).init(parameters))
    wanted = sorted({how.steps, *(step for step in frames if step <= how.steps)})
    pictures: dict[int, Floats] = {}
    done = 0
    for step in wanted:
        while done < step:
            until = min(step, done + _SEGMENT)
            for number in range(done, until):
                state = _advance(cut, program, task, state, jnp.asarray(number))
            state, done = jax.block_until_ready(state), until
            progress(done)
        images = np.asarray(255.0 * _images(space, state.parameters), np.float32)
        pictures[step] = images.reshape(len(readouts), how.variants, *images.shape[1:])
    return pictures


_images = jax.jit(image_of)


@partial(jax.jit, static_argnames=("cut", "how"), donate_argnames=("state",))
def _advance(cut: Cut, how: Climb, task: _Task, state: _State, step: Array) -> _State:
    """One step of all pictures.

    Each step is called from outside: within a compiled loop XLA gives convolutions on CPUs five
    times the work.
    """
    view = jax.random.fold_in(task.views, step)

    def loss(parameters: Array) -> Array:
        images = 255.0 * seen(image_of(task.space, parameters), view)
        if how.where == "neuron" and cut.centre is not None:
            first, side = cut.window(task.space.side)  # all that this neuron sees
            images = images[:, first : first + side, first : first + side]
        return -_score(cut, how, task, images)

    gradient = jax.grad(loss)(state.parameters)
    if how.gradient == "normalised":
        square = jnp.mean(jnp.square(gradient), axis=(1, 2, 3, 4), keepdims=True)
        gradient = gradient * jax.lax.rsqrt(square + _SMALLEST)
    updates, moments = optax.adam(RATE).update(gradient, state.optimiser, state.parameters)
    return _State(state.parameters + jnp.asarray(updates), moments)


def _score(cut: Cut, how: Climb, task: _Task, images: Array) -> Array:
    """The sum over pictures of what is climbed."""
    maps = cut.before(task.weights, images)
    maps = jax.nn.leaky_relu(maps, _LEAK) if cut.rectified else maps
    scores = excitation(cut, how.where, maps, task.directions, images.shape[1])
    if how.variants == 1:
        return scores.sum()
    grams = _grams(cut.cause(task.weights, images))
    grams = grams.reshape(-1, how.variants, *grams.shape[1:])
    likeness = jnp.einsum("avcd,awcd->avw", grams, grams)
    others = (likeness.sum(axis=-1) - 1) / (how.variants - 1)
    worth = jax.lax.stop_gradient(jnp.abs(scores))
    return (scores - how.apart * worth * others.ravel()).sum()


def excitation(cut: Cut, where: Where, maps: Array, directions: Array, side: int) -> Array:
    """How much each picture excites its direction, `[picture]`.

    Args:
        cut: The network.
        where: See `Climb`.
        maps: What the layer gives for each picture, `[picture, height, width, channel]`, or
            `[picture, channel]` of a layer without positions.
        directions: `[picture, channel]`.
        side: The side of the images, in pixels.
    """
    if cut.centre is None:
        return (maps * directions).sum(axis=-1)
    if where == "neuron":
        at = cut.centre(side)
        return (maps[:, at, at] * directions).sum(axis=-1)
    return (maps.mean(axis=(1, 2)) * directions).sum(axis=-1)


def _grams(maps: Array) -> Array:
    """Gram matrices of the channels over all positions, of length 1, `[picture, c, c]`."""
    grams = jnp.einsum("nhwc,nhwd->ncd", maps, maps)
    length = jnp.sqrt(jnp.square(grams).sum(axis=(1, 2), keepdims=True) + _SMALLEST)
    return grams / length
