"""Response grids of units, against published ones.

In: units, and a file of published grids (`.npz`: `units` `[n]`, `outline` `[n, size, angle]`), of
which a finder says what they are of. Out: `GridScores`.

Two grids are *aligned* by turning one of them, as a whole, to the angle at which they correlate
most; what is left does not depend on where a unit points. Variants of the figures show how far a
unit cares what the figure is made of: its grids for them and for the figures are correlated, on
every 4th size and angle.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.members.angles import even_deg
from circuitdsl.ir.members.placing import place_members
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.tunings.tuning import Grid, response_grid, tuning_along
from circuitdsl.measure.units import Subject, handwritten
from circuitdsl.models.written.handwritten import build
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import read_as_input

Floats = NDArray[np.float64]

_FEWER = 4
"""Every so many-th size and angle, for variants and where a rough score is enough."""


@dataclass(frozen=True)
class Publication:
    """Response grids that were published of neurons of one kind.

    Attributes:
        neurons: What the neurons are called.
        layer: Their layer.
        side: Height and width of the published images, in pixels.
        sizes: How many sizes the grids have.
        angles: How many angles, over 360 degrees.
        figures: The published figures in the order of the grids: every so many-th size and angle.
        variants: Other figures at the same sizes and angles, by the name of the correlation of a
            unit's grids for them and for the published ones.
        variants_are: What these are, for people to read.
        preferred_deg: The angles that the neurons prefer, by their number in the layer.
        held_back: Every so many-th size and angle is held back from a fit.
    """

    neurons: str
    layer: str
    side: int
    sizes: int
    angles: int
    figures: Callable[[int, int], Grid]
    variants: Mapping[str, Callable[[int, int], Grid]]
    variants_are: str
    preferred_deg: Callable[[], Mapping[int, float]]
    held_back: tuple[int, int] = (8, 24)


@dataclass(frozen=True)
class PublishedGrids:
    """Response grids of the original neurons.

    Attributes:
        source: The file.
        of: What was published.
        units: Their numbers in the layer.
        outline: Responses to the published figures, `[unit, size, angle]`.
        every: Which sizes and angles these are: all, or every so many-th.
    """

    source: str
    of: Publication
    units: tuple[int, ...]
    outline: Floats
    every: int = 1

    def thinned(self) -> PublishedGrids:
        """A sixteenth of the stimuli, every 4th size and angle, for a rough score."""
        return replace(self, outline=self.outline[:, ::_FEWER, ::_FEWER], every=_FEWER)

    @property
    def figures(self) -> Grid:
        """The figures that the responses are to."""
        return self.of.figures(self.every, self.every)

    @property
    def preferred_deg(self) -> tuple[float, ...]:
        """The angles that the units prefer, as published.

        Raises:
            InputError: nothing was published of one of them.
        """
        known = self.of.preferred_deg()
        for unit in self.units:
            if unit not in known:
                raise InputError(
                    f"{self.source} has a grid of {self.of.layer}:{unit}, whose preferred angle is "
                    "not known",
                    help=f"the {self.of.neurons} are {', '.join(map(str, known))}",
                )
        return tuple(known[unit] for unit in self.units)


@dataclass(frozen=True)
class GridScore:
    """One published neuron and the unit that stands for it.

    Attributes:
        unit: The published neuron's number in its layer.
        match: The name of the unit beside it.
        raw_r: Correlation of the grids as they are.
        aligned_r: Correlation after turning one onto the other.
        echo: Of the unit's tuning over the grid's angles.
        variants: Correlation of the unit's grids for variants of the figures and for the figures.
    """

    unit: int
    match: str
    raw_r: float
    aligned_r: float
    echo: float
    variants: Mapping[str, float]

    @property
    def figures(self) -> dict[str, float]:
        """All numbers by name."""
        own = {"raw_r": self.raw_r, "aligned_r": self.aligned_r, "echo": self.echo}
        return own | dict(self.variants)


@dataclass(frozen=True)
class GridScores:
    """Units against published grids.

    Attributes:
        source: The file of published grids.
        units: In the file's order.
        variants_are: What the variants of the figures are.
    """

    source: str
    units: tuple[GridScore, ...]
    variants_are: str = ""

    @property
    def mean(self) -> dict[str, float]:
        """The means over units."""
        rows = [unit.figures for unit in self.units]
        return {name: fmean(row[name] for row in rows) for name in rows[0]}

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


def read_grids(path: Path, publication: Publication) -> PublishedGrids:
    """Read a file of published grids.

    Args:
        path: The file.
        publication: What the grids are.

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
            help="give an .npz file with the arrays `units` [n] and `outline` "
            f"[n, {publication.sizes}, {publication.angles}]",
        ) from error
    shape = (len(units) if units.ndim == 1 else 0, publication.sizes, publication.angles)
    if not shape[0] or outline.shape != shape:
        raise InputError(
            f"{path} holds no grids of {publication.sizes} sizes and {publication.angles} angles",
            why=f"`units` has shape {units.shape}, `outline` {outline.shape}",
        )
    if not (np.isfinite(outline).all() and np.isfinite(units).all()):
        raise InputError(f"{path} holds values that are no numbers")
    if (units % 1 != 0).any():
        raise InputError(f"{path} holds units that are no whole numbers")
    numbers = tuple(int(unit) for unit in units)
    return PublishedGrids(str(path), publication, numbers, outline.astype(np.float64))


def _arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """`units` and `outline` of an archive that claims no more than grids can need."""
    if not path.is_file():
        is_there = path.exists()
        raise ValueError("it is no ordinary file" if is_there else "there is no such file")
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
    kinds = _shown(subject, published)
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
    kinds = _shown(subject, published)
    outline, _ = kinds
    pairs = [
        (index, max(range(outline.shape[-1]), key=lambda at: aligned_r(grid, outline[..., at])))
        for index, grid in enumerate(published.outline)
    ]
    return _scores(published, subject, kinds, pairs)


def aligned_r(left: Floats, right: Floats) -> float:
    """The largest correlation of two grids `[size, angle]` over all turns of one of them.

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


def _shown(subject: Subject, published: PublishedGrids) -> tuple[Floats, dict[str, Floats]]:
    """Responses `[size, angle, unit]` to the figures, and to fewer of each variant."""

    def responses(grid: Grid) -> Floats:
        return response_grid(subject, grid, side=published.of.side)[:, :, 0].astype(np.float64)

    variants = published.of.variants.items()
    fewer = {name: responses(figures(_FEWER, _FEWER)) for name, figures in variants}
    return responses(published.figures), fewer


def _scores(
    published: PublishedGrids,
    subject: Subject,
    kinds: tuple[Floats, dict[str, Floats]],
    pairs: Sequence[tuple[int, int]],
) -> GridScores:
    outline, variants = kinds
    step = _FEWER // published.every
    fewer, angles = outline[::step, ::step], even_deg(outline.shape[1], 360.0)
    return GridScores(
        published.source,
        tuple(
            GridScore(
                unit=published.units[index],
                match=subject.names[at],
                raw_r=raw_r(published.outline[index], outline[..., at]),
                aligned_r=aligned_r(published.outline[index], outline[..., at]),
                echo=tuning_along(outline[..., at].mean(axis=0), angles).echo,
                variants={
                    name: raw_r(fewer[..., at], variant[..., at])
                    for name, variant in variants.items()
                },
            )
            for index, at in pairs
        ),
        published.of.variants_are,
    )
