"""Two sets of images that have none in common: to calibrate on, and to score on.

In: one folder, or two. Out: two `ImageSet`s.
"""

from __future__ import annotations

import numpy as np

from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.stimuli.sources import Files
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
    first = [place for place in range(total) if place in chosen]
    second = [place for place in range(total) if place not in chosen]
    return images.some(first), images.some(second)


def check_disjoint(calibration: ImageSet, scored: ImageSet) -> None:
    """Refuse sets that share an image, under whatever name.

    Raises:
        InputError: naming the first image that is in both.
    """
    alike, others = list(calibration.paths), list(scored.paths)
    if isinstance(calibration.source, Files) and isinstance(scored.source, Files):
        # files of one content have one size, which is quicker to compare
        sizes = {path.stat().st_size for path in others}
        alike = [path for path in alike if path.stat().st_size in sizes]
        small = {path.stat().st_size for path in alike}
        others = [path for path in others if path.stat().st_size in small]
    by_digest = {scored.digest(path): path for path in others} if alike else {}
    for path in alike:
        twin = by_digest.get(calibration.digest(path))
        if twin is not None:
            same = "" if twin == path else f" (there as {twin})"
            raise InputError(
                f"the calibration images overlap those scored: {path} is in both{same}",
                why="what gains are matched on would flatter the score",
                help="give folders without common images, or one folder, which is then split",
            )
