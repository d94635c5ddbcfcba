"""A small circuit for `tiny`, and pictures to show it."""

from __future__ import annotations

from pathlib import Path

from small_scenes import write_scenes

CIRCUIT = """circ 1 "Edges, and where they cross."
from std.profiles import bump
from std.shapes import dot, gabor
backbone V = tiny(input=64px)
stimulus bars = lines(th=every(22.5deg)) { size = 64px }
family edges [th: orient(8), ph: phase(2)] at V.conv2d0 { doc = "Edges." }
family crosses [th: orient(8)] at V.conv2d1 {
  doc = "Two edges at right angles."
  expect response(bars) > 0
}
connect V.input -> edges { colour = luma  place = gabor(8px, length=2px, width=2px)  dc = 0 }
connect edges -> crosses {
  over    = ph
  place   = dot()
  tune.th = bump(50deg) + bump(50deg, around=90deg)
}
"""


def write_crosses(folder: Path) -> Path:
    """Write `crosses.circ` and a folder `scenes` of eight pictures into a folder."""
    (folder / "crosses.circ").write_text(CIRCUIT, encoding="utf-8")
    write_scenes(folder / "scenes", 8)
    return folder
