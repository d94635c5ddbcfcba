"""Feature visualisations as files: a sheet, a folder of pictures, figures.

In: `Pictures`. Out: a PNG, PDF or SVG sheet, a JSON record, or a folder with a PNG for each picture
and the record; each file is written whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from circuitdsl.reporting.drawn.image_files import FORMATS, INK, blank_figure, save_figure
from circuitdsl.reporting.json_files import write_json
from circuitdsl.run.seeing.visualization import Pictures
from circuitdsl.text.files import atomic_path
from circuitdsl.visualizing.features.pictures import Picture

COLUMNS = 6

Panel = tuple[str, NDArray[np.float32]]
"""A caption and a picture, RGB 0..255."""


def write_pictures(shown: Pictures, target: Path) -> None:
    """Write pictures: a sheet (.png, .pdf, .svg), figures (.json), or a folder.

    Raises:
        OSError: the file or the folder can't be written.
    """
    suffix = target.suffix.lower().lstrip(".")
    if suffix in FORMATS:
        draw_sheet(shown, target)
    elif suffix == "json":
        write_json(target, shown.record())
    else:
        for picture in shown.pictures:
            for end, image in _files(picture):
                with atomic_path(target / f"{file_name(picture.name)}{end}.png") as temporary:
                    Image.fromarray(as_bytes(image)).save(temporary, "png")
        write_json(target / "pictures.json", shown.record())


def draw_sheet(shown: Pictures, target: Path) -> None:
    """Draw all pictures side by side; frames, variants and second seeds stand in rows.

    Raises:
        OSError: the file can't be written.
    """
    rows = [panels(picture) for picture in shown.pictures]
    wide = max(map(len, rows)) > 1
    columns = max(map(len, rows)) if wide else min(COLUMNS, len(rows))
    cells = [panel for row in rows for panel in (*row, *[None] * (columns - len(row)))]
    cells = cells if wide else [row[0] for row in rows]
    lines = -(-len(cells) // columns)
    figure = blank_figure(1.9 * columns, 0.4 + 2.2 * lines)
    figure.suptitle(f"{shown.model}  ·  {shown.kind}, {shown.how.steps} steps", fontsize=10)
    places: Any = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in places:
        axes.set_axis_off()
    for axes, cell in zip(places, cells, strict=False):
        if cell is not None:
            axes.imshow(as_bytes(cell[1]))
            axes.set_title(cell[0], fontsize=7, color=INK, parse_math=False)
    save_figure(figure, target)


def panels(picture: Picture) -> tuple[Panel, ...]:
    """Everything to see of a picture: frames, variants, the second seed."""
    over = picture.over_photograph
    share = "" if over is None else f" = {over:.1f} x photograph"
    frames = [
        (f"step {step}", images[0])
        for step, images in sorted(picture.frames.items())
        if not np.array_equal(images[0], picture.images[0])
    ]
    variants = [
        (f"{picture.name}\n{activation:.3g}{share if number == 0 else ''}", image)
        for number, (image, activation) in enumerate(
            zip(picture.images, picture.activations, strict=True)
        )
    ]
    again = (
        [(f"next seed\n{picture.again_activation:.3g}", picture.again)]
        if picture.again is not None
        else []
    )
    return (*frames, *variants, *again)


def file_name(name: str) -> str:
    """A unit's name as that of a file: `mixed3b:345` is `mixed3b_345`."""
    return re.sub(r"[^\w.+-]+", "_", name).strip("_")


def as_bytes(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Pixels of 0..255 as whole numbers."""
    return np.rint(np.clip(image, 0, 255)).astype(np.uint8)


def _files(picture: Picture) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """What is saved of a picture: the end of each file's name, and the pixels."""
    for number, image in enumerate(picture.images):
        yield "" if number == 0 else f"_variant{number}", image
    if picture.again is not None:
        yield "_next_seed", picture.again
    for step, images in picture.frames.items():
        yield f"_step{step}", images[0]
