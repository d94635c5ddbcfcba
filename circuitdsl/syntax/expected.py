"""What the parser would have accepted, in words.

In: the parser's names of tokens. Out: the likeliest few as a reader knows them.
"""

from __future__ import annotations

_EXPRESSION = frozenset(("NAME", "QUANTITY", "NUMBER", "INT", "STRING", "LPAR", "LSQB", "ADD"))
_SPELLING = {
    "NAME": "a name",
    "STRING": "a string",
    "INT": "a whole number",
    "NUMBER": "a number",
    "QUANTITY": "a number with a unit",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "COMMA": "`,`",
    "DOT": "`.`",
    "ARROW": "`->`",
    "ADD": "`+` or `-`",
    "MUL": "`*` or `/`",
    "CMP": "a comparison",
    "CIRCUMFLEX": "`^`",
    "__ANON_0": "`^`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "$END": "the next declaration",
}


def expected_words(accepted: frozenset[str]) -> str:
    """The accepted tokens in words, the likeliest few."""
    names = set(accepted)
    words: list[str] = []
    if {"NAME", "NUMBER", "LPAR"} <= names:
        words.append("a value")
        names -= _EXPRESSION
    if {"ADD", "MUL"} <= names and len(names) > 4:
        names -= {"ADD", "MUL", "AND", "CIRCUMFLEX", "__ANON_0", "AT", "__ANON_1", "DOT"}
    words += sorted(_SPELLING.get(name, f"`{name.lower()}`") for name in names)
    if not words:
        return "something else"
    if len(words) > 4:
        words = [*words[:4], "..."]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
