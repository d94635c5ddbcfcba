"""What a layer gives to photographs, laid out in two dimensions: an activation atlas.

In: a layer, photographs. Out: activation vectors at random positions, and a grid of cells of which
each holds vectors that are alike, as their neighbours are (Carter et al. 2019, "Activation Atlas").
The layout is by Laplacian eigenmaps with local scales (Belkin, Niyogi 2003; Zelnik-Manor, Perona
2004), spread out so that every cell holds as many vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from scipy.spatial.distance import cdist

from circuitdsl.measure.examples import Example
from circuitdsl.measure.passes import Need, Pass, Shown, State
from circuitdsl.models.network import Network

Floats = NDArray[np.float64]

MOST = 4000
"""Vectors that are kept, whatever the number of photographs."""

_NEIGHBOUR = 10
"""The neighbour whose distance is a vector's own scale."""

_RIDGE = 0.05
"""Of the mean variance, added to every channel's before covariance is undone."""

_SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Sample:
    """Activation vectors of a layer.

    Attributes:
        vectors: `[vector, channel]`.
        places: Where each was taken; its activation is the length of the vector.
    """

    vectors: Floats
    places: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class Cell:
    """Vectors that are alike.

    Attributes:
        row: From the top.
        column: From the left.
        members: Their numbers in the sample, first the one that differs from the mean of all in
            the direction in which the cell's mean does.
        mean: `[channel]`.
        direction: The mean less that of all, covariance undone, `[channel]`, of length 1.
    """

    row: int
    column: int
    members: tuple[int, ...]
    mean: Floats
    direction: Floats


def sampled(network: Network, layer: str, each: int, seed: int) -> Pass[Sample]:
    """The pass that takes activation vectors of photographs at random positions.

    Positions depend on the seed and the photograph alone. The outermost ring, where a unit sees
    beyond the photograph, is left out where there are others.

    Args:
        network: A trained network.
        layer: A layer with positions.
        each: Positions of each photograph.
        seed: Of the positions.
    """
    width = network.backbone.by_name[layer].width
    empty: dict[str, NDArray[np.float64]] = {
        "vector": np.zeros((0, width)),
        "where": np.zeros((0, 3)),
        "priority": np.zeros(0),
    }

    def step(state: State, shown: Shown) -> State:
        maps = shown.real(shown.of(network)[layer])
        taken = [
            _taken(one, int(place), each, seed)
            for one, place in zip(maps, shown.batch.places[: shown.count], strict=True)
        ]
        part = {name: np.concatenate([one[name] for one in taken]) for name in empty}
        return merge(state, part)

    def merge(a: State, b: State) -> State:
        whole = {name: np.concatenate([a[name], b[name]]) for name in empty}
        kept = np.sort(np.argsort(whole["priority"], kind="stable")[:MOST])
        return {name: values[kept] for name, values in whole.items()}

    def finish(state: State) -> Sample:
        lengths = np.linalg.norm(state["vector"], axis=1)
        places = tuple(
            Example(int(place), int(row), int(column), float(length))
            for (place, row, column), length in zip(state["where"], lengths, strict=True)
        )
        return Sample(state["vector"], places)

    return Pass(lambda: dict(empty), step, merge, finish, (Need(network, (layer,)),))


def _taken(maps: Floats, place: int, each: int, seed: int) -> Mapping[str, Floats]:
    """Some positions of one photograph's maps, `[row, column, channel]`."""
    generator = np.random.default_rng((seed, place))
    rows, columns = maps.shape[:2]
    edge = 1 if min(rows, columns) > 2 else 0
    inner = (rows - 2 * edge) * (columns - 2 * edge)
    at = generator.choice(inner, min(each, inner), replace=False)
    row, column = edge + at // (columns - 2 * edge), edge + at % (columns - 2 * edge)
    return {
        "vector": maps[row, column],
        "where": np.stack([np.full(len(at), place), row, column], axis=1).astype(np.float64),
        "priority": generator.random(len(at)),
    }


def cells(vectors: Floats, side: int) -> tuple[Cell, ...]:
    """Lay vectors out in a square of cells, row by row, each with as many of them.

    Args:
        vectors: `[vector, channel]`, at least one for each cell.
        side: Cells along each side.

    Raises:
        ValueError: fewer vectors than cells.
    """
    if len(vectors) < side * side:
        raise ValueError(f"{len(vectors)} vectors do not fill {side * side} cells")
    x, y = layout(vectors).T
    undo, middle = _undone(vectors), vectors.mean(axis=0)
    made: list[Cell] = []
    for column, some in enumerate(np.array_split(np.argsort(x, kind="stable"), side)):
        downwards = some[np.argsort(-y[some], kind="stable")]
        for row, members in enumerate(np.array_split(downwards, side)):
            mean = vectors[members].mean(axis=0)
            apart = vectors[members] - middle
            along = apart @ (mean - middle) / np.maximum(np.linalg.norm(apart, axis=1), _SMALLEST)
            ordered = members[np.argsort(-along, kind="stable")]
            direction = undo @ (mean - middle)
            length = max(float(np.linalg.norm(direction)), _SMALLEST)
            made.append(Cell(row, column, tuple(ordered.tolist()), mean, direction / length))
    return tuple(sorted(made, key=lambda cell: (cell.row, cell.column)))


def layout(vectors: Floats) -> Floats:
    """Places in two dimensions at which like vectors lie near one another, `[vector, 2]`.

    Args:
        vectors: `[vector, channel]`; their directions count, not their lengths.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, _SMALLEST)
    apart = cdist(unit, unit)
    own = np.sort(apart, axis=1)[:, min(_NEIGHBOUR, len(apart) - 1)]
    alike = np.exp(-np.square(apart) / np.maximum(np.outer(own, own), _SMALLEST)) + _SMALLEST
    degree = 1 / np.sqrt(alike.sum(axis=1))
    start = np.random.default_rng(0).random(len(alike))
    values, axes = eigsh(alike * np.outer(degree, degree), k=3, v0=start)
    best = axes[:, np.argsort(-values)[1:]] * degree[:, None]
    # an eigenvector has no sign of its own
    largest = best[np.abs(best).argmax(axis=0), [0, 1]]
    return best * np.sign(largest)


def _undone(vectors: Floats) -> Floats:
    """The inverse of the channels' covariance, made firmer along all of them."""
    covariance = np.cov(vectors, rowvar=False)
    ridge = _RIDGE * float(np.trace(covariance)) / len(covariance) + _SMALLEST
    return np.asarray(np.linalg.inv(covariance + ridge * np.eye(len(covariance))), np.float64)
