"""The diagnostics of one file, each once, and the limits on the work of its check."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from circuitdsl.text.diagnostics import Diagnostic, nearest

NESTED_CALLS = 20_000
"""The largest number of calls inside functions that one check writes out."""

NESTED_PER_CALL = 8
"""Further ones for each call outside of functions, so that long files do not run out."""

MOST_MODULES = 256
"""Files that one file may import, directly or not, each counted as often as it is imported."""

MOST_IMPORTED = 1_000_000
"""Characters of these files together, likewise."""

MOST_COPIED = 2048
"""Declarations in all copies of circuits that one file makes, copies inside of copies included."""

MOST_COMPARED = 100_000
"""Names that unknown ones are compared with in one check; later messages suggest nothing."""


class Findings:
    """The diagnostics of one file, and the work that its check has done."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.calls_left = NESTED_CALLS
        self._modules = self._characters = 0
        self._copied = 0
        self._comparisons_left = MOST_COMPARED
        self._seen: set[tuple[str, str, int, int]] = set()

    def affords(self, *, nested: bool) -> bool:
        """Count a call of a function, and say whether there may be so many."""
        self.calls_left += -1 if nested else NESTED_PER_CALL
        return self.calls_left > 0

    def another_module(self, characters: int) -> bool | None:
        """Count an imported file: whether it may be read, or None the first time it may not."""
        allowed = self._affords_modules
        self._modules += 1
        self._characters += characters
        if allowed and not self._affords_modules:
            return None
        return allowed

    @property
    def _affords_modules(self) -> bool:
        return self._modules <= MOST_MODULES and self._characters <= MOST_IMPORTED

    def affords_copy(self, declarations: int) -> bool | None:
        """Count a copy of a circuit: whether it may be made, or None the first time it may not."""
        before, self._copied = self._copied, self._copied + 1 + declarations
        if before <= MOST_COPIED < self._copied:
            return None
        return self._copied <= MOST_COPIED

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """The known name that is most like a name; none once too many have been compared."""
        candidates = list(islice(known, self._comparisons_left))
        self._comparisons_left -= len(candidates)
        return nearest(name, candidates) if candidates else None

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same one is there already."""
        span = diagnostic.span
        key = (diagnostic.code + diagnostic.message, span.source.name, span.start, span.end)
        if key not in self._seen:
            self._seen.add(key)
            self.diagnostics.append(diagnostic)

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return any(d.severity == "error" for d in self.diagnostics)
