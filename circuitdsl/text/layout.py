"""Laying out canonical text: columns that line up, and breaking what is too long for a line.

In: pieces of text with the places where they may break. Out: lines. Both the formatter (from trees)
and the printer (from circuits) write through here, so that they agree to the character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, cast

from circuitdsl.text.source import Source, Span

WIDTH = 100
"""Columns of a line."""

INDENT = 2
_FILL = 14
"""Longest entry of a list that shares its line with others."""


@dataclass(frozen=True)
class Group:
    """Entries between brackets, separated by commas: one line, or one entry a line."""

    opening: str
    items: tuple[Piece, ...]
    closing: str


@dataclass(frozen=True)
class Chain:
    """Operands joined by operators, which start a line where they don't fit in one."""

    first: Piece
    rest: tuple[tuple[str, Piece], ...]


@dataclass(frozen=True)
class Joined:
    """Pieces one after the other, without anything between."""

    parts: tuple[Piece, ...]


Piece = str | Group | Chain | Joined


def flat(piece: Piece) -> str:
    """A piece in one line."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Group):
        return piece.opening + ", ".join(map(flat, piece.items)) + piece.closing
    if isinstance(piece, Chain):
        return flat(piece.first) + "".join(op + flat(part) for op, part in piece.rest)
    return "".join(map(flat, piece.parts))


def broken(piece: Piece, indent: int, column: int, after: int = 0) -> str:
    """A piece over as many lines as it needs.

    Args:
        piece: What to lay out.
        indent: Columns before its second and further lines.
        column: Where it starts.
        after: Columns to leave free behind it.
    """
    text = flat(piece)
    if isinstance(piece, str) or (column + len(text) + after <= WIDTH and "\n" not in text):
        return text
    if isinstance(piece, Group) and len(piece.items) > 1:
        return _group(piece, indent)
    if isinstance(piece, Group):  # a single entry hugs its brackets
        piece = Joined((piece.opening, *piece.items, piece.closing))
    inner = indent + INDENT
    if isinstance(piece, Chain):
        lines = [broken(piece.first, indent, column)]
        for operator, part in piece.rest:
            sign = operator.strip() + (" " if operator.endswith(" ") else "")
            # a chain inside goes on below its operator, not further in
            own = indent if isinstance(part, Chain) else inner
            lines.append(" " * inner + sign + broken(part, own, inner + len(sign)))
        return "\n".join(lines)
    done = ""
    for index, part in enumerate(piece.parts):
        behind = after if index == len(piece.parts) - 1 else 0
        for later in piece.parts[index + 1 :]:
            if not isinstance(later, str):
                break
            behind += len(later)
        last = done.rpartition("\n")[2]
        at = column + len(last) if "\n" not in done else len(last)
        done += broken(part, indent, at, behind)
    return done


def _group(group: Group, indent: int) -> str:
    inner = indent + INDENT
    entries = [broken(item, inner, inner, 1) for item in group.items]
    lines: list[str] = []
    if all(len(entry) <= _FILL for entry in entries):
        for entry in entries:
            if lines and len(lines[-1]) + len(entry) + 3 <= WIDTH:
                lines[-1] += f", {entry}"
            else:
                lines.append(" " * inner + entry)
    else:
        lines = [" " * inner + entry for entry in entries]
    return f"{group.opening}\n" + ",\n".join(lines) + f"\n{' ' * indent}{group.closing}"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines in which the cells stand below one another.

    Empty cells keep their column's place; a row that would grow too long leaves all as they are.
    """
    count = max((len(row) for row in rows), default=0)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(count)]
    lines: list[str] = []
    for row in rows:
        cells = [cell.ljust(widths[i]) for i, cell in enumerate(row) if widths[i]]
        lines.append(" ".join(cells).rstrip())
    if any(len(line) > WIDTH for line in lines):
        return [" ".join(cell for cell in row if cell) for row in rows]
    return lines


def assignments(pairs: Sequence[tuple[str, Piece]], indent: int) -> list[str]:
    """`name = value` lines of a block, the `=` below one another; a long value takes several."""
    width = max((len(name) for name, _ in pairs), default=0)
    lines: list[str] = []
    for name, value in pairs:
        head = f"{' ' * indent}{name.ljust(width)} = "
        lines.append(head + broken(value, indent, len(head)))
    return lines


def quoted(text: str) -> str:
    """A string as the language writes it.

    Raises:
        ValueError: it holds what no string of the language can: three quotes in a row, or quotes
            with one at the end.
    """
    if '"' not in text and "\n" not in text:
        return f'"{text}"'
    if '"""' in text or text.endswith('"'):
        raise ValueError(f"no string of the language can hold {text!r}")
    return f'"""{text}"""'


# ---- declarations and attributes, one below the other


