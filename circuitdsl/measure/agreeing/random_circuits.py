"""Random circuits: a hand-written network whose kernels have lost everything but their numbers.

In: a hand-written network. Out: the same with each unit's weights dealt out anew over taps and
sources, so that norms, signs and sums are those of the written kernels, and nothing else is.
"""

from __future__ import annotations

import jax

from circuitdsl.models.written.handwritten import HandwrittenNetwork


def permuted_kernels(hand: HandwrittenNetwork, seed: int) -> HandwrittenNetwork:
    """The network with the weights into every unit of every family permuted.

    Args:
        hand: A hand-written network; it keeps its own weights.
        seed: Of the permutations; each connection and each unit has one of its own.
    """
    key = jax.random.key(seed)
    arrays = hand.arrays
    dealt = {}
    for number, connection in enumerate(hand.circuit.connections):
        kernel = arrays[connection.name]
        columns = kernel.reshape(-1, kernel.shape[-1])
        drawn = jax.random.permutation(
            jax.random.fold_in(key, number), columns, axis=0, independent=True
        )
        dealt[connection.name] = drawn.reshape(kernel.shape)
    return hand.with_weights(dealt)
