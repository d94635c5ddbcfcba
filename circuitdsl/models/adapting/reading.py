"""The images followed through a program's equations.

In: a `Program`, the values that do not depend on the images. Out: a `Reading`: the operations in
order, and what each result of the program is. An equation that no operation can express is an
error, with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from circuitdsl.models.adapting.operations import (
    Aside,
    Floats,
    Known,
    Maps,
    Operation,
    Pair,
    Picked,
    Value,
)
from circuitdsl.models.adapting.program import CONTROL, Equation, Program
from circuitdsl.text.diagnostics import InputError

WINDOWS = ("conv_general_dilated", "reduce_window_max", "reduce_window_sum")
"""Primitives with windows, which are numbered as they come."""

MOVES = ("slice", "rev", "concatenate")
"""Primitives that pick positions, or put them beside one another."""

EVALUATION = "put the module into evaluation first: `module.eval()`, or `train=False` with partial"


class Reading:
    """What has been read so far.

    Attributes:
        program: The equations.
        values: By the numbers of the program.
        operations: In order of computation.
        windows: The number of windows passed.
    """

    def __init__(self, program: Program, known: Mapping[int, Known], batch: int) -> None:
        """Begin with what does not depend on the images, of which there are `batch`."""
        self.program = program
        self.values: dict[int, Value] = dict(known)
        self.operations: list[Operation] = []
        self.windows = 0
        self._batch = batch

    def add(self, operation: Operation) -> int:
        """Append an operation; its place in the list."""
        self.operations.append(operation)
        return len(self.operations) - 1

    def lengths(self, operation: int) -> dict[str, int]:
        """The length of each axis of an operation's result."""
        done = self.operations[operation]
        return {"n": self._batch, "h": done.size[0], "w": done.size[1], "c": done.width}

    def refused(self, equation: Equation, reason: str, help: str = "") -> InputError:
        """The message on an equation."""
        return self.program.unreadable(equation, reason, help)

    def follow(self, handlers: Mapping[str, Handler]) -> None:
        """Read every equation."""
        self._check_evaluation()
        for equation in self.program.equations:
            if equation.name in WINDOWS:
                self.windows += 1
            read = [self.values.get(number) for number in equation.inputs]
            if not any(isinstance(value, Maps | Picked | Aside) for value in read):
                continue  # computed beforehand, if anything needs it
            if equation.name in CONTROL:
                raise self.refused(
                    equation,
                    f"a `{equation.name}` over maps is a loop or a choice, which no table has",
                    "write the layers out, each once",
                )
            handler = handlers.get(equation.name)
            if handler is None:
                raise self.refused(equation, f"no layer of a table computes `{equation.name}`")
            if equation.name not in MOVES:
                read = [self.whole(value) for value in read]
            (output,) = equation.outputs
            value = handler(self, equation, [self.known(value) for value in read])
            if output in self.program.results:
                value = self.known(self.whole(value))
            self.values[output] = value

    def _check_evaluation(self) -> None:
        """Refuse statistics over the batch, which may stand behind what else cannot be read."""
        depends = self.program.dependent(self.program.arguments[-1])
        for equation in self.program.equations:
            first = equation.inputs[0] if equation.inputs else None
            if first in depends and equation.name.startswith("reduce_"):
                shape, axes = self.program.shapes[first], equation.params.get("axes", ())
                if len(shape) > 1 and 0 in axes and shape[0] == self._batch:
                    raise self.refused(equation, "statistics are taken over the batch", EVALUATION)

    def whole(self, value: Value | None) -> Value | None:
        """Picked positions as maps: all of them as they lie, or with their mirror image around.

        Anything else is left as it is.

        Raises:
            InputError: the positions are cut out, or in another order.
        """
        if not isinstance(value, Picked):
            return value
        equation = value.made_by
        source = self.operations[value.operation]
        rows, columns = (
            _reflected(places, length)
            for places, length in zip((value.rows, value.columns), source.size, strict=True)
        )
        if rows is None or columns is None:
            raise self.refused(equation, "positions of maps are cut out, or put in another order")
        if rows == columns == (0, 0):
            return Maps(value.operation, value.axes)
        done = Operation(
            "mirror",
            (value.operation,),
            source.width,
            (len(value.rows), len(value.columns)),
            equation.outputs[0],
            value.axes,
            equation.origin,
            margins=(rows, columns),
        )
        return Maps(self.add(done), value.axes)

    def known(self, value: Value | None) -> Value:
        """A value that must be there."""
        if value is None:
            raise ValueError("a value is read before it is computed")
        return value

    def per_channel(self, equation: Equation, maps: Maps, known: Known) -> Floats:
        """A constant beside maps as one number for each channel.

        Raises:
            InputError: it differs from position to position.
        """
        width = self.operations[maps.operation].width
        values = np.asarray(known.value, np.float32)
        if values.ndim == 0:
            return np.full(width, values, np.float32)
        for at, name in enumerate(maps.axes):
            if name == "c" or values.shape[at] == 1:
                continue
            if not (values == values.take([0], axis=at)).all():
                raise self.refused(
                    equation, "a constant differs from position to position", EVALUATION
                )
            values = values.take([0], axis=at)
        values = values.reshape(-1)
        if len(values) not in (1, width):
            raise self.refused(equation, "channels were joined with positions, then scaled apart")
        return np.broadcast_to(values, (width,)).astype(np.float32)


def _reflected(places: tuple[int, ...], length: int) -> Pair | None:
    """How many positions are mirrored before and after a row of so many; None if it is no mirror.

    The outermost position is the mirror, and is not repeated.
    """
    before = places.index(0) if 0 in places else 0
    after = len(places) - before - length
    if after < 0 or max(before, after) >= length:
        return None
    row = tuple(range(length))
    around = (*row[before:0:-1], *row, *row[length - 2 : length - 2 - after : -1])
    return (before, after) if places == around else None


Handler = Callable[[Reading, Equation, list[Any]], Value]
"""From an equation and its values, some of which depend on the images, to its result."""
