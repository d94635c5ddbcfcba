"""What a `stimulus` declaration can say: the generators, their settings, units and defaults.

In: nothing. Out: the `GENERATORS` table, which the checker holds declarations to and the renderer
takes its defaults from. Lists of settings are crossed: every radius with every angle and contrast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from circuitdsl.ir.members.angles import even_deg
from circuitdsl.ir.members.axes import SIDES
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, STROKES, Stimulus
from circuitdsl.ir.tables.figures import FIGURES, SIZES
from circuitdsl.ir.tables.setting_kinds import SettingKind

MOST_IMAGES = 100_000
"""More images than this in one stimulus set are refused."""


def period_deg(generator: str) -> float:
    """The angle after which a generator's figure repeats."""
    return 180.0 if generator == "lines" else 360.0


def every(step_deg: float, generator: str) -> tuple[float, ...]:
    """The angles of `every(step)`: 0, step, 2 step, ... below the figure's period."""
    if step_deg <= 0:
        return ()
    count = math.ceil(period_deg(generator) / step_deg - 1e-9)
    return tuple(index * step_deg for index in range(count))


_SIDE = SettingKind("px", (96.0,), "side of the square image", low=16.0, high=512.0)
_RADIUS = SettingKind(
    "px",
    (20.0, 28.0, 40.0, 57.0, 80.0, 113.0, 160.0),
    "radius of the circle",
    True,
    2.0,
    1e5,
    frame="scale",
)
_THETA = SettingKind(
    "angle",
    even_deg(24, 360.0),
    "angle of the tangent where the circle passes the neuron; it bends to the left",
    True,
    -1e4,
    1e4,
    frame="turn",
)
_CONTRAST = SettingKind(
    "real",
    (-1.0, 1.0),
    "ink against ground: 1 is white on black, -1 black on white",
    True,
    -1.0,
    1.0,
    True,
)
_SIDE_DEG = SettingKind(
    "angle", even_deg(8, 360.0), "where the first surface lies", True, -1e4, 1e4, frame="turn"
)
_HUES = "0 red, 60 yellow, 120 green, 180 cyan, 240 blue"
_HUE = SettingKind("angle", even_deg(6, 360.0), _HUES, True, -1e4, 1e4, frame="hue")
_FINE = SettingKind("px", (6.0,), "period of the fine texture", True, 2.0, 1e4, frame="scale")
_COARSE = SettingKind("px", (32.0,), "period of the coarse texture", True, 2.0, 1e4, frame="scale")
_STROKE = SettingKind("px", (3.0,), "width of the line", low=0.25, high=512.0)

_SEED = SettingKind("int", (0.0,), "which images", low=0.0, high=2.0**31 - 1)

GROUNDS = ("plain", "noise", "photograph")
"""What a figure may stand on."""

_DRAWN: Mapping[str, SettingKind] = {
    "th": SettingKind(
        "angle", even_deg(8, 360.0), "turns the figure", True, -1e4, 1e4, frame="turn"
    ),
    "flip": SettingKind(
        "int", (0.0,), "`right` is the mirror image", True, words=SIDES, frame="flip"
    ),
    "scale": SettingKind("real", (1.0,), "dilates the figure", True, 1 / 64, 64.0, frame="scale"),
    "hue": SettingKind(
        "angle", (), f"{_HUES}; grey if left out", True, -1e4, 1e4, optional=True, frame="hue"
    ),
    "contrast": _CONTRAST,
    "blur": SettingKind(
        "px",
        (0.0,),
        "standard deviation of the blur of the figure",
        True,
        high=512.0,
        frame="scale",
    ),
    "ground": SettingKind("int", (0.0,), "what the figure stands on", True, words=GROUNDS),
    "ground_blur": SettingKind(
        "px", (0.0,), "standard deviation of the ground's blur", True, high=512.0
    ),
    "ground_contrast": SettingKind(
        "real", (0.2,), "standard deviation of noise, of 127.5 grey levels", low=0.0, high=1.0
    ),
    "n": SettingKind("int", (1.0,), "how many grounds", low=1.0, high=4096.0),
    "seed": _SEED,
    "stroke": _STROKE,
    "size": _SIDE,
}
"""What figures of one's own and those of the table have in common."""

GENERATORS: Mapping[str, Mapping[str, SettingKind]] = {
    "arcs": {
        "radius": _RADIUS,
        "th": _THETA,
        "contrast": _CONTRAST,
        "stroke": _STROKE,
        "size": _SIDE,
    },
    "discs": {"radius": _RADIUS, "th": _THETA, "contrast": _CONTRAST, "size": _SIDE},
    "lines": {
        "th": SettingKind(
            "angle",
            even_deg(24, 180.0),
            "angle of the line, which repeats after 180",
            True,
            -1e4,
            1e4,
            frame="turn",
        ),
        "contrast": _CONTRAST,
        "stroke": _STROKE,
        "length": SettingKind("px", (1024.0,), "length of the line", True, 1.0, 1e5, frame="scale"),
        "size": _SIDE,
    },
    "textures": {
        "th": _SIDE_DEG,
        "fine": _FINE,
        "coarse": _COARSE,
        "contrast": _CONTRAST,
        "size": _SIDE,
    },
    "borders": {"th": _SIDE_DEG, "hue": _HUE, "contrast": _CONTRAST, "size": _SIDE},
    "spots": {"radius": _RADIUS, "hue": _HUE, "contrast": _CONTRAST, "size": _SIDE},
    ACTIVITY: {
        "th": SettingKind(
            "angle",
            (0.0,),
            "by how much the scene is turned about the neuron",
            True,
            -1e4,
            1e4,
            frame="turn",
        ),
        "size": SettingKind("px", (224.0,), "side of the image", low=16.0, high=512.0),
    },
    "rings": {"radius": _RADIUS, "contrast": _CONTRAST, "stroke": _STROKE, "size": _SIDE},
    "noise": {
        "n": SettingKind("int", (64.0,), "how many images", low=1.0, high=float(MOST_IMAGES)),
        "seed": _SEED,
        "contrast": SettingKind(
            "real", (0.4,), "standard deviation, of 127.5 grey levels", True, 0.0, 1.0, True
        ),
        "slope": SettingKind(
            "real", (1.0,), "amplitude falls as 1 / frequency^slope; 0 is white", low=0.0, high=3.0
        ),
        "size": _SIDE,
    },
    STROKES: _DRAWN,
    "figures": {
        "kind": SettingKind("int", (0.0,), "which figure", True, words=tuple(FIGURES)),
        **SIZES,
        **_DRAWN,
    },
    PHOTOGRAPHS: {
        "n": SettingKind("int", (), "how many", low=1.0, high=float(MOST_IMAGES), optional=True),
        "seed": _SEED,
    },
}
"""Settings by generator and name. Every image shows its figure at the central neuron."""


DIRECTIONS = ("textures", "borders")
"""Generators whose `th` is that of a direction, which a mirror turns to 180 degrees less it.

Figures with a direction of their own have `flip`; a circle bends to the other side, and lies then
as the one at -`th`.
"""


def settings_of(stimulus: Stimulus) -> dict[str, tuple[float, ...]]:
    """The values of every setting of a stimulus set, defaults filled in, and of its parts.

    Optional settings that the text leaves out are left out here too.

    Raises:
        KeyError: an unknown generator (the checker excludes it).
    """
    kinds = GENERATORS[stimulus.generator]
    values = {name: stimulus.values(name, kind.default) for name, kind in kinds.items()}
    values = {name: levels for name, levels in values.items() if levels}
    return values | {part.name: part.levels for part in stimulus.parts}
