"""Which images of a set are broken, and which are there twice.

In: an `ImageSet`. Out: an `Inspection`. Every image is decoded, by threads, and forgotten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from circuitdsl.stimuli.photographs import THREADS, Cut, ImageSet
from circuitdsl.text.diagnostics import InputError

_AHEAD = 4 * THREADS
_SMALL = Cut(32)
"""Decoding is what takes time; the square that is cut is of no use."""


@dataclass(frozen=True)
class Inspection:
    """What was seen of a set.

    Attributes:
        broken: Names of images that cannot be read, and why.
        twice: Names of images of one content, the first one first.
    """

    broken: tuple[tuple[str, str], ...]
    twice: tuple[tuple[str, ...], ...]


def inspect_images(
    images: ImageSet, progress: Callable[[int], None] = lambda seen: None
) -> Inspection:
    """Decode every image of a set.

    Args:
        images: The set.
        progress: Told how many images have been seen.
    """
    broken: list[tuple[str, str]] = []
    by_digest: dict[bytes, list[str]] = {}
    for seen, (name, digest, why) in enumerate(_seen(images), 1):
        if why:
            broken.append((name, why))
        else:
            by_digest.setdefault(digest, []).append(name)
        progress(seen)
    twice = (tuple(names) for names in by_digest.values() if len(names) > 1)
    return Inspection(tuple(broken), tuple(twice))


def _seen(images: ImageSet) -> Iterator[tuple[str, bytes, str]]:
    """Each image's name, its digest, and why it can't be read, "" if it can; in order."""

    def look(name: str) -> tuple[str, bytes, str]:
        try:
            images.read(name, _SMALL)
            return name, images.digest(images.folder / name), ""
        except InputError as error:
            return name, b"", error.why
        except OSError as error:
            return name, b"", str(error)

    names = iter(images.paths.names)
    waiting: deque[Future[tuple[str, bytes, str]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="inspect") as pool:
        try:
            while True:
                waiting.extend(
                    pool.submit(look, name) for name in islice(names, _AHEAD - len(waiting))
                )
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
