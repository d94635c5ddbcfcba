"""How well logits do: the four measures of an edit.

In: logits of an edited network and of the intact one, and the right outputs. Out: for each image
whether the best output is right, whether one of the best five is, minus the log probability of the
right one in nats, and the Kullback-Leibler divergence from the intact network's outputs, in nats.
"""

from __future__ import annotations

from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jax import Array

Measure = Literal["top1", "top5", "cross_entropy", "kl"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


def measure(logits: Array, intact: Array, right: Array) -> Array:
    """The measures of each image, `[..., batch, measure]`.

    Args:
        logits: `[..., batch, class]`.
        intact: The intact network's, `[batch, class]`.
        right: `[batch]`.
    """
    here = jnp.broadcast_to(right[:, None], (*logits.shape[:-1], 1))
    rank = (logits > jnp.take_along_axis(logits, here, axis=-1)).sum(axis=-1)
    log_p, log_q = jax.nn.log_softmax(intact), jax.nn.log_softmax(logits)
    surprise = -jnp.take_along_axis(log_q, here, axis=-1)[..., 0]
    parts = [rank < 1, rank < 5, surprise, divergence(log_p, log_q)]
    return jnp.stack(parts, axis=-1)


def divergence(log_p: Array, log_q: Array) -> Array:
    """The Kullback-Leibler divergence of q from p in nats, over the last axis."""
    return (jnp.exp(log_p) * (log_p - log_q)).sum(axis=-1)
