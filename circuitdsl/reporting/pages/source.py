"""The source of a circuit, line by line, tied to its kernels.

In: a circuit's connections. Out: the files that they were written in; the first line of each
connection leads to its kernels, and each connection knows its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuitdsl.text.source import Span


@dataclass(frozen=True)
class Line:
    """A line of a file.

    Attributes:
        id: Its place in the page.
        text: The line.
        link: The place of the kernels that are written there; "" for none.
    """

    id: str
    text: str
    link: str


@dataclass(frozen=True)
class Listing:
    """A file.

    Attributes:
        name: Its name.
        lines: Its lines.
    """

    name: str
    lines: tuple[Line, ...]


def listings(spans: Sequence[Span]) -> tuple[tuple[Listing, ...], tuple[str, ...]]:
    """The files that connections are written in, and the place of each connection's first line.

    Args:
        spans: Where each connection is written, in their order. One that was never text has no
            place.
    """
    sources = list(dict.fromkeys(span.source for span in spans if span.text))
    places = tuple(
        f"line-{sources.index(span.source)}-{span.line}" if span.text else "" for span in spans
    )
    links = {place: f"#connection-{at}" for at, place in reversed(list(enumerate(places)))}
    files = tuple(
        Listing(
            source.name.rsplit("/", 1)[-1],
            tuple(
                Line(place, text, links.get(place, ""))
                for place, text in (
                    (f"line-{number}-{line}", text)
                    for line, text in enumerate(source.text.splitlines(), 1)
                )
            ),
        )
        for number, source in enumerate(sources)
    )
    return files, places
