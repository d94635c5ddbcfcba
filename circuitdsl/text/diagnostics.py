"""What the program says to a user who has to change something.

In: spans and facts from any stage. Out: `Diagnostic` values (findings in a circuit file), and the
two exceptions by which every expected failure travels. The command line prints them without a
traceback and exits with 1 for findings and 2 for usage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, NamedTuple
from unicodedata import category, east_asian_width

from circuitdsl.text.source import Source, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Label:
    """A secondary place in the text, and what to say beside it."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A change of the text that would answer a finding.

    Attributes:
        title: What it does, as a menu shows it.
        span: What is replaced; empty to insert.
        text: What stands there instead.
    """

    title: str
    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding in a circuit file.

    Attributes:
        code: Stable name such as `E201`; see `CODES`.
        message: One sentence: what is wrong.
        span: Where.
        severity: Errors stop the compiler, warnings do not.
        label: Short text beside the carets.
        also: Other places that take part.
        note: Why it is wrong.
        help: What to do.
        fixes: Changes of the text that do it, the likeliest first.
    """

    code: str
    message: str
    span: Span
    severity: Severity = "error"
    label: str = ""
    also: tuple[Label, ...] = field(default=())
    note: str = ""
    help: str = ""
    fixes: tuple[Fix, ...] = ()


class DiagnosticError(Exception):
    """A circuit file has errors; carries every diagnostic of the run, warnings too.

    As text it is what the command line prints: each diagnostic with the lines it is about.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(render(diagnostic) for diagnostic in self.diagnostics).rstrip()


class InputError(Exception):
    """Something outside the language is wrong: a file, an argument, the network.

    As text it is what the command line prints: the sentence, and below it the cause and the remedy.

    Attributes:
        message: What is wrong and where, in one sentence.
        why: The cause, where it is known.
        help: What to do.
    """

    def __init__(self, message: str, *, why: str = "", help: str = "") -> None:
        self.message = message
        self.why = why
        self.help = help
        super().__init__(message)

    @property
    def reasons(self) -> dict[str, str]:
        """The cause and the remedy by their titles, those that are known."""
        titled = {"why": self.why, "help": self.help}
        return {title: text for title, text in titled.items() if text}

    def __str__(self) -> str:
        below = (f"  = {title}: {text}" for title, text in self.reasons.items())
        return "\n".join((self.message, *below))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of the known names that is most like a name, if any is like it."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def listed(names: Collection[str], what: str) -> None:
    """Refuse one text where a list of names is meant: its letters would be taken for names.

    Raises:
        InputError: it is a text.
    """
    if isinstance(names, str):
        raise InputError(
            f"{what} are a list of names; `{names}` is one text",
            help=f"write [{', '.join(repr(name) for name in names.replace(',', ' ').split())}]",
        )


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` for the nearest of the known names, or an empty string."""
    near = nearest(name, known)
    return "" if near is None else f"did you mean `{near}`?"


Role = Literal["severity", "message", "frame", "place", "source", "mark", "aside", "title", "text"]
"""What a piece of a message is; `mark` underlines the place itself, `aside` another one."""


class Piece(NamedTuple):
    """Characters that are shown alike."""

    text: str
    role: Role


Line = tuple[Piece, ...]


def render(diagnostic: Diagnostic) -> str:
    """A diagnostic as plain text: what is wrong, the lines in question, why, and what to do."""
    lines = ("".join(piece.text for piece in line) for line in lines_of(diagnostic))
    return printable("\n".join(lines) + "\n")


def printable(text: str) -> str:
    """A text in which no character moves a terminal's cursor, colours it or turns its direction.

    Controls are replaced by the signs that stand for them, one for one, so that columns stay.
    """
    return text.translate(_SIGNS)


_TURNING = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SIGNS = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(_TURNING, "\ufffd"),
}


def lines_of(diagnostic: Diagnostic, columns: int | None = None) -> list[Line]:
    """What `render` prints, as lines of pieces.

    Args:
        diagnostic: The diagnostic.
        columns: Shorten excerpts of the text, so that they and their underlines fit. Sentences
            and labels stay as long as they are.
    """
    span = diagnostic.span
    head = Piece(f"{diagnostic.severity}[{diagnostic.code}]", "severity")
    lines: list[Line] = [(head, Piece(": ", "title"), Piece(diagnostic.message, "message"))]
    labels = [Label(span, diagnostic.label), *diagnostic.also]
    by_source: dict[Source, list[Label]] = {}
    for label in labels:
        by_source.setdefault(label.span.source, []).append(label)
    width = max(len(str(label.span.line)) for label in labels)
    room = None if columns is None else max(columns - width - len(" | "), _LEAST_ROOM)
    for source, here in by_source.items():
        arrow = "-->" if source is span.source else ":::"
        lines.append((Piece(f"{' ' * width}{arrow} ", "frame"), Piece(str(here[0].span), "place")))
        if source.text:
            lines += _excerpt(source, here, span, width, room)
    for title, text in (("note", diagnostic.note), ("help", diagnostic.help)):
        if text:
            start = Piece(f"{' ' * width} = ", "frame")
            lines.append((start, Piece(f"{title}: ", "title"), Piece(text, "text")))
    return lines


