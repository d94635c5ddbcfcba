"""What is being written in a place: which declaration, which block, which brackets.

In: a text up to the cursor, sound or broken. Out: a `Context`. It reads characters, not trees,
because what is being written has no tree yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from circuitdsl.syntax.words import DECLARATIONS

_PART = re.compile(r'"""[\s\S]*?(?:"""|$)|"[^"\n]*"?|#[^\n]*|[()\[\]{}]')
_START = re.compile(rf"^[ \t]*({'|'.join(DECLARATIONS)})\b", re.MULTILINE)

Inside = Literal["code", "string", "comment"]


@dataclass(frozen=True)
class Context:
    """A place where something is being written.

    Attributes:
        word: The part of a name, number or path that stands before the cursor.
        start: Where that begins.
        declaration: The word that the declaration starts with; empty outside of one.
        head: The declaration up to the word, comments and strings blanked.
        inside: Whether the cursor is in code.
        brackets: The open brackets around, each with the text before it on its level.
    """

    word: str
    start: int
    declaration: str
    head: str
    inside: Inside
    brackets: tuple[tuple[str, str], ...]

    @property
    def first(self) -> bool:
        """Whether a declaration may begin here: in the first column, outside of brackets."""
        return not self.brackets and self.head.endswith("\n")

    @property
    def block(self) -> bool:
        """Whether the cursor is on the level of a block's attributes."""
        return bool(self.brackets) and self.brackets[-1][0] == "{"

    @property
    def call(self) -> str:
        """What is being called, if the cursor is in the brackets of a call."""
        if not self.brackets or self.brackets[-1][0] != "(":
            return ""
        named = re.search(r"([A-Za-z_][\w.]*)\s*$", self.brackets[-1][1])
        return named[1] if named else ""

    @property
    def attribute(self) -> str:
        """The attribute whose value is being written; empty where an attribute may begin."""
        for bracket, _ in reversed(self.brackets):
            if bracket == "{":
                line = self.head[self.head.rfind("{") + 1 :]
                names = re.findall(r"([A-Za-z_][\w.]*)\s*=(?!=)", _flat(line))
                return names[-1] if names else ""
        return ""


def context_at(text: str, offset: int) -> Context:
    """What is being written at an offset."""
    before = text[:offset]
    start = 0
    for match in _START.finditer(before):
        if _depth(before[start : match.start()]) == 0 or match[0][0] not in " \t":
            start = match.start()
    inside: Inside = "code"
    stack: list[tuple[str, int]] = []
    blanked = list(before[start:])
    for part in _PART.finditer(before, start):
        sign, at = part[0], part.start()
        if sign[0] in '"#':
            if part.end() == offset and _open(sign):
                inside = "string" if sign[0] == '"' else "comment"
            blanked[at - start : part.end() - start] = " " * len(sign)
        elif sign in "([{":
            stack.append((sign, at))
        elif stack:
            stack.pop()
    head = "".join(blanked)
    pattern = r'[^"\n]*$' if inside == "string" else r"[\w.]*$"
    found = re.search(pattern, before)
    word = found[0] if found else ""
    first = re.match(r"\s*([A-Za-z_]\w*)", head)
    declaration = first[1] if first and first[1] in DECLARATIONS else ""
    brackets = tuple((sign, head[: at - start]) for sign, at in stack)
    code = head[: len(head) - len(word)] if inside == "code" else head
    return Context(word, offset - len(word), declaration, code, inside, brackets)


def _open(sign: str) -> bool:
    """Whether a string or a comment that ends at the cursor goes on behind it."""
    if sign[0] == "#":
        return True
    quotes = '"""' if sign.startswith('"""') else '"'
    return len(sign) < 2 * len(quotes) or not sign.endswith(quotes)


def _depth(text: str) -> int:
    return text.count("{") - text.count("}")


def _flat(text: str) -> str:
    """A text without what stands in brackets."""
    while (shorter := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", text)) != text:
        text = shorter
    return text
