"""Asking for one measurement after the other: what fails says why, an interrupt ends the asking.

In: measurements. Out: their results, or `Lacking`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from circuitdsl.run.networks import Progress
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.text.diagnostics import DiagnosticError, InputError

T = TypeVar("T")

NO_MODEL = "No trained network was given: --model M."
NO_IMAGES = "No photographs were given: --images DIR."
NO_PICTURES = "No pictures were asked for: --steps N."
INTERRUPTED = "The page was interrupted before this was measured."


@dataclass(frozen=True)
class Lacking:
    """What stands in the place of something that was not measured.

    Attributes:
        why: The reason, as a sentence.
    """

    why: str


@dataclass
class Asking:
    """Asks for one thing after the other, until an interrupt.

    Attributes:
        progress: Called with a line of text when a stage begins.
        interrupted: Whether nothing more is to be begun.
    """

    progress: Progress
    interrupted: bool = field(default=False)

    def ask(self, what: str, measure: Callable[[], T]) -> T | Lacking:
        """A measurement, or the reason why there is none."""
        if self.interrupted:
            return Lacking(INTERRUPTED)
        try:
            self.progress(what)
            return measure()
        except KeyboardInterrupt:
            self.interrupted = True
            return Lacking(INTERRUPTED)
        except (InputError, DiagnosticError) as error:
            return Lacking(str(error))


def identified(folder: Path | str | None, limit: int | None) -> tuple[int, str]:
    """The number of photographs, and the digest of the contents of their files; 0 without any.

    Raises:
        InputError: no such folder, or no images in it.
    """
    if folder is None:
        return 0, ""
    found = open_images(Path(folder), limit)
    digest = sha256()
    for path in found.paths:
        digest.update(path.read_bytes())
    return len(found.paths), digest.hexdigest()
