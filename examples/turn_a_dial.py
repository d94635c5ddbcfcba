"""Turn a dial: one lowering for many settings, and its gradient.

In: `circuits_src/curves.circ`. Out: for each radius that early curves may look for, how strongly
one of them answers an arc of 40 px; and in which direction the radius should move.

    python examples/turn_a_dial.py
"""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp

import circuitdsl
from circuitdsl.models.written.handwritten import forward
from circuitdsl.stimuli.drawing.canvas import Canvas, ink_and_ground
from circuitdsl.stimuli.drawing.circles import draw_circles

CIRCUIT = circuitdsl.load(Path(__file__).parent.parent / "circuits_src" / "curves.circ")


def response(bow: jax.Array, image: jax.Array) -> jax.Array:
    """The peak of `early[th=0deg]` over the image, with early curves of radius `bow`."""
    weights = circuitdsl.lower(CIRCUIT)({"bends.radius": bow})
    return forward(CIRCUIT, weights, image, ["early"])["early"][..., 0].max()


def main() -> None:
    """Print the responses and the gradient."""
    black, white = ink_and_ground([-1.0])
    arc = draw_circles([40.0], [0.0], black, white, canvas=Canvas(96))
    settings = jnp.array([15.0, 20.0, 30.0, 45.0, 60.0])
    for bow, value in zip(
        settings, jax.vmap(lambda bow: response(bow, arc))(settings), strict=True
    ):
        print(f"bow = {bow:4.0f}px   early[th=0deg] answers {value:.3f}")
    slope = jax.grad(response)(jnp.array(20.0), arc)
    print(f"at 20px, one pixel more changes the answer by {slope:+.4f}")


if __name__ == "__main__":
    main()
