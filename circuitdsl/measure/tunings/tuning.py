"""Tuning: how units answer a figure of every angle, size and contrast.

In: a `Subject` and a `Grid` of figures. Out: the response grid `[size, angle, contrast, unit]`, and
for every unit the figures of its tuning curve over all angles, in the language's convention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.measure.units import Subject
from circuitdsl.stimuli.centre import central, fitting_side
from circuitdsl.stimuli.drawing.canvas import Canvas

Floats = NDArray[np.float64]

ECHO_DEG = 60.0
"""An echo is a response this near to the opposite of the preferred angle."""


class Grid(Protocol):
    """A set of figures: every size at every angle in every contrast."""

    @property
    def angles_deg(self) -> tuple[float, ...]:
        """The angles, evenly spread and ascending, `[a]`."""
        ...

    @property
    def period_deg(self) -> float:
        """The turn after which the figures are the same."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of sizes, angles and contrasts: the axes of a response grid."""
        ...

    @property
    def size(self) -> int:
        """How many figures."""
        ...

    def parameters(self) -> NDArray[np.float32]:
        """What tells each figure apart, `[n, setting]`, in C order over `shape`."""
        ...

    def draw(self, parameters: ArrayLike, canvas: Canvas) -> Array:
        """The images of some rows of `parameters()`, `[n, side, side, 3]`."""
        ...


@dataclass(frozen=True)
class Tuning:
    """One unit's tuning to the angle of a figure, averaged over sizes and contrasts.

    A period is the turn after which the figure is the same.

    Attributes:
        preferred_deg: The angle that it prefers, from 0 to below a period.
        fwhm_deg: Full width at half of the maximum.
        echo: The largest response within a sixth of a period of the opposite angle, half a period
            away, over the maximum.
        peak: The largest response of the whole grid.
        selectivity: Length of the mean resultant vector, 0 (flat) to 1 (one angle alone).
        curve: The averaged responses, `[angle]`.
    """

    preferred_deg: float
    fwhm_deg: float
    echo: float
    peak: float
    selectivity: float
    curve: tuple[float, ...]


def response_grid(
    subject: Subject, grid: Grid, side: int | None = None, batch: int = 128
) -> NDArray[np.float32]:
    """The central neurons' responses to every stimulus of a grid.

    Stimuli are drawn, shown and forgotten batch by batch, so memory does not grow with the grid.

    Args:
        subject: The units.
        grid: The figures; each passes through the centre of the neurons' receptive field.
        side: Of the images, in pixels; by default as small as the receptive field allows.
        batch: How many images at a time.

    Returns:
        Responses `[size, angle, contrast, unit]`.
    """
    px = fitting_side(subject.backbone, subject.layer) if side is None else side
    centre = central(subject.backbone, subject.layer, px)
    rows = grid.parameters()
    responses = np.empty((len(rows), len(subject.names)), np.float32)
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        # a short last batch is filled up, so that nothing is compiled for its shape
        whole = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
        images = grid.draw(whole, centre.canvas)
        responses[start : start + batch] = subject.neurons(images, centre.index)[: len(part)]
    return responses.reshape(*grid.shape, len(subject.names))


def tuning_of(
    responses: NDArray[np.floating], angles_deg: Sequence[float], period_deg: float = 360.0
) -> tuple[Tuning, ...]:
    """The tuning of every unit of a response grid.

    Args:
        responses: `[size, angle, contrast, unit]`, not negative.
        angles_deg: The angles of the second axis: evenly spread over a period, ascending.
        period_deg: The turn after which the figures are the same.
    """
    peaks = responses.max(axis=(0, 1, 2))
    curves = responses.astype(np.float64).mean(axis=(0, 2))
    # a figure that is the same after a part of a turn is one on the full circle, turned faster
    speed = 360.0 / period_deg
    turned = [angle * speed for angle in angles_deg]
    tunings = (
        tuning_along(curves[:, unit], turned, float(peaks[unit])) for unit in range(len(peaks))
    )
    return tuple(
        replace(one, preferred_deg=one.preferred_deg / speed, fwhm_deg=one.fwhm_deg / speed)
        for one in tunings
    )


def tuning_along(curve: Floats, angles_deg: Sequence[float], peak: float | None = None) -> Tuning:
    """The tuning along one curve of responses `[angle]`; a unit that never fires prefers nothing.

    Its preferred angle and width are then NaN, its echo and selectivity 0.
    """
    top = float(curve.max())
    highest = top if peak is None else peak
    values = tuple(float(value) for value in curve)
    if top <= 0:
        return Tuning(float("nan"), float("nan"), 0.0, highest, 0.0, values)
    turned = np.exp(1j * np.deg2rad(np.asarray(angles_deg)))
    selectivity = float(np.abs(curve @ turned) / curve.sum())
    preferred, width = _main_lobe(curve, angles_deg)
    away = np.abs((np.asarray(angles_deg) - preferred + 180.0) % 360.0 - 180.0)
    echo = float(curve[away >= 180.0 - ECHO_DEG].max(initial=0.0)) / top
    return Tuning(preferred, width, echo, highest, selectivity, values)


def _main_lobe(curve: Floats, angles_deg: Sequence[float]) -> tuple[float, float]:
    """Centre and full width at half maximum of the highest lobe, in degrees.

    The centre is the mean angle over the lobe, weighted by how far the response stands above half
    of the maximum: finer than the step between angles, and deaf to whatever lies outside the lobe.
    """
    count, first = len(curve), int(curve.argmax())
    step = 360.0 / count
    middle = count // 2
    turned = np.roll(curve, middle - first)
    before, top, after = turned[middle - 1 : middle + 2]
    bend = 2 * top - before - after
    # the maximum of the parabola through the highest three; the peak may lie between two angles
    above = turned - (top + ((after - before) ** 2 / (8 * bend) if bend > 0 else 0.0)) / 2
    below = np.flatnonzero(above <= 0)
    left = below[below < middle].max(initial=-1)
    right = below[below > middle].min(initial=count)
    lobe = np.arange(left + 1, right)
    offset = float(above[lobe] @ (lobe - middle)) / float(above[lobe].sum())
    preferred = (angles_deg[first] + step * offset) % 360.0
    if left < 0 or right == count:
        return preferred, 360.0
    start = left + above[left] / (above[left] - above[left + 1])
    end = right - above[right] / (above[right] - above[right - 1])
    return preferred, float(end - start) * step
