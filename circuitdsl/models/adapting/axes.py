"""Names of axes, carried through changes of shape.

Each axis of a value is `n`, `h`, `w` or `c`, several of these letters where axes were joined, or ""
for an axis of length 1 that has been put in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Axes = tuple[str, ...]
Shape = tuple[int, ...]


def reshaped(axes: Axes, old: Shape, new: Shape, lengths: Mapping[str, int]) -> Axes | None:
    """The axes of a value in another shape; None if an axis is cut or the parts don't fit.

    Args:
        axes: Of the old shape.
        old: The old shape.
        new: The new shape.
        lengths: Of each single axis, by its letter.
    """
    left = [(name, length) for name, length in zip(axes, old, strict=True) if length > 1]
    names: list[str] = []
    for length in new:
        if length == 1:
            names.append("")
            continue
        taken = _joined(left, length) or _parted(left, length, lengths)
        if taken is None:
            return None
        name, left = taken
        names.append(name)
    return tuple(names)


Lengths = list[tuple[str, int]]


def _joined(left: Lengths, length: int) -> tuple[str, Lengths] | None:
    """Whole axes that make one."""
    name, product = "", 1
    for index, (part, size) in enumerate(left):
        name, product = name + part, product * size
        if product == length:
            return name, left[index + 1 :]
        if product > length:
            return None
    return None


def _parted(left: Lengths, length: int, lengths: Mapping[str, int]) -> tuple[str, Lengths] | None:
    """The first letters of an axis that had been joined."""
    if not left:
        return None
    (joined, size), *rest = left
    product = 1
    for index, letter in enumerate(joined):
        product *= lengths[letter]
        if product == length and index + 1 < len(joined):
            return joined[: index + 1], [(joined[index + 1 :], size // product), *rest]
    return None


def broadcast(axes: Axes, old: Shape, new: Shape, dimensions: Sequence[int]) -> Axes | None:
    """The axes after `broadcast_in_dim`; None if values are repeated."""
    names = [""] * len(new)
    for name, length, at in zip(axes, old, dimensions, strict=True):
        if new[at] != length:
            return None
        names[at] = name
    repeated = any(length > 1 and at not in set(dimensions) for at, length in enumerate(new))
    return None if repeated else tuple(names)
