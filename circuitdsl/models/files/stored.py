"""A tensor in a file, before it is read.

In: what a file's directory says of a tensor. Out: `Stored`, by which shapes are checked before a
byte is allocated. All weight file readers return these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Stored:
    """One tensor of a weight file.

    Attributes:
        shape: Its shape as the backbones have it: kernels `[height, width, in, out]`.
        dtype: NumPy's name for its element type.
        read: Reads the values; called only for tensors of a wanted shape.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], FloatArray]
