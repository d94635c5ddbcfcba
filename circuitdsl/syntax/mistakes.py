"""What a syntax error probably is.

In: where the parser stopped, and what it would have accepted there. Out: one diagnostic that names
the slip where it is a known one, and otherwise says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circuitdsl.syntax.expected import expected_words
from circuitdsl.syntax.outline import Unclosed
from circuitdsl.syntax.words import DECLARATIONS, RESERVED, UNITS
from circuitdsl.text.diagnostics import Diagnostic, Fix, Label, nearest
from circuitdsl.text.source import Source, Span

_NEAR = 120
"""Characters before an error that say what it is."""


@dataclass(frozen=True)
class Slip:
    """Where the parser stopped.

    Attributes:
        source: The text.
        start: Where the declaration starts.
        end: Where it ends.
        at: The offset of what does not fit; `end` where something is missing.
        found: The token that does not fit; empty at the end, and for what is no token at all.
        accepted: The parser's names of the tokens that would have fitted.
        rule: `header` or `item`.
    """

    source: Source
    start: int
    end: int
    at: int
    found: str
    accepted: frozenset[str]
    rule: str

    @property
    def rest(self) -> str:
        """The text from the place of the error to the end of the declaration."""
        return self.source.text[self.at : self.end]

    @property
    def before(self) -> str:
        """The declaration's text up to the place of the error."""
        return self.source.text[self.start : self.at]

    @property
    def just_before(self) -> str:
        """The last characters before the error, few enough for any regular expression."""
        return self.before[-_NEAR:]

    def span(self, length: int | None = None) -> Span:
        """The place of the error: `length` characters, or the token found there."""
        if self.at >= self.end:
            last = self.start + len(self.before.rstrip())
            return Span(self.source, max(last - 1, self.start), max(last, self.start))
        return Span(self.source, self.at, self.at + (length or len(self.found) or 1))


def explain(slip: Slip, unclosed: Sequence[Unclosed]) -> Diagnostic:
    """The diagnostic for a slip.

    Args:
        slip: Where the parser stopped.
        unclosed: The brackets of the file that never close.
    """
    for mistake in _KNOWN:
        diagnostic = mistake(slip)
        if diagnostic is not None:
            return diagnostic
    opened = [u for u in unclosed if slip.start <= u.start < slip.end and u.start < slip.at]
    if opened:
        return _unclosed(slip, opened[-1])
    return _general(slip)


def names_declared(text: str) -> frozenset[str]:
    """The names that a broken declaration seems to declare, so that their uses are no news."""
    word, _, rest = text.strip().partition(" ")
    if word in ("import", "from"):
        return frozenset(re.findall(r"[A-Za-z_]\w*", rest))
    return frozenset(re.findall(r"^\s*([A-Za-z_][\w.]*)", rest))


# ---- known slips, in the order in which they are tried


_OTHER_WORDS = {"param": "dial"}
"""What other languages call a declaration, and the word for it here."""


def _first_word(slip: Slip) -> Diagnostic | None:
    """The declaration starts with no word that starts one."""
    if slip.rule != "item":
        return None
    match = re.match(r"[A-Za-z_]\w*", slip.source.text[slip.start : slip.end])
    if match is None or match[0] in DECLARATIONS:
        return None
    span = Span(slip.source, slip.start, slip.start + match.end())
    if match[0] in _OTHER_WORDS:
        word = _OTHER_WORDS[match[0]]
        return Diagnostic(
            "E109",
            f"`{match[0]}` is spelled `{word}`",
            span,
            help=f"Write `{word}`.",
            fixes=(_written(word, span),),
        )
    if match[0] == "circ":
        return Diagnostic("E108", "a file has one header, in its first line", span)
    near = nearest(match[0], DECLARATIONS)
    return Diagnostic(
        "E109",
        f"no declaration starts with `{match[0]}`"
        + (f"; did you mean `{near}`?" if near is not None else ""),
        span,
        help=f"Declarations start with one of: {', '.join(DECLARATIONS)}.",
        fixes=() if near is None else (_written(near, span),),
    )


def _written(text: str, span: Span) -> Fix:
    """The change that writes something else in a place."""
    return Fix(f"Write `{text}`", span, text)


