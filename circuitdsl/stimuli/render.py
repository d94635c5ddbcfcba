"""A `stimulus` declaration as images.

In: an IR `Stimulus` and the canvas that its figures are drawn on. Out: batches of RGB images
`[n, height, width, 3]`, in C order over the settings as `GENERATORS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import product

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Stimulus
from circuitdsl.ir.stimuli import PHOTOGRAPHS, STROKES
from circuitdsl.ir.tables.figures import FIGURES
from circuitdsl.ir.tables.generators import GROUNDS, settings_of
from circuitdsl.stimuli.centre import Centre, central
from circuitdsl.stimuli.drawing.canvas import Canvas, ink_and_ground
from circuitdsl.stimuli.drawing.circles import draw_circles, draw_lines
from circuitdsl.stimuli.drawing.figures import Placed, blurred, draw_figures
from circuitdsl.stimuli.drawing.noise import draw_noise
from circuitdsl.stimuli.drawing.surfaces import draw_borders, draw_rings, draw_spots, draw_textures
from circuitdsl.stimuli.photographs import Cut, ImageSet, open_images

Table = dict[str, NDArray[np.float32]]
"""The value of every crossed setting in some images."""

_ONE_VALUE = ("size", "stroke", "n", "seed", "slope", "ground_contrast")
"""Settings that hold for the whole set; the others are crossed."""

_SURFACES: dict[str, Callable[..., Array]] = {
    "textures": draw_textures,
    "borders": draw_borders,
    "spots": draw_spots,
}
"""Generators that take their crossed settings in order."""

_LOOK = ("th", "flip", "scale", "hue", "contrast", "blur")
"""Settings that say how a figure looks."""


def count(stimulus: Stimulus) -> int:
    """How many images a stimulus set has.

    Raises:
        InputError: it shows the images of a folder, and there is none.
    """
    return len(next(iter(rows(stimulus).values())))


def centre_of(stimulus: Stimulus, backbone: Backbone, layer: str) -> Centre:
    """The neuron of `layer` that a set's figures pass through, and the canvas it is drawn on."""
    side = settings_of(stimulus).get("size", (backbone.input_px,))[0]
    return central(backbone, layer, round(side))


def rows(stimulus: Stimulus) -> Table:
    """The value of every crossed setting in each image of a set, in order.

    Raises:
        InputError: it shows the images of a folder, and there is none.
    """
    crossed = crossed_settings(stimulus)
    table = np.array(list(product(*crossed.values())), np.float32)
    return dict(zip(crossed, table.T, strict=True))


def crossed_settings(stimulus: Stimulus) -> dict[str, tuple[float, ...]]:
    """The values of every setting of a set that is crossed with the others.

    `number` is that of a photograph, of an image of noise, of a ground.

    Raises:
        InputError: it shows the images of a folder, and there is none.
    """
    settings = settings_of(stimulus)
    if stimulus.generator == PHOTOGRAPHS:
        return {"number": tuple(range(len(_photographs(stimulus))))}
    crossed = {name: values for name, values in settings.items() if name not in _ONE_VALUE}
    if "n" in settings:
        return {"number": tuple(range(round(settings["n"][0])))} | crossed
    return crossed


def batches(stimulus: Stimulus, centre: Centre, batch: int = 64) -> Iterator[Array]:
    """The images of a set, at most `batch` at a time; no more are ever in memory.

    Raises:
        InputError: it shows the images of a folder, and there are none, or one is broken.
    """
    table, drawing = rows(stimulus), Drawing(stimulus, centre.canvas)
    for start in range(0, len(next(iter(table.values()))), batch):
        yield drawing.images(
            {name: values[start : start + batch] for name, values in table.items()}
        )


def _photographs(stimulus: Stimulus) -> ImageSet:
    """The images of a set's folder."""
    if stimulus.folder is None:
        raise ValueError(f"{stimulus.name} has no folder (the checker excludes it)")
    most = settings_of(stimulus).get("n")
    return open_images(stimulus.folder.path, None if most is None else round(most[0]))


