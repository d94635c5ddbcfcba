"""Operations made into layers of a table.

In: the operations of a network, and what comes out of it. Out: a `Table`: entries with kernels and
biases, normalisations folded into the convolutions that they follow, activation functions joined to
what they follow, and what happens to an image before the first of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from circuitdsl.ir.backbones import Preprocessing
from circuitdsl.ir.backbones.layers import Activation, LayerKind
from circuitdsl.ir.backbones.preprocessing import UNCHANGED
from circuitdsl.models.adapting.operations import Floats, Operation, Pair
from circuitdsl.models.adapting.program import Origin
from circuitdsl.text.diagnostics import InputError


@dataclass
class Entry:
    """A layer of the table before it has a name.

    Attributes:
        kind: Of the layer.
        inputs: The entries that it reads, by their places.
        width: Channels out.
        operation: The last operation that it computes.
        origin: Where its first operation stands.
        path: The path of its weights.
        kernel: As the backbones have it.
        bias: For each channel.
        activation: What follows.
        groups: Of a convolution.
        side: The side of the window.
        stride: The stride of the window, in positions.
        margin: Positions added before and after.
        windows: The place of its window in the program.
        inner: An average over positions of the source alone.
        reflects: Its window reads the mirror image of its source around it.
        before: The operation before its activation function.
        plain: What it is called where neither a module nor a scope names it; its kind by default.
    """

    kind: LayerKind
    inputs: tuple[int, ...]
    width: int
    operation: int
    origin: Origin
    path: tuple[str, ...] = ()
    kernel: Floats | None = None
    bias: Floats | None = None
    activation: Activation = "none"
    groups: int = 1
    side: int = 1
    stride: int = 1
    margin: Pair = (0, 0)
    windows: int | None = None
    inner: bool = False
    reflects: bool = False
    before: int | None = None
    plain: str = ""


@dataclass
class Table:
    """The layers of a network.

    Attributes:
        entries: In order of computation; the first is the input.
        place: The entry that has the values of an operation.
        preprocessing: What happens to the images before the first layer.
        waiting: Factors and offsets after a global pool, which a dense layer takes up.
    """

    entries: list[Entry] = field(default_factory=list[Entry])
    place: dict[int, int] = field(default_factory=dict[int, int])
    preprocessing: Preprocessing = UNCHANGED
    waiting: dict[int, tuple[int, Floats, Floats]] = field(
        default_factory=dict[int, "tuple[int, Floats, Floats]"]
    )


def tabled(operations: Sequence[Operation], results: Sequence[int]) -> Table:
    """The layers that some operations make.

    Raises:
        InputError: an operation that no layer can be made of, with its line.
    """
    alive = set(results)
    for at in range(len(operations) - 1, -1, -1):
        if at in alive:
            alive.update(operations[at].inputs)
    readers = Counter(results)
    for at in alive:
        readers.update(operations[at].inputs)
    table = Table()
    for at, operation in enumerate(operations):
        if at in alive or at == 0:
            _place(table, at, operation, operations, readers)
    for result in results:
        if result not in table.place:
            raise _refused(operations[result], "a global pool is scaled, and comes out so")
    return table


def _place(
    table: Table,
    at: int,
    operation: Operation,
    operations: Sequence[Operation],
    readers: Counter[int],
) -> None:
    """Give an operation its entry: a new one, or that of what it follows."""
    if operation.kind == "input":
        table.place[at] = _append(table, Entry("input", (), operation.width, at, operation.origin))
        return
    source = operation.inputs[0]
    alone = readers[source] == 1
    match operation.kind:
        case "affine":
            _affine(table, at, operation, alone)
        case "reversed":
            _reversed(table, at, operation, alone)
        case "relu" | "relu6":
            _rectified(table, at, operation, alone)
        case "dense":
            _dense(table, at, operation)
        case "pad" | "mirror":
            raise _refused(operation, "what is padded here is not read by a window that could pad")
        case "softmax" if operations[source].has_positions:
            flat_result(table, source, operations[source])
            _own(table, at, operation)
        case _:
            _own(table, at, operation)


def flat_result(table: Table, at: int, operation: Operation) -> None:
    """Take the only position of maps that come out as vectors."""
    entry = Entry("globalpool", (table.place[at],), operation.width, at, operation.origin)
    table.place[at] = _append(table, entry)


def _own(table: Table, at: int, operation: Operation) -> None:
    """A layer of its own."""
    above, left = operation.margins
    if above != left:
        raise _refused(operation, "rows and columns are padded differently")
    entry = Entry(
        operation.kind,  # pyright: ignore[reportArgumentType]
        tuple(_read(table, operation, source) for source in operation.inputs),
        operation.width,
        at,
        operation.origin,
        operation.path,
        kernel=operation.kernel,
        bias=np.zeros(operation.width, np.float32) if operation.kind == "conv" else None,
        groups=operation.groups,
        side=operation.side,
        stride=operation.stride,
        margin=above,
        windows=operation.windows,
        inner=operation.inner,
        reflects=operation.reflects,
    )
    table.place[at] = _append(table, entry)


def _affine(table: Table, at: int, operation: Operation, alone: bool) -> None:
    """Fold a normalisation into what it follows, or make a convolution of single channels of it."""
    source = operation.inputs[0]
    factor, offset = operation.factor, operation.offset
    if factor is None or offset is None:
        raise ValueError("an affine operation has a factor and an offset")
    entry = table.entries[table.place[source]] if source in table.place else None
    if entry is None or (entry.kind == "globalpool" and not operation.has_positions):
        first, *earlier = table.waiting.get(source, (table.place.get(source, 0),))
        if earlier:
            factor, offset = earlier[0] * factor, earlier[1] * factor + offset
        table.waiting[at] = (first, factor, offset)
    elif entry.kind == "input" and alone and operation.width == 3:
        _preprocess(table, operation, factor, offset)
        entry.operation = at
        table.place[at] = table.place[source]
    elif (
        entry.kernel is not None and entry.bias is not None and alone and entry.activation == "none"
    ):
        entry.kernel, entry.bias = entry.kernel * factor, entry.bias * factor + offset
        entry.operation = at
        table.place[at] = table.place[source]
    elif operation.has_positions:
        kernel = factor.reshape(1, 1, 1, -1)
        scaled = Entry(
            "conv",
            (_read(table, operation, source),),
            operation.width,
            at,
            operation.origin,
            operation.path,
            kernel=kernel,
            bias=offset,
            groups=operation.width,
            plain="scale",
        )
        table.place[at] = _append(table, scaled)
    else:
        raise _refused(operation, "values without positions are scaled, not by a dense layer")


def _preprocess(table: Table, operation: Operation, factor: Floats, offset: Floats) -> None:
    if not factor.all():
        raise _refused(operation, "a channel of the images is multiplied by 0")
    before = table.preprocessing
    backwards = before.order == "bgr"
    scales, offsets = (
        values[::-1] if backwards else values
        for values in (factor.astype(np.float64), offset.astype(np.float64))
    )
    scale = np.asarray(before.scale) * scales
    mean = np.asarray(before.mean) - offsets / scale
    table.preprocessing = Preprocessing(triple(mean), triple(scale), before.order)


def triple(values: np.ndarray) -> tuple[float, float, float]:
    """Three numbers."""
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _reversed(table: Table, at: int, operation: Operation, alone: bool) -> None:
    source = operation.inputs[0]
    if table.place.get(source) != 0 or not alone or operation.width != 3:
        raise _refused(operation, "channels are put in another order within the network")
    before = table.preprocessing
    order = "rgb" if before.order == "bgr" else "bgr"
    table.preprocessing = Preprocessing(before.mean, before.scale, order)
    table.entries[0].operation = at
    table.place[at] = 0


def _rectified(table: Table, at: int, operation: Operation, alone: bool) -> None:
    source = operation.inputs[0]
    entry = table.entries[table.place[source]] if source in table.place else None
    joined = entry is not None and entry.kind in ("conv", "add", "dense") and alone
    if entry is not None and joined and entry.activation == "none" and entry.operation == source:
        entry.activation = "relu" if operation.kind == "relu" else "relu6"
        entry.before, entry.operation = source, at
        table.place[at] = table.place[source]
        return
    if not operation.has_positions:
        raise _refused(operation, "a ReLU of values without positions that no dense layer computes")
    # a sum of one thing is a layer with units, and an activation function may follow it
    cut = Entry(
        "add",
        (_read(table, operation, source),),
        operation.width,
        at,
        operation.origin,
        activation="relu" if operation.kind == "relu" else "relu6",
        before=source,
        plain="relu",
    )
    table.place[at] = _append(table, cut)


def _dense(table: Table, at: int, operation: Operation) -> None:
    source = operation.inputs[0]
    kernel = operation.kernel
    if kernel is None:
        raise ValueError("a dense operation has a matrix")
    bias = np.zeros(operation.width, np.float32)
    if source in table.waiting:
        read, factor, offset = table.waiting[source]
        kernel, bias = factor[:, None] * kernel, offset @ kernel
    else:
        read = _read(table, operation, source)
    entry = Entry(
        "dense",
        (read,),
        operation.width,
        at,
        operation.origin,
        operation.path,
        kernel=kernel,
        bias=bias,
    )
    table.place[at] = _append(table, entry)


def _read(table: Table, operation: Operation, source: int) -> int:
    if source not in table.place:
        raise _refused(operation, "a global pool is scaled, and read by something not dense")
    return table.place[source]


def _append(table: Table, entry: Entry) -> int:
    table.entries.append(entry)
    return len(table.entries) - 1


def _refused(operation: Operation, reason: str) -> InputError:
    return InputError(
        f"{reason}: {operation.origin.line}",
        why=f"it is a `{operation.kind}` of {operation.width} channels"
        + (f" in {'/'.join(operation.origin.scope)}" if operation.origin.scope else ""),
        help="no layer of a table computes that; leave it out, or write it otherwise",
    )
