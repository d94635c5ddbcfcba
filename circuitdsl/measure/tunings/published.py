"""Response grids of curve units, against the published ones.

In: units, and a file of published grids (`.npz`: `units` `[n]`, `outline` `[n, 80, 720]`). Out:
`GridScores`.

The published stimuli are black circle outlines on white, 60 pixels wide: row i has the i-th of 80
radii, from 4.8 image widths down to 0.43, evenly spaced in their logarithm; column j has the bulge
at (j/2 - 180) degrees, clockwise. Two grids are *aligned* by turning one of them, as a whole, to
the angle at which they correlate most; what is left does not depend on where a unit points.

Discs, and discs whose colour turns with the angle, show how far a unit cares what a curve is made
of: the grids of one unit for them and for outlines are correlated, on every 4th radius and angle.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.angles import tangent_deg
from circuitdsl.ir.members.placing import place_members
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.tunings.tuning import curve_tuning, response_grid
from circuitdsl.measure.units import Subject, handwritten
from circuitdsl.models.published import CURVES_LAYER, CURVES_MODEL, published_curves_deg
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.curves import STROKE_SHARE, CurveGrid, geometric
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import read_as_input

Floats = NDArray[np.float64]

SIDE = 60
"""Height and width of the published images, in pixels."""

RADII, ANGLES = 80, 720
"""Of the published grids."""

_LARGEST, _SMALLEST = 4.8, 0.4293  # radii over the width of the image
_FEWER = 4
"""Every so many-th radius and angle, for discs and where a rough score is enough."""


@dataclass(frozen=True)
class PublishedGrids:
    """Response grids of the original curve neurons.

    Attributes:
        source: The file.
        units: Their numbers in mixed3b of `inceptionv1`.
        outline: Responses to circle outlines, `[unit, radius, angle]`.
        every: Which radii and angles these are: all, or every so many-th.
    """

    source: str
    units: tuple[int, ...]
    outline: Floats
    every: int = 1

    def thinned(self) -> PublishedGrids:
        """A sixteenth of the stimuli, every 4th radius and angle, for a rough score."""
        return replace(self, outline=self.outline[:, ::_FEWER, ::_FEWER], every=_FEWER)

    @property
    def preferred_deg(self) -> tuple[float, ...]:
        """The angles of the tangent that the units prefer, as published.

        Raises:
            InputError: nothing was published of one of them.
        """
        known = published_curves_deg()
        for unit in self.units:
            if unit not in known:
                raise InputError(
                    f"{self.source} has a grid of {CURVES_LAYER}:{unit}, whose preferred angle is "
                    "not known",
                    help=f"the curve neurons of {CURVES_MODEL} are {', '.join(map(str, known))}",
                )
        return tuple(known[unit] for unit in self.units)


@dataclass(frozen=True)
class GridScore:
    """One published neuron and the unit that stands for it.

    Attributes:
        unit: The published neuron's number in mixed3b.
        match: The name of the unit beside it.
        raw_r: Correlation of the grids as they are.
        aligned_r: Correlation after turning one onto the other.
        echo: Of the unit's tuning curve over the grid's angles.
        filled_r: Correlation of the unit's grids for discs and for outlines.
        coloured_r: The same for coloured discs.
    """

    unit: int
    match: str
    raw_r: float
    aligned_r: float
    echo: float
    filled_r: float
    coloured_r: float


@dataclass(frozen=True)
class GridScores:
    """Units against published grids.

    Attributes:
        source: The file of published grids.
        units: In the file's order.
    """

    source: str
    units: tuple[GridScore, ...]

    @property
    def mean(self) -> dict[str, float]:
        """The means over units."""
        names = ("raw_r", "aligned_r", "echo", "filled_r", "coloured_r")
        return {name: fmean(getattr(unit, name) for unit in self.units) for name in names}

    def record(self) -> dict[str, Any]:
        """The scores as JSON has them."""
        units = [
            {
                "unit": score.unit,
                "match": score.match,
                "raw_r": score.raw_r,
                "aligned_r": score.aligned_r,
            }
            for score in self.units
        ]
        return {"units": units, "mean": self.mean}


MOST_BYTES = 1 << 28
"""Of an archive's arrays: 64-bit grids of 500 units and more."""

_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,  # an archive with a password
    NotImplementedError,  # a compression that nobody has
    SyntaxError,  # a header that is no dictionary
    tokenize.TokenError,
    TypeError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


def read_grids(path: Path) -> PublishedGrids:
    """Read a file of published grids.

    Raises:
        InputError: no such file, or not what it should be.
    """
    read_as_input(path)
    try:
        units, outline = _arrays(path)
    except _UNREADABLE as error:
        raise InputError(
            f"cannot read published grids from {path}",
            why=str(error) or type(error).__name__,
            help="give an .npz file with the arrays `units` [n] and `outline` [n, 80, 720]",
        ) from error
    if units.ndim != 1 or not len(units) or outline.shape != (len(units), RADII, ANGLES):
        raise InputError(
            f"{path} holds no grids of {RADII} radii and {ANGLES} angles",
            why=f"`units` has shape {units.shape}, `outline` {outline.shape}",
        )
    if not (np.isfinite(outline).all() and np.isfinite(units).all()):
        raise InputError(f"{path} holds values that are no numbers")
    if (units % 1 != 0).any():
        raise InputError(f"{path} holds units that are no whole numbers")
    numbers = tuple(int(unit) for unit in units)
    return PublishedGrids(str(path), numbers, outline.astype(np.float64))


