"""What a fit of dials maximises: a weighted sum of measures, as a function that has a gradient.

In: a circuit, and the evidence that the measures need: photographs with trained units' activations
on them, figures with published responses or with a trained family's. Out: `Objective`, from dials
to the measures (`fitting/measures.py`).

All evidence is shown to one lowering of the circuit. Where units were found by the angle that they
prefer, its family stands at these angles, and at the published ones; where they were found by
agreement, each unit is beside the member that it agrees with. Calibration is part of the function
(`fitting/calibration.py`). What is slow to compile, the gradient of the lowering, is compiled apart
from the network, without the compiler's optimisations, which would not earn back their time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compiling import UNOPTIMISED, known
from circuitdsl.fitting.calibration import Reference, references, steered
from circuitdsl.fitting.evidence import Photographs, Rest
from circuitdsl.fitting.measures import ON_FIGURES, ON_PHOTOGRAPHS, Said
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.fits import Terms
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.tables.measures import legal
from circuitdsl.lowering.dials import bounded
from circuitdsl.lowering.weights import lower
from circuitdsl.measure.agreeing.common_grid import CommonGrid, brought_onto
from circuitdsl.measure.tunings.figure_sets import FigureSet
from circuitdsl.models.written.handwritten import forward
from circuitdsl.stimuli.centre import central

Weights = dict[str, Array]
Values = dict[str, Array]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["images", "targets", "layer_values", "log_p", "removed", "figures"],
    meta_fields=[],
)
@dataclass(frozen=True, eq=False)
class Shown:
    """Some of the evidence.

    Attributes:
        images: Photographs, or None for none.
        targets: What the trained units say to them.
        layer_values: As in `Photographs`, for `recovered`.
        log_p: Likewise.
        removed: Likewise.
        figures: Places among the figures of a measure.
    """

    images: NDArray[np.uint8] | None = None
    targets: NDArray[np.float32] | None = None
    layer_values: NDArray[np.float16] | None = None
    log_p: NDArray[np.float32] | None = None
    removed: NDArray[np.float32] | None = None
    figures: Mapping[str, NDArray[np.int32]] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, eq=False)
class Objective:
    """Agreement with trained units as a function of the dials.

    Attributes:
        circuit: The circuit as written.
        family: The family that is compared.
        terms: The measures and their weights.
        preferred_deg: Angles that the trained units prefer, best unit first.
        photographs: For `natural` and `recovered`.
        rest: What comes after the units, for `recovered`.
        figures: For `grid` and `tuning`, by measure.
        compared: How many of the units, best first, `natural` looks at; 0 for all.
        best: How many of those, the ones that agree best, it is the mean over; 0 for all.
        members: For each unit, the member beside it; none where members stand at the units' angles.
        grid: The positions that are compared; None where both have the same.
    """

    circuit: Circuit
    family: Family
    terms: Terms
    preferred_deg: tuple[float, ...] = ()
    photographs: Photographs | None = None
    rest: Rest | None = None
    figures: Mapping[str, FigureSet] | None = None
    compared: int = 0
    best: int = 0
    members: tuple[int, ...] = ()
    grid: CommonGrid | None = None

    @cached_property
    def placed(self) -> Circuit:
        """The circuit with members at all the angles that are compared."""
        if self.members:
            return self.circuit
        published = self.evidence("grid")
        angles = () if published is None else published.preferred_deg
        return place_members(self.circuit, self.family.name, (*self.preferred_deg, *angles))

    def evidence(self, measure: str) -> FigureSet | None:
        """The figures of a measure that is part of the sum."""
        asked = any(name == measure for name, _ in self.terms)
        return (self.figures or {}).get(measure) if asked else None

    def weights(self, z: Mapping[str, Array]) -> Weights:
        """The lowered circuit with its dials at `z`; may be traced."""
        return lower(self.placed)(bounded(self.placed, z))

    def references(self, z: Mapping[str, Array]) -> dict[str, Reference]:
        """The images to calibrate on, chosen at some setting of the dials.

        Raises:
            DiagnosticError: a family cannot be calibrated there.
        """
        return references(self.placed, self.weights(z))

    def measured(
        self,
        weights: Weights,
        found: Mapping[str, Reference],
        shown: Shown,
        params: Mapping[str, Array],
    ) -> Values:
        """Each measure, on what is shown of its evidence; may be traced.

        Args:
            weights: The lowered circuit.
            found: From `references`.
            shown: Some of the evidence.
            params: The weights of the trained network, for `recovered`.
        """
        weights = steered(self.placed, weights, found)
        values: Values = {}
        asked = {name for name, _ in self.terms}
        if shown.images is not None and shown.targets is not None and asked & {*ON_PHOTOGRAPHS}:
            said = self._said(weights, shown, params)
            for name in asked & {*ON_PHOTOGRAPHS}:
                values[name] = ON_PHOTOGRAPHS[name](said)
        for name, places in shown.figures.items():
            figures = self.evidence(name)
            if figures is not None:
                answers = self._of_figures(weights, figures, places)
                values[name] = ON_FIGURES[name](answers, jnp.asarray(figures.targets)[places])
        return values

    def total(self, values: Mapping[str, Array]) -> Array:
        """The weighted mean of the measures that are there."""
        there: list[tuple[str, float]] = [
            (name, weight) for name, weight in self.terms if name in values
        ]
        whole = sum(weight for _, weight in there)
        return sum((weight * values[name] for name, weight in there), jnp.float32(0)) / whole

    def mean(self, values: Mapping[str, float]) -> float:
        """The same of numbers."""
        return float(self.total({name: jnp.float32(value) for name, value in values.items()}))

    def judged(
        self, z: Mapping[str, Array], found: Mapping[str, Reference], shown: Shown
    ) -> dict[str, float]:
        """Each measure as a number."""
        values = self._measured(self.weights(z), found, shown, self._params)
        return {name: float(values[name]) for name in legal("fit") if name in values}

    def slope(
        self, z: Mapping[str, Array], found: Mapping[str, Reference], shown: Shown
    ) -> tuple[dict[str, float], Weights]:
        """Each measure, and the gradient of their sum in the dials."""
        weights = self.weights(z)
        (_, values), upwards = self._network_slope(weights, found, shown, self._params)
        slope = self._lowering_slope(dict(z), upwards)
        return {name: float(values[name]) for name in legal("fit") if name in values}, slope

    @cached_property
    def _params(self) -> dict[str, Array]:
        return {} if self.rest is None else self.rest.network.params

    @cached_property
    def _measured(self) -> Callable[..., Values]:
        return jax.jit(self.measured)

    @cached_property
    def _network_slope(self) -> Callable[..., tuple[tuple[Array, Values], Weights]]:
        def value(
            weights: Weights, found: dict[str, Reference], shown: Shown, params: Weights
        ) -> tuple[Array, Values]:
            values = self.measured(weights, found, shown, params)
            return self.total(values), values

        return jax.jit(jax.value_and_grad(value, has_aux=True))

    @cached_property
    def _lowering_slope(self) -> Callable[[Weights, Weights], Weights]:
        def slope(z: Weights, upwards: Weights) -> Weights:
            return jax.vjp(self.weights, z)[1](upwards)[0]

        return jax.jit(slope, compiler_options=known(UNOPTIMISED))

    def _respond(self, weights: Weights, images: NDArray[np.uint8] | Array) -> Array:
        name = self.family.name
        return forward(self.placed, weights, jnp.asarray(images, jnp.float32), [name])[name]

    def _said(self, weights: Weights, shown: Shown, params: Mapping[str, Array]) -> Said:
        """What both sides answer to photographs, unit by unit."""
        images, targets = jnp.asarray(shown.images), jnp.asarray(shown.targets)
        units = targets.shape[-1]
        maps = self._respond(weights, images)
        maps = maps[..., np.asarray(self.members)] if self.members else maps[..., :units]
        if self.grid is not None:
            maps = brought_onto(maps, self.grid.left)
        compared = self.compared or units
        return Said(
            maps=maps,
            targets=targets,
            compared=compared,
            best=self.best or compared,
            params=params,
            rest=self.rest,
            layer_values=shown.layer_values,
            log_p=shown.log_p,
            removed=shown.removed,
        )

    def _of_figures(self, weights: Weights, figures: FigureSet, places: NDArray[np.int32]) -> Array:
        """The answers of the units compared to some figures, `[figure, unit]`."""
        centre = central(self.placed.backbone.geometry, self.family.layer, figures.side)
        rows = jnp.asarray(figures.grid.parameters())[places]
        images = figures.grid.draw(rows, centre.canvas)
        said = self._respond(weights, images)[:, centre.index, centre.index]
        units = figures.targets.shape[1]
        return said[:, -units:] if figures.last else said[:, :units]
