"""The claims of a circuit's `expect` lines, kept while its dials are fitted.

In: a circuit, dials on the whole line. Out: `Standing`, which claims hold there, and
`Claims.slope`, which way claims about responses become safer.

A claim is kept that holds as written. All are measured exactly, as `check --expect` does, whenever
a fit judges its dials. In between, claims that compare responses by `<` or `>` have a slope: each
member's response is that to the image which it answered most when the dials were last judged. A
step looks at one member of a family, the next step at the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compare.expect import Answers, Outcome, claims_of, expectations_met
from circuitdsl.compiling import UNOPTIMISED, known
from circuitdsl.fitting.calibration import Reference, references, steered
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.expect import Expect, Form, Measured
from circuitdsl.lowering.dials import bounded, with_settings
from circuitdsl.lowering.weights import lower
from circuitdsl.measure.calibration import calibrate
from circuitdsl.models.written.handwritten import build, forward
from circuitdsl.stimuli.render import batches, centre_of

_Values = dict[tuple[str, Measured], Array]

SAFE = 0.1
"""A claim is pressed until one side is above the other by this part of their sum."""

_TINY = 1e-6
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Pressed:
    """What the claims about responses of one family's set are measured on.

    Attributes:
        images: The image that each member answers most, `[member, height, width, 3]`.
        at: Row and column of the central neuron.
    """

    images: NDArray[np.float32]
    at: int


@dataclass(frozen=True, eq=False)
class Standing:
    """How the claims stand at some setting of the dials.

    Attributes:
        outcomes: Each claim's.
        pressed: What those with a slope are measured on, by family and measure.
        calibrated: The images to calibrate on.
    """

    outcomes: tuple[Outcome, ...]
    pressed: Mapping[tuple[str, Measured], Pressed]
    calibrated: Mapping[str, Reference]

    @property
    def hold(self) -> bool:
        """Whether all do."""
        return all(outcome.holds for outcome in self.outcomes)

    @property
    def lost(self) -> bool:
        """Whether one is broken that has no slope."""
        return any(
            not outcome.holds and not _has_slope(outcome.expectation) for outcome in self.outcomes
        )


@dataclass(frozen=True, eq=False)
class Claims:
    """The claims that hold of a circuit as written.

    Attributes:
        circuit: The circuit.
        expectations: Theirs.
    """

    circuit: Circuit
    expectations: tuple[Expect, ...]

    def standing(self, z: Mapping[str, Array]) -> Standing:
        """Measure all claims with the dials at `z`, and choose what to press them on.

        Raises:
            DiagnosticError: a family cannot be calibrated there, or a set cannot be shown.
        """
        settings = {name: float(value) for name, value in bounded(self.circuit, z).items()}
        circuit = with_settings(self.circuit, settings)
        network = calibrate(build(circuit))
        claims = claims_of(circuit, self.expectations)
        answers = Answers(network, claims, lambda stage: None)
        outcomes = tuple(answers.outcome(family, expect) for family, expect in claims)
        pressed: dict[tuple[str, Measured], Pressed] = {}
        for family, expect in self._with_slope:
            for measured in expect.measures:
                counted = answers.counted(family, measured)
                kept = np.where(counted.counting(turned=True), counted.responses, -np.inf)
                pressed[family.name, measured] = self._pressed(
                    family, measured, kept.argmax(axis=0)
                )
        calibrated = references(circuit, lower(circuit)(None)) if pressed else {}
        return Standing(outcomes, pressed, calibrated)

    def slope(self, z: Mapping[str, Array], standing: Standing, step: int) -> dict[str, Array]:
        """The gradient, in the dials, of how much claims lack to be safe."""
        if not standing.pressed:
            return {name: jnp.zeros_like(value) for name, value in z.items()}
        together: dict[tuple[str, int, int], list[tuple[str, Measured]]] = defaultdict(list)
        for (name, measured), one in standing.pressed.items():
            together[name, one.at, one.images.shape[1]].append((name, measured))
        groups: list[_Group] = []
        shown: list[tuple[Array, int]] = []
        for (name, at, _), keys in together.items():
            count = len(standing.pressed[keys[0]].images)
            images = [standing.pressed[key].images[step % count] for key in keys]
            groups.append(_Group(name, at, tuple(measured for _, measured in keys)))
            shown.append((jnp.asarray(np.stack(images)), step % count))
        upwards = self._network_slope(
            self._weights(dict(z)), standing.calibrated, shown, groups=tuple(groups)
        )
        return self._lowering_slope(dict(z), upwards)

    @cached_property
    def _with_slope(self) -> list[tuple[Family, Expect]]:
        claims = claims_of(self.circuit, self.expectations)
        return [(family, expect) for family, expect in claims if _has_slope(expect)]

    def _pressed(self, family: Family, measured: Measured, best: NDArray[np.int64]) -> Pressed:
        """The chosen images of a set; no more are kept of it."""
        stimulus = next(one for one in self.circuit.stimuli if one.name == measured.of)
        centre = centre_of(stimulus, self.circuit.backbone.geometry, family.layer)
        centre = centre.aside(self.circuit.centre_px(family.name))
        chosen: dict[int, NDArray[np.float32]] = {}
        for number, images in enumerate(batches(stimulus, centre, _BATCH)):
            start = number * _BATCH
            for place in np.unique(best[(best >= start) & (best < start + len(images))]):
                chosen[int(place)] = np.asarray(images[place - start], np.float32)
        return Pressed(np.stack([chosen[int(place)] for place in best]), centre.index)

    def _weights(self, z: Mapping[str, Array]) -> dict[str, Array]:
        return lower(self.circuit)(bounded(self.circuit, z))

    @cached_property
    def _network_slope(self) -> Callable[..., dict[str, Array]]:
        return jax.jit(jax.grad(self._lacking), static_argnames=("groups",))

    @cached_property
    def _lowering_slope(self) -> Callable[..., dict[str, Array]]:
        def slope(z: dict[str, Array], upwards: dict[str, Array]) -> dict[str, Array]:
            return jax.vjp(self._weights, z)[1](upwards)[0]

        return jax.jit(slope, compiler_options=known(UNOPTIMISED))

    def _lacking(
        self,
        weights: dict[str, Array],
        calibrated: Mapping[str, Reference],
        shown: Sequence[tuple[Array, Array]],
        groups: tuple[_Group, ...],
    ) -> Array:
        """The sum over claims of what one side lacks to be safely above the other."""
        weights = steered(self.circuit, weights, calibrated)
        values: _Values = {}
        for (images, member), group in zip(shown, groups, strict=True):
            maps = forward(self.circuit, weights, images, [group.family])[group.family]
            said = maps[:, group.at, group.at, member]
            values |= {
                (group.family, measured): said[place]
                for place, measured in enumerate(group.measures)
            }
        lacking = jnp.float32(0)
        for family, expect in self._with_slope:
            left, right = (
                _value(side, family.name, values) for side in (expect.left, expect.right)
            )
            above = left - right if expect.comparison in (">", ">=") else right - left
            lacking += jax.nn.relu(SAFE - above / (jnp.abs(left) + jnp.abs(right) + _TINY))
        return lacking


@dataclass(frozen=True)
class _Group:
    """Measures of one family whose images have one size."""

    family: str
    at: int
    measures: tuple[Measured, ...]


def claims_that_hold(circuit: Circuit) -> Claims | None:
    """The claims of a circuit that are true of it as written; None if none are.

    Raises:
        DiagnosticError: a family cannot be calibrated, or a set cannot be shown.
    """
    held = tuple(one.expectation for one in expectations_met(circuit) if one.holds)
    return Claims(circuit, held) if held else None


def _has_slope(expect: Expect) -> bool:
    """Whether a claim compares nothing but responses."""
    return expect.comparison not in ("==", "!=") and all(
        measured.name == "response" for measured in expect.measures
    )


def _value(form: Form, family: str, values: _Values) -> Array:
    """A side of a claim, as `Term.value` has it, of traced numbers."""
    total = jnp.float32(0)
    for term in form:
        value = jnp.float32(term.weight)
        if term.measure is not None:
            value *= values[family, term.measure]
        if term.over is not None:
            value /= values[family, term.over] + _TINY
        total += value
    return total
