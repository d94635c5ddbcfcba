"""A hand-written circuit as a network that runs alone, with its backbone's own geometry.

In: a circuit and its lowered arrays. Out: `HandwrittenNetwork`, and `forward`, the same as a pure
function, through which gradients flow from activations to kernels and on to the dials.

A family is computed as `pre = gain * (sum of convolutions) + bias`, `h = relu(pre)`, and, where the
circuit says `normalise`, `h / sqrt(floor^2 + E)`. Families of trained units answer as the trained
network's units do; everything after them is the circuit's own. On the way from one layer to the
next it meets the backbone's pools, and its local response normalisation where the circuit asks for
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array, lax
from jax.typing import ArrayLike

from circuitdsl.compiling import SMALL, compiled
from circuitdsl.ir.backbones import Backbone, Layer
from circuitdsl.ir.circuit import INPUT, BackboneUse, Circuit
from circuitdsl.ir.named_families import named_family
from circuitdsl.lowering.weights import lower
from circuitdsl.models.convolution import convolve, normalise, places_within, pool
from circuitdsl.models.network import Network
from circuitdsl.models.preprocess import centred
from circuitdsl.models.written.arrays import check_weights
from circuitdsl.models.written.given import Given, check_given, given_activations
from circuitdsl.text.diagnostics import InputError, listed
from circuitdsl.text.showing import Shown

_SMALLEST = 1e-12
"""Energies that are divided by are at least this."""


class HandwrittenNetwork(Shown, nnx.Module):
    """A circuit that runs alone.

    Attributes:
        circuit: The circuit.
        weights: Its arrays under their names, as parameters.
        given: Where the activations of trained units come from.
    """

    def __init__(
        self, circuit: Circuit, weights: Mapping[str, ArrayLike], given: Given | None = None
    ) -> None:
        """Put lowered arrays into a circuit's network.

        Raises:
            InputError: an array is missing, unexpected, or of another shape, or a network is given
                that is of another architecture.
        """
        check_weights(circuit, weights)
        check_given(circuit, given)
        self.circuit = circuit
        self.given: Given | None = (
            given
            if given is None or isinstance(given, Network)
            else nnx.data({name: jnp.asarray(value) for name, value in given.items()})
        )
        self.weights = nnx.Dict(
            {name: nnx.Param(jnp.asarray(value, jnp.float32)) for name, value in weights.items()}
        )

    def __repr__(self) -> str:
        """The network as the lines of its circuit."""
        return f"<network of {self.circuit!r}>"

    @property
    def backbone(self) -> Backbone:
        """The geometry that the circuit is written for."""
        return self.circuit.backbone.geometry

    @property
    def arrays(self) -> dict[str, Array]:
        """Every array under its name."""
        return {name: param[...] for name, param in self.weights.items()}

    def with_weights(self, weights: Mapping[str, ArrayLike]) -> HandwrittenNetwork:
        """The same circuit with some arrays replaced; this network keeps its own.

        Raises:
            InputError: an array that the circuit lacks, or of another shape.
        """
        return HandwrittenNetwork(self.circuit, {**self.arrays, **weights}, self.given)

    def activations(self, images: ArrayLike, families: Sequence[str]) -> dict[str, Array]:
        """What the named families give for a batch of images, after ReLU and normalisation.

        Args:
            images: RGB, 0..255, `[batch, height, width, 3]`, any height and width.
            families: Names; no more is computed than these need.

        Returns:
            Activations by family, `[batch, height, width, members]`.

        Raises:
            InputError: an unknown family, images of another shape, or trained units that were not
                given.
        """
        return self._run(images, families, before_relu=False)

    def pre_activations(self, images: ArrayLike, families: Sequence[str]) -> dict[str, Array]:
        """The same before ReLU: `gain * convolutions + bias`."""
        return self._run(images, families, before_relu=True)

    def _run(
        self, images: ArrayLike, families: Sequence[str], *, before_relu: bool
    ) -> dict[str, Array]:
        given = self.given
        return _run(self.circuit, self.arrays, images, families, given, before_relu=before_relu)

    def __call__(self, images: ArrayLike) -> dict[str, Array]:
        """The activations of every family."""
        return self.activations(images, [family.name for family in self.circuit.families])


def build(
    circuit: Circuit,
    settings: Mapping[str, ArrayLike] | None = None,
    given: Given | None = None,
) -> HandwrittenNetwork:
    """Lower a circuit and put it into a network.

    Families that say `calibrate` have gain 1 and bias 0 until they are calibrated.

    Args:
        circuit: Any checked circuit.
        settings: Settings of some dials; the others have their defaults.
        given: For families with `units`, a network of the circuit's architecture, or their
            activations by family, `[batch, height, width, members]`.

    Raises:
        InputError: see `lower` and `HandwrittenNetwork`.
    """
    return HandwrittenNetwork(circuit, lower(circuit)(settings), given)


def forward(
    circuit: Circuit, weights: Mapping[str, Array], images: ArrayLike, families: Sequence[str]
) -> dict[str, Array]:
    """`HandwrittenNetwork.activations` as a pure function of arrays and images."""
    return _run(circuit, weights, images, families, None, before_relu=False)


@dataclass(frozen=True)
class _Member:
    """What running a family takes, without any number that a circuit may change."""

    name: str
    layer: str
    size: int
    inputs: tuple[tuple[str, str], ...]
    over: tuple[str, ...]
    window: int


@dataclass(frozen=True)
class _Wiring:
    """What running a circuit takes: the key under which its programs are compiled."""

    backbone: BackboneUse
    families: tuple[_Member, ...]

    def of(self, name: str) -> _Member:
        return next(family for family in self.families if family.name == name)

    def in_layer(self, layer: str) -> tuple[_Member, ...]:
        """The families of a layer, in the order in which its channels are packed."""
        return tuple(family for family in self.families if family.layer == layer)

    def needed_for(self, names: Sequence[str]) -> frozenset[str]:
        """The families that must be computed for the named ones."""
        needed: set[str] = set()
        waiting = list(names)
        while waiting:
            family = self.of(waiting.pop())
            if family.name in needed:
                continue
            needed.add(family.name)
            waiting += [source for _, source in family.inputs if source != INPUT]
            waiting += family.over
            if self.backbone.normalisation == "lrn":
                waiting += [member.name for member in self.in_layer(family.layer)]
        return frozenset(needed)


@lru_cache(maxsize=64)
def _wiring(circuit: Circuit) -> _Wiring:
    normalised = {n.family: n for n in circuit.normalisations}

    def member(name: str, layer: str, size: int) -> _Member:
        inputs = tuple((c.name, c.source) for c in circuit.into(name))
        norm = normalised.get(name)
        over, window = (norm.pool, norm.window) if norm else ((), 1)
        return _Member(name, layer, size, inputs, over, window)

    members = tuple(member(f.name, f.layer, f.size) for f in circuit.families)
    return _Wiring(circuit.backbone, members)


def _run(
    circuit: Circuit,
    weights: Mapping[str, Array],
    images: ArrayLike,
    families: Sequence[str],
    given: Given | None,
    *,
    before_relu: bool,
) -> dict[str, Array]:
    shape = np.shape(images)
    if len(shape) != 4 or shape[-1] != 3:
        raise InputError(f"images are [batch, height, width, 3]; got {list(shape)}")
    listed(families, "families")
    for name in families:
        named_family(circuit, name)
    wiring, images = _wiring(circuit), jnp.asarray(images, jnp.float32)
    units = given_activations(circuit, given, images, wiring.needed_for(families))
    return _program(wiring, tuple(families), before_relu)(dict(weights), images, units)


@lru_cache(maxsize=128)
def _program(
    wiring: _Wiring, families: tuple[str, ...], before_relu: bool
) -> Callable[[dict[str, Array], Array, dict[str, Array]], dict[str, Array]]:
    """The compiled function from arrays, images and trained units to the named families."""

    @compiled(options=SMALL)
    def program(
        weights: dict[str, Array], images: Array, given: dict[str, Array]
    ) -> dict[str, Array]:
        names = wiring.needed_for(families)
        running = _Running(wiring, weights, images, names, given)
        value = running.before_relu if before_relu else running.activation
        return {name: value(name) for name in families}

    return program


class _Running:
    """One forward pass; whatever is computed is computed once."""

    def __init__(
        self,
        wiring: _Wiring,
        weights: Mapping[str, Array],
        images: Array,
        needed: frozenset[str],
        given: dict[str, Array],
    ) -> None:
        self.wiring = wiring
        self.needed = needed
        self.geometry = wiring.backbone.geometry
        self.weights = weights
        self.given = given
        self.image = centred(self.geometry.preprocessing, images)
        self.begun: set[tuple[str, str]] = set()
        self.done: dict[tuple[str, str], Array] = {}
        self.energies: dict[tuple[str, tuple[str, ...], int], Array] = {}

    def _once(self, stage: str, name: str, compute: Callable[[], Array]) -> Array:
        key = (stage, name)
        if key in self.begun and key not in self.done:
            raise InputError(f"`{name}` is normalised by a family that it feeds")
        self.begun.add(key)
        if key not in self.done:
            self.done[key] = compute()
        return self.done[key]

    def activation(self, name: str) -> Array:
        """A family after ReLU and normalisation, `[batch, height, width, members]`."""

        def compute() -> Array:
            family = self.wiring.of(name)
            h = jax.nn.relu(self.before_relu(name))
            if not family.over:
                return h
            floor = self.weights[f"{name}.floor"]
            # families of a layer often share their surroundings; gradients too are then taken once
            key = (family.layer, family.over, family.window)
            if key not in self.energies:
                self.energies[key] = self.energy(family)
            energy = self.energies[key]
            return h * lax.rsqrt(jnp.maximum(floor * floor + energy, _SMALLEST))

        return self._once("activation", name, compute)

    def energy(self, family: _Member) -> Array:
        """Mean square around each position, `[batch, height, width, 1]`.

        Over all channels of the families that it is normalised by and over as much of a square
        window as lies in the image, so that its border is no place of low contrast. Families of its
        own layer count before they are normalised, so that they may normalise one another.
        """

        def counted(name: str) -> Array:
            if self.wiring.of(name).layer == family.layer:
                return jax.nn.relu(self.before_relu(name))
            return self.activation(name)

        sums = [jnp.square(counted(name)).sum(axis=-1, keepdims=True) for name in family.over]
        channels = sum(self.wiring.of(other).size for other in family.over)
        window = (1, family.window, family.window, 1)
        total = lax.reduce_window(sum(sums), 0.0, lax.add, window, (1, 1, 1, 1), "SAME")
        rows, columns = (places_within(side, family.window) for side in total.shape[1:3])
        return total / (channels * (rows[:, None] * columns)[..., None])

    def before_relu(self, name: str) -> Array:
        """A family before ReLU, `[batch, height, width, members]`."""

        def compute() -> Array:
            if name in self.given:
                return self.given[name]  # after ReLU, which changes nothing twice
            family = self.wiring.of(name)
            layer = self.geometry.by_name[family.layer]
            if not family.inputs:
                return self.resting(family)
            if [source for _, source in family.inputs] == [INPUT]:
                return self.of_image(family)
            sources = [self.arriving(source, layer) for _, source in family.inputs]
            kernels = [self.weights[connection] for connection, _ in family.inputs]
            # one convolution of all sources side by side is faster than the sum of several
            x, kernel = jnp.concatenate(sources, axis=-1), jnp.concatenate(kernels, axis=2)
            gain, bias = self.weights[f"{name}.gain"], self.weights[f"{name}.bias"]
            return convolve(x, kernel * gain, layer) + bias

        return self._once("before_relu", name, compute)

    def of_image(self, family: _Member) -> Array:
        """A family that reads the image alone, before ReLU.

        Such families of one layer are computed together: an image has few channels, so most of the
        work of a convolution is gathering its windows, and one wide convolution takes a quarter of
        the time of three narrow ones.
        """
        together = [
            member
            for member in self.wiring.in_layer(family.layer)
            if member.name in self.needed and [source for _, source in member.inputs] == [INPUT]
        ]

        def compute() -> Array:
            kernels = [
                self.weights[member.inputs[0][0]] * self.weights[f"{member.name}.gain"]
                for member in together
            ]
            layer = self.geometry.by_name[family.layer]
            return convolve(self.image, jnp.concatenate(kernels, axis=-1), layer)

        start = sum(member.size for member in together[: together.index(family)])
        joint = self._once("of_image", family.layer, compute)
        return joint[..., start : start + family.size] + self.weights[f"{family.name}.bias"]

    def resting(self, family: _Member) -> Array:
        """A family that nothing connects to: its bias, everywhere."""
        batch, *sides, _ = self.image.shape
        grid = [self.geometry.sampling(family.layer, side).size for side in sides]
        return jnp.full((batch, *grid, family.size), self.weights[f"{family.name}.bias"])

    def arriving(self, source: str, target: Layer) -> Array:
        """A family, or the image, as a layer reads it: after the pools and LRN in between."""
        if source == INPUT:
            return self.image
        family = self.wiring.of(source)
        steps = self.geometry.between(family.layer, target.name)
        if self.wiring.backbone.normalisation != "lrn":
            steps = tuple(step for step in steps if step.kind != "lrn")
        if not any(step.kind == "lrn" for step in steps):
            return self.stepped((source,), steps)
        # it mixes neighbouring channels, so the whole layer takes part, in order of declaration
        layer = self.wiring.in_layer(family.layer)
        names = tuple(member.name for member in layer)
        start = sum(member.size for member in layer[: names.index(source)])
        return self.stepped(names, steps)[..., start : start + family.size]

    def stepped(self, names: tuple[str, ...], steps: tuple[Layer, ...]) -> Array:
        """Some families side by side, through some steps."""
        if not steps:
            return jnp.concatenate([self.activation(name) for name in names], axis=-1)
        *before, step = steps

        def compute() -> Array:
            x = self.stepped(names, tuple(before))
            return pool(x, step) if step.lrn is None else normalise(x, step.lrn)

        return self._once(f"{step.name} {len(steps)}", " ".join(names), compute)
