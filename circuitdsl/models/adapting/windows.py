"""Equations with windows: convolutions, products, pools, padding, sums over positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from circuitdsl.models.adapting.elementwise import affine, unexpected
from circuitdsl.models.adapting.operations import (
    Aside,
    Floats,
    Known,
    Maps,
    Operation,
    Pair,
    Value,
)
from circuitdsl.models.adapting.program import Equation
from circuitdsl.models.adapting.reading import EVALUATION, Reading


def convolved(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A convolution with known kernels."""
    match values:
        case [Maps() as maps, Known() as known]:
            pass
        case _:
            raise reading.refused(equation, "the kernels depend on the images")
    numbers, params = equation.params["dimension_numbers"], equation.params
    batch, channel, *plane = numbers.lhs_spec
    letters = [maps.axes[at] for at in plane]
    width = reading.operations[maps.operation].width
    if maps.axes[batch] != "n" or sorted(letters) not in (
        ["h", "w"],
        ["", "h"],
        ["", "w"],
        ["", ""],
    ):
        raise reading.refused(equation, "this is no convolution over rows and columns")
    if not _is_channel(maps.axes[channel], width):
        raise reading.refused(
            equation,
            "what the model convolves as channels are positions of the example",
            "give an example whose axes lie as the model reads them",
        )
    if set(params["lhs_dilation"]) != {1} or params["batch_group_count"] != 1:
        raise reading.refused(equation, "a transposed or batch-wise convolution")
    turned = "w" in letters[:1] or "h" in letters[1:]
    out, into, *sides = numbers.rhs_spec
    kernel = np.asarray(known.value, np.float32).transpose(*sides, into, out)
    kernel = _dilated(kernel, params["rhs_dilation"])
    source, margins = _padded(reading, maps.operation, _pairs(params["padding"]), turned)
    source, margins, reflects = _unmirrored(reading, source, margins)
    strides = params["window_strides"]
    if turned:
        kernel = kernel.swapaxes(0, 1)
    squared = _square(kernel, margins)
    if squared is None or strides[0] != strides[1]:
        raise reading.refused(equation, "the window is not square, and cannot be made so")
    kernel, margins = squared
    axes = [""] * 4
    for at, name in zip(numbers.out_spec, ("n", "c", *("wh" if turned else "hw")), strict=True):
        axes[at] = name
    done = Operation(
        "conv",
        (source,),
        kernel.shape[3],
        _size(reading.operations[source], margins, kernel.shape[0], strides[0]),
        equation.outputs[0],
        tuple(axes),
        equation.origin,
        known.path,
        kernel=kernel,
        groups=params["feature_group_count"],
        side=kernel.shape[0],
        stride=strides[0],
        margins=margins,
        windows=reading.windows,
        reflects=reflects,
    )
    return Maps(reading.add(done), tuple(axes))


