"""What each piece of a text looks like: the patterns that every generated grammar has.

In: the words of the language. Out: `PATTERNS`, in the order in which they are tried. The tests hold
each grammar made from them to the parser's own lexer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from circuitdsl.syntax.words import CLAUSES, DECLARATIONS, OTHERS, UNITS

Kind = Literal["comment", "string", "number", "declaration", "word", "operator", "sign", "name"]


@dataclass(frozen=True)
class Pattern:
    """A kind of piece.

    Attributes:
        kind: What it is.
        regex: What it looks like, in the syntax that Python, Oniguruma and JavaScript share.
        lines: Whether it may go over several lines; it then starts and ends with `bounds`.
        bounds: What such a piece starts and ends with.
    """

    kind: Kind
    regex: str
    lines: bool = False
    bounds: str = ""


def either(words: tuple[str, ...]) -> str:
    """One of some words, longer ones first."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_EXPONENT = r"(?:[eE][+-]?\d+)"

PATTERNS: tuple[Pattern, ...] = (
    Pattern("comment", r"#[^\n]*"),
    Pattern("string", r'"""[\s\S]*?"""', lines=True, bounds='"""'),
    Pattern("string", r'"[^"\n]*"'),
    Pattern("number", r"\d[a-e]:\d+"),
    Pattern("number", rf"\d+(?:\.\d+)?{_EXPONENT}?(?:{either(tuple(UNITS))})\b"),
    Pattern("number", rf"\d+\.\d+{_EXPONENT}?|\d+{_EXPONENT}|\d+"),
    Pattern("declaration", rf"(?:{either((*DECLARATIONS, 'circ'))})\b"),
    Pattern("word", rf"(?:{either(tuple(w for w in (*CLAUSES, *OTHERS) if w != 'circ'))})\b"),
    Pattern("name", r"[A-Za-z_][A-Za-z0-9_]*"),
    Pattern("operator", r"->|<=|>=|==|!=|\.\.|[-<>+*/^@=]"),
    Pattern("sign", r"[()\[\]{},:.]"),
)
