"""What happens to an image before a network's first layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """From RGB 0..255 to the layer `input`: `(image - mean) * scale`, the channels in `order`.

    Attributes:
        mean: Subtracted, for red, green and blue.
        scale: Multiplied with what is left, for red, green and blue.
        order: The order of the channels of `input`.
        short_side: A photograph's shorter side is resized to so many pixels, then its centre is cut
            out. None: its centre square is resized to the input's side.
    """

    mean: Triple
    scale: Triple = (1.0, 1.0, 1.0)
    order: Literal["rgb", "bgr"] = "rgb"
    short_side: int | None = None


def grey(level: float) -> Triple:
    """The same number for red, green and blue."""
    return level, level, level


UNCHANGED = Preprocessing(grey(0.0))
"""The image itself."""

GREY = Preprocessing(grey(117.0))
"""TensorFlow's InceptionV1: a grey is subtracted, and photographs are cut to squares."""

CAFFE = Preprocessing((123.0, 117.0, 104.0), order="bgr", short_side=256)
"""Berkeley's networks: blue first, minus (104, 117, 123), not scaled."""

TORCHVISION = Preprocessing(
    (123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375), short_side=256
)
"""PyTorch's networks: RGB 0..1 minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225)."""
