"""What the equations do to images, as a list of operations on maps.

Maps lie as `[batch, height, width, channels]` here, whatever the model's own order of axes is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.models.adapting.program import Equation, Origin

Floats = NDArray[np.float32]
Kind = Literal[
    "input",
    "conv",
    "dense",
    "affine",
    "reversed",
    "relu",
    "relu6",
    "maxpool",
    "avgpool",
    "globalpool",
    "concat",
    "add",
    "softmax",
    "pad",
    "mirror",
]
"""`affine` multiplies each channel and adds to it, `reversed` turns the order of channels round,
`pad` puts a number around maps, `mirror` their mirror image."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Operation:
    """One step from maps to maps.

    Attributes:
        kind: What it does.
        inputs: The operations that it reads, by their places in the list.
        width: Channels out.
        size: Positions down and across; (1, 1) where there are none.
        value: The number of the program's value that it is; None if the program has none.
        axes: How that value's axes lie.
        origin: Where it stands in the user's code.
        path: The path of its weights in the module.
        has_positions: Whether it is a map.
        kernel: `[height, width, in / groups, out]`, or `[in, out]` of a dense step.
        groups: Of a convolution.
        factor: Of an affine step, for each channel.
        offset: Of an affine step, for each channel.
        side: The side of the window.
        stride: The stride of the window, in positions.
        margins: Positions added before and after, down and across.
        windows: The place of its window among all windows of the program.
        fill: What a `pad` puts around.
        inner: An average is taken over positions of the source alone.
        times: The program's value is so many times the operation's: sums stand for averages.
        reflects: A window reads the mirror image of maps around them, not zeros.
    """

    kind: Kind
    inputs: tuple[int, ...]
    width: int
    size: Pair
    value: int | None
    axes: tuple[str, ...]
    origin: Origin
    path: tuple[str, ...] = ()
    has_positions: bool = True
    kernel: Floats | None = None
    groups: int = 1
    factor: Floats | None = None
    offset: Floats | None = None
    side: int = 1
    stride: int = 1
    margins: tuple[Pair, Pair] = ((0, 0), (0, 0))
    windows: int | None = None
    fill: float = 0.0
    inner: bool = False
    times: int = 1
    reflects: bool = False


@dataclass(frozen=True)
class Maps:
    """A value of the program that is some operation's result.

    Attributes:
        operation: Its place in the list.
        axes: What each axis is: `n`, `h`, `w`, `c`, several letters where axes were joined, nothing
            for one of length 1 that has been put in.
    """

    operation: int
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Picked:
    """Positions of maps in some order.

    Attributes:
        operation: The place of their operation in the list.
        axes: As in `Maps`.
        rows: The row of the maps that each row is.
        columns: The same of columns.
        made_by: The equation that picked them.
    """

    operation: int
    axes: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    made_by: Equation

    def along(self, name: str) -> tuple[int, ...]:
        """Its rows (`h`) or its columns (`w`)."""
        return self.rows if name == "h" else self.columns


@dataclass(frozen=True)
class Known:
    """A value that does not depend on the images.

    Attributes:
        value: The array.
        path: The path of the weight that it was computed from; () for a constant.
    """

    value: Floats
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aside:
    """A value on the way to a softmax, or to a ReLU that is written as a choice.

    Attributes:
        stage: How far the way has been gone.
        operation: What is normalised or compared.
        axes: As in `Maps`.
    """

    stage: Literal["greatest", "below", "power", "total", "logarithm", "positive"]
    operation: int
    axes: tuple[str, ...]


Value = Maps | Picked | Known | Aside
