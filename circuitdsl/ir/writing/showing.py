"""Circuits, families and connections as a screen of text.

In: nothing; `ir.circuit` inherits from these. Out: their `repr`, which is short: `dump_ir` prints
everything that they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from circuitdsl.text.showing import Shown
from circuitdsl.text.source import Span


class _Axis(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def count(self) -> int: ...


class _Family(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def axes(self) -> Sequence[_Axis]: ...
    @property
    def layer(self) -> str: ...


class _Connection(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def span(self) -> Span: ...


class _Circuit(Protocol):
    @property
    def doc(self) -> str: ...
    @property
    def backbone(self) -> Any: ...
    @property
    def families(self) -> Sequence[_Family]: ...
    @property
    def connections(self) -> Sequence[_Connection]: ...
    @property
    def dials(self) -> Sequence[object]: ...
    @property
    def stimuli(self) -> Sequence[object]: ...


MOST = 24
"""Families that the text of a circuit names."""


class ShownFamily(Shown):
    """A family as a line: `<family curve [th: rot(10)] at mixed3b_5x5>`."""

    def __repr__(self: _Family) -> str:
        """The family as a line."""
        return f"<family {_head(self)}>"


class ShownConnection(Shown):
    """A connection as a line: `<connection early -> curve as arcs, curves.circ:110:1>`."""

    def __repr__(self: _Connection) -> str:
        """The connection as a line."""
        ends = f"{self.source} -> {self.target}"
        named = "" if self.name == f"{self.source}->{self.target}" else f" as {self.name}"
        where = f", {self.span}" if self.span.text else ""
        return f"<connection {ends}{named}{where}>"


class ShownCircuit(Shown):
    """A circuit as a few lines: what it is, and its families."""

    def __repr__(self: _Circuit) -> str:
        """The circuit as a few lines."""
        counts = ", ".join(
            f"{len(part)} {name}"
            for name, part in (
                ("families", self.families),
                ("connections", self.connections),
                ("dials", self.dials),
                ("stimuli", self.stimuli),
            )
        )
        title = next(iter(self.doc.splitlines()), "")[:72]
        lines = [f"<circuit {title!r} on {self.backbone.architecture}: {counts}"]
        lines += [f"  {_head(family)}" for family in self.families[:MOST]]
        left = len(self.families) - MOST
        return "\n".join([*lines, *([f"  and {left} more"] if left > 0 else [])]) + ">"


def _head(family: _Family) -> str:
    axes = ", ".join(f"{axis.name}: {axis.kind}({axis.count})" for axis in family.axes)
    return f"{family.name}{f' [{axes}]' if axes else ''} at {family.layer}"