def multiplied_out(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A product with a known matrix: dense, at each position, or over whole maps."""
    (left, right), (batch, _) = equation.params["dimension_numbers"]
    match values:
        case [Maps() as maps, Known() as known]:
            own, other = left, right
        case [Known() as known, Maps() as maps]:
            own, other = right, left
        case _:
            raise reading.refused(equation, "maps are multiplied by maps, which no layer does")
    source = reading.operations[maps.operation]
    summed = "".join(maps.axes[at] for at in own)
    matrix = np.asarray(known.value, np.float32)
    rest = [at for at in range(matrix.ndim) if at not in other]
    letters = {name for name in summed if reading.lengths(maps.operation)[name] > 1}
    whole = {name for name in "hw" if reading.lengths(maps.operation)[name] > 1}
    if (
        batch
        or len(rest) != 1
        or letters - {"h", "w", "c"}
        or "c" not in summed + "c" * (source.width == 1)
    ):
        raise unexpected(reading, equation)
    lengths = [reading.lengths(maps.operation)[name] for name in summed]
    matrix = matrix.transpose(*other, *rest).reshape(*lengths, -1)
    kept = [maps.axes[at] for at in range(len(maps.axes)) if at not in own]
    axes = ("c", *kept) if isinstance(values[0], Known) else (*kept, "c")
    if not source.has_positions:
        return _dense(reading, equation, maps, Known(matrix, known.path), axes)
    over_positions = bool(letters & {"h", "w"})
    if over_positions and letters & {"h", "w"} != whole:
        raise unexpected(reading, equation)
    order = [summed.index(name) for name in "hwc" if name in summed]
    kernel = matrix.transpose(*order, len(summed))
    sides = source.size if over_positions else (1, 1)
    kernel = kernel.reshape(*sides, source.width, -1)
    if sides[0] != sides[1]:
        raise reading.refused(equation, "maps that are not square are multiplied by a matrix")
    done = Operation(
        "conv",
        (maps.operation,),
        kernel.shape[3],
        (1, 1) if over_positions else source.size,
        equation.outputs[0],
        axes,
        equation.origin,
        known.path,
        kernel=kernel,
        side=kernel.shape[0],
    )
    return Maps(reading.add(done), axes)


def _dense(
    reading: Reading,
    equation: Equation,
    maps: Maps,
    known: Known,
    axes: tuple[str, ...],
) -> Maps:
    matrix = known.value
    done = Operation(
        "dense",
        (maps.operation,),
        matrix.shape[-1],
        (1, 1),
        equation.outputs[0],
        axes,
        equation.origin,
        known.path,
        has_positions=False,
        kernel=matrix,
    )
    return Maps(reading.add(done), axes)


def pooled(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A largest value or a sum in each window."""
    match values:
        case [Maps() as maps]:
            pass
        case _:
            raise unexpected(reading, equation)
    params = equation.params
    plain = set(params["base_dilation"]) == set(params["window_dilation"]) == {1}
    window, strides = dict[str, int](), dict[str, int]()
    margins: dict[str, Pair] = {}
    settings = (params["window_dimensions"], params["window_strides"], params["padding"])
    for name, side, stride, margin in zip(maps.axes, *settings, strict=True):
        if name in ("h", "w"):
            window[name], strides[name], margins[name] = (
                side,
                stride,
                (int(margin[0]), int(margin[1])),
            )
        elif (side, stride, tuple(margin)) != (1, 1, (0, 0)):
            plain = False
    square = len(set(window.values())) == len(set(strides.values())) == 1 and len(window) == 2
    if not plain or not square:
        raise reading.refused(equation, "a pool over other axes, or through no square window")
    side, stride = window["h"], strides["h"]
    largest = equation.name == "reduce_window_max"
    source, around = _padded(
        reading, maps.operation, (margins["h"], margins["w"]), fill=-np.inf if largest else 0.0
    )
    if around[0] != around[1]:
        raise reading.refused(equation, "a pool pads rows and columns differently")
    done = Operation(
        "maxpool" if largest else "avgpool",
        (source,),
        reading.operations[source].width,
        _size(reading.operations[source], around, side, stride),
        equation.outputs[0],
        maps.axes,
        equation.origin,
        side=side,
        stride=stride,
        margins=around,
        windows=reading.windows,
        times=1 if largest else side * side,
    )
    pool = Maps(reading.add(done), maps.axes)
    if largest:
        return pool
    total = np.full(done.width, done.times, np.float32)
    return affine(reading, equation, pool, (total, 0 * total))


def padded(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A number put around maps; a window that reads them takes it up."""
    match values:
        case [Maps() as maps, Known() as known]:
            pass
        case _:
            raise unexpected(reading, equation)
    margins: dict[str, Pair] = {"h": (0, 0), "w": (0, 0)}
    for name, (before, after, between) in zip(
        maps.axes, equation.params["padding_config"], strict=True
    ):
        if name in margins and not between and min(before, after) >= 0:
            margins[name] = (before, after)
        elif (before, after, between) != (0, 0, 0):
            raise reading.refused(equation, "channels are padded, or maps are cut or spread")
    source = reading.operations[maps.operation]
    done = Operation(
        "pad",
        (maps.operation,),
        source.width,
        (source.size[0] + sum(margins["h"]), source.size[1] + sum(margins["w"])),
        equation.outputs[0],
        maps.axes,
        equation.origin,
        margins=(margins["h"], margins["w"]),
        fill=float(known.value),
    )
    return Maps(reading.add(done), maps.axes)


def summed(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """A sum over all positions, or the sum on the way to a softmax."""
    axes = tuple(equation.params["axes"])
    match values:
        case [Aside(stage="power") as power] if [power.axes[at] for at in axes] == ["c"]:
            return Aside("total", power.operation, _without(power.axes, axes))
        case [Maps() as maps]:
            pass
        case _:
            raise unexpected(reading, equation)
    source = reading.operations[maps.operation]
    letters = {maps.axes[at] for at in axes} - {""}
    if "n" in letters:
        raise reading.refused(equation, "a sum over the batch", EVALUATION)
    if letters != {"h", "w"} & set(maps.axes) or not source.has_positions or not letters:
        raise reading.refused(equation, "a sum over something other than all positions")
    left = _without(maps.axes, axes)
    done = Operation(
        "globalpool",
        (maps.operation,),
        source.width,
        (1, 1),
        equation.outputs[0],
        left,
        equation.origin,
        has_positions=False,
        times=source.size[0] * source.size[1],
    )
    total = np.full(source.width, done.times, np.float32)
    return affine(reading, equation, Maps(reading.add(done), left), (total, 0 * total))


def greatest(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """The largest channel, on the way to a softmax."""
    axes = tuple(equation.params["axes"])
    match values:
        case [Maps() as maps] if [maps.axes[at] for at in axes] == ["c"]:
            return Aside("greatest", maps.operation, _without(maps.axes, axes))
        case _:
            raise reading.refused(equation, "a largest value over positions")


def _size(source: Operation, margins: tuple[Pair, Pair], side: int, stride: int) -> Pair:
    """How many windows lie down and across."""
    rows, columns = (
        (length + sum(margin) - side) // stride + 1
        for length, margin in zip(source.size, margins, strict=True)
    )
    return rows, columns


def _pairs(padding: Sequence[Sequence[int]]) -> tuple[Pair, ...]:
    return tuple((int(before), int(after)) for before, after in padding)


def _is_channel(name: str, width: int) -> bool:
    return name == "c" or (name == "" and width == 1)


def _without(axes: tuple[str, ...], gone: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(name for at, name in enumerate(axes) if at not in gone)


def _padded(
    reading: Reading,
    operation: int,
    margins: tuple[Pair, ...],
    turned: bool = False,
    fill: float = 0.0,
) -> tuple[int, tuple[Pair, Pair]]:
    """What a window reads, and its padding with that of a `pad` before it."""
    rows, columns = margins[::-1] if turned else margins
    source = reading.operations[operation]
    if source.kind != "pad":
        return operation, (rows, columns)
    below = reading.operations[source.inputs[0]]
    # zeros never win against rectified values
    same = source.fill == fill or (source.fill == 0 and below.kind in ("relu", "relu6"))
    if not same:
        return operation, (rows, columns)
    (above, under), (left, right) = source.margins
    return source.inputs[0], (
        (rows[0] + above, rows[1] + under),
        (columns[0] + left, columns[1] + right),
    )


def _unmirrored(
    reading: Reading, operation: int, margins: tuple[Pair, Pair]
) -> tuple[int, tuple[Pair, Pair], bool]:
    """What a window reads, its padding, and whether that is the mirror image of what it reads."""
    source = reading.operations[operation]
    if source.kind != "mirror" or any(map(any, margins)):
        return operation, margins, False
    return source.inputs[0], source.margins, True


def _dilated(kernel: Floats, dilation: tuple[int, int]) -> Floats:
    """A kernel with zeros between its taps."""
    rows, columns = (
        (side - 1) * step + 1 for side, step in zip(kernel.shape[:2], dilation, strict=True)
    )
    spread = np.zeros((rows, columns, *kernel.shape[2:]), np.float32)
    spread[:: dilation[0], :: dilation[1]] = kernel
    return spread


def _square(kernel: Floats, margins: tuple[Pair, Pair]) -> tuple[Floats, tuple[Pair, Pair]] | None:
    """A kernel widened by zeros until its window and its padding are alike both ways."""
    before = max(margin[0] for margin in margins)
    after = max(margin[1] for margin in margins)
    zeros = [(before - margin[0], after - margin[1]) for margin in margins]
    wide = np.pad(kernel, (*zeros, (0, 0), (0, 0)))
    if wide.shape[0] != wide.shape[1]:
        return None
    return wide, ((before, after), (before, after))
