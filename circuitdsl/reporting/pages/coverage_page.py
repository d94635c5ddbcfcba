"""Coverage as a page: every unit of a layer in its family, and what nothing covers in groups.

In: a `Gallery`. Out: one HTML file that holds all that it shows and asks for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from circuitdsl import __version__
from circuitdsl.compare.coverage import CURVE, Counterpart, LayerCoverage
from circuitdsl.reporting.drawn.pixels import photograph
from circuitdsl.reporting.templating import policy_hash, rendered, whole_file
from circuitdsl.run.pages.gallery import Gallery
from circuitdsl.text.files import write_text

WIDTH, HEIGHT = 300.0, 180.0
"""Of the plot of shares over thresholds."""

COLOURS = ("#b4182d", "#1c54b2", "#6b3fa0", "#d97706", "#0f766e", "#4d7c0f", "#9d174d")
"""Of its lines, over and over."""


@dataclass(frozen=True)
class Curve:
    """The share of a layer that is covered, over thresholds.

    Attributes:
        layer: The layer.
        colour: Of the line, a CSS colour.
        points: `x,y x,y ...`, y downwards.
    """

    layer: str
    colour: str
    points: str


@dataclass(frozen=True)
class Shown:
    """A unit on the page.

    Attributes:
        name: The unit.
        row: Its counterpart and the figures.
        strip: The picture's address.
    """

    name: str
    row: Counterpart
    strip: str


@dataclass(frozen=True)
class Group:
    """Units of one family, or such that nothing covers and that respond alike.

    Attributes:
        title: What they have in common.
        share: Their share of the layer.
        units: The best covered first.
    """

    title: str
    share: float
    units: tuple[Shown, ...]


def write_page(target: Path, gallery: Gallery) -> None:
    """Write the page of a coverage.

    Raises:
        OSError: it can't be written.
    """
    write_text(target, page(gallery))


def page(gallery: Gallery) -> str:
    """The page of a coverage."""
    coverage, style = gallery.coverage, whole_file("style.css", "page.css")
    sections = [
        (layer, _covered(gallery, layer), _left(gallery, layer)) for layer in coverage.layers
    ]
    return rendered(
        "coverage.html.j2",
        title=f"What hand-written families cover of {coverage.model}",
        coverage=coverage,
        sections=sections,
        curves=curves(coverage.layers),
        width=WIDTH,
        height=HEIGHT,
        style=style,
        style_hash=policy_hash(style),
        version=__version__,
    )


def curves(layers: tuple[LayerCoverage, ...]) -> list[Curve]:
    """The lines of the plot: thresholds from left to right, shares from the bottom up."""
    found: list[Curve] = []
    for number, layer in enumerate(layers):
        points = [(WIDTH * threshold, HEIGHT * (1 - layer.share(threshold))) for threshold in CURVE]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        found.append(Curve(layer.layer, COLOURS[number % len(COLOURS)], text))
    return found


def _covered(gallery: Gallery, layer: LayerCoverage) -> list[Group]:
    """The units of each family, the family with the largest share first."""
    threshold = gallery.coverage.thresholds[0]
    return [
        Group(
            family,
            share,
            _shown(
                gallery,
                [row for row in layer.rows if row.family == family and row.covered(threshold)],
            ),
        )
        for family, share in layer.families(threshold).items()
    ]


def _left(gallery: Gallery, layer: LayerCoverage) -> list[Group]:
    """The units that nothing covers, in groups of several and then those that are alone."""
    groups = gallery.left[layer.layer]
    several = [group for group in groups if len(group) > 1]
    alone = [unit for group in groups if len(group) == 1 for unit in group]
    named: list[tuple[str, tuple[int, ...]]] = [
        (f"{len(group)} units that respond alike", group) for group in several
    ]
    if alone:
        named.append((f"{len(alone)} units unlike each other", tuple(alone)))
    return [
        Group(
            title,
            len(units) / len(layer.rows),
            _shown(gallery, [layer.rows[unit] for unit in units]),
        )
        for title, units in named
    ]


def _shown(gallery: Gallery, rows: list[Counterpart]) -> tuple[Shown, ...]:
    ordered = sorted(rows, key=lambda row: -row.figure.r)
    return tuple(
        Shown(
            f"{row.layer}:{row.unit}",
            row,
            photograph(gallery.strips[row.layer, row.unit]),
        )
        for row in ordered
    )