def _header(slip: Slip) -> Diagnostic | None:
    if slip.rule != "header" or re.search(r"^[ \t]*circ\b", slip.before, re.MULTILINE):
        return None
    return Diagnostic(
        "E108",
        "a circuit file starts with its header",
        slip.span(),
        help='Write `circ 1 "What this circuit is."` in the first line.',
        fixes=(Fix("Add the header", Span(slip.source, 0, 0), "circ 1\n\n"),),
    )


def _weights_as_architecture(slip: Slip) -> Diagnostic | None:
    """`backbone V = inceptionv1-caffe2(...)`: weights where an architecture is asked for."""
    stem = re.fullmatch(r"backbone\s+\w+\s*=\s*(\w+)", slip.before)
    tail = re.match(r"-[\w.-]+", slip.rest)
    if stem is None or tail is None:
        return None
    start = slip.start + stem.start(1)
    return Diagnostic(
        "E201",
        f"there is no architecture `{stem[1]}{tail[0]}`",
        (span := Span(slip.source, start, slip.at + tail.end())),
        note="a file names an architecture; trained weights are chosen when scoring",
        help=f"Write `{stem[1]}(...)`.",
        fixes=(_written(stem[1], span),),
    )


def _spaced_unit(slip: Slip) -> Diagnostic | None:
    number = re.search(r"[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?[ \t]+$", slip.just_before)
    unit = re.match(rf"({'|'.join(UNITS)})\b", slip.rest)
    if number is None or unit is None:
        return None
    digits = number[0].rstrip()
    start = slip.at - len(number[0])
    return Diagnostic(
        "E101",
        f"write `{digits}{unit[0]}`, not `{number[0]}{unit[0]}`: a unit is part of its number",
        (span := Span(slip.source, start, slip.at + unit.end())),
        help="Remove the space.",
        fixes=(_written(f"{digits}{unit[0]}", span),),
    )


def _arrow(slip: Slip) -> Diagnostic | None:
    if re.fullmatch(r"connect\s+[\w.]+\s*", slip.before) is None:
        return None
    match = re.match(r"[-=~<>→⇒]+(?: ?>)?|[A-Za-z_]\w*|\S", slip.rest)
    if match is None:
        return None
    return Diagnostic(
        "E102",
        f"expected `->` between source and target, found `{_shown(match[0])}`",
        (span := slip.span(match.end())),
        help="Write `connect SOURCE -> TARGET`.",
        fixes=() if match[0][0].isalnum() else (_written("->", span),),
    )


def _colon(slip: Slip) -> Diagnostic | None:
    name = re.search(r"([A-Za-z_][\w.]*)\s*$", slip.just_before)
    if slip.rest[:1] != ":" or name is None or "{" not in slip.before:
        return None
    return Diagnostic(
        "E103",
        f"attributes use `=`; found `:` after `{name[1]}`",
        (span := slip.span(1)),
        help=f"Write `{name[1]} = ...`.",
        fixes=(Fix("Write ` =`", span, "=" if slip.before[-1].isspace() else " ="),),
    )


def _boolean(slip: Slip) -> Diagnostic | None:
    match = re.match(r"&&?|\|\|?", slip.rest)
    if match is None:
        return None
    if match[0][0] == "&":
        span = slip.span(match.end())
        return Diagnostic(
            "E106",
            f"`and` is the spelling here; found `{match[0]}`",
            span,
            fixes=(_written("and", span),),
        )
    return Diagnostic("E106", f"found `{match[0]}`; there is no `or`", slip.span(match.end()))


def _separated(slip: Slip) -> Diagnostic | None:
    """`,` or `;` between attributes of a block."""
    if slip.rest[:1] not in (",", ";") or slip.before.count("{") <= slip.before.count("}"):
        return None
    if not slip.accepted >= {"RBRACE"} and slip.found:
        return None
    span = slip.span(1)
    return Diagnostic(
        "E100",
        f"nothing stands between attributes; found `{span.text}`",
        span,
        note="an attribute ends where the name of the next one begins",
        help=f"Remove the `{span.text}`, or write one attribute a line.",
        fixes=(Fix(f"Remove `{span.text}`", span, ""),),
    )


