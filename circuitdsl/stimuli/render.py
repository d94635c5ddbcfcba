"""A `stimulus` declaration as images.

In: an IR `Stimulus` and the canvas that its figures are drawn on. Out: batches of RGB images
`[n, height, width, 3]`, in C order over the settings as `GENERATORS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod

import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Stimulus
from circuitdsl.ir.generators import settings_of
from circuitdsl.stimuli.centre import Centre, central
from circuitdsl.stimuli.curves import draw_circles, draw_lines, ink_and_ground
from circuitdsl.stimuli.noise import draw_noise
from circuitdsl.stimuli.surfaces import draw_borders, draw_rings, draw_spots, draw_textures

_ONE_VALUE = ("size", "stroke", "n", "seed", "slope")
"""Settings that hold for the whole set; the others are crossed."""

_SURFACES: dict[str, Callable[..., Array]] = {
    "textures": draw_textures,
    "borders": draw_borders,
    "spots": draw_spots,
}
"""Generators that take their crossed settings in order."""


def count(stimulus: Stimulus) -> int:
    """How many images a stimulus set has."""
    settings = settings_of(stimulus)
    crossed = prod(len(values) for name, values in settings.items() if name not in _ONE_VALUE)
    return crossed * round(settings["n"][0]) if "n" in settings else crossed


def centre_of(stimulus: Stimulus, backbone: Backbone, layer: str) -> Centre:
    """The neuron of `layer` that a set's figures pass through, and the canvas it is drawn on."""
    return central(backbone, layer, round(settings_of(stimulus)["size"][0]))


def rows(stimulus: Stimulus) -> dict[str, NDArray[np.float32]]:
    """The value of every crossed setting in each image of a set, in order."""
    settings = settings_of(stimulus)
    crossed = {name: values for name, values in settings.items() if name not in _ONE_VALUE}
    if stimulus.generator == "noise":
        crossed = {"number": tuple(range(round(settings["n"][0])))} | crossed
    table = np.array(list(product(*crossed.values())), np.float32)
    return dict(zip(crossed, table.T, strict=True))


def batches(stimulus: Stimulus, centre: Centre, batch: int = 64) -> Iterator[Array]:
    """The images of a set, at most `batch` at a time; no more are ever in memory."""
    settings, table = settings_of(stimulus), rows(stimulus)
    for start in range(0, count(stimulus), batch):
        part = {name: values[start : start + batch] for name, values in table.items()}
        yield _draw(stimulus.generator, settings, part, centre)


def _draw(
    generator: str,
    settings: dict[str, tuple[float, ...]],
    part: dict[str, NDArray[np.float32]],
    centre: Centre,
) -> Array:
    if generator == "noise":
        numbers = part["number"].astype(np.int32)
        return draw_noise(
            round(settings["seed"][0]),
            numbers,
            part["contrast"],
            slope=settings["slope"][0],
            side=centre.canvas.side,
        )
    if generator in _SURFACES:
        return _SURFACES[generator](*part.values(), canvas=centre.canvas)
    ink, ground = ink_and_ground(part["contrast"])
    if generator == "rings":
        width = settings["stroke"][0]
        return draw_rings(part["radius"], ink, ground, width, canvas=centre.canvas)
    if generator == "lines":
        return draw_lines(
            part["th"],
            ink,
            ground,
            canvas=centre.canvas,
            stroke_px=settings["stroke"][0],
            length_px=part["length"],
        )
    return draw_circles(
        part["radius"],
        part["th"],
        ink,
        ground,
        canvas=centre.canvas,
        stroke_px=settings.get("stroke", (1.0,))[0],
        filled=generator == "discs",
    )
