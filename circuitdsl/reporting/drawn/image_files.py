"""Image files: where every figure begins, and how it becomes a file.

In: a size in inches. Out: a matplotlib figure, which opens no window and changes no global state;
an image file, written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from circuitdsl.text.files import atomic_path, known_suffix

FORMATS = ("png", "pdf", "svg")

INK, FAINT = "#222222", "#bbbbbb"
ORIGINAL, HAND = "#6b7280", "#d1495b"


def check_format(target: Path) -> None:
    """Refuse a file name whose suffix names no format that can be drawn.

    Raises:
        InputError: no such format.
    """
    known_suffix(target, FORMATS, "draw a figure")


def blank_figure(width: float, height: float) -> Figure:
    """A white figure of some inches, whose panels make room for each other."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, target: Path, dpi: int = 150) -> None:
    """Write a figure as the image that its file's name asks for.

    Raises:
        OSError: the file can't be written.
    """
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=dpi, format=target.suffix.lstrip(".").lower())
