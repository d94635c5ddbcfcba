"""Figures that stimuli are made of: their names and their sizes.

In: nothing. Out: `FIGURES` and `SIZES`. `stimuli.drawing.figures` draws each. A figure lies about
the point that it is at: a line, a cross and patches have their middle there, a corner and a T their
vertex. An arc passes the point along +x and bends to the left; a spiral leaves it along +x and
winds to the left.
"""

from __future__ import annotations

from collections.abc import Mapping

from circuitdsl.ir.tables.setting_kinds import SettingKind

SIZES: Mapping[str, SettingKind] = {
    "length": SettingKind(
        "px",
        (24.0,),
        "of a line, of each arm, of the side of a patch",
        True,
        1.0,
        1e5,
        frame="scale",
    ),
    "opening": SettingKind("angle", (90.0,), "from one arm to the next", True, -360.0, 360.0),
    "radius": SettingKind(
        "px",
        (20.0,),
        "of a circle; a negative one bends right",
        True,
        -1e5,
        1e5,
        True,
        frame="scale",
    ),
    "span": SettingKind("px", (40.0,), "length of an arc", True, 0.5, 1e5, frame="scale"),
    "spacing": SettingKind(
        "px", (8.0,), "from a stripe or a dot to the next", True, 2.0, 1e4, frame="scale"
    ),
    "turns": SettingKind("real", (2.0,), "of a spiral", True, 0.1, 8.0),
}
"""The sizes of figures."""

FIGURES: Mapping[str, tuple[str, ...]] = {
    "line": ("length",),
    "arc": ("radius", "span"),
    "ring": ("radius",),
    "dot": ("radius",),
    "spiral": ("radius", "turns"),
    "corner": ("length", "opening"),
    "tee": ("length", "opening"),
    "cross": ("length", "opening"),
    "stripes": ("spacing", "length"),
    "hatch": ("spacing", "length", "opening"),
    "dots": ("spacing", "length"),
}
"""The figures, each with the sizes that it has."""
