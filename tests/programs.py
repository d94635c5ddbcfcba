"""The shared table of programs: circuits that, together, exercise the language.

Whatever claims to run circuits is tested over `PROGRAMS`. They are built in Python, so that they
depend on no parser; `SIZES` gives each the shape of an image to run on, odd ones among them.
"""

from __future__ import annotations

from dataclasses import replace

import programs_of_running
import programs_of_symmetry
import programs_of_wiring
from builders import (
    DOT,
    EQUAL,
    LUMA,
    arc,
    bar,
    bump,
    circuit,
    connect,
    constant,
    deg,
    family,
    gabor,
    mass,
    orient,
    oriented,
    phase,
    place,
    px,
    real,
    rot,
    stem,
    tap,
    tune,
)

from circuitdsl.ir.circuit import (
    INPUT,
    Calibration,
    Circuit,
    Dial,
    Formal,
    Motif,
    MotifUse,
    Norm,
    Normalisation,
    Stimulus,
    Wiring,
)
from circuitdsl.ir.expressions import DialValue
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.stimuli import Setting

TILING = Motif(
    "tangent_tiling",
    (
        Formal("bend", "length"),
        Formal("span", "length"),
        Formal("wide", "length"),
        Formal("reach", "angle", deg(25)),
    ),
    Wiring(
        place=place(
            arc(
                DialValue("bend", "length"),
                DialValue("span", "length"),
                DialValue("wide", "length"),
            )
        ),
        tunes=(tune("th", bump(DialValue("reach", "angle")), constant(-0.3), frame="tangent"),),
        norm=mass(1, 0.9),
    ),
)


def tiling(bend: str, span: float, wide: float) -> MotifUse:
    return MotifUse(
        "tangent_tiling",
        (
            ("bend", DialValue(bend, "px")),
            ("span", px(span)),
            ("wide", tap(wide)),
            ("reach", deg(25)),
        ),
    )


def five_layers(normalisation: str = "none") -> Circuit:
    """Curve detectors over five layers, with dials and a motif."""
    families = (
        family("gabors", "conv2d0", orient(16), phase(4)),
        family("complex", "conv2d1", orient(16)),
        family("line", "conv2d2", orient(16)),
        family("line3", "mixed3a_1x1", orient(16)),
        family("early", "mixed3a_3x3", rot(16)),
        family(
            "curve",
            "mixed3b_5x5",
            rot(10),
            doc="Fires for an arc whose tangent is th and which bends to its left.",
            calibrate=Calibration("arcs", "noise", 0.95),
        ),
    )
    connections = (
        connect(
            INPUT,
            "gabors",
            place(gabor(DialValue("wavelength", "px"))),
            colour=LUMA,
            dc=real(0),
            norm=Norm("l2"),
        ),
        connect("gabors", "complex", DOT, tune("th", EQUAL), over=("ph",)),
        connect(
            "complex",
            "line",
            place(bar(px(8), tap(0.5))),
            tune("th", bump(30), bump(30, -0.35, 90), constant(-0.15)),
            norm=mass(1, 0.9),
        ),
        connect("line", "line3", DOT, tune("th", EQUAL)),
        connect("line", "early", motif=tiling("bow", 24, 0.5)),
        connect(
            "early",
            "curve",
            place(arc(DialValue("radius", "px"), px(40), tap(0.45))),
            tune("th", bump(45), bump(45, -1.2, 180), constant(-0.1), frame="tangent"),
            name="shape",
            norm=mass(1, DialValue("opposed", "real")),
        ),
        connect(
            "line3",
            "curve",
            name="tangents",
            motif=tiling("radius", 40, 0.45),
            norm=mass(0.25, 0.9),
        ),
    )
    return circuit(
        families,
        connections,
        doc="Curve detectors over five layers.",
        normalisation=normalisation,
        dials=(
            Dial("wavelength", "px", 6.0, 4.0, 10.0),
            Dial("bow", "px", 20.0, 10.0, 60.0, free=True),
            Dial("radius", "px", 45.0, 20.0, 120.0, free=True),
            Dial("opposed", "real", 1.5, 0.0, 3.0, free=True),
        ),
        motifs=(TILING,),
        stimuli=(
            Stimulus("arcs", "arcs", (("radius", Setting((30.0, 60.0), "px")),)),
            Stimulus("noise", "noise", ()),
        ),
    )


def five_layers_normalised() -> Circuit:
    """The same, with contrast normalisation of Gabors and lines."""
    return replace(
        five_layers(),
        normalisations=(
            Normalisation("gabors", 5, real(12), ("gabors",)),
            Normalisation("line", 5, real(3), ("line",)),
        ),
    )


def placed() -> Circuit:
    """Ten curves placed at the angles that a trained network might prefer."""
    angles = (12.25, 47.0, 91.0, 90.0, 138.5, 180.0, 203.0, 263.75, 301.0, 359.5)
    return place_members(five_layers(), "curve", angles)


PROGRAMS: dict[str, Circuit] = {
    "five_layers": five_layers(),
    "five_layers_lrn": five_layers("lrn"),
    "five_layers_normalised": five_layers_normalised(),
    "placed": placed(),
    "stem": circuit(*stem(16, 4)),
    "oriented": circuit(*oriented(6, 4)),
    **programs_of_wiring.PROGRAMS,
    **programs_of_running.PROGRAMS,
    **programs_of_symmetry.PROGRAMS,
}
"""Every program under its name."""

_SHAPES = ((60, 60), (75, 75), (97, 97), (64, 64), (61, 84))
SIZES: dict[str, tuple[int, int]] = {
    name: _SHAPES[index % len(_SHAPES)] for index, name in enumerate(PROGRAMS)
}
"""Height and width of the image that each program is run on."""
