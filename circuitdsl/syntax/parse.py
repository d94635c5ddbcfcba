"""Text to tree: Source -> CircuitFile and what is wrong with its form.

A text that parses whole is parsed once. One that doesn't is cut at its declarations, which are
parsed one by one, so that each broken declaration gets one message and the others are still read.
This is the only module that knows Lark.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from contextlib import suppress
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.grammar import Rule
from lark.lexer import TerminalDef
from lark.utils import TextSlice

from circuitdsl.syntax.build import NodeBuilder
from circuitdsl.syntax.mistakes import Slip, explain, names_declared
from circuitdsl.syntax.nodes import CircuitFile, Comment, Header, Item
from circuitdsl.syntax.outline import (
    DEEPEST,
    LONGEST_DECLARATION,
    LONGEST_LIST,
    MOST_PARTS,
    Outline,
    outline,
)
from circuitdsl.syntax.pieces import Pieces
from circuitdsl.syntax.read import LARGEST
from circuitdsl.syntax.words import DECLARATIONS
from circuitdsl.text.caches import user_cache
from circuitdsl.text.diagnostics import Diagnostic, InputError
from circuitdsl.text.files import write_text
from circuitdsl.text.resources import grammar_file
from circuitdsl.text.source import Source, Span

VERSION = 1
"""The version of the language that this compiler reads."""

MOST_ERRORS = 20
"""Broken declarations reported before the rest of a file is left unread."""

KEPT, LONGEST_KEPT = 64, 100_000
"""How many trees stay in memory, and how many characters the text of each may have."""

LEXER = "basic"
"""Reads by one regular expression; the contextual lexer compiles 48, and `check` waits for them."""

_LONGEST_WORD = max(map(len, DECLARATIONS)) + 1

_LOCK = threading.Lock()


def parse(source: Source) -> tuple[CircuitFile, list[Diagnostic]]:
    """Parse a circuit file.

    The trees of the latest texts are kept: a file that others import, or that is loaded again, is
    read once for as long as nobody changes it.

    Args:
        source: Any text at all.

    Returns:
        The tree of what could be read, and a diagnostic for each declaration that could not.
    """
    reader = _kept if len(source.text) <= LONGEST_KEPT else _read
    file, faults = reader(source)
    return file, list(faults)


def parse_edited(source: Source, pieces: Pieces) -> tuple[CircuitFile, list[Diagnostic]]:
    """What `parse` gives, for a text that is being edited.

    Args:
        source: Any text at all.
        pieces: The declarations of earlier texts; those of this one are added.
    """
    return _read(source, pieces)


def _read(source: Source, pieces: Pieces | None = None) -> tuple[CircuitFile, list[Diagnostic]]:
    if len(source.text) > LARGEST:
        limit = f"{LARGEST:,} characters"
        message = f"{source.name} has {len(source.text):,} characters; a file may have {limit}"
        return _nothing(source), [
            _refused(source, 0, 1, message, "Split it, and import the parts.")
        ]
    look = outline(source.text)
    refusal = _beyond_limits(source, look)
    if refusal is not None:
        return _nothing(source), [refusal]
    with _LOCK:
        _builder().source = source
        try:
            header, items, faults, broken = _parts(source, look, pieces)
        finally:
            _builder().source = _NO_SOURCE
    if header is not None and header.version != VERSION:
        return _nothing(source), [_other_version(header)]
    comments = tuple(
        Comment(Span(source, start, end), source.text[start:end].rstrip())
        for start, end in look.comments
    )
    return CircuitFile(source, header, items, comments, broken), faults


_kept = lru_cache(KEPT)(_read)


def _beyond_limits(source: Source, look: Outline) -> Diagnostic | None:
    """What a first look found that the parser should not see."""
    if look.too_deep is not None:
        message = f"brackets are nested more than {DEEPEST} deep"
        help_ = "Name the inner parts with `let` or `fn`."
        return Diagnostic("E107", message, _character(source, look.too_deep), help=help_)
    if look.too_long is not None:
        message = f"a list of more than {LONGEST_LIST:,} entries"
        return _refused(source, look.too_long, 1, message, "Shorten the list.")
    if look.too_wide is not None:
        message = f"a declaration of more than {LONGEST_DECLARATION:,} characters"
        return _refused(source, look.too_wide, 1, message, "Split it.")
    if look.too_many is not None:
        message = f"a file of more than {MOST_PARTS:,} brackets, commas, strings and comments"
        return _refused(source, look.too_many, 1, message, "Split it, and import the parts.")
    return None


_Parts = tuple[Header | None, tuple[Item, ...], list[Diagnostic], frozenset[str]]
"""The header, declarations, faults and names of broken declarations of a text."""


def _parts(source: Source, look: Outline, pieces: Pieces | None) -> _Parts:
    if pieces is not None:
        return _piecewise(source, look, pieces)
    try:
        whole: Any = _parser().parse(source.text, start="start")
    except UnexpectedInput:
        return _piecewise(source, look, None)
    header, items = whole
    return header, items, [], frozenset()


def _piecewise(source: Source, look: Outline, pieces: Pieces | None) -> _Parts:
    text = source.text
    # the header is what comes before the first declaration, comments above it included
    has_header = (
        bool(look.cuts) and re.match(r"circ(?![A-Za-z_])", text[look.cuts[0] :]) is not None
    )
    starts = [0, *look.cuts[1:]] if has_header else [0, *look.cuts]
    cuts = list(pairwise((*starts, len(text))))
    reader = _Reader(source, look)
    header = reader.read(*cuts[0], "header")
    reader.read_all(cuts[1:], Pieces() if pieces is None else pieces, sound=header is not None)
    if reader.full:
        message = f"{MOST_ERRORS} broken declarations; the rest of the file was not read"
        at = reader.faults[-1].span.end
        reader.faults.append(_refused(source, at - 1, 1, message, "Correct these first."))
    return header, tuple(reader.items), reader.faults, frozenset(reader.broken)


class _Reader:
    """Reads a file piece by piece."""

    def __init__(self, source: Source, look: Outline) -> None:
        self.source = source
        self.look = look
        self.items: list[Item] = []
        self.faults: list[Diagnostic] = []
        self.broken: set[str] = set()

    @property
    def full(self) -> bool:
        """Whether there are as many errors as anybody would read."""
        return len(self.faults) >= MOST_ERRORS

    def read(self, start: int, end: int, rule: str) -> Any:
        """One piece, or None after reporting what is wrong with it."""
        try:
            return _parser().parse(TextSlice(self.source.text, start, end), start=rule)
        except UnexpectedInput as error:
            slip = _slip(error, self.source, start, end, rule)
            self.faults.append(explain(slip, self.look.unclosed))
            self.broken |= names_declared(self.source.text[start:end])
            return None

    def read_all(self, cuts: list[tuple[int, int]], pieces: Pieces, *, sound: bool) -> None:
        """Pieces in order, those that were read before without the parser.

        Args:
            cuts: Where each starts and ends.
            pieces: What was read before.
            sound: Whether the header is.
        """
        place = 0
        while place < len(cuts) and not self.full:
            start, end = cuts[place]
            place += 1
            text = self.source.text[start:end]
            item = pieces.get(text, start, self.source) or self.attempt(start, end)
            if item is None and place < len(cuts) and not self.declares(cuts[place][0]):
                item = self.attempt(start, cuts[place][1])
                place += item is not None
            elif item is not None:
                pieces.put(text, start, item)
            if item is not None:
                self.items.append(item)
                continue
            if sound and self.read_rest(start):
                return
            sound = False
            self.read(start, end, "item")

    def attempt(self, start: int, end: int) -> Item | None:
        """The declaration of a piece, if it is sound."""
        try:
            item: Any = _parser().parse(TextSlice(self.source.text, start, end), start="item")
        except UnexpectedInput:
            return None
        return item

    def declares(self, start: int) -> bool:
        """Whether a word that starts a declaration stands in a place."""
        word = re.match(r"\w+", self.source.text[start : start + _LONGEST_WORD])
        return word is not None and word[0] in DECLARATIONS

    def read_rest(self, start: int) -> bool:
        """Whether the rest of the text is sound: a name in column 0 need not start anything."""
        try:
            rest: Any = _parser().parse(
                TextSlice(self.source.text, start, len(self.source.text)), start="items"
            )
        except UnexpectedInput:
            return False
        self.items += rest
        return True


def _slip(error: UnexpectedInput, source: Source, start: int, end: int, rule: str) -> Slip:
    """What the parser knows about an error, without its types."""
    accepted: frozenset[str] = frozenset()
    token_text = ""
    at = end
    if isinstance(error, UnexpectedToken):
        accepted = frozenset(error.accepts or error.expected or ())
        if error.token.type != "$END":
            at = error.token.start_pos if error.token.start_pos is not None else end
            token_text = str(error.token)
    elif isinstance(error, UnexpectedCharacters):
        accepted = frozenset(error.allowed or ())
        at = error.pos_in_stream if error.pos_in_stream is not None else end
    return Slip(source, start, end, at, token_text, accepted, rule)


def _nothing(source: Source) -> CircuitFile:
    return CircuitFile(source, None, (), broken=frozenset("*"))


def _character(source: Source, at: int) -> Span:
    return Span(source, at, min(at + 1, len(source.text)))


def _refused(source: Source, at: int, length: int, message: str, help_: str) -> Diagnostic:
    return Diagnostic("E113", message, Span(source, at, at + length), help=help_)


def _other_version(header: Header) -> Diagnostic:
    return Diagnostic(
        "E105",
        f"the file says `{header.span.text.split(chr(34))[0].strip()}`; "
        f"this compiler reads `circ {VERSION}`",
        header.span,
        help=f"Write `circ {VERSION}`, or use the release that reads this version.",
    )


# ---- the parser itself

_NO_SOURCE = Source("", "")


@cache
def _builder() -> NodeBuilder:
    return NodeBuilder()


@cache
def _parser() -> lark.Lark:
    """The parser, from its tables where an earlier process left them.

    Building takes Lark a tenth of a second and more. Its own cache is a pickle, which nothing here
    loads; the tables are plain data, so they are kept as JSON, under the grammar's hash.
    """
    grammar = grammar_file().read_bytes()
    key = hashlib.sha256(grammar + lark.__version__.encode() + LEXER.encode()).hexdigest()[:20]
    cache = user_cache()
    tables = None if cache is None else cache / f"grammar-{key}.tables"
    kept = None if tables is None else _from_tables(tables)
    return kept or _from_grammar(grammar.decode(), tables)


def _from_tables(tables: Path) -> lark.Lark | None:
    try:
        digest, _, text = tables.read_text(encoding="utf-8").partition("\n")
        if digest != hashlib.sha256(text.encode()).hexdigest():
            return None  # a flipped bit would be another grammar
        data = json.loads(text, object_hook=_with_whole_keys)
        return lark.Lark._load_from_dict(  # pyright: ignore[reportPrivateUsage]
            data["data"], data["memo"], transformer=_builder()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError):
        return None  # absent, cut short or from elsewhere: the grammar says it all again


def _with_whole_keys(entries: dict[str, Any]) -> dict[str | int, Any]:
    # JSON writes every key as text; states and memo entries are numbered
    return {int(key) if key.isdigit() else key: value for key, value in entries.items()}


def _from_grammar(grammar: str, tables: Path | None) -> lark.Lark:
    parser = lark.Lark(
        grammar,
        parser="lalr",
        lexer=LEXER,
        start=["start", "header", "items", "item"],
        transformer=_builder(),
        maybe_placeholders=True,
    )
    if tables is None:
        return parser
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"]["transformer"] = None  # given anew when the tables are read
    text = json.dumps({"data": data, "memo": memo}, separators=(",", ":"))
    with suppress(OSError, InputError):  # a home that can't be written costs time, nothing else
        write_text(tables, f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
    return parser
