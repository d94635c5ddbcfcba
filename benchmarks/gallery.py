"""The gallery of shipped circuits: `python benchmarks/gallery.py` writes docs/gallery.md.

The picture of each circuit is what `circuitdsl draw FILE -o FILE.svg` draws.
"""

from __future__ import annotations

import re
from pathlib import Path

from circuitdsl.reporting.drawn.drawing import svg, title_of
from circuitdsl.run.pages.drawing import Portrait, portrait
from circuitdsl.text.files import write_text

ROOT = Path(__file__).resolve().parent.parent
CIRCUITS = ROOT / "circuits_src"
DOCS = ROOT / "docs"
PICTURES = DOCS / "figures" / "circuits"

HEAD = """# Gallery

`circuitdsl draw` drew these pictures of all shipped circuits. Families stand in rows by layer, with
the image on top. Red connections excite, blue ones inhibit, and violet ones do both equally.
[drawing.md](drawing.md) describes the full page of a circuit. `python benchmarks/gallery.py` writes
this page.
"""

_FAMILIES = re.compile(r"^ *family |\bwith \{", re.MULTILINE)
"""What a file that has a circuit says: families, or settings of an imported circuit."""


def shipped() -> list[Path]:
    """The circuits with families, in order."""
    files = sorted(CIRCUITS.glob("*.circ")) + sorted(CIRCUITS.glob("early_vision/*.circ"))
    return [path for path in files if _FAMILIES.search(_whole(path))]


def _whole(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def picture_of(path: Path) -> Path:
    """Where the picture of a circuit is kept."""
    return (PICTURES / path.relative_to(CIRCUITS)).with_suffix(".svg")


def _entry(path: Path, drawn: Portrait) -> str:
    name = path.relative_to(ROOT).as_posix()
    place = picture_of(path).relative_to(DOCS).as_posix()
    return f"## {path.stem}\n\n{title_of(drawn)} [`{name}`](../{name})\n\n![{path.stem}]({place})\n"


def write_gallery() -> None:
    """Write the page and its pictures."""
    entries: list[str] = []
    for path in shipped():
        drawn = portrait(path, answers=False)
        write_text(picture_of(path), svg(drawn))
        entries.append(_entry(path, drawn))
    write_text(DOCS / "gallery.md", "\n".join([HEAD, *entries]))


if __name__ == "__main__":
    write_gallery()
