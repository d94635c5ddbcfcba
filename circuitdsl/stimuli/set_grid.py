"""A declared stimulus set as a grid of figures: its angles on one axis, the rest beside them.

In: an IR `Stimulus` whose figures are turned by `th`. Out: `SetGrid`, the figures at every angle.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.stimuli import Stimulus
from circuitdsl.ir.tables.generators import period_deg
from circuitdsl.stimuli.drawing.canvas import Canvas
from circuitdsl.stimuli.render import Drawing, crossed_settings
from circuitdsl.text.diagnostics import InputError

_FEWEST = 4
"""Angles, of which a preferred one can be told."""


@dataclass(frozen=True, eq=False)
class SetGrid:
    """The figures of a set at every angle.

    Attributes:
        stimulus: The set.
        angles_deg: Its angles, evenly spread over a period and ascending, `[a]`.
        period_deg: The turn after which its figures are the same.
        shape: The numbers of combinations of the settings before the angle, of angles, and of
            combinations of the settings after it: the axes of a response grid.
    """

    stimulus: Stimulus
    angles_deg: tuple[float, ...]
    period_deg: float
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, stimulus: Stimulus) -> SetGrid:
        """The grid of a set.

        Raises:
            InputError: its angles are fewer than 4 or not spread evenly over all directions, or it
                shows the images of a folder, and there is none.
        """
        period = period_deg(stimulus.generator)
        settings = crossed_settings(stimulus)
        angles = tuple(sorted(angle % period for angle in settings["th"]))
        even = [index * period / len(angles) for index in range(len(angles))]
        if len(angles) < _FEWEST or not np.allclose(angles, even, atol=1e-3):
            raise InputError(
                f"the angles of `{stimulus.name}` are not spread evenly over all directions",
                help="write `th=every(5deg)`",
            )
        at = list(settings).index("th")
        counts = [len(values) for values in settings.values()]
        shape = (prod(counts[:at]), len(angles), prod(counts[at + 1 :]))
        return cls(stimulus, angles, period, shape)

    @property
    def size(self) -> int:
        """How many figures."""
        return prod(self.shape)

    def parameters(self) -> NDArray[np.float32]:
        """The value of every crossed setting in each figure, `[n, setting]`, in C order."""
        settings = crossed_settings(self.stimulus) | {"th": self.angles_deg}
        axes = np.meshgrid(*settings.values(), indexing="ij")
        return np.stack([axis.ravel() for axis in axes], axis=-1).astype(np.float32)

    def draw(self, parameters: ArrayLike, canvas: Canvas) -> Array:
        """The images of some rows of `parameters()`, `[n, side, side, 3]`."""
        columns = np.asarray(parameters, np.float32).T
        names = crossed_settings(self.stimulus)
        return Drawing(self.stimulus, canvas).images(dict(zip(names, columns, strict=True)))
