"""Pictures of coloured discs and lines, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def write_scenes(folder: Path, count: int) -> None:
    """Write some pictures, 224 pixels wide and high, into a new folder."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        picture = Image.new("RGB", (224, 224), tuple(generator.integers(0, 256, 3).tolist()))
        draw = ImageDraw.Draw(picture)
        for _ in range(20):
            x, y, size, *colour = generator.integers(0, [224, 224, 60, 256, 256, 256]).tolist()
            draw.ellipse((x, y, x + size, y + size), fill=tuple(colour))
            draw.line((y, x, x, size), fill=tuple(colour), width=3)
        picture.save(folder / f"{number:02}.png")
