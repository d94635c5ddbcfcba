"""Arrays as pictures of a pixel an entry, packed into addresses that hold their own data.

In: arrays. Out: `data:` addresses. Red excites and blue inhibits; 0 is white.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RED, BLUE = (190, 24, 36), (28, 84, 178)
_GAP = (128, 128, 128, 0)
_SHADES = 63
"""Shades of red and of blue: with white and the gap they fit the palette of a picture."""

_PALETTE = 256
"""The most colours of a picture that stores places in a palette instead of colours."""

_FAINT = 0.35

Pixels = NDArray[np.uint8]


def signed(values: NDArray[Any], most: float | None = None) -> Pixels:
    """Numbers in colours, `[..., 4]`.

    Args:
        values: Any shape.
        most: What is wholly red; the largest magnitude by default.
    """
    scale = float(np.abs(values).max(initial=0.0)) if most is None else most
    shares = np.rint(_SHADES * np.clip(values / (scale or 1.0), -1.0, 1.0)[..., None]) / _SHADES
    ink = np.where(shares > 0, RED, BLUE)
    colours = 255.0 + np.abs(shares) * (ink - 255.0)
    return _opaque(colours)


def kernel_matrix(kernel: NDArray[np.float64], faint: NDArray[np.bool_] | None = None) -> Pixels:
    """Kernels side by side, a row for each target, a column for each source, a pixel between.

    Args:
        kernel: `[height, width, in, out]`.
        faint: Pairs that are hardly seen, `[in, out]`; by default none.

    Returns:
        `[out (height + 1) - 1, in (width + 1) - 1, 4]`.
    """
    height, width, sources, targets = kernel.shape
    most = float(np.abs(kernel).max(initial=0.0))
    if faint is not None:
        kernel = np.where(faint, _FAINT, 1.0) * kernel
    colours = signed(kernel, most).transpose(3, 0, 2, 1, 4)
    sheet = np.empty((targets, height + 1, sources, width + 1, 4), np.uint8)
    sheet[...] = _GAP
    sheet[:, :height, :, :width] = colours
    return sheet.reshape(targets * (height + 1), sources * (width + 1), 4)[:-1, :-1]


def image_kernels(kernel: NDArray[np.float64], columns: int) -> Pixels:
    """Kernels on the image as the colours that they look for, on grey; `columns` in a row.

    Args:
        kernel: `[height, width, 3, out]`.
        columns: How many stand side by side.
    """
    height, width, _, targets = kernel.shape
    scale = float(np.abs(kernel).max()) or 1.0
    colours = _opaque(127.5 + 127.5 * kernel.transpose(3, 0, 1, 2) / scale)
    rows = -(-targets // columns)
    sheet = np.empty((rows, columns, height + 1, width + 1, 4), np.uint8)
    sheet[...] = _GAP
    for number, one in enumerate(colours):
        sheet[number // columns, number % columns, :height, :width] = one
    whole = sheet.transpose(0, 2, 1, 3, 4).reshape(rows * (height + 1), columns * (width + 1), 4)
    return whole[:-1, :-1]


def heat(values: NDArray[Any], most: float) -> Pixels:
    """Responses from black over red to white, `[height, width, 4]`."""
    share = np.clip(values / (most or 1.0), 0.0, 1.0)[..., None]
    return _opaque(255.0 * np.clip(3.0 * share - np.array([0.0, 1.0, 2.0]), 0.0, 1.0))


def png(pixels: Pixels) -> str:
    """Pixels `[height, width, 3 or 4]` as a `data:` address, with a palette if it has room."""
    channels = pixels.shape[-1]
    # as one number a pixel: rows of an array take many times as long to sort
    shifts = 8 * np.arange(channels, dtype=np.uint32)[::-1]
    numbers = (pixels.astype(np.uint32) << shifts).sum(axis=-1, dtype=np.uint32)
    packed, places = np.unique(numbers, return_inverse=True)
    if len(packed) > _PALETTE:
        return _address(Image.fromarray(pixels), "png")
    image = Image.fromarray(places.reshape(numbers.shape).astype(np.uint8), "P")
    colours = (packed[:, None] >> shifts).astype(np.uint8)
    image.putpalette(colours.tobytes(), "RGBA" if channels == 4 else "RGB")
    return _address(image, "png")


def photograph(image: NDArray[Any]) -> str:
    """A photograph, RGB 0..255, as a `data:` address."""
    return _address(Image.fromarray(np.rint(image).astype(np.uint8)), "jpeg")


def _opaque(colours: NDArray[Any]) -> Pixels:
    rounded = np.rint(np.clip(colours, 0, 255)).astype(np.uint8)
    return np.concatenate([rounded, np.full((*rounded.shape[:-1], 1), 255, np.uint8)], axis=-1)


def _address(image: Image.Image, kind: str) -> str:
    content = BytesIO()
    image.save(content, kind, optimize=True)
    return f"data:image/{kind};base64,{b64encode(content.getvalue()).decode('ascii')}"
