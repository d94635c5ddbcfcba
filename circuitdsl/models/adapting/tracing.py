"""A model traced on an example, and read.

In: an `Opened` model and an example. Out: a `Traced`: the program, what in it does not depend on
the images, and the operations on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.errors import FlaxError
from jax import Array

from circuitdsl.models.adapting.handlers import HANDLERS
from circuitdsl.models.adapting.modules import Opened
from circuitdsl.models.adapting.operations import Aside, Known, Maps, Operation
from circuitdsl.models.adapting.program import Origin, Program, flattened
from circuitdsl.models.adapting.reading import WINDOWS, Reading
from circuitdsl.text.diagnostics import InputError

_FEW_CHANNELS = 4
_BUILTIN = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)
_OF_MODELS = (*_BUILTIN, FlaxError)
"""What a model raises that does not take an example."""

_BATCH = 2
"""Images in a batch: with one, its axis could not be told from those that are put in."""


@dataclass(frozen=True)
class Traced:
    """A model that was followed on an example.

    Attributes:
        module: The model.
        program: Its equations.
        reading: What was read of them.
        results: What comes out: maps or vectors.
        images: The example, a batch of at least two, in the model's own order of axes.
        axes: That order.
    """

    module: Opened
    program: Program
    reading: Reading
    results: tuple[Maps, ...]
    images: Array
    axes: tuple[str, ...]

    @property
    def operations(self) -> list[Operation]:
        """What is done to the images."""
        return self.reading.operations

    def values(self, operations: Sequence[int]) -> dict[int, Array]:
        """What the model itself computes at some operations, as far as it does, channels last."""
        values = {at: self.operations[at].value for at in operations}
        numbers = {at: value for at, value in values.items() if value is not None}
        given = dict(zip(self.program.arguments, [*self.module.weights, self.images], strict=True))
        found = self.program.values(given, tuple(set(numbers.values())))
        return {
            at: channels_last(found[number], self.operations[at]) for at, number in numbers.items()
        }


def traced(module: Opened, example: Any) -> Traced:
    """Follow a model on an example.

    Args:
        module: The model.
        example: What it takes: `[batch, height, width, channels]`, `[batch, channels, height,
            width]`, or one image of a model that takes no batches. Only its shape is used.

    Raises:
        InputError: the example has another shape, the model does not take it, or an equation cannot
            be read.
    """
    single, images = _batch(example)
    axes = _axes(images)
    if single:
        module = replace(module, run=jax.vmap(module.run, in_axes=(None, 0), axis_name="batch"))
    program = program_of(module, images, _shape(example))
    at = program.arguments[-1]
    reading = Reading(program, _known(program, module), len(images))
    sizes = dict(zip(axes, images.shape, strict=True))
    first = Operation(
        "input", (), sizes["c"], (sizes["h"], sizes["w"]), at, axes, Origin("the images", ())
    )
    reading.values[at] = Maps(reading.add(first), axes)
    reading.follow(HANDLERS)
    return Traced(module, program, reading, _results(reading, module), images, axes)


def program_of(module: Opened, images: Any, example: Sequence[int] = ()) -> Program:
    """The equations of a model on some images.

    Args:
        module: The model.
        images: The images; only their shape is used.
        example: The shape of the user's own example, if the images are made after one.

    Raises:
        InputError: the model does not take them.
    """
    try:
        closed = jax.make_jaxpr(module.run)(module.weights, images)
    except _OF_MODELS as error:
        raise InputError(
            f"{module.name} does not take an example of shape {list(example or images.shape)}",
            why=str(error).strip().split("\n", 1)[0],
            help="give one as the model takes it, and a model in evaluation: `module.eval()`, or "
            "`functools.partial(module, train=False)`",
        ) from error
    return flattened(closed)


def paddings(program: Program) -> list[tuple[tuple[int, int], ...]]:
    """The padding of every window of a program, in order."""
    return [
        tuple((int(before), int(after)) for before, after in equation.params["padding"])
        for equation in program.equations
        if equation.name in WINDOWS
    ]


def channels_last(values: Array, operation: Operation) -> Array:
    """The values of an operation as `[batch, height, width, channels]`, or `[batch, channels]`."""
    letters = "".join(operation.axes)
    kept = values.reshape(
        [length for length, name in zip(values.shape, operation.axes, strict=True) if name]
    )
    kept = kept / operation.times
    wanted = [letter for letter in "nhwc" if letter in letters]
    turned = kept.transpose([letters.index(letter) for letter in wanted])
    if not operation.has_positions:
        return turned.reshape(len(turned), operation.width)
    return turned.reshape(len(turned), *operation.size, operation.width)


def _batch(example: Any) -> tuple[bool, Array]:
    """Whether an example is one image, and a batch of at least two."""
    shape = _shape(example)
    if len(shape) not in (3, 4) or 0 in shape:
        raise InputError(
            f"the example has the shape {list(shape)}",
            help="give images as the model takes them: `[batch, height, width, channels]`",
        )
    count = max(_BATCH, shape[0] if len(shape) == 4 else 1)
    # the model is held against its table on these, whatever range of values it takes
    drawn = np.random.default_rng(0).normal(size=(count, *shape[-3:]))
    spread = np.where(np.arange(count) % 2, 255, 1).reshape(-1, 1, 1, 1)
    return len(shape) == 3, jnp.asarray(drawn * spread, jnp.float32)


def _shape(example: Any) -> tuple[int, ...]:
    return tuple(example.shape if hasattr(example, "shape") else np.shape(example))


def _axes(images: Array) -> tuple[str, ...]:
    """The order of the axes: the one of few channels is that of channels."""
    last = images.shape[-1] <= _FEW_CHANNELS or images.shape[1] > _FEW_CHANNELS
    axes = ("n", "h", "w", "c") if last else ("n", "c", "h", "w")
    rows, columns = (images.shape[axes.index(name)] for name in "hw")
    if rows != columns:
        raise InputError(
            f"the example is {rows} by {columns} pixels", help="give square images as an example"
        )
    return axes


def _known(program: Program, module: Opened) -> dict[int, Known]:
    """What the images meet that does not depend on them, with the paths of the weights in it."""
    *weights, images = program.arguments
    depends = program.dependent(images)
    paths = dict(zip(weights, module.paths, strict=True))
    paths |= {at: module.path_of(value) for at, value in program.constants.items()}
    met: dict[int, None] = {}
    for equation in program.equations:
        if depends.intersection(equation.inputs):
            met.update(dict.fromkeys(at for at in equation.inputs if at not in depends))
            continue
        path = next((paths[at] for at in equation.inputs if paths.get(at)), ())
        paths |= dict.fromkeys(equation.outputs, path)
    values = program.values(dict(zip(weights, module.weights, strict=True)), tuple(met))
    return {at: Known(np.asarray(value), paths.get(at, ())) for at, value in values.items()}


def _results(reading: Reading, module: Opened) -> tuple[Maps, ...]:
    found: list[Maps] = []
    for number in reading.program.results:
        value = reading.values.get(number)
        if isinstance(value, Aside) and value.stage == "logarithm":
            # the logarithm of a softmax: what it is taken of says the same
            value = Maps(value.operation, value.axes)
        if isinstance(value, Maps):
            found.append(value)
    if not found or not any(reading.operations[maps.operation].inputs for maps in found):
        raise InputError(
            f"nothing that {module.name} gives depends on the images",
            help="give a model of images, and an example of them",
        )
    return tuple(found)
