"""Offsets, lines and columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuitdsl.text.source import Source, Span


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, (1, 1)),
        ("ab\ncd", 0, (1, 1)),
        ("ab\ncd", 2, (1, 3)),
        ("ab\ncd", 3, (2, 1)),
        ("ab\ncd", 5, (2, 3)),
        ("ab\r\ncd", 4, (2, 1)),
        ("日\nx", 2, (2, 1)),
    ],
)
def test_positions(text: str, offset: int, place: tuple[int, int]) -> None:
    assert Source("a", text).position(offset) == place


@given(st.text(), st.data())
def test_position_and_line_text_agree(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    line, column = Source("a", text).position(offset)
    assert line == text.count("\n", 0, offset) + 1
    rest = text.split("\n")[line - 1]
    assert 1 <= column <= len(rest) + 1
    assert Source("a", text).line_text(line) == rest.rstrip("\r")


def test_spans() -> None:
    source = Source("a.circ", "one\ntwo three\n")
    span = Span(source, 8, 13)
    assert (span.line, span.column, span.text, str(span)) == (2, 5, "three", "a.circ:2:5")
    assert Span(source, 4, 7).to(span).text == "two three"
