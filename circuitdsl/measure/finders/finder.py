"""A finder: what a unit is tuned to if it is of some kind.

In: nothing, or a file of published grids. Out: `Finder`, a row that `measure.tunings.find` searches
by. A finder shows a figure at every angle, in several sizes and both contrasts, and asks for one
narrow peak that stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import AxisKind
from circuitdsl.ir.members.axes import PERIOD_DEG
from circuitdsl.measure.tunings.published import Publication, PublishedGrids, read_grids
from circuitdsl.measure.tunings.tuning import Grid
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Finder:
    """One kind of unit that can be looked for.

    Attributes:
        name: By which users ask for it, as in `circuitdsl find curves`; also the name of the
            family that `find` declares.
        title: What its units are called.
        figure: The figure that is shown.
        axis: The kind of axis that tells its units apart.
        grid: The figures that suit a layer.
        angle: What the preferred angle means.
        also: The name of another convention for that angle, and the map to it; or None.
        publication: Response grids that were published of such units; or None.
    """

    name: str
    title: str
    figure: str
    axis: AxisKind
    grid: Callable[[Backbone, str], Grid]
    angle: str
    also: tuple[str, Callable[[float], float]] | None = None
    publication: Publication | None = None

    @property
    def period_deg(self) -> float:
        """The turn after which the figure is the same."""
        return PERIOD_DEG[self.axis]

    def published(self, path: Path | str | None) -> PublishedGrids | None:
        """The published grids in a file; None without one.

        Raises:
            InputError: none were published of such units, or the file holds none.
        """
        if path is None:
            return None
        if self.publication is None:
            raise InputError(
                f"no response grids of {self.name} were published", help="leave out --grid"
            )
        return read_grids(Path(path), self.publication)
