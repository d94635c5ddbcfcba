"""Equations on single values: sums, factors, ReLUs; and those that only move values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circuitdsl.models.adapting.axes import broadcast, reshaped
from circuitdsl.models.adapting.operations import Aside, Floats, Known, Maps, Operation, Value
from circuitdsl.models.adapting.program import Equation
from circuitdsl.models.adapting.reading import Reading


def affine(
    reading: Reading,
    equation: Equation,
    maps: Maps,
    line: tuple[Floats, Floats],
    path: tuple[str, ...] = (),
) -> Maps:
    """Maps times a number for each channel, plus another; one step where several follow."""
    factor, offset = line
    source, at = reading.operations[maps.operation], maps.operation
    if source.kind == "affine" and source.factor is not None and source.offset is not None:
        factor, offset = source.factor * factor, source.offset * factor + offset
        path, (at,) = path or source.path, source.inputs
        source = reading.operations[at]
    if np.allclose(factor, 1, rtol=1e-6) and not offset.any():
        return Maps(at, maps.axes)
    done = Operation(
        "affine",
        (at,),
        source.width,
        source.size,
        equation.outputs[0],
        maps.axes,
        equation.origin,
        path,
        source.has_positions,
        factor=factor.astype(np.float32),
        offset=offset.astype(np.float32),
    )
    return Maps(reading.add(done), maps.axes)


def added(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A sum of maps, or of maps and a constant."""
    match values:
        case [Maps() as maps, Known() as known] | [Known() as known, Maps() as maps]:
            offset = reading.per_channel(equation, maps, known)
            return affine(reading, equation, maps, (np.ones_like(offset), offset), known.path)
        case [Maps() as first, Maps() as second]:
            return _sum(reading, equation, first, second)
        case _:
            raise unexpected(reading, equation)


