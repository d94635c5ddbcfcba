"""Memory that does not grow with the number of images, and batches that suit the device's memory.

In: nothing, or the size of a batch. Out: a setting of the C library's allocator, where it has one
(glibc); the size of a batch on this process's device.
"""

from __future__ import annotations

import ctypes
from functools import cache

import jax

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


BATCH_BYTES = 2 << 30
"""What a batch of the size for a CPU takes at most."""


def fitted(batch: int, most: int) -> int:
    """The number of images in a batch: on a GPU a multiple of that on a CPU, as its memory allows.

    Args:
        batch: The number on a CPU.
        most: The number of images that there are.
    """
    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return batch
    room = (device.memory_stats() or {}).get("bytes_limit", 0)
    size = batch
    while 2 * size <= most and 2 * size // batch * BATCH_BYTES <= room:
        size *= 2
    return size
