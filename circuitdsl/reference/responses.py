"""What a circuit's families respond to an image, by definition.

In: a circuit, its weights and one RGB image. Out: a response map per family. Only the families
exist; the geometry (strides, padding, pools and, where asked for, local response normalisation) is
that of the backbone.

    pre = gain * sum over connections of conv(step(source)) + bias
    h   = max(pre, 0)
    y   = h / sqrt(floor^2 + E)   for normalised families, else h
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Layer, Lrn
from circuitdsl.ir.circuit import INPUT, Circuit, Connection, Family, Normalisation

Array = NDArray[np.float64]


def interpret(
    circuit: Circuit,
    weights: Mapping[str, NDArray[np.generic]],
    image: NDArray[np.generic],
    given: Mapping[str, NDArray[np.generic]] | None = None,
) -> dict[str, Array]:
    """The response of every family.

    Args:
        circuit: Any checked circuit.
        weights: As `interpret_weights` or the compiler give them.
        image: RGB, 0 to 255, `[height, width, 3]`, of any size.
        given: The responses of families of trained units, `[height, width, members]`.

    Returns:
        Family -> `[height, width, members]` on the grid of the family's layer.

    Raises:
        ValueError: a family is normalised by one that comes later.
    """
    mean = circuit.backbone.geometry.preprocessing.mean
    run = _Run(circuit, weights, np.asarray(image, np.float64) - mean)
    run.given(given or {})
    return {family.name: run.response(family.name) for family in circuit.families}


class _Run:
    """One image on its way through the circuit; each family is computed once, when asked for."""

    def __init__(
        self, circuit: Circuit, weights: Mapping[str, NDArray[np.generic]], image: Array
    ) -> None:
        self.circuit = circuit
        self.weights = {name: np.asarray(array, np.float64) for name, array in weights.items()}
        self.image = image
        self.geometry = circuit.backbone.geometry
        self._rectified: dict[str, Array] = {}
        self._responses: dict[str, Array] = {}

    def given(self, responses: Mapping[str, NDArray[np.generic]]) -> None:
        """Take the responses of some families as they are."""
        self._rectified = {k: np.asarray(v, np.float64) for k, v in responses.items()}

    def response(self, name: str) -> Array:
        """What others read of family `name`: rectified and, if declared so, normalised."""
        if name not in self._responses:
            h = self.rectified(name)
            normalisations = [n for n in self.circuit.normalisations if n.family == name]
            self._responses[name] = self.normalised(h, normalisations[0]) if normalisations else h
        return self._responses[name]

    def rectified(self, name: str) -> Array:
        """`h = max(gain * sum of inputs + bias, 0)`."""
        if name not in self._rectified:
            family = self.circuit.by_name[name]
            layer = self.geometry.by_name[family.layer]
            height, width = (
                self.geometry.sampling(layer.name, side).size for side in self.image.shape[:2]
            )
            total = np.zeros((height, width, family.size))
            for connection in self.circuit.into(name):
                kernel = self.weights[connection.name]
                total += convolved(self.read(connection), kernel, layer)
            pre = self.weights[f"{name}.gain"] * total + self.weights[f"{name}.bias"]
            self._rectified[name] = np.maximum(pre, 0.0)
        return self._rectified[name]

    def read(self, connection: Connection) -> Array:
        """The source of a connection as the target's layer sees it: pooled and normalised."""
        if connection.source == INPUT:
            return self.image
        source = self.circuit.by_name[connection.source]
        steps = self.steps(source, self.circuit.by_name[connection.target])
        packed = self.packed(source, steps)
        x = np.concatenate([self.response(family.name) for family in packed], axis=-1)
        for layer in steps:
            x = stepped(x, layer)
        start = sum(family.size for family in packed[: packed.index(source)])
        return x[..., start : start + source.size]

    def steps(self, source: Family, target: Family) -> list[Layer]:
        """The pools, and the normalisations if asked for, from one family's layer to another's."""
        return [
            layer
            for layer in self.geometry.between(source.layer, target.layer)
            if layer.kind != "lrn" or self.circuit.backbone.normalisation == "lrn"
        ]

    def packed(self, source: Family, steps: list[Layer]) -> list[Family]:
        """The families that stand side by side on the way.

        Local response normalisation mixes neighbouring channels, so the layer's families stand in
        the order of declaration; without it each is by itself.
        """
        if all(layer.kind != "lrn" for layer in steps):
            return [source]
        return [family for family in self.circuit.families if family.layer == source.layer]

    def normalised(self, h: Array, normalisation: Normalisation) -> Array:
        """`h / sqrt(floor^2 + E)`; where h is 0, so is the result.

        E is the mean of squares over all channels of the `over` families and over the square of
        `window` x `window` positions, as far as it lies in the image. Families of the same layer
        count as they are before their own normalisation, those of earlier layers after it.
        """
        around = [self.around(normalisation, name) for name in normalisation.pool]
        squares = np.concatenate(around, axis=-1) ** 2
        energy = box_mean(squares.mean(axis=-1), normalisation.window)
        floor = self.weights[f"{normalisation.family}.floor"]
        scale = np.sqrt(floor**2 + energy)[..., None]
        return np.divide(h, scale, out=np.zeros_like(h), where=h > 0)

    def around(self, normalisation: Normalisation, name: str) -> Array:
        """What a normalisation reads of one of its families."""
        earlier = self.earlier(normalisation, name)
        return self.response(name) if earlier else self.rectified(name)

    def earlier(self, normalisation: Normalisation, name: str) -> bool:
        """Whether a family stands in a layer before that of the normalised one."""
        order = self.geometry.order
        here, there = (
            order[self.circuit.by_name[family].layer] for family in (normalisation.family, name)
        )
        if there > here:
            raise ValueError(f"{normalisation.family} cannot wait for {name}, a later family")
        return there < here


