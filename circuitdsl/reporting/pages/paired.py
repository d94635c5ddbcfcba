"""Kernels between families as blocks: trained beside hand-written, shares, groups of channels.

In: `Wiring`. Out: blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from circuitdsl.reporting.drawn.connections import bands, zoom
from circuitdsl.reporting.drawn.pixels import kernel_matrix, png, signed
from circuitdsl.reporting.pages.blocks import Block, Cell, Grid, Matrix, Note, Shot, Shots, number
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.pages.pairs import Pair, Wiring
from circuitdsl.visualizing.factors import side_of

Floats = NDArray[np.float64]

SIDE = 72
"""Width of a factor's map, in CSS pixels."""

NAMED = 6
"""Channels of a factor that are named."""


def paired(family: str, shown: Wiring | Lacking) -> list[Block]:
    """What a family and the units beside it read, family by family.

    Args:
        family: The family.
        shown: What they read.
    """
    if isinstance(shown, Lacking):
        return [Note(f"No families of trained units are held against one another. {shown.why}")]
    made: list[Block] = []
    for name, pair in shown.pairs.items():
        if isinstance(pair, Lacking):
            made.append(Note(f"No trained units beside {name}. {pair.why}"))
            continue
        made += _matrices(family, pair)
    turned = [_turned(pair) for pair in shown.pairs.values() if isinstance(pair, Pair)]
    rows = tuple(row for row in turned if row)
    if rows:
        caption = (
            "How much the kernels of a pair of families are one kernel turned: the mean "
            "correlation of each target's with the mean of the others', 1 where all are one; and "
            "how far the mean kernels agree"
        )
        made.append(Grid(caption, ("read", "trained", "hand-written", "correlation"), rows))
    return [*made, *_shares(shown), *_groups(shown)]


def _matrices(family: str, pair: Pair) -> list[Block]:
    """The trained kernels and the hand-written ones, in one order."""
    units = [one.unit for one in pair.sources], [one.unit for one in pair.targets]
    members = [one.name for one in pair.sources], [one.name for one in pair.targets]
    counts = pair.counts
    trained = (
        f"Trained: a row for each unit beside {family}, a column for each beside {pair.source}, in "
        f"the order of the members; red excites, blue inhibits, wholly at "
        f"{np.abs(pair.trained).max():.2g}; {counts.sum()} of {counts.size} pairs have at least "
        "30 % of the largest magnitude that the unit reads, the others are faint"
    )
    written = (
        f"Hand-written: the members beside them, wholly red or blue at "
        f"{np.abs(pair.written).max():.2g}"
    )
    return [
        matrix(trained, pair.trained, units, ~counts),
        matrix(written, pair.written, members, None),
    ]


def matrix(
    told: str,
    kernel: Floats,
    names: tuple[Sequence[str], Sequence[str]],
    faint: NDArray[np.bool_] | None,
) -> Matrix:
    """Kernels side by side, a row for each target, a column for each source.

    Args:
        told: What it shows.
        kernel: `[row, column, source, target]`.
        names: Of the sources and of the targets.
        faint: Pairs that are drawn faintly, `[source, target]`.
    """
    pixels = kernel_matrix(kernel, faint)
    height, width = pixels.shape[:2]
    places = bands(*names, kernel.shape[:2])
    return Matrix(told, png(pixels), width, height, zoom(width), places)


def _turned(pair: Pair) -> tuple[Cell, ...]:
    trained, written = pair.trained_turned, pair.written_turned
    if trained is None or written is None:
        return ()
    figures = (trained.equivariance, written.equivariance, trained.agreement(written))
    return (Cell(pair.source, pair.source), *(Cell(number(figure)) for figure in figures))


def _shares(shown: Wiring) -> list[Block]:
    """The share of each family in what is read."""
    names = [name for name, pair in shown.pairs.items() if isinstance(pair, Pair)]
    if not names:
        return []
    rows = [
        (Cell(one.unit, one.unit), *(Cell(f"{shares[name]:.0%}") for name in names))
        for one, shares in zip(shown.targets, shown.shares, strict=True)
    ]
    means = [np.mean([shares[name] for shares in shown.shares]) for name in names]
    rows += [
        (Cell("the units, in the mean"), *(Cell(f"{mean:.0%}") for mean in means)),
        (Cell("hand-written"), *(Cell(f"{shown.written_shares[name]:.0%}") for name in names)),
    ]
    caption = (
        "The share of all magnitude that a unit reads of a layer, by the families whose "
        "counterparts were found; the rest is of other units"
    )
    return [Grid(caption, ("unit", *names), tuple(rows))]


def _groups(shown: Wiring) -> list[Block]:
    """The channels that are read alike, and where."""
    groups, source = shown.groups, shown.sources.source
    most = float(np.abs(groups.maps).max()) or 1.0
    sides = side_of(groups.maps)
    made: list[Block] = []
    for place, (channels, maps) in enumerate(zip(groups.channels, groups.maps, strict=True)):
        best = np.argsort(-channels, kind="stable")[:NAMED]
        named = ", ".join(f"{source}:{one} {channels[one]:.2f}" for one in best)
        shots = tuple(
            Shot(
                png(signed(maps[..., at], most)),
                f"What {one.unit} reads of group {place + 1}",
                one.unit,
                "lies {:+.1f}, {:+.1f}".format(*sides[place, at]),
                side=SIDE,
                pixels=True,
            )
            for at, one in enumerate(shown.targets)
        )
        title = (
            f"Group {place + 1} of channels of {source} that are read alike: {named}. Taps that its"
            " weight lies right and up of the middle; one scale"
        )
        made.append(Shots(title, shots))
    told = (
        f"{len(groups.maps)} groups by one-sided non-negative factorisation give "
        f"{groups.explained:.0%} of the squares of the weights."
    )
    return [*made, Note(told)]
