"""Things that show themselves in a notebook.

In: nothing. Out: `Shown`, from which they inherit. What they show is drawn by `reporting.notebook`,
which is loaded when a notebook first asks: nothing here depends on it.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

_DRAWN_BY = "circuitdsl.reporting.notebook"


class Shown:
    """Something that shows itself in a notebook."""

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """What a notebook shows, by MIME type: a page in a frame of its own, a picture, text.

        Args:
            include: The types that are wanted; all by default.
            exclude: The types that are not.
        """
        bundle: dict[str, Any] = import_module(_DRAWN_BY).bundle(self)
        return {
            kind: content
            for kind, content in bundle.items()
            if (include is None or kind in include) and kind not in (exclude or ())
        }
