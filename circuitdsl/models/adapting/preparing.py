"""What happens to an image before a user's model sees it.

In: a `Preprocessing`, its name, or a function of images. Out: a `Preprocessing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from circuitdsl.ir.backbones import Preprocessing
from circuitdsl.ir.backbones.preprocessing import CAFFE, GREY, TORCHVISION, UNCHANGED, grey
from circuitdsl.models.adapting.table import triple
from circuitdsl.text.diagnostics import InputError, suggestion

NAMED = {
    "torchvision": TORCHVISION,
    "caffe": CAFFE,
    "grey": GREY,
    "unit": Preprocessing(grey(0.0), grey(1 / 255)),
    "signed": Preprocessing(grey(127.5), grey(1 / 127.5)),
    "none": UNCHANGED,
}
"""The usual ones: PyTorch's means and deviations, blue first minus means, minus 117, from 0 to 1,
from -1 to 1, the image itself."""

Preprocess = Preprocessing | str | Callable[[Any], Any]

_PROBES = 4
_EXACT = 1e-3


def preprocessing_of(preprocess: Preprocess) -> Preprocessing:
    """What a caller means.

    Args:
        preprocess: A `Preprocessing`, a key of `NAMED`, or a function from RGB images 0..255,
            `[batch, height, width, 3]`, to what the model takes.

    Raises:
        InputError: an unknown name, or a function that does something else than to subtract from
            each channel, multiply it, and turn the order round.
    """
    if isinstance(preprocess, Preprocessing):
        return preprocess
    if isinstance(preprocess, str):
        if preprocess not in NAMED:
            raise InputError(
                f"there is no preprocessing `{preprocess}`",
                help=suggestion(preprocess, NAMED) or f"there are {', '.join(NAMED)}",
            )
        return NAMED[preprocess]
    return _probed(preprocess)


def composed(first: Preprocessing | None, second: Preprocessing) -> Preprocessing:
    """Both, one after the other, as one."""
    if first is None:
        return second
    backwards = -1 if first.order == "bgr" else 1
    mean, scale = (np.asarray(part)[::backwards] for part in (second.mean, second.scale))
    return Preprocessing(
        triple(np.asarray(first.mean) + mean / np.asarray(first.scale)),
        triple(np.asarray(first.scale) * scale),
        "rgb" if first.order == second.order else "bgr",
        first.short_side,
    )


def _probed(function: Callable[[Any], Any]) -> Preprocessing:
    """What a function does, found by showing it images of one colour."""
    colours = np.random.default_rng(0).uniform(0, 255, (_PROBES * 4, 1, 1, 3)).astype(np.float32)
    given = np.broadcast_to(colours, (len(colours), 8, 8, 3))
    values = np.asarray(function(given), np.float64)
    if values.shape == (len(colours), 3, 8, 8):
        values = values.transpose(0, 2, 3, 1)
    if values.shape != given.shape:
        raise InputError(
            f"preprocess makes {list(values.shape)} of images of shape {list(given.shape)}",
            help="let it keep the size of images; photographs are brought to the model's size",
        )
    colours = np.concatenate([colours[:, 0, 0], np.ones((len(colours), 1))], axis=1)
    solved = np.linalg.lstsq(colours.astype(np.float64), values[:, 4, 4], rcond=None)[0]
    error = abs(values - (colours @ solved)[:, None, None]).max() / max(abs(values).max(), 1e-6)
    orders: tuple[Literal["rgb", "bgr"], ...] = ("rgb", "bgr")
    for order in orders:
        matrix = solved[:3] if order == "rgb" else solved[:3, ::-1]
        scale = np.diag(matrix)
        rest = abs(matrix - np.diag(scale)).max()
        if error < _EXACT and scale.all() and rest < _EXACT * abs(scale).min():
            offset = solved[3] if order == "rgb" else solved[3, ::-1]
            return Preprocessing(triple(-offset / scale), triple(scale), order)
    raise InputError(
        "preprocess does something else than to subtract, to multiply and to turn channels round",
        why="each channel of what the model takes must follow from one channel of the image alone",
        help="leave the rest to the model, or give a `Preprocessing`",
    )
