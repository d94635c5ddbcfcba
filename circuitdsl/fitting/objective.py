"""What a fit of dials maximises: a weighted sum of measures, as a function that has a gradient.

In: a circuit, and the evidence that the measures need: photographs with a trained family's
activations on them, circles with published or with a trained family's responses. Out: `Objective`,
from dials to numbers, each at most 1:

- `natural`: the correlation on photographs, position by position, mean over units;
- `grid`: the correlation over the published circles, mean over the published neurons;
- `tuning`: the same over the circles by which the trained family was found, mean over its units;
- `recovered`: how much less the outputs of the trained network diverge with the hand-written units
  in the trained ones' place than with none, `1 - KL(intact | spliced) / KL(intact | removed)`.

A splice gives each hand-written unit the gain and the offset by which it predicts the trained one
best on the photographs at hand, as recoveries do on photographs set aside. The gradient flows
through both: were they held, the measure would reward a dial for scaling a unit, which changes no
recovery.

All evidence is shown to one lowering of the circuit: its family stands at the trained units'
preferred angles, and at the published ones. Calibration is part of the function
(`stimuli/steering.py`). What is slow to compile, the gradient of the lowering, is compiled apart
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

from circuitdsl.editing.logits import divergence
from circuitdsl.fitting.calibration import Reference, references, steered
from circuitdsl.fitting.evidence import Photographs, Rest
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.fits import Terms
from circuitdsl.ir.measures import legal
from circuitdsl.ir.placing import place_members
from circuitdsl.lowering.dials import bounded
from circuitdsl.lowering.weights import lower
from circuitdsl.measure.circles import Circles
from circuitdsl.models.handwritten import forward
from circuitdsl.stimuli.centre import central

_LEAST = 1e-6

Weights = dict[str, Array]
Values = dict[str, Array]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["images", "targets", "layer_values", "log_p", "removed", "circles"],
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
        circles: Places among the circles of a measure.
    """

    images: NDArray[np.uint8] | None = None
    targets: NDArray[np.float32] | None = None
    layer_values: NDArray[np.float16] | None = None
    log_p: NDArray[np.float32] | None = None
    removed: NDArray[np.float32] | None = None
    circles: Mapping[str, NDArray[np.int32]] = field(default_factory=dict[str, Any])


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
        circles: For `grid` and `tuning`, by measure.
        compared: How many of the units, best first, `natural` is the mean over; 0 for all.
    """

    circuit: Circuit
    family: Family
    terms: Terms
    preferred_deg: tuple[float, ...] = ()
    photographs: Photographs | None = None
    rest: Rest | None = None
    circles: Mapping[str, Circles] | None = None
    compared: int = 0

    @cached_property
    def placed(self) -> Circuit:
        """The circuit with members at all the angles that are compared."""
        published = self.evidence("grid")
        angles = () if published is None else published.preferred_deg
        return place_members(self.circuit, self.family.name, (*self.preferred_deg, *angles))

    def evidence(self, measure: str) -> Circles | None:
        """The circles of a measure that is part of the sum."""
        asked = any(name == measure for name, _ in self.terms)
        return (self.circles or {}).get(measure) if asked else None

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
        asked = [name for name, _ in self.terms]
        if shown.images is not None and shown.targets is not None:
            units = shown.targets.shape[-1]
            maps, targets = self._respond(weights, shown.images)[..., :units], shown.targets
            compared = self.compared or units
            if "natural" in asked:
                values["natural"] = correlation(maps[..., :compared], targets[..., :compared])
            if "recovered" in asked:
                values["recovered"] = self._spliced(params, maps, shown)
        for name, places in shown.circles.items():
            circles = self.evidence(name)
            if circles is not None:
                values[name] = self._circles(weights, circles, places)
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

        return jax.jit(slope, compiler_options={"xla_backend_optimization_level": "0"})

    def _respond(self, weights: Weights, images: NDArray[np.uint8] | Array) -> Array:
        name = self.family.name
        return forward(self.placed, weights, jnp.asarray(images, jnp.float32), [name])[name]

    def _spliced(self, params: Mapping[str, Array], maps: Array, shown: Shown) -> Array:
        """What the splice recovers of the outputs."""
        if self.rest is None or shown.targets is None or shown.layer_values is None:
            raise ValueError("a splice needs what comes after the units")
        if shown.log_p is None or shown.removed is None:
            raise ValueError("a splice needs the outputs of the network as it is")
        axes = (0, 1, 2)
        mean, wanted = maps.mean(axis=axes), jnp.asarray(shown.targets).mean(axis=axes)
        spread = maps - mean
        covariance = (spread * (shown.targets - wanted)).mean(axis=axes)
        gain = jnp.maximum(covariance, 0) / (jnp.square(spread).mean(axis=axes) + _LEAST**2)
        logits = self.rest.logits(params, jnp.asarray(shown.layer_values), gain * spread + wanted)
        lost = divergence(jnp.asarray(shown.log_p), jax.nn.log_softmax(logits))
        return 1 - lost.mean() / jnp.maximum(jnp.asarray(shown.removed).mean(), _LEAST)

    def _circles(self, weights: Weights, circles: Circles, places: NDArray[np.int32]) -> Array:
        centre = central(self.placed.backbone.geometry, self.family.layer, circles.side)
        rows = jnp.asarray(circles.grid.parameters())[places]
        images = circles.grid.draw(rows, centre.canvas)
        said = self._respond(weights, images)[:, centre.index, centre.index]
        units = circles.targets.shape[1]
        of_units = said[:, -units:] if circles.last else said[:, :units]
        return correlation(of_units, jnp.asarray(circles.targets)[places])


def correlation(left: Array, right: Array | NDArray[np.float32]) -> Array:
    """The mean over units (the last axis) of the correlation over everything else."""
    axes = tuple(range(left.ndim - 1))
    a, b = (part - part.mean(axis=axes, keepdims=True) for part in (left, jnp.asarray(right)))
    spread = jnp.sqrt((a * a).sum(axis=axes) * (b * b).sum(axis=axes) + _LEAST)
    return ((a * b).sum(axis=axes) / spread).mean()
