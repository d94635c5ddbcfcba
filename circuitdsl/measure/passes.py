"""One pass over photographs: every measure over images is a fold from images to sums.

In: passes, and batches of images. Out: each pass's state, and what it finishes to. Several passes
run over one reading of the images. A pass says which layers of which network it needs; a network
that several passes need runs once for each batch, with the layers of all of them.

A state is a dictionary of NumPy arrays, as large for a million images as for a thousand. It can be
stored as it is (`shards.py`); `merge` adds the state of later images to that of earlier ones. A
merge in a fixed order gives the same digits every time.

A pass that takes the mean of a layer's channels over positions and images:

    def channel_means(network: Network, layer: str) -> Pass[NDArray[np.float64]]:
        def init() -> State:
            return {"sum": np.zeros(network.backbone.by_name[layer].width), "images": np.zeros(())}

        def step(state: State, shown: Shown) -> State:
            maps = shown.of(network)[layer]                       # [size, height, width, channel]
            means = shown.real(jnp.mean(maps, axis=(1, 2)))       # [count, channel], float64
            return merge(state, {"sum": means.sum(axis=0), "images": np.float64(len(means))})

        def merge(a: State, b: State) -> State:
            return {name: a[name] + b[name] for name in a}

        def finish(state: State) -> NDArray[np.float64]:
            return state["sum"] / state["images"]

        return Pass(init, step, merge, finish, (Need(network, (layer,)),))

    means = run(channel_means(network, "mixed3b"), images.batches(16, 224))

Several over one reading, each of which gives its own result:

    states = fold([first, second], batches)
    a, b = first.finish(states[0]), second.finish(states[1])

Where an interval is wanted, a state keeps the sums of blocks of images (`bootstrap.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.measure.memory import large_blocks_go_back
from circuitdsl.stimuli.batches import Batch
from circuitdsl.text.diagnostics import InputError

State = Mapping[str, NDArray[Any]]
"""Sums by name."""

States = tuple[State, ...]
"""Of several passes."""

Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")
Given = ParamSpec("Given")


class Responding(Protocol):
    """Whatever answers images by activations: trained, edited and hand-written networks."""

    def activations(self, images: ArrayLike, layers: Sequence[str], /) -> dict[str, Array]:
        """Activations of the named layers or families, `[batch, height, width, channel]`."""
        ...


@dataclass(frozen=True, eq=False)
class Need:
    """Layers of a network that a pass looks at; families, for a hand-written network."""

    network: Responding
    layers: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """A batch of images, and what networks answer to it.

    Attributes:
        batch: The images, their names and their classes.
        images: RGB, 0..255, on the device, `[size, height, width, 3]`; filled up behind `count`.
        values: Activations by the network's identity and the layer's name.
    """

    batch: Batch
    images: Array
    values: Mapping[int, Mapping[str, Array]]

    @property
    def count(self) -> int:
        """The number of real images."""
        return self.batch.count

    def of(self, network: Responding) -> Mapping[str, Array]:
        """A network's activations by layer, `[size, ...]`; at least the layers that were needed."""
        return self.values[id(network)]

    def real(self, array: ArrayLike) -> NDArray[np.float64]:
        """The rows of real images, `[count, ...]`, in float64 on the host."""
        return np.asarray(array)[: self.count].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Pass(Generic[Result_co]):
    """A fold over photographs.

    Attributes:
        init: The state before any image.
        step: The state with a batch more.
        merge: The state of some images and of others that come after them, as one.
        finish: What the state of all images comes to. Never given a state of no images.
        needs: Layers that `step` looks at.
        made_by: Makes it again (`remade`); without it, it stays in the process that made it.
    """

    init: Callable[[], State]
    step: Callable[[State, Shown], State]
    merge: Callable[[State, State], State]
    finish: Callable[[State], Result_co]
    needs: tuple[Need, ...] = ()
    made_by: Callable[[], Pass[Result_co]] | None = None

    def __reduce__(self) -> tuple[Callable[[], Pass[Result_co]], tuple[()]]:
        """Go to another process as what makes it there."""
        if self.made_by is None:
            raise InputError(
                "this measure cannot be sent to other processes",
                why="its function is not marked with `remade`",
                help="use one process",
            )
        return self.made_by, ()


def remade(make: Callable[Given, Pass[Result]]) -> Callable[Given, Pass[Result]]:
    """Mark a function of a module whose passes other processes may make again from what it takes.

    What it takes is sent: networks, sets of units, names, numbers.
    """

    @wraps(make)
    def made(*given: Given.args, **named: Given.kwargs) -> Pass[Result]:
        return replace(make(*given, **named), made_by=partial(made, *given, **named))

    return made


class Dealt(ABC):
    """Images that are gone through in shards, by whoever does it (`shards`)."""

    @abstractmethod
    def fold(self, passes: Sequence[Pass[Any]], progress: Callable[[int], None]) -> States:
        """The states of some passes after one reading of the images.

        Raises:
            InputError: there are no images.
        """


def fold(
    passes: Sequence[Pass[Any]],
    batches: Iterable[Batch] | Dealt,
    progress: Callable[[int], None] = lambda seen: None,
    *,
    empty: bool = False,
) -> States:
    """The states of some passes after one reading of the images.

    Args:
        passes: What is measured.
        batches: The images; or images that are gone through in shards.
        progress: Told how many images have been seen, after each batch.
        empty: Whether there may be no images.

    Raises:
        InputError: there are no images, and there should be.
    """
    if isinstance(batches, Dealt):
        return batches.fold(passes, progress)
    large_blocks_go_back()
    needs = _together(need for one in passes for need in one.needs)
    states = [one.init() for one in passes]
    seen = 0
    for batch in batches:
        shown = show(batch, needs)
        states = [one.step(state, shown) for one, state in zip(passes, states, strict=True)]
        seen += batch.count
        progress(seen)
    if not seen and not empty:
        raise InputError("there is no image to look at")
    return tuple(states)


def run(
    one: Pass[Result_co],
    batches: Iterable[Batch] | Dealt,
    progress: Callable[[int], None] = lambda seen: None,
) -> Result_co:
    """What a single pass finishes to.

    Raises:
        InputError: there are no images.
    """
    return one.finish(fold([one], batches, progress)[0])


def show(batch: Batch, needs: Iterable[Need]) -> Shown:
    """Show a batch to every network that is needed, once to each."""
    images = jnp.asarray(batch.images)
    values = {
        id(need.network): need.network.activations(images, need.layers) for need in _together(needs)
    }
    return Shown(batch, images, values)


def _together(needs: Iterable[Need]) -> list[Need]:
    """One need for each network, with the layers of all."""
    layers: dict[int, dict[str, None]] = {}
    networks: dict[int, Responding] = {}
    for need in needs:
        networks[id(need.network)] = need.network
        layers.setdefault(id(need.network), {}).update(dict.fromkeys(need.layers))
    return [Need(networks[key], tuple(names)) for key, names in layers.items()]


def total(a: State, b: State) -> State:
    """The sum of two states, name by name."""
    return {name: a[name] + b[name] for name in a}