def _excerpt(
    source: Source, labels: list[Label], primary: Span, width: int, room: int | None
) -> list[Line]:
    """The lines that labels point at, each followed by its underlines."""
    edge = Piece(f"{' ' * width} |", "frame")
    lines: list[Line] = [(edge,)]
    by_line: dict[int, list[Label]] = {}
    for label in sorted(labels, key=lambda label: label.span.start):
        by_line.setdefault(label.span.line, []).append(label)
    for number, here in by_line.items():
        full = source.line_text(number)
        start, text = 0, ""
        for label in here:
            column = label.span.column - 1
            cut = start + len(text) < len(full)
            if label is here[0] or (cut and column >= start + len(text)):
                start, text = _window(full, column, room)
                line = _visible(text).rstrip()
                numbered = Piece(f"{number:>{width}} |", "frame")
                lines.append((numbered, Piece(f" {line}", "source")) if line else (numbered,))
            lines.append((edge, *_underline(label, text, column - start, label.span is primary)))
    return lines


def _underline(label: Label, text: str, column: int, primary: bool) -> tuple[Piece, Piece]:
    """Marks below a label's characters of a line, and what it says beside them."""
    length = max(min(label.span.end - label.span.start, len(text) - column), 1)
    before = " " * _columns(text[:column])
    marks = ("^" if primary else "-") * max(_columns(text[column : column + length]), 1)
    marked = f"{marks} {label.text}".rstrip()
    return Piece(f" {before}", "frame"), Piece(marked, "mark" if primary else "aside")


_WINDOW = 160
"""Characters shown of one line."""

_LEAST_ROOM = 20
"""Columns that an excerpt has even where the terminal is narrower."""


def _window(full: str, column: int, room: int | None) -> tuple[int, str]:
    """Of a very long line what is around a column, and where that starts."""
    most = _WINDOW
    if room is not None and _columns(full) > room:
        most = min(_WINDOW, room if _columns(full) == len(full) else room // 2)
    start = max(min(column - most // 2, len(full) - most), 0)
    return start, full[start : start + most]


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in text
    )


def _columns(text: str) -> int:
    """Columns of a terminal that a text fills; accents that stand over a letter fill none."""
    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


# ---- codes and their pages

CODES: dict[str, str] = {
    "E100": "unexpected text",
    "E101": "space before a unit",
    "E102": "no arrow between source and target",
    "E103": "colon after an attribute",
    "E104": "bracket never closed",
    "E105": "another version of the language",
    "E106": "sign in place of a word",
    "E107": "brackets nested too deeply",
    "E108": "no header, or two",
    "E109": "unknown kind of declaration",
    "E111": "character that has no meaning",
    "E112": "string never closed",
    "E113": "beyond a limit",
    "E114": "word of the language used as a name",
    "E201": "unknown name",
    "E202": "unknown attribute",
    "E203": "declared twice",
    "E204": "no such layer, or none for a family",
    "E205": "import cycle",
    "E206": "unknown argument",
    "E207": "something is missing",
    "E208": "given twice, or too often",
    "E209": "file that cannot be imported",
    "E210": "circular definition",
    "E211": "no backbone",
    "E212": "function without a body",
    "E213": "families of another backbone",
    "E214": "declaration in a file of settings",
    "E301": "units that do not combine",
    "E302": "wrong kind of value",
    "E303": "tap without a size",
    "E304": "number out of range",
    "E305": "profile of another kind than its axis",
    "E306": "frame without a meaning",
    "E307": "frame inside a profile",
    "E308": "expression without a value",
    "E309": "number that depends on a dial",
    "E401": "axis lost on the way",
    "E402": "sum over an axis that both have",
    "E403": "shared axis without a profile",
    "E404": "members that cannot be paired",
    "E405": "turn that leads to no member",
    "E406": "kernel that changes under `identify`",
    "E407": "phases not closed under half a turn",
    "E408": "member that a family does not have",
    "E409": "axes of different kinds",
    "E410": "two axes of one kind",
    "E501": "shape larger than its kernel",
    "E502": "layer out of reach",
    "E503": "bottleneck too narrow",
    "E504": "layer too narrow",
    "E505": "grating finer than the taps",
    "E506": "single tap in a large kernel",
    "E507": "families on different grids",
    "E508": "shape that cancels in one tap",
    "E601": "weights read where they may not be",
    "E602": "calibration without a solution",
    "E603": "family that can never fire",
    "E701": "unit out of range",
    "E702": "edge that does not exist",
    "E703": "unit without a hand-written partner",
    "E704": "step without an effect",
    "E705": "units that do not match the members",
    "E706": "trained units in use",
    "E707": "another count than expected",
    "E708": "activity on units that are computed",
    "E801": "score that compares nothing",
    "E802": "sides of different sizes",
    "E804": "expectation where there is none",
    "E805": "calibrated on what is scored",
    "E806": "fit without a dial to move",
    "E901": "expectation that does not hold",
    "E902": "measure that cannot be taken",
    "L401": "bump narrower than its source can follow",
    "L402": "connection that is hardly equivariant",
    "L403": "dial without an effect",
    "L404": "family without input",
    "L405": "other normalisation inside a network",
    "L406": "name without a use",
}
"""What each code stands for; `E` for errors (a few are warnings), `L` for advice."""
