"""A first, cheap look at a text: its comments, its brackets, and where its declarations start.

In: any text at all. Out: an `Outline`. It is one pass of a regular expression, so a text that the
parser should never see (brackets nested ten thousand deep, lists of a million entries) is refused
here, before anything recursive looks at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from circuitdsl.syntax.words import DECLARATIONS

DEEPEST = 64
"""Brackets inside brackets; far beyond what a reader could follow."""

LONGEST_LIST = 4096
"""Entries of one list."""

LONGEST_DECLARATION = 64_000
"""Characters from the start of one declaration to that of the next."""

MOST_PARTS = 300_000
"""Brackets, commas, strings and comments of a file."""

_PART = re.compile(
    r'"""[\s\S]*?"""|"[^"\n]*"|#[^\n]*|[()\[\]{},]|^[A-Za-z_][A-Za-z0-9_]*', re.MULTILINE
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_BRACKETS = frozenset("()[]{}")
_STARTERS = frozenset(DECLARATIONS)


@dataclass(frozen=True)
class Unclosed:
    """An opening bracket without its partner.

    Attributes:
        start: Where it stands.
        closer: Where a closing bracket of another kind stands instead; None if none does.
    """

    start: int
    closer: int | None = None


@dataclass
class Outline:
    """What the first look found.

    Attributes:
        comments: Start and end of each comment.
        cuts: Where declarations start: a word in column 0, outside brackets or known to start one.
        unclosed: Opening brackets that never close, in order.
        too_deep: Where brackets are nested too deeply, if anywhere.
        too_long: Where a list exceeds the limit, if anywhere.
        too_wide: Where a declaration is longer than the limit, if anywhere.
        too_many: Where the text exceeds the limit of brackets and the like, if anywhere.
    """

    comments: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    cuts: list[int] = field(default_factory=list[int])
    unclosed: list[Unclosed] = field(default_factory=list[Unclosed])
    too_deep: int | None = None
    too_long: int | None = None
    too_many: int | None = None
    too_wide: int | None = None


def outline(text: str) -> Outline:
    """Look over a text."""
    parts = Outline()
    open_at: list[int] = []
    commas = [0]
    for number, match in enumerate(_PART.finditer(text)):
        part, start = match[0], match.start()
        if number == MOST_PARTS:
            parts.too_many = start
            break
        if part[0] == "#":
            parts.comments.append((start, match.end()))
        elif part in _BRACKETS:
            _bracket(text, start, open_at, commas, parts)
        elif part == ",":
            commas[-1] += 1
        elif part[0] != '"' and (not open_at or part in _STARTERS):
            # a declaration starts here whatever was left open before
            parts.unclosed += [Unclosed(opened) for opened in open_at]
            open_at, commas = [], [0]
            parts.cuts.append(start)
        if len(open_at) > DEEPEST:
            parts.too_deep = start
            break
        if commas[-1] > LONGEST_LIST:
            parts.too_long = start
            break
    parts.unclosed += [Unclosed(opened) for opened in open_at]
    parts.unclosed.sort(key=lambda fault: fault.start)
    wide = (
        start for start, end in pairwise((*parts.cuts, len(text))) if _too_wide(text, start, end)
    )
    parts.too_wide = next(wide, None)
    return parts


def _bracket(text: str, start: int, open_at: list[int], commas: list[int], found: Outline) -> None:
    """Open or close a bracket."""
    if text[start] not in _CLOSES:
        open_at.append(start)
        commas.append(0)
    elif open_at:
        opened = open_at.pop()
        commas.pop()
        if text[opened] != _CLOSES[text[start]]:
            found.unclosed.append(Unclosed(opened, start))


def _too_wide(text: str, start: int, end: int) -> bool:
    return end - start > LONGEST_DECLARATION < len(text[start:end].rstrip())
