"""Figures that a fit shows to hand-written units, with the answers to agree with.

In: published response grids, or a family found in a trained network. Out: `FigureSet`. Some
figures, spread evenly, are held back: dials are judged by those, and fitted to the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.measure.tunings.published import PublishedGrids
from circuitdsl.measure.tunings.tuning import Grid
from circuitdsl.stimuli.centre import fitting_side

_TUNING_EVERY = (1, 6)
"""Every so many-th size and angle is held back."""


@dataclass(frozen=True, eq=False)
class FigureSet:
    """Figures with answers to them.

    Attributes:
        grid: The figures.
        side: Of their images, in pixels.
        targets: The answers `[figure, unit]`.
        preferred_deg: Angles that members are added at, after all others, to be compared; empty
            where the trained family's units are compared, first among the members.
        judged: Places of the figures that are held back.
    """

    grid: Grid
    side: int
    targets: NDArray[np.float32]
    preferred_deg: tuple[float, ...]
    judged: NDArray[np.int32]

    @property
    def last(self) -> bool:
        """Whether the last members are compared, not the first."""
        return bool(self.preferred_deg)

    @property
    def fitted(self) -> NDArray[np.int32]:
        """Places of all figures that are not held back."""
        return np.setdiff1d(np.arange(self.grid.size, dtype=np.int32), self.judged)


def published_figures(published: PublishedGrids) -> FigureSet:
    """The published figures and responses."""
    grid = published.figures
    targets = published.outline.reshape(len(published.units), -1).T.astype(np.float32)
    every = tuple(max(step // published.every, 1) for step in published.of.held_back)
    return FigureSet(
        grid, published.of.side, targets, published.preferred_deg, _spread(grid, *every)
    )


def finding_figures(found: FoundFamily, units: int, backbone: Backbone) -> FigureSet:
    """The figures by which a trained family was found, and the answers of its best units."""
    best = [unit.unit for unit in found.units[:units]]
    targets = found.responses[..., best].reshape(found.grid.size, len(best))
    side = fitting_side(backbone, found.layer)
    return FigureSet(found.grid, side, targets, (), _spread(found.grid, *_TUNING_EVERY))


def _spread(grid: Grid, every: int, every_angle: int) -> NDArray[np.int32]:
    """Places at every so many-th size and angle, of every contrast."""
    places = np.arange(grid.size, dtype=np.int32).reshape(grid.shape)
    return places[every // 2 :: every, ::every_angle].ravel()
