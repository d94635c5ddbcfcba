"""A stimulus set shown to a circuit.

In: a network of a circuit, one of its families, a set. Out: the family's answers to every image.
Drawn images go in as images; sets of `activity` take the place of the trained network that families
of trained units come from, and their image is grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.circuit import Family
from circuitdsl.ir.stimuli import ACTIVITY, Stimulus
from circuitdsl.ir.tables.generators import settings_of
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.activity import activity_batches
from circuitdsl.stimuli.batches import filled
from circuitdsl.stimuli.centre import Centre
from circuitdsl.stimuli.render import batches, centre_of

BATCH = 16
"""Images at a time: most sets have a multiple of so many, and filling up costs as images do."""


def answers(
    network: HandwrittenNetwork,
    family: Family,
    stimulus: Stimulus,
    names: Iterable[str] = (),
    *,
    before_relu: bool = False,
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """The maps of families for every image of a set, some images at a time.

    Args:
        network: A network of the circuit.
        family: One of its families.
        stimulus: What is shown, around the point that the family's central neuron looks at.
        names: The families whose maps are asked for; by default the family's own.
        before_relu: Whether what is rectified is meant.

    Yields:
        By family, `[batch, height, width, members]`.

    Raises:
        InputError: a family needs units of a trained network, of which nothing is given.
    """
    chosen = set(names) or {family.name}
    # in the order of the file, so that whoever asks for the same families shares a program
    ordered = [one.name for one in network.circuit.families if one.name in chosen]
    for shown, images, count in _batches(network, family, stimulus):
        run = shown.pre_activations if before_relu else shown.activations
        maps = run(images, ordered)
        yield {name: np.asarray(maps[name])[:count] for name in ordered}


def where_shown(network: HandwrittenNetwork, family: Family, stimulus: Stimulus) -> Centre:
    """A family's central neuron, and the canvas of the images that a set shows it.

    Families of several layers often look at one point, so that one image is shown to all of them.
    """
    centre = centre_of(stimulus, network.backbone, family.layer)
    return centre.aside(network.circuit.centre_px(family.name))


def _batches(
    network: HandwrittenNetwork, family: Family, stimulus: Stimulus
) -> Iterator[tuple[HandwrittenNetwork, Array, int]]:
    """Networks and images to show them, and how many of these are no filling.

    Every batch is filled up to one size.
    """
    if stimulus.generator != ACTIVITY:
        for images in batches(stimulus, where_shown(network, family, stimulus), BATCH):
            yield network, jnp.asarray(filled(np.asarray(images), BATCH)), len(images)
        return
    side = round(settings_of(stimulus)["size"][0])
    mean = jnp.asarray(network.backbone.preprocessing.mean, jnp.float32)
    grey = jnp.broadcast_to(mean, (BATCH, side, side, 3))
    for maps in activity_batches(stimulus, network.circuit, family, BATCH):
        given = {
            name: jnp.asarray(filled(np.asarray(found), BATCH)) for name, found in maps.items()
        }
        count = max(len(found) for found in maps.values())
        yield HandwrittenNetwork(network.circuit, network.arrays, given), grey, count
