"""`activation-atlas`: what a layer gives to photographs, laid out, each cell with its picture.

In: a model, a layer, photographs. Out: `ActivationAtlas`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing.select import layer_named
from circuitdsl.ir.backbones import Backbone
from circuitdsl.measure.passes import run
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.networks import Progress, opened_network, silent
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.aims import direction
from circuitdsl.visualizing.atlas import Cell, Sample, cells, sampled
from circuitdsl.visualizing.crops import crops
from circuitdsl.visualizing.features.ascent import Climb
from circuitdsl.visualizing.features.parameters import fourier
from circuitdsl.visualizing.features.pictures import pictures

Floats = NDArray[np.float32]

BATCH = 16

NAMED = 4
"""Units of each cell that are named."""


@dataclass(frozen=True, eq=False)
class ActivationAtlas:
    """A layer laid out.

    Attributes:
        model: The network's name.
        weights: The digest of its weights.
        backbone: Its architecture.
        layer: The layer.
        side: Cells along each side.
        sample: The activation vectors.
        cells: Row by row.
        pictures: RGB, 0..255, `[cell, side, side, 3]`; none where none were asked for.
        steps: Steps of each picture.
        photographs: The photographs.
        images: How many of them could be read.
        seed: The seed of positions and pictures.
    """

    model: str
    weights: str
    backbone: Backbone
    layer: str
    side: int
    sample: Sample
    cells: tuple[Cell, ...]
    pictures: Floats
    steps: int
    photographs: ImageSet
    images: int
    seed: int

    def strongest(self, cell: Cell) -> tuple[str, ...]:
        """The units that most set a cell's mean apart, strongest first."""
        away = cell.mean - self.sample.vectors.mean(axis=0)
        spread = self.sample.vectors.std(axis=0)
        worth = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
        best = np.argsort(-worth, kind="stable")[:NAMED]
        return tuple(f"{self.layer}:{one}" for one in best)

    def crops(self) -> tuple[Floats, ...]:
        """What the unit saw whose vector is most like each cell's mean, `[side, side, 3]`."""
        nearest = [self.sample.places[cell.members[0]] for cell in self.cells]
        return crops(self.photographs, self.backbone, self.layer, nearest)

    def record(self) -> dict[str, Any]:
        """The cells as JSON has them, without pixels."""
        return {
            "model": self.model,
            "weights": self.weights,
            "layer": self.layer,
            "images": self.images,
            "seed": self.seed,
            "vectors": len(self.sample.vectors),
            "cells": [
                {
                    "row": cell.row,
                    "column": cell.column,
                    "vectors": len(cell.members),
                    "strongest": list(self.strongest(cell)),
                    "photographs": list(
                        dict.fromkeys(
                            self.photographs.name(self.sample.places[one].place)
                            for one in cell.members
                        )
                    ),
                }
                for cell in self.cells
            ],
        }


def activation_atlas(
    model: str | Network = AUTO,
    layer: str | None = None,
    images: Path | str | None = None,
    *,
    side: int = 8,
    each: int = 16,
    steps: int = 128,
    pixels: int = 96,
    limit: int | None = None,
    weights: Path | str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> ActivationAtlas:
    """Lay out a layer's activations on photographs, and make a picture of each cell.

    Args:
        model: A model of the registry, `auto`, or a network.
        layer: A convolution or a block; by default the network's example block.
        images: A folder of photographs.
        side: Cells along each side.
        each: Positions of each photograph that are looked at.
        steps: Steps of optimisation for each picture; 0 makes no pictures.
        pixels: Pixels along a side of each picture.
        limit: The largest number of photographs.
        weights: A weight file, instead of the model's own.
        seed: The seed of positions and pictures.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, layer or folder, a layer without positions, or too few positions
            for so many cells.
    """
    if images is None:
        raise InputError("an atlas is of photographs, and there are none", help="give a folder")
    if side < 2 or each < 1 or steps < 0:
        raise InputError(
            f"{side} cells a side, {each} positions, {steps} steps",
            help="at least 2 cells a side, 1 position and 0 steps",
        )
    network = opened_network(model, weights)
    backbone = network.backbone
    named = layer_named(backbone, layer or backbone.example_block)
    if not named.has_positions:
        raise InputError(f"{named.name} has no positions to lay out", help="name another layer")
    photographs = open_images(Path(images), limit)
    total = len(photographs.paths)
    sample = run(
        sampled(network, named.name, each, seed),
        photographs.batches_for(backbone, BATCH),
        lambda seen: progress(f"photographs: {seen} of {total}"),
    )
    if len(sample.vectors) < side * side:
        raise InputError(
            f"{len(sample.vectors)} positions do not fill {side} x {side} cells",
            help="give more photographs, more positions of each, or fewer cells",
        )
    progress("laying out")
    laid = cells(sample.vectors, side)
    shots = np.zeros((0, pixels, pixels, 3), np.float32)
    if steps:
        aims = [
            direction(
                network, named.name, cell.direction, f"cell {cell.row + 1}, {cell.column + 1}"
            )
            for cell in laid
        ]
        made = pictures(network, aims, fourier(pixels), Climb(steps, seed=seed), progress=progress)
        shots = np.stack([one.images[0] for one in made])
    return ActivationAtlas(
        model=network.name,
        weights=network.digest,
        backbone=backbone,
        layer=named.name,
        side=side,
        sample=sample,
        cells=laid,
        pictures=shots,
        steps=steps,
        photographs=photographs,
        images=total - len(photographs.skipped),
        seed=seed,
    )
