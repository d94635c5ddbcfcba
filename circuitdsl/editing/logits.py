"""How well logits do: the measures of outputs (`ir.tables.measures`).

In: logits of an edited network and of the intact one, and the right outputs. Out: each measure of
each image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
from jax import Array

from circuitdsl.ir.tables.measures import OUTPUTS


@dataclass(frozen=True, eq=False)
class Logits:
    """Outputs of a network, beside the intact one's and the right ones.

    Attributes:
        logits: `[..., batch, class]`.
        intact: The intact network's, `[batch, class]`.
        right: `[batch]`.
    """

    logits: Array
    intact: Array
    right: Array

    def of_right(self, values: Array) -> Array:
        """What values `[..., batch, class]` are at the right outputs, `[..., batch]`."""
        index = jnp.broadcast_to(self.right[:, None], (*values.shape[:-1], 1))
        return jnp.take_along_axis(values, index, axis=-1)[..., 0]

    @cached_property
    def rank(self) -> Array:
        """The number of outputs that are larger than the right one, `[..., batch]`."""
        return (self.logits > self.of_right(self.logits)[..., None]).sum(axis=-1)

    @cached_property
    def log_q(self) -> Array:
        """Log probabilities, `[..., batch, class]`."""
        return jax.nn.log_softmax(self.logits)


OF_OUTPUTS: dict[str, Callable[[Logits], Array]] = {
    "top1": lambda outputs: outputs.rank < 1,
    "top5": lambda outputs: outputs.rank < 5,
    "cross_entropy": lambda outputs: -outputs.of_right(outputs.log_q),
    "kl": lambda outputs: divergence(jax.nn.log_softmax(outputs.intact), outputs.log_q),
}
"""The evaluation of each measure, `[..., batch]`."""


def measure(logits: Array, intact: Array, right: Array) -> Array:
    """The measures of each image in the order of `OUTPUTS`, `[..., batch, measure]`.

    Args:
        logits: `[..., batch, class]`.
        intact: The intact network's, `[batch, class]`.
        right: `[batch]`.
    """
    outputs = Logits(logits, intact, right)
    return jnp.stack([OF_OUTPUTS[name](outputs) for name in OUTPUTS], axis=-1)


def divergence(log_p: Array, log_q: Array) -> Array:
    """The Kullback-Leibler divergence of q from p in nats, over the last axis."""
    return (jnp.exp(log_p) * (log_p - log_q)).sum(axis=-1)
