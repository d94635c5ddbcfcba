"""What lenses run: claims measured, a circuit drawn, a circuit scored on the embedded network.

In: a document. Out: a sentence for the editor. Each runs beside the loop that answers requests.
"""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import platformdirs

from circuitdsl.lsp.documents import Document
from circuitdsl.text.diagnostics import InputError


def expect(document: Document) -> str:
    """Measure the claims of the last circuit without errors, and keep what they measured."""
    from circuitdsl.compare.expect import expectations_met

    circuit = document.circuit
    if circuit is None:
        raise InputError("there is no circuit without errors yet")
    outcomes = expectations_met(circuit)
    document.outcomes.clear()
    document.outcomes |= {each.expectation.span.text: each for each in outcomes}
    held = sum(each.holds for each in outcomes)
    broken = [each.diagnostic.message for each in outcomes if not each.holds]
    return "\n".join((f"{held} of {len(outcomes)} claims hold", *broken))


def score(document: Document) -> str:
    """Score the saved file on `tiny`, in a process of its own: the table that it prints."""
    command = [sys.executable, "-m", "circuitdsl", "score", str(_saved(document)), "-m", "tiny"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip() or "the score was interrupted")
    return done.stdout


def draw(document: Document) -> str:
    """Draw the saved file as a page."""
    from circuitdsl.reporting.drawn.drawing import draw as draw_file

    page = page_of(document.uri)
    draw_file(_saved(document), page)
    return f"drawn: {page}"


def _saved(document: Document) -> Path:
    path = document.path
    if path is None or not path.is_file():
        raise InputError("this text is in no file yet", help="Save it first.")
    return path


def folder() -> Path:
    """Where pages are written: the user's cache."""
    return platformdirs.user_cache_path("circuitdsl") / "drawn"


def page_of(uri: str) -> Path:
    """The page that a file is drawn as."""
    return folder() / f"{sha256(uri.encode()).hexdigest()[:16]}.html"
