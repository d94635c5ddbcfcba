"""The user's folder for what can be made or fetched again."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def user_cache() -> Path | None:
    """The user's cache of this program; None for a user without a home, such as a service."""
    folder = Path(platformdirs.user_cache_dir("circuitdsl", appauthor=False))
    return folder if folder.is_absolute() else None