def subtracted(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A difference of maps, or of maps and a constant."""
    match values:
        case [Maps() as maps, Known() as known]:
            offset = -reading.per_channel(equation, maps, known)
            return affine(reading, equation, maps, (np.ones_like(offset), offset), known.path)
        case [Known() as known, Maps() as maps]:
            offset = reading.per_channel(equation, maps, known)
            return affine(reading, equation, maps, (-np.ones_like(offset), offset), known.path)
        case [Maps() as first, Maps() as second]:
            turned = negated(reading, equation, [second])
            last = reading.operations[turned.operation]
            if last.value == equation.outputs[0]:  # it is the difference that has this value
                reading.operations[turned.operation] = replace(last, value=None)
            return _sum(reading, equation, first, turned)
        case [Maps(operation=operation, axes=axes), Aside(stage="greatest", operation=other)] if (
            operation == other
        ):
            return Aside("below", operation, axes)
        case [Aside(stage="below") as below, Aside(stage="logarithm")]:
            return Aside("logarithm", below.operation, below.axes)
        case _:
            raise unexpected(reading, equation)


def negated(reading: Reading, equation: Equation, values: list[Value]) -> Maps:
    """Maps times -1."""
    match values:
        case [Maps() as maps]:
            ones = np.ones(reading.operations[maps.operation].width, np.float32)
            return affine(reading, equation, maps, (-ones, 0 * ones))
        case _:
            raise unexpected(reading, equation)


def multiplied(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Maps times a constant."""
    match values:
        case [Maps() as maps, Known() as known] | [Known() as known, Maps() as maps]:
            factor = reading.per_channel(equation, maps, known)
            return affine(reading, equation, maps, (factor, np.zeros_like(factor)), known.path)
        case _:
            raise reading.refused(equation, "maps are multiplied by maps, which no layer does")


def divided(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Maps over a constant, or the end of a softmax."""
    match values:
        case [Maps() as maps, Known() as known]:
            average = _counted(reading, equation, maps, known)
            if average is not None:
                return average
            factor = np.float32(1) / reading.per_channel(equation, maps, known)
            return affine(reading, equation, maps, (factor, np.zeros_like(factor)), known.path)
        case [Aside(stage="power") as power, Aside(stage="total")]:
            return _step(reading, equation, "softmax", Maps(power.operation, power.axes))
        case _:
            raise unexpected(reading, equation)


def greater(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """The larger of maps and 0."""
    match values:
        case [Maps() as maps, Known() as known] | [Known() as known, Maps() as maps]:
            if not np.any(known.value):
                return _step(reading, equation, "relu", maps)
            raise reading.refused(equation, "maps are cut below at a number other than 0")
        case [Known() as known, Aside() as aside] if np.all(np.isneginf(known.value)):
            return aside
        case _:
            raise reading.refused(equation, "the larger of two maps is taken")


def less(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Rectified maps, cut at 6."""
    match values:
        case [Maps() as maps, Known() as known] | [Known() as known, Maps() as maps]:
            source = reading.operations[maps.operation]
            if source.kind == "relu" and np.all(known.value == 6):
                return _step(reading, equation, "relu6", Maps(source.inputs[0], maps.axes))
            raise reading.refused(equation, "maps are cut above, and not as ReLU6 cuts them")
        case _:
            raise reading.refused(equation, "the smaller of two maps is taken")


def clamped(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """ReLU6 in one equation."""
    match values:
        case [Known() as low, Maps() as maps, Known() as high]:
            if not np.any(low.value) and np.all(high.value == 6):
                return _step(reading, equation, "relu6", maps)
        case _:
            pass
    raise reading.refused(equation, "maps are cut, and not as ReLU6 cuts them")


def compared(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Where maps are above 0: the first half of a ReLU that is written as a choice."""
    match values:
        case [Maps() as maps, Known() as known] if not np.any(known.value):
            return Aside("positive", maps.operation, maps.axes)
        case _:
            raise reading.refused(equation, "maps are compared with something other than 0")


def chosen(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A ReLU that is written as a choice: the maps where they are above 0, else 0."""
    match values:
        case [Aside(stage="positive") as where, Known() as zero, Maps() as maps]:
            if where.operation == maps.operation and not np.any(zero.value):
                return _step(reading, equation, "relu", maps)
        case _:
            pass
    raise reading.refused(equation, "values are chosen by a condition, which no layer does")


def moved(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """The same values in another shape or order of axes."""
    value = values[0]
    if not isinstance(value, Maps | Aside):
        raise unexpected(reading, equation)
    old = reading.program.shapes[equation.inputs[0]]
    new = reading.program.shapes[equation.outputs[0]]
    match equation.name:
        case "transpose":
            axes = tuple(value.axes[at] for at in equation.params["permutation"])
        case "broadcast_in_dim":
            axes = broadcast(value.axes, old, new, equation.params["broadcast_dimensions"])
        case _:
            axes = reshaped(value.axes, old, new, reading.lengths(value.operation))
    if axes is None:
        raise reading.refused(equation, "maps are cut up or repeated, which no layer does")
    if isinstance(value, Maps):
        return Maps(value.operation, axes)
    return Aside(value.stage, value.operation, axes)


def same(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """The same values."""
    del reading, equation
    return values[0]


def exponential(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """On the way to a softmax."""
    match values:
        case [Aside(stage="below") as below]:
            return Aside("power", below.operation, below.axes)
        case _:
            raise reading.refused(equation, "no layer of a table computes `exp`")


def logarithm(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """On the way to the logarithm of a softmax."""
    match values:
        case [Aside(stage="total") as total]:
            return Aside("logarithm", total.operation, total.axes)
        case _:
            raise reading.refused(equation, "no layer of a table computes `log`")


def unexpected(reading: Reading, equation: Equation) -> Exception:
    """The message on values that an equation does not usually have."""
    return reading.refused(equation, f"no layer of a table computes this `{equation.name}`")


def _sum(reading: Reading, equation: Equation, first: Maps, second: Maps) -> Maps:
    one, other = (reading.operations[maps.operation] for maps in (first, second))
    alike = (one.width, one.size, one.has_positions) == (other.width, other.size, True)
    if not alike or first.axes != second.axes:
        raise reading.refused(equation, "maps of different shapes are added")
    done = Operation(
        "add",
        (first.operation, second.operation),
        one.width,
        one.size,
        equation.outputs[0],
        first.axes,
        equation.origin,
    )
    return Maps(reading.add(done), first.axes)


def _step(reading: Reading, equation: Equation, kind: str, maps: Maps) -> Maps:
    """A step that keeps the shape."""
    source = reading.operations[maps.operation]
    done = Operation(
        kind,  # pyright: ignore[reportArgumentType]
        (maps.operation,),
        source.width,
        source.size,
        equation.outputs[0],
        maps.axes,
        equation.origin,
        has_positions=source.has_positions,
    )
    return Maps(reading.add(done), maps.axes)


def _counted(reading: Reading, equation: Equation, maps: Maps, known: Known) -> Maps | None:
    """An average over the positions of the source alone: a sum over how many there are."""
    total = reading.operations[maps.operation]
    pool = reading.operations[total.inputs[0]] if total.kind == "affine" else total
    if pool.kind != "avgpool" or total.factor is None or np.ndim(known.value) == 0:
        return None
    if not np.all(total.factor == pool.side**2):
        return None
    rows, columns = (
        _inside(length, pool.side, pool.stride, margin)
        for length, margin in zip(
            reading.operations[pool.inputs[0]].size, pool.margins, strict=True
        )
    )
    counts = rows[:, None] * columns
    letters = [at for at, name in enumerate(maps.axes) if name in ("h", "w")]
    shape = np.shape(known.value)
    if [shape[at] for at in letters] != list(counts.shape) or np.size(known.value) != counts.size:
        return None
    if maps.axes[letters[0]] == "w":
        counts = counts.T
    if not np.array_equal(np.asarray(known.value).reshape(counts.shape), counts):
        return None
    done = Operation(
        "avgpool",
        pool.inputs,
        pool.width,
        pool.size,
        equation.outputs[0],
        maps.axes,
        equation.origin,
        side=pool.side,
        stride=pool.stride,
        margins=pool.margins,
        windows=pool.windows,
        inner=True,
    )
    return Maps(reading.add(done), maps.axes)


def _inside(length: int, side: int, stride: int, margin: tuple[int, int]) -> Floats:
    """The positions of the source in each window along an axis."""
    first = np.arange((length + sum(margin) - side) // stride + 1) * stride - margin[0]
    return (np.minimum(first + side, length) - np.maximum(first, 0)).astype(np.float32)