def _arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """`units` and `outline` of an archive that claims no more than grids can need."""
    if not path.is_file():
        raise ValueError("it is no ordinary file")
    with zipfile.ZipFile(path) as archive:
        claimed = sum(archive.getinfo(f"{name}.npy").file_size for name in ("units", "outline"))
        if claimed > MOST_BYTES:
            raise ValueError(f"it claims {claimed:,} bytes of grids, more than {MOST_BYTES:,}")
    with np.load(path, allow_pickle=False) as arrays:
        # NumPy hands out as bytes what is no array
        units, outline = np.asarray(arrays["units"]), np.asarray(arrays["outline"])
    if units.dtype.kind not in "iuf" or outline.dtype.kind not in "iuf":
        raise ValueError(f"its arrays hold {units.dtype} and {outline.dtype}, not numbers")
    return units, outline


def published_stimuli(
    every_radius: int = 1, every_angle: int = 1, *, filled: bool = False, coloured: bool = False
) -> CurveGrid:
    """The published circles, in the order of the published grids; all of them or some."""
    radii = geometric(_LARGEST * SIDE, _SMALLEST * SIDE, RADII)[::every_radius]
    tangents = tuple(tangent_deg(bulge) for bulge in _bulges_deg()[::every_angle])
    stroke = STROKE_SHARE * SIDE
    return CurveGrid(radii, tangents, (-1.0,), stroke, filled=filled, coloured=coloured)


def score_grids(
    circuit: Circuit,
    family: Family,
    published: PublishedGrids,
    progress: Callable[[str], None] = lambda stage: None,
) -> GridScores:
    """A hand-written family, its members placed at the angles published for the originals.

    Raises:
        InputError: nothing was published of one of the neurons.
        DiagnosticError: a family cannot be calibrated.
    """
    placed = place_members(circuit, family.name, published.preferred_deg)
    progress("comparing with the published grids")
    return score_members(handwritten(calibrate(build(placed)), family.name), published)


def score_members(subject: Subject, published: PublishedGrids) -> GridScores:
    """Units beside the published neurons, the i-th beside the i-th."""
    kinds = _shown(subject, published.every)
    pairs = [(index, index) for index in range(len(published.units))]
    return _scores(published, subject, kinds, pairs)


def match_grids(
    subject: Subject,
    published: PublishedGrids,
    progress: Callable[[str], None] = lambda stage: None,
) -> GridScores:
    """A trained network's units: for each published neuron the one whose grid is most like it.

    The units' own angles are what they are, so only the aligned correlation chooses.
    """
    progress("comparing with the published grids")
    kinds = _shown(subject, published.every)
    outline = kinds[0]
    pairs = [
        (index, max(range(outline.shape[-1]), key=lambda at: aligned_r(grid, outline[..., at])))
        for index, grid in enumerate(published.outline)
    ]
    return _scores(published, subject, kinds, pairs)


def aligned_r(left: Floats, right: Floats) -> float:
    """The largest correlation of two grids `[radius, angle]` over all turns of one of them.

    Turning changes neither mean nor variance, so one circular cross-correlation finds it.
    """
    a, b = _standard(left), _standard(right)
    turned = np.fft.rfft(a, axis=1) * np.conj(np.fft.rfft(b, axis=1))
    return float(np.fft.irfft(turned.sum(axis=0), n=a.shape[1]).max())


def raw_r(left: Floats, right: Floats) -> float:
    """The correlation of two grids as they are; 0 if either never varies."""
    return float((_standard(left) * _standard(right)).sum())


def _standard(grid: Floats) -> Floats:
    """Mean 0 and sum of squares 1; 0 where the grid never varies."""
    centred = grid - grid.mean()
    spread = float(np.sqrt((centred**2).sum()))
    return centred / spread if spread > 0 else centred


def _bulges_deg() -> list[float]:
    return [(column / 2 - 180.0) % 360.0 for column in range(ANGLES)]


def _shown(subject: Subject, every: int) -> tuple[Floats, Floats, Floats]:
    """Responses `[radius, angle, unit]` to outlines, and to fewer discs and coloured discs."""
    some = (_FEWER, _FEWER)
    grids = (
        published_stimuli(every, every),
        published_stimuli(*some, filled=True),
        published_stimuli(*some, filled=True, coloured=True),
    )
    outline, filled, coloured = (
        response_grid(subject, grid, side=SIDE)[:, :, 0].astype(np.float64) for grid in grids
    )
    return outline, filled, coloured


def _scores(
    published: PublishedGrids,
    subject: Subject,
    kinds: tuple[Floats, Floats, Floats],
    pairs: Sequence[tuple[int, int]],
) -> GridScores:
    outline, filled, coloured = kinds
    step = _FEWER // published.every
    fewer, bulges = outline[::step, ::step], _bulges_deg()[:: published.every]
    return GridScores(
        published.source,
        tuple(
            GridScore(
                unit=published.units[index],
                match=subject.names[at],
                raw_r=raw_r(published.outline[index], outline[..., at]),
                aligned_r=aligned_r(published.outline[index], outline[..., at]),
                echo=curve_tuning(outline[..., at].mean(axis=0), bulges).echo,
                filled_r=raw_r(fewer[..., at], filled[..., at]),
                coloured_r=raw_r(fewer[..., at], coloured[..., at]),
            )
            for index, at in pairs
        ),
    )
