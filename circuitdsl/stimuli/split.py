"""Two sets of images that have none in common: to calibrate on, and to score on.

In: one folder, or two. Out: two `ImageSet`s.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError


def split(images: ImageSet, count: int, seed: int) -> tuple[ImageSet, ImageSet]:
    """Some images at random, and the others, both in their old order.

    Args:
        images: All of them.
        count: How many go into the first set.
        seed: Of the draw, which depends on the images' number alone.

    Raises:
        InputError: that would leave one of the sets empty.
    """
    total = len(images.paths)
    if not 0 < count < total:
        raise InputError(
            f"{total} images cannot be split into {count} to calibrate on and others to score on",
            help="give more images, or a calibration folder of its own",
        )
    chosen = set(np.random.default_rng(seed).permutation(total)[:count].tolist())
    parts = [
        tuple(path for index, path in enumerate(images.paths) if (index in chosen) is first)
        for first in (True, False)
    ]
    return ImageSet(images.folder, parts[0]), ImageSet(images.folder, parts[1])


def check_disjoint(calibration: ImageSet, scored: ImageSet) -> None:
    """Refuse sets that share an image, under whatever name.

    Raises:
        InputError: naming the first image that is in both.
    """
    sizes = {path.stat().st_size for path in scored.paths}
    alike = [path for path in calibration.paths if path.stat().st_size in sizes]
    small = {path.stat().st_size for path in alike}
    by_digest = {_digest(path): path for path in scored.paths if path.stat().st_size in small}
    for path in alike:
        twin = by_digest.get(_digest(path))
        if twin is not None:
            same = "" if twin == path else f" (there as {twin})"
            raise InputError(
                f"the calibration images overlap those scored: {path} is in both{same}",
                why="what gains are matched on would flatter the score",
                help="give folders without common images, or one folder, which is then split",
            )


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
