"""Equations that pick positions or channels of maps: slices, reversals, concatenations.

Maps that a model mirrors at their borders come as slices of them, turned round and put beside them.
They are followed as a `Picked`, of which `Reading.whole` makes one operation where something else
reads them.
"""

from __future__ import annotations

from dataclasses import replace

from circuitdsl.models.adapting.elementwise import unexpected
from circuitdsl.models.adapting.operations import Maps, Operation, Picked, Value
from circuitdsl.models.adapting.program import Equation
from circuitdsl.models.adapting.reading import Reading


def cut(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Some rows or columns of maps."""
    picked = _picked(reading, equation, values[0])
    if picked is None:
        raise unexpected(reading, equation)
    params, lengths = equation.params, reading.program.shapes[equation.inputs[0]]
    strides = params["strides"] or (1,) * len(lengths)
    bounds = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    for name, length, (start, stop, stride) in zip(picked.axes, lengths, bounds, strict=True):
        if name in ("h", "w"):
            picked = _along(picked, name, picked.along(name)[start:stop:stride])
        elif (start, stop, stride) != (0, length, 1):
            raise reading.refused(equation, "channels are cut apart")
    return picked


def turned_round(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Positions in the opposite order, or channels, such as blue first."""
    picked = _picked(reading, equation, values[0])
    if picked is None:
        raise unexpected(reading, equation)
    letters = {picked.axes[at] for at in equation.params["dimensions"]}
    if letters <= {"h", "w"}:
        for name in sorted(letters):
            picked = _along(picked, name, picked.along(name)[::-1])
        return picked
    if letters != {"c"} or not isinstance(values[0], Maps):
        raise reading.refused(equation, "maps are mirrored")
    source = reading.operations[picked.operation]
    done = Operation(
        "reversed",
        (picked.operation,),
        source.width,
        source.size,
        equation.outputs[0],
        picked.axes,
        equation.origin,
    )
    return Maps(reading.add(done), picked.axes)


def joined(reading: Reading, equation: Equation, values: list[Value]) -> Value:
    """Channels of several maps side by side, or positions of one beside one another."""
    parts = [_picked(reading, equation, value) for value in values]
    picked = [part for part in parts if part is not None]
    along = picked[0].axes[equation.params["dimension"]]
    if len(picked) == len(parts) and along in ("h", "w"):
        return _beside(reading, equation, picked, along)
    maps = [value for value in values if isinstance(value, Maps)]
    sources = [reading.operations[value.operation] for value in maps]
    alike = len({(value.axes, source.size) for value, source in zip(maps, sources, strict=True)})
    apart = all(source.has_positions for source in sources)
    if len(maps) < len(values) or along != "c" or alike != 1 or not apart:
        raise reading.refused(equation, "something other than channels of maps is joined")
    done = Operation(
        "concat",
        tuple(value.operation for value in maps),
        sum(source.width for source in sources),
        sources[0].size,
        equation.outputs[0],
        maps[0].axes,
        equation.origin,
    )
    return Maps(reading.add(done), maps[0].axes)


def _picked(reading: Reading, equation: Equation, value: Value) -> Picked | None:
    """Positions of maps; all of them where nothing has been picked yet."""
    match value:
        case Picked():
            return replace(value, made_by=equation)
        case Maps(operation=operation, axes=axes):
            rows, columns = (tuple(range(side)) for side in reading.operations[operation].size)
            return Picked(operation, axes, rows, columns, equation)
        case _:
            return None


def _along(picked: Picked, name: str, places: tuple[int, ...]) -> Picked:
    return replace(picked, **{"h": {"rows": places}, "w": {"columns": places}}[name])


def _beside(reading: Reading, equation: Equation, parts: list[Picked], name: str) -> Picked:
    """Positions of the same maps one after another along an axis."""
    other = "w" if name == "h" else "h"
    if len({(part.operation, part.axes, part.along(other)) for part in parts}) > 1:
        raise reading.refused(equation, "positions of several maps are joined")
    return _along(parts[0], name, sum((part.along(name) for part in parts), ()))