def convolved(x: Array, kernel: Array, layer: Layer) -> Array:
    """Cross-correlation, `out[i] = sum over d of kernel[d] x[stride i + d]`.

    Args:
        x: `[height, width, in]`.
        kernel: `[height, width, in, out]`.
        layer: Gives stride, padding and border.
    """
    windows = _windows(x, layer, 0.0)
    return np.sum([window @ kernel[p, q] for (p, q), window in windows.items()], axis=0)


def stepped(x: Array, layer: Layer) -> Array:
    """One pool or local response normalisation, `[height, width, channels]`."""
    if layer.lrn is not None:
        return response_normalised(x, layer.lrn)
    if layer.kind == "maxpool":
        return np.max(np.stack(list(_windows(x, layer, -np.inf).values())), axis=0)
    outside = np.nan if layer.border == "exclude" else 0.0
    return np.nanmean(np.stack(list(_windows(x, layer, outside).values())), axis=0)


def response_normalised(x: Array, lrn: Lrn) -> Array:
    """`x_c / (bias + alpha * sum of x^2 over channels c-radius to c+radius) ** beta`."""
    y = np.zeros_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(c - lrn.radius, 0) : c + lrn.radius + 1]
        y[..., c] = x[..., c] / (lrn.bias + lrn.alpha * (near**2).sum(axis=-1)) ** lrn.beta
    return y


def box_mean(x: Array, window: int) -> Array:
    """The mean of `[height, width]` over as much of a centred square as lies within."""
    windows = _windows(x[..., None], Layer("box", "avgpool", (), 1, window), np.nan)
    return np.nanmean(np.stack(list(windows.values())), axis=0)[..., 0]


def _windows(x: Array, layer: Layer, fill: float) -> dict[tuple[int, int], Array]:
    """For each tap (p, q) of a window: what lies under it at every output position.

    Outside the image lies `fill`, or the image mirrored; each value is `[rows, columns, channels]`.
    """
    (rows, top, bottom), (columns, left, right) = (layer.window(size) for size in x.shape[:2])
    margin, step = ((top, bottom), (left, right), (0, 0)), layer.stride
    if layer.border == "reflect":
        padded = np.pad(x, margin, mode="reflect")
    else:
        padded = np.pad(x, margin, constant_values=fill)
    height, width = (rows - 1) * step + 1, (columns - 1) * step + 1
    return {
        (p, q): padded[p : p + height : step, q : q + width : step]
        for p in range(layer.kernel)
        for q in range(layer.kernel)
    }
