"""What a fit of dials maximises: agreement with trained units, as a function that has a gradient.

In: a circuit, photographs with a trained family's activations on them, published response grids.
Out: `Objective`, from dials to a number, the mean correlation over units.

Both kinds of evidence are shown to one lowering of the circuit: its family stands at the trained
units' preferred angles for the photographs, and at the published ones for the grids. Calibration is
part of the function (`stimuli/steering.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compare.grids import SIDE, PublishedGrids, published_stimuli
from circuitdsl.compare.subject import Subject
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.placing import place_members
from circuitdsl.lower.dials import bounded
from circuitdsl.lower.weights import lowering
from circuitdsl.models.handwritten import forward
from circuitdsl.stimuli.centre import central
from circuitdsl.stimuli.images import ImageSet
from circuitdsl.stimuli.steering import Reference, references, steered

_LEAST = 1e-6
_READ = 16
_EVERY_RADIUS, _EVERY_ANGLE = 8, 24  # of the published grids, where an objective is judged


@dataclass(frozen=True)
class Photographs:
    """What trained units say to photographs.

    Attributes:
        images: RGB `[image, side, side, 3]`, bytes, to hold many.
        targets: The units' activations `[image, height, width, unit]`.
        preferred_deg: The angles that the units prefer.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    preferred_deg: tuple[float, ...]


def record(
    images: ImageSet, originals: Subject, angles: tuple[float, ...], side: int
) -> Photographs:
    """Show photographs to trained units, once."""
    shown: list[NDArray[np.uint8]] = []
    said: list[NDArray[np.float32]] = []
    for batch in images.batches(_READ, side):
        short = _READ - len(batch.images)
        whole = np.pad(batch.images, ((0, short), (0, 0), (0, 0), (0, 0)))
        said.append(np.asarray(originals.maps(jnp.asarray(whole)))[: len(batch.images)])
        shown.append(batch.images.astype(np.uint8))
    return Photographs(np.concatenate(shown), np.concatenate(said), angles)


@dataclass(frozen=True)
class Objective:
    """Agreement with trained units as a function of the dials.

    Attributes:
        circuit: The circuit as written.
        family: The family that is compared.
        photographs: Evidence of natural images, or None.
        published: Evidence of circles, or None.
        share: Of the photographs' correlation in the sum of both.
    """

    circuit: Circuit
    family: Family
    photographs: Photographs | None
    published: PublishedGrids | None
    share: float = 0.5

    @cached_property
    def placed(self) -> Circuit:
        """The circuit with members at all the angles that are compared."""
        natural = () if self.photographs is None else self.photographs.preferred_deg
        circles = () if self.published is None else self.published.preferred_deg
        return place_members(self.circuit, self.family.name, (*natural, *circles))

    def references(self, z: Mapping[str, Array]) -> dict[str, Reference]:
        """The images to calibrate on, chosen at some setting of the dials.

        Raises:
            DiagnosticError: a family cannot be calibrated there.
        """
        return references(self.placed, self._lowered(z))

    def value(
        self,
        z: Mapping[str, Array],
        found: Mapping[str, Reference],
        images: Array | None,
        targets: Array | None,
        circles: Array | None,
    ) -> Array:
        """The objective on some of the evidence; may be traced.

        Args:
            z: Free dials on the whole line (`lower.dials`).
            found: From `references`.
            images: Photographs, or None for none.
            targets: What the trained units say to them.
            circles: Places in the published grids, flat.
        """
        weights = steered(self.placed, self._lowered(z), found)
        parts: list[tuple[float, Array]] = []
        units = 0
        if images is not None and targets is not None:
            units = targets.shape[-1]
            maps = self._respond(weights, images)[..., :units]
            parts.append((self.share, _correlation(maps, targets)))
        if circles is not None:
            said = self._circles(weights, circles)[:, -self._grid_targets.shape[1] :]
            wanted = jnp.asarray(self._grid_targets)[circles]
            parts.append((1.0 - self.share, _correlation(said, wanted)))
        total = sum(weight for weight, _ in parts)
        return sum((weight * part for weight, part in parts), jnp.float32(0)) / total

    @cached_property
    def compiled(self) -> Callable[..., Array]:
        """`value`, compiled; one program for all fits of this objective."""
        return jax.jit(self.value)

    @cached_property
    def compiled_slope(self) -> Callable[..., tuple[Array, dict[str, Array]]]:
        """`value` and its gradient in the dials, compiled."""
        return jax.jit(jax.value_and_grad(self.value))

    def judged_circles(self) -> NDArray[np.int32] | None:
        """Places in the published grids that spread evenly over them."""
        if self.published is None:
            return None
        radii, angles = self.published.outline.shape[1:]
        rows = np.arange(_EVERY_RADIUS // 2, radii, _EVERY_RADIUS)
        columns = np.arange(0, angles, _EVERY_ANGLE)
        return (rows[:, None] * angles + columns).ravel().astype(np.int32)

    def _lowered(self, z: Mapping[str, Array]) -> dict[str, Array]:
        return lowering(self.placed)(bounded(self.placed, z))

    def _respond(self, weights: Mapping[str, Array], images: Array) -> Array:
        name = self.family.name
        return forward(self.placed, weights, images.astype(jnp.float32), [name])[name]

    def _circles(self, weights: Mapping[str, Array], circles: Array) -> Array:
        backbone = self.placed.backbone.geometry
        centre = central(backbone, self.family.layer, SIDE)
        rows = jnp.asarray(published_stimuli().parameters())[circles]
        images = published_stimuli().draw(rows, centre.canvas)
        return self._respond(weights, images)[:, centre.index, centre.index]

    @cached_property
    def _grid_targets(self) -> NDArray[np.float32]:
        """`[stimulus, unit]`."""
        if self.published is None:
            return np.zeros((0, 0), np.float32)
        outline = self.published.outline
        return outline.reshape(len(outline), -1).T.astype(np.float32)


def _correlation(left: Array, right: Array) -> Array:
    """The mean over units (the last axis) of the correlation over everything else."""
    axes = tuple(range(left.ndim - 1))
    a, b = (part - part.mean(axis=axes, keepdims=True) for part in (left, right))
    spread = jnp.sqrt((a * a).sum(axis=axes) * (b * b).sum(axis=axes) + _LEAST)
    return ((a * b).sum(axis=axes) / spread).mean()
