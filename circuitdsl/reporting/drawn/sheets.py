"""Contact sheets: the images whose classification an edit changed.

In: an `Effect` and the folder of its images. Out: an image file, written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path

from circuitdsl.compare.effect import Effect, Flip
from circuitdsl.reporting.drawn.image_files import blank_figure, check_format, save_figure
from circuitdsl.stimuli.batches import MIRRORED
from circuitdsl.stimuli.photographs import Cut, open_images
from circuitdsl.text.diagnostics import InputError

MOST_IMAGES = 60
_COLUMNS = 6
_SIDE = 224
_LOST, _WON, _NEITHER = "#b23a48", "#2a7f62", "#6b7280"


def draw_flips(found: Effect, folder: Path, target: Path) -> None:
    """Draw the images that are now classified otherwise, each with what it was taken for.

    The words above are green where the edit made them right, red where it made them wrong.

    Args:
        found: The effect.
        folder: Where its images are.
        target: A file whose suffix names its format: png, pdf or svg.

    Raises:
        InputError: no prediction changed, no such format, or an image is gone.
        OSError: the file can't be written.
    """
    check_format(target)
    shown = found.flipped[:MOST_IMAGES]
    if not shown:
        raise InputError("no prediction changed, so there is no contact sheet to draw")
    rows = -(-len(shown) // _COLUMNS)
    figure = blank_figure(11.0, 0.6 + 2.4 * rows)
    more = found.flips[0] - len(shown)
    rest = f", {more} more not shown" if more else ""
    figure.suptitle(f"{found.flips[0]} of {found.n} predictions changed{rest}", fontsize=12)
    cells = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in cells:
        axes.set_axis_off()
    photographs = open_images(folder)
    for axes, flip in zip(cells, shown, strict=False):
        image = photographs.read(flip.image.removesuffix(MIRRORED), Cut(_SIDE)) / 255
        axes.imshow(image[:, ::-1] if flip.image.endswith(MIRRORED) else image)
        axes.set_title(
            f"{_short(flip.before)}\n→ {_short(flip.after)}", fontsize=7, color=_ink(flip)
        )
    save_figure(figure, target)


def _ink(flip: Flip) -> str:
    if flip.after == flip.right:
        return _WON
    return _LOST if flip.before == flip.right else _NEITHER


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
