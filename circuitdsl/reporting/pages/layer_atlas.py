"""An activation atlas as a file: a page, a picture, a record.

In: `ActivationAtlas`. Out: `.html`, the cells' pictures above what units saw there; `.png`, the
pictures alone; `.json`; each written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from circuitdsl.reporting.drawn.pixels import photograph
from circuitdsl.reporting.json_files import write_json
from circuitdsl.reporting.pages.blocks import Block, Note, Tile, Tiles
from circuitdsl.reporting.templating import framed
from circuitdsl.run.seeing.layer_atlas import ActivationAtlas
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import atomic_path, known_suffix, write_text

FORMATS = ("html", "png", "json")


def check_format(target: Path, steps: int) -> str:
    """The format that a file name asks for; a picture of no pictures is refused.

    Raises:
        InputError: no such format, or a `.png` without steps.
    """
    kind = known_suffix(target, FORMATS, "write an atlas")
    if kind == "png" and not steps:
        raise InputError("an atlas of no steps has no pictures", help="write a page or a record")
    return kind


def write_atlas(made: ActivationAtlas, target: Path, command: str = "") -> None:
    """Write an atlas as what the file's name says.

    Args:
        made: The atlas.
        target: The file.
        command: What a page names as its origin.

    Raises:
        InputError: no such format.
        OSError: the file can't be written.
    """
    kind = check_format(target, made.steps)
    if kind == "json":
        write_json(target, made.record())
    elif kind == "png":
        with atomic_path(target) as temporary:
            Image.fromarray(sheet(made)).save(temporary, "png")
    else:
        write_text(target, page(made, command))


def sheet(made: ActivationAtlas) -> NDArray[np.uint8]:
    """The pictures in their places, `[height, width, 3]`."""
    pixels = made.pictures.shape[1]
    rows = made.pictures.reshape(made.side, made.side, pixels, pixels, 3).transpose(0, 2, 1, 3, 4)
    whole = rows.reshape(made.side * pixels, made.side * pixels, 3)
    return np.rint(whole).clip(0, 255).astype(np.uint8)


def page(made: ActivationAtlas, command: str) -> str:
    """The atlas as a page.

    Args:
        made: The atlas.
        command: The command that the page names as its origin.
    """
    title = f"Activation atlas of {made.layer} of {made.model}"
    told = (
        f"{len(made.sample.vectors)} positions of {made.images} photographs, laid out so that like "
        f"activations lie near one another; a cell in {made.side} x {made.side} holds as many as "
        "any other."
    )
    blocks: list[Block] = [Note(told)]
    if made.steps:
        blocks.append(
            _tiles(
                made,
                f"What excites the mean of each cell, less that of all ({made.steps} steps)",
                list(made.pictures),
            )
        )
    seen = (
        "The part of a photograph that lies most in the direction of each cell from the mean of all"
    )
    blocks += [
        _tiles(made, seen, list(made.crops())),
        Note(f"{command}; weights {made.weights}; seed {made.seed}."),
    ]
    return framed("blocks_page.html.j2", title=title, blocks=blocks)


def _tiles(made: ActivationAtlas, title: str, images: list[NDArray[np.float32]]) -> Tiles:
    tiles = [
        Tile(
            photograph(image),
            f"Row {cell.row + 1}, column {cell.column + 1}: {len(cell.members)} positions, set "
            f"apart by {', '.join(names := made.strongest(cell))}",
            names[0],
        )
        for image, cell in zip(images, made.cells, strict=True)
    ]
    rows = (tiles[first : first + made.side] for first in range(0, len(tiles), made.side))
    return Tiles(title, tuple(map(tuple, rows)))
