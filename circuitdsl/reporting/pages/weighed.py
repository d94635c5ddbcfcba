"""What a trained unit reads and what reads it, as blocks.

In: `UnitWeights`. Out: kernels of what it reads, and a table of what reads it; a neighbour that has
a place of its own in the page leads to it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from circuitdsl.reporting.drawn.pixels import image_kernels, png, signed
from circuitdsl.reporting.pages.blocks import Block, Cell, Grid, Note, Shot, Shots
from circuitdsl.run.seeing.weights import UnitWeights

MOST = 12
"""Neighbours that are shown at most."""

SIDE = 72
"""Width of a kernel, in CSS pixels."""


def reads(unit: UnitWeights, included: Collection[str] = ()) -> Block:
    """The kernels of the strongest units that a unit reads.

    Args:
        unit: The unit.
        included: Units that have a place of their own.
    """
    kernels = unit.sources.kernel[..., unit.at]
    if unit.sources.source == "input":
        shot = Shot(
            png(image_kernels(kernels[..., None], 1)),
            f"Weights of {unit.name} on the image, as the colours that it looks for",
            side=SIDE,
            pixels=True,
        )
        return Shots(f"{unit.name} reads the image", (shot,))
    shown = unit.upstream[:MOST]
    scale = max((float(np.abs(unit.kernels[read.number]).max()) for read in shown), default=0.0)
    shots = tuple(
        Shot(
            png(signed(unit.kernels[read.number], scale)),
            f"Weights from {read.name} to {unit.name}",
            read.name,
            f"{read.total:+.3g} in sum",
            side=SIDE,
            link=f"#{read.name}" if read.name in included else "",
            pixels=True,
        )
        for read in shown
    )
    title = (
        f"{unit.name} reads, of {unit.sources.source}: {len(shown)} of {len(unit.upstream)} units "
        "with at least 30 % of the largest magnitude; red excites, blue inhibits, one scale"
    )
    return Shots(title, shots)


def readers(unit: UnitWeights, included: Collection[str] = ()) -> Block:
    """The strongest units that read a unit.

    Args:
        unit: The unit.
        included: Units that have a place of their own.
    """
    if not unit.readers:
        return Note(f"Nothing reads {unit.name}.")
    rows = tuple(
        (
            Cell(read.name, read.name, f"#{read.name}" if read.name in included else ""),
            Cell(f"{read.total:+.3g}"),
            Cell(f"{read.share:.0%}"),
        )
        for read in unit.readers[:MOST]
    )
    caption = (
        f"{len(rows)} of {len(unit.readers)} units that read {unit.name} with at least 30 % of the "
        "largest magnitude"
    )
    return Grid(caption, ("unit", "weights in sum", "of the largest"), rows)
