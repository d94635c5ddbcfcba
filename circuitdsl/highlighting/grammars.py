"""Grammars of editors as texts: TextMate (VS Code and others), CodeMirror and Vim.

In: `PATTERNS`. Out: whole files, which `grammars/` and the extension of VS Code keep; the tests
hold those copies to these texts.
"""

from __future__ import annotations

import json
from typing import Any

from circuitdsl.highlighting.patterns import PATTERNS, Kind, Pattern
from circuitdsl.syntax.words import CLAUSES, DECLARATIONS, OTHERS, UNITS

SCOPES: dict[Kind, str] = {
    "comment": "comment.line.number-sign.circ",
    "string": "string.quoted.double.circ",
    "number": "constant.numeric.circ",
    "declaration": "keyword.declaration.circ",
    "word": "keyword.other.circ",
    "operator": "keyword.operator.circ",
    "sign": "punctuation.circ",
    "name": "variable.other.circ",
}
"""TextMate's names of the kinds."""

STYLES: dict[Kind, str] = {
    "comment": "comment",
    "string": "string",
    "number": "number",
    "declaration": "keyword",
    "word": "keyword",
    "operator": "operator",
    "sign": "punctuation",
    "name": "variableName",
}
"""CodeMirror's names of the kinds."""

GROUPS: dict[Kind, str] = {
    "comment": "Comment",
    "string": "String",
    "number": "Number",
    "declaration": "Statement",
    "word": "Keyword",
    "operator": "Operator",
}
"""Vim's names of the kinds that have a colour."""


def textmate() -> str:
    """The TextMate grammar, as JSON."""
    grammar: dict[str, Any] = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "circ",
        "scopeName": "source.circ",
        "fileTypes": ["circ"],
        "patterns": [_rule(pattern) for pattern in PATTERNS],
    }
    return json.dumps(grammar, indent=2) + "\n"


def _rule(pattern: Pattern) -> dict[str, str]:
    scope = SCOPES[pattern.kind]
    if pattern.lines:
        return {"name": scope, "begin": pattern.bounds, "end": pattern.bounds}
    return {"name": scope, "match": pattern.regex}


def codemirror() -> str:
    """A stream parser for CodeMirror 6 (`StreamLanguage.define(circ)`), as a JavaScript module."""
    rules = [
        f'  [/^(?:{pattern.regex.replace("/", chr(92) + "/")})/, "{STYLES[pattern.kind]}"],'
        for pattern in PATTERNS
        if not pattern.lines
    ]
    return "\n".join(
        (
            "// Colours of circuit files for CodeMirror 6; made by tests/regold.py.",
            "const rules = [",
            *rules,
            "];",
            "",
            "export const circ = {",
            '  name: "circ",',
            "  startState: () => ({ inString: false }),",
            "  token(stream, state) {",
            "    if (!state.inString && stream.eatSpace()) return null;",
            '    if (state.inString || stream.match(\'"""\')) {',
            "      state.inString = true;",
            "      while (!stream.eol()) {",
            '        if (stream.match(\'"""\')) { state.inString = false; break; }',
            "        stream.next();",
            "      }",
            '      return "string";',
            "    }",
            "    for (const [pattern, style] of rules) {",
            "      if (stream.match(pattern)) return style;",
            "    }",
            "    stream.next();",
            "    return null;",
            "  },",
            '  languageData: { commentTokens: { line: "#" } },',
            "};",
            "",
        )
    )


def vim() -> str:
    """Vim's syntax file."""
    units = r"\|".join(UNITS)
    words = " ".join(word for word in (*CLAUSES, *OTHERS) if word != "circ")
    return "\n".join(
        (
            '" Colours of circuit files; made by tests/regold.py.',
            'if exists("b:current_syntax")',
            "  finish",
            "endif",
            "syntax case match",
            f"syntax keyword circDeclaration circ {' '.join(DECLARATIONS)}",
            f"syntax keyword circWord {words}",
            r'syntax match circOperator "->\|<=\|>=\|==\|!=\|\.\.\|[-<>+*/^@=]"',
            r'syntax match circName "\h\w*" contains=circDeclaration,circWord',
            r'syntax match circNumber "\d\+\.\d\+\%([eE][+-]\?\d\+\)\?\|\d\+[eE][+-]\?\d\+\|\d\+"',
            rf'syntax match circNumber "\d\+\%(\.\d\+\)\?\%([eE][+-]\?\d\+\)\?\%({units}\)\>"',
            r'syntax match circNumber "\d[a-e]:\d\+"',
            'syntax region circString start=+"+ end=+"+ oneline',
            'syntax region circString start=+"""+ end=+"""+',
            'syntax match circComment "#.*$"',
            *(
                f"highlight default link circ{kind.title()} {group}"
                for kind, group in GROUPS.items()
            ),
            'let b:current_syntax = "circ"',
            "",
        )
    )


FILES = {
    "grammars/circ.tmLanguage.json": textmate,
    "grammars/circ.codemirror.js": codemirror,
    "grammars/circ.vim": vim,
    "editors/vscode/syntaxes/circ.tmLanguage.json": textmate,
}
"""Where each grammar is kept, and what makes it."""
