"""Memory that does not grow with the number of images.

In: nothing. Out: a setting of the C library's allocator, where it has one (glibc).
"""

from __future__ import annotations

import ctypes
from functools import cache

LARGE_BYTES = 1 << 22
"""Blocks of so many bytes go back to the system when they are freed."""

_MMAP_THRESHOLD = -3
"""Of `mallopt(3)`."""


@cache
def large_blocks_go_back() -> bool:
    """Have batches of images and activations given back to the system as they are freed.

    By default glibc takes blocks of up to 32 MB from heaps, one for each thread, in which gaps stay
    between blocks that live on: a process that decodes and folds grows by a half within a thousand
    images.

    Returns:
        Whether the allocator took the setting.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(set_option(_MMAP_THRESHOLD, LARGE_BYTES))
