"""The picture of a circuit: a page, an SVG or a PNG.

In: a circuit file. Out: a file. The page holds all that it shows, and its own policy forbids any
request; the SVG is the picture of families and arrows alone, and so is the PNG, which matplotlib
draws from the same places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from circuitdsl import __version__
from circuitdsl.ir.circuit import Family
from circuitdsl.reporting.drawn.connections import described
from circuitdsl.reporting.drawn.layout import Sign, lay_out
from circuitdsl.reporting.drawn.pixels import heat, photograph, png
from circuitdsl.reporting.drawn.plots import plot
from circuitdsl.reporting.templating import framed, rendered, whole_file
from circuitdsl.run.pages.drawing import Portrait, portrait
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import known_suffix, output_path, write_text

FORMATS = ("html", "svg", "png")

WORDS: Mapping[Sign, str] = {
    "excites": "excites",
    "inhibits": "inhibits",
    "both": "excites and inhibits as much",
}


def draw(
    path: Path | str,
    output: Path | str,
    *,
    family: str | None = None,
    images: Path | str | None = None,
) -> Portrait:
    """Draw a circuit: its families, its connections, and the responses of its families.

    Args:
        path: The circuit file.
        output: `.html`: all of it as one page. `.svg` or `.png`: families and arrows alone.
        family: Only this family's sections; the picture of the circuit stays whole.
        images: A folder of photographs, for activation maps on the page.

    Returns:
        What was drawn.

    Raises:
        DiagnosticError: the file has errors, or cannot be calibrated.
        InputError: the file can't be read, has no such family, the folder holds no images, or the
            output's name says no format.
        OSError: the output can't be written.
    """
    target = Path(output)
    kind = known_suffix(target, FORMATS, "draw a circuit")
    if images is not None and kind != "html":
        raise InputError(
            f"`{target.name}` has no room for photographs", help="name a file that ends in .html"
        )
    output_path(target)
    shown = portrait(path, family=family, images=images, answers=kind == "html")
    if kind == "html":
        write_text(target, page(shown))
    elif kind == "svg":
        write_text(target, svg(shown))
    else:
        from circuitdsl.reporting.drawn.figures import (
            draw_layout,  # matplotlib takes a while to load
        )

        draw_layout(lay_out(shown.circuit, shown.wires), title_of(shown), target)
    return shown


def title_of(shown: Portrait) -> str:
    """The first line of what the file says of itself, or its name."""
    return next(iter(shown.circuit.doc.splitlines()), "") or shown.file or "A circuit"


def svg(shown: Portrait) -> str:
    """The picture of families and arrows, alone."""
    return rendered(
        "circuit.svg.j2",
        title=title_of(shown),
        layout=lay_out(shown.circuit, shown.wires),
        words=WORDS,
        standalone=True,
        style=whole_file("style.css"),
    )


def page(shown: Portrait) -> str:
    """Everything, as one page."""
    return framed(
        "page.html.j2", title=title_of(shown), version=__version__, **circuit_values(shown)
    )


def circuit_values(shown: Portrait, lines: Sequence[str] = ()) -> dict[str, Any]:
    """What templates need to show a circuit and its families.

    Args:
        shown: The circuit.
        lines: The place in the page of the line that each connection is written in; none where the
            page has no source.
    """
    parts = _parts(shown, lines)
    return {
        "portrait": shown,
        "circuit": shown.circuit,
        "layout": lay_out(shown.circuit, shown.wires),
        "words": WORDS,
        "standalone": False,
        "part_ids": {part["family"].name: part["id"] for part in parts},
        "linked": {wire.number for part in parts for wire in part["wires"]},
        "parts": parts,
        "photographs": [
            (name, photograph(image))
            for name, image in zip(shown.titles, shown.photographs, strict=True)
        ],
    }


def _parts(shown: Portrait, lines: Sequence[str]) -> list[dict[str, Any]]:
    """The section of each family: what it reads and, of a family alone, what reads it."""
    numbers = {wire.connection.name: number for number, wire in enumerate(shown.wires)}
    alone = len(shown.families) < len(shown.circuit.families)
    parts: list[dict[str, Any]] = []
    for place, family in enumerate(shown.families):
        ends = [
            wire
            for wire in shown.wires
            if wire.connection.target == family.name
            or (alone and wire.connection.source == family.name)
        ]
        parts.append(
            {
                "id": f"family-{place}",
                "family": family,
                "members": members_of(family),
                "wires": [
                    described(
                        shown.circuit,
                        wire,
                        number := numbers[wire.connection.name],
                        WORDS,
                        line=lines[number] if lines else "",
                    )
                    for wire in ends
                ],
                "plots": [plot(row) for row in shown.tunings if row.family.name == family.name],
                "maps": _maps(shown, family),
            }
        )
    return parts


def _maps(shown: Portrait, family: Family) -> list[tuple[str, str]]:
    """The name and the address of each map of a family, on one scale."""
    if family.name not in shown.maps:
        return []
    maps = shown.maps[family.name]
    most = float(maps.max())
    return [(name, png(heat(one, most))) for name, one in zip(shown.titles, maps, strict=True)]


def members_of(family: Family) -> list[str]:
    """The names of a family's members, in the order of its axes."""
    return [family.member_name(index) for index in range(family.size)]