@dataclass
class Entry:
    """A declaration or an attribute on its way to lines.

    Attributes:
        kind: Neighbours of one kind line up.
        cells: The parts of its first line.
        leading: Comment lines above it, each with whether a blank line goes before.
        blank: Whether a blank line goes before it.
        body: Its further lines.
        head: The comment behind its first line, where it has further ones.
        tail: The comment behind its last line.
    """

    kind: str
    cells: list[str]
    leading: list[tuple[bool, str]] = field(default_factory=list[tuple[bool, str]])
    blank: bool = False
    body: list[str] = field(default_factory=list[str])
    head: str = ""
    tail: str = ""

    @property
    def lone(self) -> bool:
        """Whether it never lines up with others."""
        return any("\n" in cell for cell in self.cells)


def fitted(pieces: Sequence[Piece]) -> list[str]:
    """The pieces as cells of one line, or as one cell of several lines where they don't fit."""
    line = " ".join(text for text in map(flat, pieces) if text)
    if len(line) <= WIDTH and "\n" not in line:
        return [flat(piece) for piece in pieces]
    spaced: list[Piece] = []
    for piece in pieces:
        if flat(piece):
            spaced += [" ", piece] if spaced else [piece]
    return [broken(Joined(tuple(spaced)), 0, 0)]


def stacked(entries: Sequence[Entry], indent: str = "") -> list[str]:
    """Entries as lines, neighbours of one kind lined up, and the comments behind them too."""
    lines: list[str] = []
    start = 0
    while start < len(entries):
        end = start + 1
        while end < len(entries) and _neighbours(entries[end - 1], entries[end]):
            end += 1
        group = entries[start:end]
        whole = " ".join(filter(None, group[0].cells))
        firsts = [whole] if group[0].lone else columns([e.cells for e in group])
        comments = [entry.head if entry.body else entry.tail for entry in group]
        ends = [len(f.rpartition("\n")[2]) for f, c in zip(firsts, comments, strict=True) if c]
        column = max(ends, default=0) + 2
        for entry, first, comment in zip(group, firsts, comments, strict=True):
            for blank, text in entry.leading:
                lines += ["", indent + text] if blank and lines else [indent + text]
            if entry.blank and lines:
                lines.append("")
            lines += _behind(first, comment, column).split("\n")
            lines += entry.body[:-1]
            if entry.body:
                lines.append(_behind(entry.body[-1], entry.tail, 0))
        start = end
    return lines


def _neighbours(above: Entry, below: Entry) -> bool:
    if above.kind != below.kind or above.body or above.lone or below.lone:
        return False
    return not below.blank and not below.leading


def _behind(line: str, comment: str, column: int) -> str:
    if not comment:
        return line
    last = line.rpartition("\n")[2]
    return line + " " * max(column - len(last), 2) + comment


# ---- values of the program, for whoever looks at its stages


def dump(value: Any, indent: int = 0, around: Source | None = None) -> str:
    """A frozen value, and the values in it, as indented text with the places they come from.

    Args:
        value: A dataclass, a tuple, or a plain value.
        indent: Columns before each line.
        around: The source that places are in unless their line names another.
    """
    pad = " " * indent
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        return "\n".join(_dump_item(item, indent, around) for item in items)
    if not is_dataclass(value) or isinstance(value, Source | Span):
        return f"{pad}{_plain(value)}"
    head = type(value).__name__
    span = getattr(value, "span", None)
    if isinstance(span, Span) and span.source.text:
        head += f" {span.line}:{span.column}" if span.source is around else f" {span}"
        around = span.source
    plain: list[str] = []
    nested: list[str] = []
    for part in fields(value):
        inner = getattr(value, part.name)
        if part.name == "span" or inner is None or inner == () or isinstance(inner, Source):
            continue
        if not is_dataclass(inner) and not _holds_values(inner):
            plain.append(f"{part.name}={_plain(inner)}")
            continue
        nested.append(_dump_named(part.name, inner, indent + INDENT, around))
    return "\n".join([" ".join([f"{pad}{head}", *plain]), *nested])


def _dump_named(name: str, value: Any, indent: int, around: Source | None) -> str:
    text = dump(value, indent + INDENT, around)
    if "\n" in text or isinstance(value, tuple):
        return f"{' ' * indent}{name}:\n{text}"
    return f"{' ' * indent}{name}: {text.strip()}"


def _dump_item(item: Any, indent: int, around: Source | None) -> str:
    pair = cast("tuple[Any, ...]", item) if isinstance(item, tuple) else ()
    if len(pair) == 2 and isinstance(pair[0], str):
        return _dump_named(pair[0], pair[1], indent, around)
    return dump(item, indent, around)


def _holds_values(value: Any) -> bool:
    if not isinstance(value, tuple):
        return False
    return any(is_dataclass(item) or _holds_values(item) for item in cast("tuple[Any, ...]", value))


def _plain(value: Any) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)
