"""Places of a text as editors count them.

In: offsets in code points. Out: lines and columns from 0, in the units that client and server have
agreed on, and back. A character beyond the Basic Multilingual Plane is two units of UTF-16.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from circuitdsl.text.source import Source, Span

Encoding = types.PositionEncodingKind | str


@dataclass(frozen=True)
class Positions:
    """Converts the places of sources.

    Attributes:
        encoding: `utf-8`, `utf-16` or `utf-32`.
    """

    encoding: Encoding = types.PositionEncodingKind.Utf16

    def units(self, text: str) -> int:
        """How many units a text has."""
        if text.isascii() or self.encoding == types.PositionEncodingKind.Utf32:
            return len(text)
        if self.encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(ord(char) > 0xFFFF for char in text)

    def position(self, source: Source, offset: int) -> types.Position:
        """The place of a character."""
        line, column = source.position(offset)
        return types.Position(line - 1, self.units(source.text[offset - column + 1 : offset]))

    def range(self, span: Span) -> types.Range:
        """A span's place."""
        return types.Range(
            self.position(span.source, span.start), self.position(span.source, span.end)
        )

    def offset(self, source: Source, position: types.Position) -> int:
        """The character at a place; one beyond a line's or the text's end is moved there."""
        start = 0
        for _ in range(position.line):
            start = source.text.find("\n", start) + 1
            if start == 0:
                return len(source.text)
        end = source.text.find("\n", start)
        line = source.text[start : len(source.text) if end < 0 else end]
        if line.isascii():
            return start + min(position.character, len(line))
        units = 0
        for column, char in enumerate(line):
            if units >= position.character:
                return start + column
            units += self.units(char)
        return start + len(line)