class Drawing:
    """Draws a set's images on a canvas."""

    def __init__(self, stimulus: Stimulus, canvas: Canvas) -> None:
        self.stimulus = stimulus
        self.canvas = canvas
        self.settings = settings_of(stimulus)

    def one(self, name: str) -> float:
        """The value of a setting that holds for the whole set."""
        return self.settings[name][0]

    def images(self, part: Table) -> Array:
        """The images with some rows of the table."""
        generator = self.stimulus.generator
        if generator == PHOTOGRAPHS:
            return self.photographs(part["number"])
        if generator == "noise":
            return self.noise(part["number"], part["contrast"], self.one("slope"))
        if generator in _SURFACES:
            return _SURFACES[generator](*part.values(), canvas=self.canvas)
        if generator in (STROKES, "figures"):
            surfaces = self.strokes(part) if generator == STROKES else self.figures(part)
            return draw_figures(surfaces, self.look(part), self.grounds(part), canvas=self.canvas)
        return self.circles(part)

    def circles(self, part: Table) -> Array:
        """Rings, lines, arcs and discs."""
        generator = self.stimulus.generator
        ink, ground = ink_and_ground(part["contrast"])
        if generator == "rings":
            width = self.one("stroke")
            return draw_rings(part["radius"], ink, ground, width, canvas=self.canvas)
        if generator == "lines":
            return draw_lines(
                part["th"],
                ink,
                ground,
                canvas=self.canvas,
                stroke_px=self.one("stroke"),
                length_px=part["length"],
            )
        return draw_circles(
            part["radius"],
            part["th"],
            ink,
            ground,
            canvas=self.canvas,
            stroke_px=self.settings.get("stroke", (1.0,))[0],
            filled=generator == "discs",
        )

    def strokes(self, part: Table) -> list[Placed]:
        """The strokes of each part of a figure of one's own, as strong as the part is."""
        return [
            Placed(
                stroke.kind,
                {name: np.float32(value) for name, value in stroke.sizes},
                right=np.float32(stroke.at_px[0]),
                up=np.float32(stroke.at_px[1]),
                angle_deg=np.float32(stroke.angle_deg),
                level=part[scene.name],
            )
            for scene in self.stimulus.parts
            for stroke in scene.strokes
        ]

    def figures(self, part: Table) -> list[Placed]:
        """The figures of the table, each in its own images alone."""
        kinds = [(round(number), tuple(FIGURES)[round(number)]) for number in self.settings["kind"]]
        return [
            Placed(
                kind,
                {name: part[name] for name in FIGURES[kind]},
                level=(part["kind"] == number).astype(np.float32),
            )
            for number, kind in kinds
        ]

    # ---- grounds

    def grounds(self, part: Table) -> Array | None:
        """What figures stand on; None if all grounds are plain."""
        kinds = {GROUNDS[round(number)] for number in self.settings["ground"]}
        if kinds == {"plain"}:
            return None
        kind = part["ground"].round().astype(np.int32)[:, None, None, None]
        images = self.plain(part)
        if "noise" in kinds:
            strength = np.full(len(kind), self.one("ground_contrast"), np.float32)
            images = jnp.where(kind == 1, self.noise(part["number"], strength, 1.0), images)
        if "photograph" in kinds:
            images = jnp.where(kind == 2, self.photographs(part["number"]), images)
        return jnp.where(kind == 0, images, blurred(images, part["ground_blur"]))

    def plain(self, part: Table) -> Array:
        """Plain grounds, the opposite of the ink."""
        return draw_figures([], self.look(part), canvas=self.canvas)

    def look(self, part: Table) -> dict[str, ArrayLike]:
        """How the figures of some images look."""
        crossed = {name: part[name] for name in _LOOK if name in part}
        return {**crossed, "stroke": np.float32(self.one("stroke"))}

    def noise(self, numbers: NDArray[np.float32], contrast: ArrayLike, slope: float) -> Array:
        """Images of the set's own series of noise."""
        seed, side = round(self.one("seed")), self.canvas.side
        return draw_noise(seed, numbers.astype(np.int32), contrast, slope=slope, side=side)

    @cached_property
    def folder(self) -> ImageSet:
        """The photographs, in order."""
        return _photographs(self.stimulus)

    def photographs(self, numbers: NDArray[np.float32]) -> Array:
        """Photographs by number, cut to the canvas; few ones repeat.

        Raises:
            InputError: there are none, or one is broken.
        """
        places, back = np.unique(numbers.astype(np.int64) % len(self.folder), return_inverse=True)
        names, cut = self.folder.paths.names, Cut(self.canvas.side)
        images = [self.folder.read(names[int(place)], cut) for place in places]
        return jnp.asarray(np.stack(images)[back])
