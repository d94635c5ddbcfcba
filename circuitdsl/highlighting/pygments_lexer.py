"""The Pygments lexer: colours for documentation, notebooks and whatever else uses Pygments.

It is registered under the names `circ` and `circuit`, and for files that end in `.circ`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from circuitdsl.highlighting.patterns import PATTERNS, Kind

TOKENS: dict[Kind, Any] = {
    "comment": Comment.Single,
    "string": String.Double,
    "number": Number,
    "declaration": Keyword.Declaration,
    "word": Keyword,
    "operator": Operator,
    "sign": Punctuation,
    "name": Name,
}


class CircLexer(RegexLexer):
    """Lexer of circuit files."""

    name = "circ"
    aliases: ClassVar[Sequence[str]] = ["circ", "circuit"]
    filenames: ClassVar[Sequence[str]] = ["*.circ"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"\s+", Whitespace),
            *((pattern.regex, TOKENS[pattern.kind]) for pattern in PATTERNS),
        ]
    }
