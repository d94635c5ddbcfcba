"""What units of a trained network answer to synthetic images, along one setting and along two.

In: units of one layer. Out: an `Answer` of each unit to each set, and `Grids`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuitdsl.ir.stimuli import Stimulus
from circuitdsl.measure.tunings.along_axes import responses_of
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.run.opening.asking import Asking, Lacking
from circuitdsl.run.seeing.grids import Grids, crossed_over
from circuitdsl.visualizing.tuning import averaged, varied

SETS = ("lines", "arcs", "rings", "textures", "borders", "spots")
"""Generators whose figures units are shown, at their defaults."""

EITHER = "contrast"
"""A setting of two values, over which grids are averaged."""


@dataclass(frozen=True)
class Answer:
    """A unit's responses to a set of synthetic images.

    Attributes:
        set: The generator.
        along: The setting that varies.
        values: Its values.
        responses: The mean response at each, over the other settings.
    """

    set: str
    along: str
    values: tuple[float, ...]
    responses: tuple[float, ...]


def answers_of(
    asking: Asking, network: Network, layer: str, numbers: Sequence[int]
) -> tuple[Mapping[str, tuple[Answer, ...]], tuple[Grids, ...]]:
    """The responses of units of a layer; sets that cannot be shown to it are left out.

    Args:
        asking: Asks for each set.
        network: The network.
        layer: The layer.
        numbers: The units.

    Returns:
        By unit, the answers; and a grid for each set that varies two settings besides contrast.
    """
    names = [f"{layer}:{number}" for number in numbers]
    answers: dict[str, list[Answer]] = {name: [] for name in names}
    grids: list[Grids] = []
    for generator in SETS:
        stimulus = Stimulus(generator, generator, ())
        responses = asking.ask(
            f"showing {generator} to {layer}",
            lambda one=stimulus: responses_of(trained(network, layer, numbers), one),
        )
        if isinstance(responses, Lacking):
            continue
        along, values, means = averaged(stimulus, responses)
        for place, name in enumerate(names):
            curve = tuple(means[:, place].tolist())
            answers[name].append(Answer(generator, along, values, curve))
        two = [setting for setting in varied(stimulus) if setting != EITHER]
        if len(two) > 1:
            origin = (network.name, network.digest)
            sides = (two[1], two[0])
            grids.append(crossed_over(origin, stimulus, sides, tuple(names), responses))
    return {name: tuple(made) for name, made in answers.items()}, tuple(grids)
