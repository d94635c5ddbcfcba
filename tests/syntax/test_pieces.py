"""Texts that are edited: declarations that did not change are moved, and nothing else differs."""

from __future__ import annotations

import pytest
from corpus import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

from circuitdsl.syntax.format import dump_tree
from circuitdsl.syntax.nodes import CircuitFile
from circuitdsl.syntax.parse import parse, parse_edited
from circuitdsl.syntax.pieces import Pieces
from circuitdsl.text.diagnostics import Diagnostic
from circuitdsl.text.source import Source

SHORT = [text for text in TEXTS if len(text) < 1500]


def held_to_parse(text: str, pieces: Pieces) -> None:
    source = Source("a.circ", text)
    assert seen(*parse_edited(source, pieces)) == seen(*parse(source))


def seen(file: CircuitFile, faults: list[Diagnostic]) -> tuple[object, ...]:
    """Trees, places and messages; places are in the dump."""
    return file, dump_tree(file), faults, file.broken, file.comments


@settings(max_examples=25)
@given(st.data())
def test_edits_are_read_as_whole_texts_are(data: st.DataObject) -> None:
    text, pieces = data.draw(st.sampled_from(SHORT)), Pieces()
    held_to_parse(text, pieces)
    for _ in range(3):
        start = data.draw(st.integers(0, len(text)))
        end = min(start + data.draw(st.integers(0, 12)), len(text))
        typed = data.draw(st.sampled_from(("", "a", " ", "\n", "{", ")", '"', "# ", "dial ", "𝛼")))
        text = text[:start] + typed + text[end:]
        held_to_parse(text, pieces)


@pytest.mark.parametrize(
    "text",
    [
        "circ 1\nlet a = 1 +\nb\nlet c = 2\n",
        "circ 1\ncircuit x() {\nfamily a at V.b\n}\nlet c = )\n",
        "let a = 1\n",
        "circ 1\n" + "dial\n" * 30,
    ],
)
def test_names_in_the_first_column(text: str) -> None:
    held_to_parse(text, Pieces())


def test_what_was_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Pieces()
    parse_edited(Source("a.circ", "circ 1\nlet a = 1\nlet b = 2\n"), pieces)
    moved = parse_edited(source := Source("b.circ", "circ 1\n\nlet b = 2\nlet a = 1\n"), pieces)[0]
    assert [item.span.text for item in moved.items] == ["let b = 2", "let a = 1"]
    assert all(item.span.source is source for item in moved.items)
