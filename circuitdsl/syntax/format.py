"""The formatter: Source -> the one canonical text of the same tree.

There are no options. Comments are kept, the tree is never changed, and formatting twice changes
nothing; a text that would break these promises is refused. Two spaces indent; `=` lines up within a
block, and so do the parts of neighbouring declarations of one kind; at most one blank line stays
where there were some.
"""

from __future__ import annotations

import re

from circuitdsl.syntax import nodes
from circuitdsl.syntax.parse import parse
from circuitdsl.syntax.printing import cells, expectation, expression, verb
from circuitdsl.text.diagnostics import DiagnosticError, InputError
from circuitdsl.text.layout import (
    INDENT,
    WIDTH,
    Entry,
    assignments,
    broken,
    dump,
    fitted,
    flat,
    quoted,
    stacked,
)
from circuitdsl.text.source import Source


def format_source(source: Source) -> str:
    """The canonical text of a file.

    Raises:
        DiagnosticError: it does not parse.
        InputError: the canonical text would not say the same, a fault of this formatter.
    """
    file, faults = parse(source)
    if faults:
        raise DiagnosticError(faults)
    text = format_file(file)
    again, faults = parse(Source(source.name, text, source.path))
    if faults or again != file or _said(again) != _said(file):
        raise InputError(
            f"{source.name} cannot be formatted without changing what it says",
            why="its canonical text would hold another circuit or other comments",
            help="Leave it as it is, and report it: the formatter is wrong.",
        )
    return text


def _said(file: nodes.CircuitFile) -> list[str]:
    """The comments of a file; those inside an expression move above it."""
    return sorted(comment.text for comment in file.comments)


def format_file(file: nodes.CircuitFile) -> str:
    """The canonical text of a tree that was read without errors."""
    comments = _Comments(file)
    entries = [_header_entry(file.header, comments)] if file.header is not None else []
    entries += [_entry(item, comments) for item in file.items]
    lines = stacked(entries)
    for blank, text in comments.rest(len(file.source.text)):
        lines += ["", text] if blank and lines else [text]
    return "\n".join(lines) + "\n"


def dump_tree(file: nodes.CircuitFile) -> str:
    """The tree as indented text, each node with its line and column."""
    return dump(file, around=file.source) + "\n"


_CLOSING = re.compile(r"(?:(?:\s|#[^\n]*\n)*\))+")
"""Closing brackets, and what may stand before them."""


class _Comments:
    """Hands out the comments of a file from first to last."""

    def __init__(self, file: nodes.CircuitFile) -> None:
        self.source = file.source
        self.left = list(file.comments)
        self.end = 0  # of what was written last

    def leading(self, start: int, end: int) -> tuple[list[tuple[bool, str]], bool]:
        """The comments before `start`, then those up to `end` (which move up); a blank after?"""
        comments: list[tuple[bool, str]] = []
        end = self._closed(end)
        while self.left and self.left[0].span.start < end:
            comment = self.left.pop(0)
            moved = comment.span.start > start
            comments.append((not moved and self._blank(comment.span.start), comment.text))
            if not moved:
                self.end = comment.span.end
        return comments, self._blank(start)

    def behind(self, end: int) -> str:
        """The comment that follows `end` on its line, if there is one."""
        self.end = end = self._closed(end)
        if self.left and "\n" not in self.source.text[end : self.left[0].span.start]:
            between = self.source.text[end : self.left[0].span.start]
            if not between.strip():
                comment = self.left.pop(0)
                self.end = comment.span.end
                return comment.text
        return ""

    def rest(self, end: int) -> list[tuple[bool, str]]:
        """The comments before `end`."""
        return self.leading(end, end)[0]

    def inside(self, start: int, end: int) -> bool:
        """Whether there is a comment between two places."""
        return any(start <= comment.span.start < end for comment in self.left)

    def _closed(self, end: int) -> int:
        """Where what ends at `end` is over: behind the brackets around it, which no node has."""
        closing = _CLOSING.match(self.source.text, end)
        return end if closing is None else closing.end()

    def _blank(self, start: int) -> bool:
        return self.source.text.count("\n", self.end, start) > 1


def _header_entry(header: nodes.Header, comments: _Comments) -> Entry:
    leading, blank = comments.leading(header.span.start, header.span.end)
    text = f"circ {header.version}"
    if header.doc is not None:
        text += f" {quoted(header.doc.value)}"
    return Entry("circ", [text], leading, blank, tail=comments.behind(header.span.end))


