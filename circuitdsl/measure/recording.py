"""Recordings: arrays of each photograph, kept.

In: what to keep of a batch. Out: a pass that gives the arrays of all images. Its state grows with
their number, as what it gives does; a million photographs are no use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.passes import Need, Pass, Shown, State

Arrays = dict[str, NDArray[Any]]


def recording(
    kept: Callable[[Shown], Mapping[str, NDArray[Any]]], needs: Sequence[Need] = ()
) -> Pass[Arrays]:
    """Keep arrays of each image.

    Args:
        kept: The arrays of a batch's real images, `[count, ...]`, the same names each time.
        needs: Layers that `kept` looks at.
    """

    def step(state: State, shown: Shown) -> State:
        part = {_part(name, 0): values for name, values in kept(shown).items()}
        return merge(state, part)

    def merge(a: State, b: State) -> State:
        parts = 1 + max((_number(name) for name in a), default=-1)
        later = {_part(_name(name), _number(name) + parts): array for name, array in b.items()}
        return {**a, **later}

    def finish(state: State) -> Arrays:
        names = dict.fromkeys(_name(name) for name in state)
        parts = 1 + max(_number(name) for name in state)
        return {
            name: np.concatenate([state[_part(name, number)] for number in range(parts)])
            for name in names
        }

    return Pass(dict, step, merge, finish, tuple(needs))


def _part(name: str, number: int) -> str:
    return f"{name}.{number}"


def _name(part: str) -> str:
    return part.rsplit(".", 1)[0]


def _number(part: str) -> int:
    return int(part.rsplit(".", 1)[1])
