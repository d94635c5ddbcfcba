"""The size of a circuit file: the one count of its lines and numbers.

In: a source. Out: `Size`. Tests, benchmarks, `explain` and the documentation all count by it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.text.source import Source


@dataclass(frozen=True)
class Size:
    """How much somebody wrote.

    Attributes:
        lines: Lines that are neither blank nor comments.
        chosen: Numbers that a person chose: all but the following.
        bounds: Ends of the ranges that dials may be fitted in.
        fitted: Numbers in blocks of settings, which `fit` writes.
    """

    lines: int
    chosen: int
    bounds: int
    fitted: int

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.lines} lines, {self.chosen} numbers chosen, {self.bounds} bounds of ranges, "
            f"{self.fitted} numbers fitted"
        )


def size_of(source: Source) -> Size:
    """Count the lines and numbers of a file, not those of files that it imports.

    A file that does not parse is counted as far as it does.
    """
    stripped = (line.strip() for line in source.text.splitlines())
    lines = sum(1 for line in stripped if line and not line.startswith("#"))
    tree, _ = parse(source)
    everything = _numbers(tree.items)
    bounds = sum(_numbers(dial.interval) for dial in _all(tree.items, (nodes.Dial, nodes.Formal)))
    imports = _all(tree.items, (nodes.ImportModule, nodes.SetCircuit))
    fitted = sum(_numbers(item.block) for item in imports)
    return Size(lines, everything - bounds - fitted, bounds, fitted)


def _numbers(node: object) -> int:
    return len(_all(node, (nodes.Number, nodes.Unit, nodes.Range)))


def _all(node: object, kinds: tuple[type, ...]) -> list[Any]:
    """The nodes of some kinds inside a node, or inside a tuple of nodes."""
    if isinstance(node, kinds):
        return [node]
    if isinstance(node, tuple):
        inside: tuple[object, ...] = node
    elif is_dataclass(node):
        inside = tuple(getattr(node, part.name) for part in fields(node))
    else:
        return []
    return [part for child in inside for part in _all(child, kinds)]
