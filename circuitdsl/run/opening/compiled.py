"""Compiled programs, kept from one run to the next in the user's cache.

In: nothing. Out: JAX's own settings, in the environment, before JAX is loaded. Whoever has set them
keeps theirs.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

DIRECTORY = "JAX_COMPILATION_CACHE_DIR"

MOST_BYTES = 1 << 29
"""When more is kept, what was used longest ago goes."""

SHORTEST_S = 0.05
"""Programs that compile faster are not kept."""


def keep_compiled(*, wanted: bool = True) -> Path | None:
    """Have JAX keep compiled programs in the user's cache.

    Args:
        wanted: If false, this process neither reads nor writes any.

    Returns:
        The folder; None if nothing is kept.
    """
    if not wanted:
        os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
        return None
    folder = platformdirs.user_cache_path("circuitdsl") / "compiled"
    settings = {
        DIRECTORY: str(folder),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(MOST_BYTES),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": str(SHORTEST_S),
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }
    if DIRECTORY not in os.environ:
        os.environ.update({name: os.environ.get(name, value) for name, value in settings.items()})
    return Path(os.environ[DIRECTORY])
