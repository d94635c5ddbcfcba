"""How long the language server takes for a keystroke: `python benchmarks/lsp.py`.

Types into `curves.circ` beside an open file of 1,000 lines, and prints the time from a new text to
its findings, for sound and for broken texts; then what an editor asks afterwards.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from check import long_file
from lsprotocol import types

from circuitdsl.lsp.colours import semantic_tokens
from circuitdsl.lsp.completion import completion
from circuitdsl.lsp.documents import Document, Files, uri_of
from circuitdsl.lsp.findings import diagnostics
from circuitdsl.lsp.outline import hints, lenses, outline
from circuitdsl.lsp.positions import Positions
from circuitdsl.text.resources import circuits_folder

POSITIONS = Positions()
WHOLE = types.Range(types.Position(0, 0), types.Position(10_000, 0))


def typed(text: str, before: str, word: str) -> Iterator[str]:
    """The texts while a word is typed in a place, a letter at a time."""
    at = text.index(before)
    for end in range(1, len(word) + 1):
        yield text[:at] + word[:end] + text[at:]


def keystrokes(files: Files, uri: str, texts: Iterator[str]) -> str:
    """The median and the longest time of texts, wall clock and processor."""
    wall: list[float] = []
    spent: list[float] = []
    for text in texts:
        start, busy = time.perf_counter(), time.process_time()
        diagnostics(files.update(uri, text), POSITIONS)
        wall.append(1000 * (time.perf_counter() - start))
        spent.append(1000 * (time.process_time() - busy))
    return (
        f"{statistics.median(wall):6.1f} ms ({max(wall):.1f} at most), "
        f"processor {statistics.median(spent):.1f} ms, {len(wall)} texts"
    )


def milliseconds(task: Callable[[], object]) -> float:
    """The time of a task that is done once."""
    start = time.perf_counter()
    task()
    return 1000 * (time.perf_counter() - start)


def asked(document: Document) -> Iterator[tuple[str, float]]:
    """What an editor asks after a keystroke, and how long each takes."""
    yield "tokens", milliseconds(lambda: semantic_tokens(document, POSITIONS))
    yield "outline", milliseconds(lambda: outline(document, POSITIONS))
    yield "hints", milliseconds(lambda: hints(document, WHOLE, POSITIONS))
    yield "lenses", milliseconds(lambda: lenses(document, POSITIONS))
    at = document.source.text.index("norm  ")
    yield "completion", milliseconds(lambda: completion(document, at, POSITIONS))


def main() -> None:
    """Print all figures."""
    files, path = Files(), circuits_folder() / "curves.circ"
    beside = Path(path).with_name("beside.circ")
    uri, text = uri_of(path), path.read_text(encoding="utf-8")
    files.update(uri_of(beside), long_file(1000).text)
    files.update(uri, text)
    gc.collect()
    print(f"curves.circ, {len(text.splitlines())} lines, beside an open file of 1,000:")
    sound = typed(text, "\n\n# mixed3b.", "\n\ndial another : length = 12px in [4px, 20px]")
    print(f"  typing a declaration  {keystrokes(files, uri, sound)}")
    inside = typed(text, "\n\n# mixed3b.", " # and a remark")
    print(f"  typing a comment      {keystrokes(files, uri, inside)}")
    document = files.update(uri, text)
    print("  then:", ", ".join(f"{what} {ms:.1f} ms" for what, ms in asked(document)))
    long = typed(long_file(1000).text, "\n\nfamily f3 ", "\n\ndial another : real = 2")
    print(f"  typing in the 1,000   {keystrokes(files, uri_of(beside), long)}")


if __name__ == "__main__":
    main()
