"""Feature visualisation: for each aim a picture, its frames, and what they are worth.

In: a network, aims, a space of images. Out: a `Picture` for each aim. Aims of one layer climb
together, a bounded number at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.aims import Aim
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.visualizing.aims import Cut, cut
from circuitdsl.visualizing.features.ascent import AT_ONCE, Climb, climb
from circuitdsl.visualizing.features.parameters import Space
from circuitdsl.visualizing.features.photographed import Strongest

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that excites something, and how much.

    Attributes:
        name: What it excites.
        layer: The layer or the family that was read.
        images: RGB, 0..255, `[variant, side, side, 3]`.
        activations: The largest excitation anywhere in each variant, after the activation function.
        frames: The variants after some steps, by step.
        again: A picture from the next seed, `[side, side, 3]`; None if it was not asked for.
        again_activation: Its excitation.
        strongest: The photograph that excites most; None without photographs.
        strongest_name: Its name.
    """

    name: str
    layer: str
    images: Floats
    activations: tuple[float, ...]
    frames: Mapping[int, Floats]
    again: Floats | None = None
    again_activation: float | None = None
    strongest: Strongest | None = None
    strongest_name: str = ""

    @property
    def over_photograph(self) -> float | None:
        """The first variant's activation over that of the strongest photograph."""
        if self.strongest is None or self.strongest.activation <= 0:
            return None
        return self.activations[0] / self.strongest.activation

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them, without pixels."""
        best = self.strongest
        return {
            "name": self.name,
            "layer": self.layer,
            "activations": list(self.activations),
            "second_seed": self.again_activation,
            "strongest_photograph": None
            if best is None
            else {"name": self.strongest_name, "activation": best.activation},
            "over_photograph": self.over_photograph,
        }


def pictures(
    network: Network | HandwrittenNetwork,
    aims: Sequence[Aim],
    space: Space,
    how: Climb,
    *,
    again: bool = False,
    from_image: Floats | None = None,
    frames: Sequence[int] = (),
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Picture, ...]:
    """Make a picture for each aim.

    Args:
        network: The network.
        aims: What pictures are to excite.
        space: The space of images.
        how: How they are made.
        again: Whether another picture of each is made, from the next seed.
        from_image: RGB, 0..255, `[side, side, 3]`, to start from instead of noise.
        frames: Steps after which pictures are kept.
        progress: Called with a line of text when a stage begins.
    """
    made: dict[int, Picture] = {}
    for group in _groups(aims, max(1, AT_ONCE // how.variants)):
        some = [aims[place] for place in group]
        cutoff = cut(network, some[0])
        readouts = np.stack([aim.readout for aim in some])

        def report(step: int, what: str = f"{len(made)} of {len(aims)} done") -> None:
            progress(f"pictures: {what}, step {step} of {how.steps}")

        by_step = climb(
            cutoff, readouts, space, how, from_image=from_image, frames=frames, progress=report
        )
        worth = _worth(cutoff, readouts, by_step[how.steps])
        for at, place in enumerate(group):
            made[place] = Picture(
                name=aims[place].name,
                layer=aims[place].layer,
                images=by_step[how.steps][at],
                activations=tuple(worth[at].tolist()),
                frames={step: by_step[step][at] for step in frames if step in by_step},
            )
        if again:
            other = replace(how, variants=1, seed=how.seed + 1)
            second = climb(cutoff, readouts, space, other, from_image=from_image, progress=report)[
                how.steps
            ]
            worth = _worth(cutoff, readouts, second)
            for at, place in enumerate(group):
                made[place] = replace(
                    made[place], again=second[at, 0], again_activation=float(worth[at, 0])
                )
    return tuple(made[place] for place in range(len(aims)))


def _groups(aims: Sequence[Aim], most: int) -> list[list[int]]:
    """Places of aims that climb together: of one layer, at most so many, as even as can be."""
    layers: dict[str, list[int]] = {}
    for place, aim in enumerate(aims):
        layers.setdefault(aim.layer, []).append(place)
    return [
        part.tolist()
        for places in layers.values()
        for part in np.array_split(np.array(places), -(-len(places) // most))
    ]


def _worth(cutoff: Cut, readouts: Floats, images: Floats) -> NDArray[np.float64]:
    """The largest excitation anywhere in each picture, `[aim, variant]`.

    Args:
        cutoff: The network.
        readouts: `[aim, channel]`.
        images: `[aim, variant, side, side, 3]`.
    """
    found = np.zeros(images.shape[:2])
    for at, (readout, variants) in enumerate(zip(readouts, images, strict=True)):
        values = cutoff.after(cutoff.weights, jnp.asarray(variants)) @ readout
        found[at] = np.asarray(values).reshape(len(variants), -1).max(axis=-1)
    return found
