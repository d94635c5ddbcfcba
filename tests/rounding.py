"""The compiler's network held against the interpreter, family by family, to rounding.

Each family is computed by the interpreter from what the compiler's network answered for the
families that it reads, so that no error is carried on: where every step agrees, all of them do. The
bound of a step knows of conditioning. Let u = 2^-24 be the unit roundoff of float32. A sum of n
products in float32, in any order, errs by at most

    gamma * sum of |w||x|,    gamma = n u / (1 - n u)

(Higham, Accuracy and Stability of Numerical Algorithms, 3.1). That is the worst case: roundings
that are independent of one another stay below gamma = c sqrt(n) u but for a chance of
2 exp(-c^2 / 2) (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, theorem
2.4); with c = 8, 3e-14. Where terms cancel, the sum of magnitudes stays, and no floor has to be
chosen. With dw the distance of the compiler's kernels from the interpreter's, which a test holds to
a tolerance of its own, and dx = r |x| for what pools and normalisations on the way leave:

    s = sum of w x         ds = sum of |dw||x| + (|w| + |dw|) dx + gamma |w||x|
    h = max(gain s + b, 0) dh = |gain| ds + 4 u (|gain| sum of |w||x| + |b|)
    y = h / sqrt(f^2 + e)  dy = dh (r + dr) + h dr + 8 u h r,    r = (f^2 + e)^-1/2,
                           dr = de / 2 (f^2 + e - de)^-3/2,
                           de = mean of (2 h dh + dh^2) + gamma e,    e = mean of h^2
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Normalisation
from circuitdsl.reference import responses
from circuitdsl.reference.responses import box_mean, convolved

Array = NDArray[np.float64]

UNIT = 2.0**-24
"""The unit roundoff of float32."""

CERTAINTY = 8.0
"""c above."""

NEAR = 11
"""Channels that local response normalisation sums over."""


def of_bound(
    circuit: Circuit,
    weights: Mapping[str, NDArray[np.generic]],
    compiled: Mapping[str, NDArray[np.generic]],
    image: NDArray[np.generic],
    answers: Mapping[str, NDArray[np.generic]],
) -> dict[str, float]:
    """By family, the largest error of the compiler's network as a part of its bound.

    Args:
        circuit: Without motifs.
        weights: The interpreter's.
        compiled: The compiler's, for the same names.
        image: RGB, 0 to 255, `[height, width, 3]`.
        answers: What the compiler's network answers, `[height, width, members]` for each family.
            Those of trained units are as they were given.
    """
    centred = np.asarray(image, np.float64) - circuit.backbone.geometry.preprocessing.mean
    step = _Step(circuit, weights, centred, compiled, answers)
    return {family.name: step.of_bound(family.name) for family in circuit.families}


def _gamma(count: int) -> float:
    """The error of a sum of products against the sum of their magnitudes."""
    return float(CERTAINTY * np.sqrt(count) * UNIT)


class _Step(responses._Run):
    """The interpreter's run, in which every family reads what the compiler's network answered."""

    def __init__(
        self,
        circuit: Circuit,
        weights: Mapping[str, NDArray[np.generic]],
        image: Array,
        compiled: Mapping[str, NDArray[np.generic]],
        answers: Mapping[str, NDArray[np.generic]],
    ) -> None:
        super().__init__(circuit, weights, image)
        self._responses = {name: np.asarray(y, np.float64) for name, y in answers.items()}
        self.given(
            {family.name: answers[family.name] for family in circuit.families if family.units}
        )
        self.apart = {
            name: np.abs(np.asarray(compiled[name], np.float64) - array)
            for name, array in self.weights.items()
        }

    def of_bound(self, name: str) -> float:
        """The largest error of a family's responses, as a part of its bound."""
        division = next((n for n in self.circuit.normalisations if n.family == name), None)
        expected, bound = self.rectified(name), self.bound(name)
        if division is not None:
            bound = self.divided(name, division)
            expected = self.normalised(expected, division)
        error = np.abs(self._responses[name] - expected)
        if not np.isfinite(error).all():
            return np.inf
        return float(np.divide(error, bound, out=np.zeros_like(error), where=error > 0).max())

    def bound(self, name: str) -> Array:
        """The bound of `max(gain * sum of inputs + bias, 0)`."""
        family = self.circuit.by_name[name]
        if family.units is not None:
            return np.zeros_like(self.rectified(name))
        layer = self.geometry.by_name[family.layer]
        inputs = self.circuit.into(name)
        terms = sum(int(np.prod(self.weights[c.name].shape[:3])) + 1 for c in inputs)
        error = magnitude = np.zeros_like(self.rectified(name))
        for connection in inputs:
            x, part = np.abs(self.read(connection)), self.read_error(connection)
            w, dw = np.abs(self.weights[connection.name]), self.apart[connection.name]
            error = error + convolved(x, dw + part * (w + dw), layer)
            magnitude = magnitude + convolved(x, w, layer)
        gain, bias = (np.abs(self.weights[f"{name}.{part}"]) for part in ("gain", "bias"))
        error = error + _gamma(terms) * magnitude
        return gain * error + 4 * UNIT * (gain * magnitude + bias)

    def read_error(self, connection: Connection) -> float:
        """The relative error of what a connection reads: the grey taken off, or normalisations."""
        if connection.source == INPUT:
            return UNIT
        source, target = (
            self.circuit.by_name[name] for name in (connection.source, connection.target)
        )
        divisions = sum(layer.kind == "lrn" for layer in self.steps(source, target))
        return divisions * (8 * UNIT + _gamma(NEAR))

    def divided(self, name: str, division: Normalisation) -> Array:
        """The bound of `h / sqrt(floor^2 + E)`."""
        h, dh = self.rectified(name), self.bound(name)
        x = np.concatenate([self.around(division, other) for other in division.pool], axis=-1)
        dx = np.concatenate([self.around_bound(division, other) for other in division.pool], -1)
        energy = box_mean((x**2).mean(axis=-1), division.window)[..., None]
        apart = box_mean((2 * x * dx + dx**2).mean(axis=-1), division.window)[..., None]
        apart = apart + _gamma(x.shape[-1] * division.window**2) * energy
        floor = float(self.weights[f"{name}.floor"]) ** 2
        scale = (floor + energy) ** -0.5
        off = 0.5 * apart * np.maximum(floor + energy - apart, floor * (1 - 4 * UNIT)) ** -1.5
        return dh * (scale + off) + h * off + 8 * UNIT * h * scale

    def around_bound(self, division: Normalisation, name: str) -> Array:
        """The bound of what a division reads: none for families of earlier layers."""
        if self.earlier(division, name):
            return np.zeros_like(self.response(name))
        return self.bound(name)
