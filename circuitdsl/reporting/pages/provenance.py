"""How a page came about.

In: what it was made from. Out: names and values, for the end of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from circuitdsl import __version__


def provenance(
    command: str,
    *,
    model: str,
    weights: str,
    images: int,
    images_digest: str,
    seed: int,
    left_out: Iterable[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """How a page came about.

    Args:
        command: What made it.
        model: The trained network's name; "" without one.
        weights: The digest of its weights.
        images: The number of photographs; 0 without any.
        images_digest: The digest of their contents, in order.
        seed: The seed of everything that is drawn at random.
        left_out: Files that are no images, and why.
    """
    return [
        ("command", command),
        ("version", f"circuitdsl {__version__}"),
        ("network, digest of its weights", f"{model}, {weights}" if model else "none"),
        (
            "photographs, digest of their contents",
            f"{images}, {images_digest}" if images else "none",
        ),
        ("seed", str(seed)),
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        *(("left out", f"{name} ({why})") for name, why in left_out),
    ]