def _slashes(slip: Slip) -> Diagnostic | None:
    """`//` or `/*`, which begin comments elsewhere."""
    match = re.match(r"/[/*]", slip.rest)
    start = slip.at
    if match is None and slip.just_before.endswith("/") and slip.rest[:1] in ("/", "*"):
        start, match = slip.at - 1, re.match(r"[/*]", slip.rest)
    if match is None:
        return None
    span = Span(slip.source, start, slip.at + match.end())
    return Diagnostic(
        "E111",
        f"`{span.text}` does not begin a comment",
        span,
        help="Comments run from `#` to the end of their line.",
        fixes=(_written("#", span),) if span.text == "//" else (),
    )


_STRANGE = {
    "“": 'strings stand in straight quotes: `"`',
    "”": 'strings stand in straight quotes: `"`',
    "'": 'strings stand in double quotes: `"`',
    "−": "the minus sign is `-`",
    "–": "the minus sign is `-`",
    "×": "the sign of multiplication is `*`",
    "·": "the sign of multiplication is `*`",
    "÷": "the sign of division is `/`",
    "°": "write degrees as `30deg`",
    ";": "nothing separates declarations or attributes but their own words",
    "%": "write a percentage as `5pct`, or as a fraction",
}


_INSTEAD = {"“": '"', "”": '"', "'": '"', "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/"}
"""What is written in place of a character that has no meaning."""


def _strange(slip: Slip) -> Diagnostic | None:
    """A character that nothing in the language starts with."""
    if slip.found or slip.at >= slip.end:
        return None
    char = slip.rest[0]
    if char == '"':
        line = slip.rest.split("\n", 1)[0]
        return Diagnostic(
            "E112",
            "this string is never closed",
            (span := slip.span(len(line.rstrip()))),
            help='End it with `"` on the same line, or use `"""` for several lines.',
            fixes=(Fix('Add `"`', Span(span.source, span.end, span.end), '"'),),
        )
    return Diagnostic(
        "E111",
        f"{_character(char)} is not part of the language",
        slip.span(1),
        help=f"{_STRANGE[char][0].upper()}{_STRANGE[char][1:]}." if char in _STRANGE else "",
        fixes=(_written(_INSTEAD[char], slip.span(1)),) if char in _INSTEAD else (),
    )


def _reserved(slip: Slip) -> Diagnostic | None:
    if slip.found not in RESERVED or "NAME" not in slip.accepted or slip.found in DECLARATIONS:
        return None
    if len(slip.accepted & {"NAME", "AT"}) < len(slip.accepted) - 6:
        return None  # an expression could stand here: something is missing, no name is misused
    return Diagnostic(
        "E114",
        f"`{slip.found}` is a word of the language and cannot be a name",
        slip.span(),
        help=f"Choose another name, such as `{slip.found}_`.",
        fixes=(_written(f"{slip.found}_", slip.span()),),
    )


_KNOWN: tuple[Callable[[Slip], Diagnostic | None], ...] = (
    _first_word,
    _header,
    _weights_as_architecture,
    _spaced_unit,
    _arrow,
    _boolean,
    _slashes,
    _separated,
    _colon,
    _strange,
    _reserved,
)


# ---- everything else


def _unclosed(slip: Slip, fault: Unclosed) -> Diagnostic:
    source = slip.source
    line, column = source.position(fault.start)
    bracket = source.text[fault.start]
    if fault.closer is None:
        message = f"`{bracket}` opened at {line}:{column} is never closed"
        also = () if slip.at >= slip.end else (Label(slip.span(), "does not fit inside"),)
    else:
        closer = source.text[fault.closer]
        message = f"`{bracket}` opened at {line}:{column} is closed by `{closer}`"
        also = (Label(Span(source, fault.closer, fault.closer + 1), "does not match"),)
    return Diagnostic(
        "E104",
        message,
        Span(source, fault.start, fault.start + 1),
        also=also,
        help=f"Close it with `{_PARTNER[bracket]}`.",
    )


_PARTNER = {"(": ")", "[": "]", "{": "}"}


def _general(slip: Slip) -> Diagnostic:
    expected = expected_words(slip.accepted)
    if slip.at >= slip.end:
        what = "the declaration" if slip.rule == "item" else "the header"
        message = f"{what} ends too soon; expected {expected}"
    else:
        message = f"expected {expected}, found `{_shown(slip.found)}`"
    return Diagnostic("E100", message, slip.span())


def _shown(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 24 else f"{line[:21]}..."


def _character(char: str) -> str:
    if char.isprintable():
        return f"`{char}`"
    return f"the character U+{ord(char):04X}"