def _entry(item: nodes.Item, comments: _Comments) -> Entry:
    block = getattr(item, "block", None)
    head_end = item.span.end if block is None else block.span.start + 1
    if isinstance(item, nodes.Subcircuit):
        head_end = item.opening
    leading, blank = comments.leading(item.span.start, head_end)
    kind = type(item).__name__
    pieces = cells(item)
    if isinstance(item, nodes.Subcircuit):
        return _circuit_entry(item, Entry(kind, fitted([*pieces, "{"]), leading, blank), comments)
    if block is None:
        entry = Entry(kind, fitted(pieces), leading, blank)
        entry.tail = comments.behind(item.span.end)
        return entry
    short = _short_block(block, comments)
    line = " ".join([*filter(None, map(flat, pieces)), short or ""])
    if short is not None and len(line) <= WIDTH and "\n" not in line:
        entry = Entry(kind, [*map(flat, pieces), short], leading, blank)
        entry.tail = comments.behind(item.span.end)
        return entry
    entry = Entry(kind, fitted([*pieces, "{"]), leading, blank)
    entry.head = comments.behind(block.span.start + 1)
    entry.body = [*_block_lines(block, comments), "}"]
    entry.tail = comments.behind(item.span.end)
    return entry


def _circuit_entry(item: nodes.Subcircuit, entry: Entry, comments: _Comments) -> Entry:
    """A circuit: its declarations as those of a file, further in."""
    entry.head = comments.behind(item.opening)
    lines = stacked([_entry(inner, comments) for inner in item.items])
    for blank, text in comments.rest(item.span.end):
        lines += ["", text] if blank and lines else [text]
    inside = False
    for line in lines:
        for part in line.split("\n"):
            entry.body.append(" " * INDENT + part if part and not inside else part)
            inside ^= part.count('"""') % 2 == 1  # what a string says is not moved
    entry.body.append("}")
    entry.tail = comments.behind(item.span.end)
    return entry


Line = nodes.Attribute | nodes.Expectation | nodes.Verb


def _short_block(block: nodes.Block | nodes.Steps, comments: _Comments) -> str | None:
    """A block in one line, if it was written so."""
    if "\n" in block.span.text or comments.inside(block.span.start, block.span.end):
        return None
    lines = _in_order(block)
    return f"{{ {'  '.join(_short(line, comments) for line in lines)} }}" if lines else "{ }"


def _short(line: Line, comments: _Comments) -> str:
    if isinstance(line, nodes.Attribute):
        return f"{line.name.text} = {flat(expression(line.value))}"
    if isinstance(line, nodes.Expectation):
        return flat(expectation(line))
    inner = None if line.block is None else _short_block(line.block, comments)
    return flat(verb(line)) if inner is None else f"{flat(verb(line))} {inner}"


def _in_order(block: nodes.Block | nodes.Steps) -> list[Line]:
    first = block.verbs if isinstance(block, nodes.Steps) else block.attributes
    return sorted((*first, *block.expectations), key=lambda line: line.span.start)


def _block_lines(
    block: nodes.Block | nodes.Steps, comments: _Comments, indent: int = INDENT
) -> list[str]:
    lines = _in_order(block)
    values = [
        (line.name.text, expression(line.value))
        for line in lines
        if isinstance(line, nodes.Attribute)
    ]
    assigned = iter(assignments(values, indent))
    pad = " " * indent
    entries: list[Entry] = []
    for line in lines:
        if isinstance(line, nodes.Verb):
            entries.append(_verb_entry(line, comments, indent))
            continue
        span = line.span
        leading, blank = comments.leading(span.start, span.end)
        if isinstance(line, nodes.Attribute):
            text = next(assigned)
        else:
            text = pad + broken(expectation(line), indent, indent)
        tail = comments.behind(span.end)
        entries.append(Entry(type(line).__name__, [text], leading, blank, tail=tail))
    written = stacked(entries, pad)
    for blank, text in comments.rest(block.span.end):
        written += ["", pad + text] if blank and written else [pad + text]
    return written


def _verb_entry(node: nodes.Verb, comments: _Comments, indent: int) -> Entry:
    block = node.block
    head_end = node.span.end if block is None else block.span.start + 1
    leading, blank = comments.leading(node.span.start, head_end)
    pad = " " * indent
    head = pad + broken(verb(node), indent, indent, 0 if block is None else 2)
    entry = Entry("Verb", [head], leading, blank)
    short = None if block is None else _short_block(block, comments)
    if short is not None and "\n" not in head and len(head) + 1 + len(short) <= WIDTH:
        entry.cells = [f"{head} {short}"]
    elif block is not None:
        entry.cells = [f"{head} {{"]
        entry.head = comments.behind(block.span.start + 1)
        entry.body = [*_block_lines(block, comments, indent + INDENT), pad + "}"]
    entry.tail = comments.behind(node.span.end)
    return entry
