"""A trained network as a Flax module.

In: a `Backbone` table and weights, or a random start. Out: `Network`, whose layers go by the
names of the table, and whose parameters do too (`conv2d0_w`, `mixed3a_5x5_bottleneck_b`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from circuitdsl.compiling import compiled
from circuitdsl.ir.backbones import Backbone
from circuitdsl.models.files.weights import tensors_digest
from circuitdsl.models.forward import check_names, evaluate, layer_names
from circuitdsl.models.preprocess import prepared
from circuitdsl.text.diagnostics import InputError, listed
from circuitdsl.text.showing import Shown


class Network(Shown, nnx.Module):
    """A network of some backbone's architecture.

    Attributes:
        backbone: The table of layers.
        name: The model of the registry that it is, or else the backbone's name.

    Every parameter is an attribute of its name: `network.conv2d0_w`.
    """

    def __init__(
        self,
        backbone: Backbone,
        params: Mapping[str, ArrayLike] | None = None,
        *,
        rngs: nnx.Rngs | None = None,
        name: str = "",
    ) -> None:
        """Build from weights, or at random from `rngs.params` (He-normal kernels, zero biases).

        Raises:
            InputError: neither or both were given, or the weights don't fit the backbone.
        """
        if (params is None) == (rngs is None):
            raise InputError("a Network is built either from params or from rngs")
        self.backbone = backbone
        self.name = name or backbone.name
        if rngs is not None:
            params = _random_params(backbone, rngs)
        params = params or {}
        for key, shape in backbone.parameter_shapes.items():
            if key not in params or np.shape(params[key]) != shape:
                found = np.shape(params[key]) if key in params else "nothing"
                raise InputError(f"{backbone.name} needs `{key}` of shape {shape}; got {found}")
            setattr(self, key, nnx.Param(jnp.asarray(params[key], jnp.float32)))

    def __repr__(self) -> str:
        """The network as a line."""
        numbers = sum(math.prod(shape) for shape in self.backbone.parameter_shapes.values())
        return (
            f"<network {self.name}: {self.backbone.name}, {len(self.backbone.layers)} layers, "
            f"{numbers:,} parameters>"
        )

    @property
    def params(self) -> dict[str, Array]:
        """Every weight by its name."""
        return {name: getattr(self, name)[...] for name in self.backbone.parameter_shapes}

    @property
    def digest(self) -> str:
        """The digest of the weights, by which results say what they are of."""
        return tensors_digest({name: np.asarray(value) for name, value in self.params.items()})

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Every name that `activations` and `resume` accept, in order of computation."""
        return layer_names(self.backbone)

    def activations(self, images: ArrayLike, layers: Sequence[str]) -> dict[str, Array]:
        """What the named layers give for a batch of images.

        Args:
            images: RGB, 0..255, `[batch, height, width, 3]`, any height and width.
            layers: Layer names; `NAME_pre_relu` is a layer before its activation function and
                `input` what `prepared` gives. No more is computed than these need.

        Returns:
            Activations by name: `[batch, height, width, channels]`, or `[batch, channels]` from
            the global pool on.

        Raises:
            InputError: an unknown layer, or images of another shape.
        """
        return self.resume({"input": self.prepared(images)}, layers)

    def prepared(self, images: ArrayLike) -> Array:
        """The layer `input`: images as the network was trained to see them.

        Args:
            images: RGB, 0..255, `[batch, height, width, 3]`; for a network whose input has another
                number of channels, that input itself.

        Raises:
            InputError: images of another shape.
        """
        shape, channels = np.shape(images), self.backbone.by_name["input"].width
        if len(shape) != 4 or shape[-1] != channels:
            raise InputError(f"images are [batch, height, width, {channels}]; got {list(shape)}")
        values = jnp.asarray(images, jnp.float32)
        return prepared(self.backbone.preprocessing, values) if channels == 3 else values

    def resume(
        self, layer_values: Mapping[str, ArrayLike], layers: Sequence[str]
    ) -> dict[str, Array]:
        """What the named layers give when some layers' activations are given.

        Args:
            layer_values: Activations by layer name, `[batch, height, width, channels]`; a layer
                given here is not computed, whatever lies before it.
            layers: As in `activations`.

        Raises:
            InputError: an unknown layer, or one that those given don't determine.
        """
        listed(layers, "layers")
        check_names(self.backbone, [*layer_values, *layers])
        values = {name: jnp.asarray(value, jnp.float32) for name, value in layer_values.items()}
        return _evaluate(self.backbone, self.params, values, tuple(layers))

    def common_source(self, layers: tuple[str, ...]) -> tuple[str, int] | None:
        """The last layer that determines some layers, and how far they reach.

        Returns:
            The layer and the positions to each side; None if there is none (`Backbone`).
        """
        return self.backbone.common_source(layers)

    def logits(self, images: ArrayLike) -> Array:
        """Scores before the softmax, `[batch, classes]`; images as in `activations`.

        Raises:
            InputError: the network has no classifier.
        """
        last = self.backbone.classifier
        return self.activations(images, [last])[last]

    def __call__(self, images: ArrayLike) -> Array:
        """The logits."""
        return self.logits(images)


@compiled(static=("backbone", "wanted"))
def _evaluate(
    backbone: Backbone, params: dict[str, Array], given: dict[str, Array], wanted: tuple[str, ...]
) -> dict[str, Array]:
    return evaluate(backbone, params, given, wanted)


def _random_params(backbone: Backbone, rngs: nnx.Rngs) -> dict[str, Array]:
    params: dict[str, Array] = {}
    for name, shape in backbone.parameter_shapes.items():
        if len(shape) == 1:  # a bias
            params[name] = jnp.zeros(shape, jnp.float32)
            continue
        fan_in = int(np.prod(shape[:-1]))
        # He et al. 2015, "Delving deep into rectifiers": keeps the variance through ReLUs
        params[name] = jax.random.normal(rngs.params(), shape, jnp.float32) * (2 / fan_in) ** 0.5
    return params
