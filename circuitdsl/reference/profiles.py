"""The profiles of the language, by definition: weight as a function of the difference in angle.

In: differences in degrees. Out: weights. Plain functions of real numbers; the periods come from
the axes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def profile(
    name: str, arguments: Mapping[str, float], x_deg: Array, period_deg: float, same_index: bool
) -> Array | float:
    """A profile primitive at `x_deg`.

    `bump`, `octaves` and `constant` are functions of the difference; `equal`, `same` and `other`
    look only at whether source and target stand at the same index of the axis.

    Args:
        name: As the language has it.
        arguments: In degrees; those of `octaves` in octaves.
        x_deg: Source angle less target angle less the template's direction; octaves along `scale`.
        period_deg: After which the axis repeats.
        same_index: Whether the two members have the same index along the axis.

    Raises:
        ValueError: no such profile.
    """
    if name == "bump":
        return bump(x_deg, arguments["fwhm"], arguments.get("around", 0.0), period_deg)
    if name == "octaves":
        away = 2.0 * (x_deg - arguments.get("around", 0.0)) / max(arguments["fwhm"], 1e-6)
        return 2.0 ** -(away**2)
    if name == "constant":
        return 1.0
    if name in ("equal", "same"):
        return 1.0 if same_index else 0.0
    if name == "other":
        return 0.0 if same_index else 1.0
    raise ValueError(f"no profile {name}")


def bump(x_deg: Array, width_deg: float, around_deg: float, period_deg: float) -> Array:
    """A smooth periodic peak of height 1 (von Mises), `width_deg` wide at half of its height.

    `exp(kappa (cos(m (x - around)) - 1))` with `m = 360 / period` and
    `kappa = ln 2 / (1 - cos(m width/2))`.
    """
    m = 360.0 / period_deg
    kappa = np.log(2.0) / (1.0 - np.cos(np.radians(m * width_deg / 2)))
    return np.exp(kappa * (np.cos(np.radians(m * (x_deg - around_deg))) - 1.0))
