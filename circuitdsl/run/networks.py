"""The comparisons by name and path: what the command line and a notebook call.

In: a model's name, files, folders. Out: the results of `families`, `score` and `accuracy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
from jax import Array

from circuitdsl.checking.edits.objective import objective as maximised
from circuitdsl.checking.load import load
from circuitdsl.compare.accuracy import AccuracyResult
from circuitdsl.compare.accuracy import accuracy as measure_accuracy
from circuitdsl.compare.score import Comparison, Images, Members, score_circuit
from circuitdsl.fitting.optimise import Schedule
from circuitdsl.fitting.result import FittedCircuit, fit_circuit, split_photographs
from circuitdsl.ir.circuit import Circuit
from circuitdsl.ir.fits import NATURAL, Terms
from circuitdsl.lowering.dials import only_free
from circuitdsl.measure.find import FoundFamily, find_family
from circuitdsl.measure.published import read_grids
from circuitdsl.models.network import Network
from circuitdsl.models.registry import MODELS, best_available, labels, open_network
from circuitdsl.stimuli.batches import SIZE, Batch, batches_of
from circuitdsl.stimuli.photographs import open_images
from circuitdsl.stimuli.scenes import scenes
from circuitdsl.text.diagnostics import InputError

AUTO = "auto"

DRAWN_SCENES = 64
"""How many scenes are drawn where there are no photographs."""

HELD_OUT_SEED = 20_010_917
"""Of the scenes drawn for scores; `tiny` was trained on those of other seeds."""

Progress = Callable[[str], None]


def silent(stage: str) -> None:
    """Report no progress."""
    del stage


def open_model(name: str, weights: Path | None = None) -> tuple[str, Network]:
    """A trained network and its name.

    Args:
        name: A model of the registry, or `auto`: the best whose weights are here. With `weights`,
            `auto` is the model whose weights are called like that file.
        weights: A weight file of that architecture, instead of the model's own.

    Raises:
        InputError: no such model, no weights, or weights that don't fit.
    """
    if name == AUTO and weights is not None:
        name = _named_like(weights)
    elif name == AUTO:
        name = best_available()
    return name, open_network(name, weights)


def find_curves(
    model: str,
    layer: str,
    weights: Path | None = None,
    progress: Progress = silent,
    *,
    grid: Path | None = None,
    units: int = 10,
) -> FoundFamily:
    """Rank the units of a layer of a trained network as curve detectors.

    Args:
        model: A model of the registry, or `auto`.
        layer: One of its convolutions or blocks, such as `mixed3b`.
        weights: A weight file, instead of the model's own.
        progress: Told what is being done.
        grid: A file of published grids, to compare the best units with.
        units: How many of the best units are compared with them.

    Raises:
        InputError: no such model, weights, layer or grids, or a layer in which nothing fires.
    """
    published = None if grid is None else read_grids(grid)
    name, network = open_model(model, weights)
    progress(f"showing circles to {layer} of {name}")
    found = find_family(network, layer, name)
    return found if published is None else found.matched(network, published, units, progress)


def accuracy(
    model: str,
    images: Path,
    *,
    weights: Path | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> tuple[str, AccuracyResult]:
    """Classify labelled photographs with a trained network.

    Args:
        model: A model of the registry, or `auto`.
        images: A folder with one sub-folder for each class, named by its label.
        weights: A weight file, instead of the model's own.
        limit: How many images at most, spread evenly.
        progress: Told what is being done.

    Returns:
        The model's name, and what was measured.

    Raises:
        InputError: no such model, weights or images, or images of classes that it does not know.
    """
    name, network = open_model(model, weights)

    def report(seen: int, total: int) -> None:
        progress(f"photographs: {seen} of {total}")

    return name, measure_accuracy(network, images, labels(name), limit, report)


def score(
    path: Path | str,
    model: str = AUTO,
    *,
    weights: Path | None = None,
    images: Path | None = None,
    limit: int | None = None,
    members: Members = "placed",
    family: str | None = None,
    units: int = 10,
    seed: int = 0,
    grid: Path | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Score a hand-written family of a circuit file against a trained network's own.

    Args:
        path: The circuit file.
        model: A model of the registry, or `auto`: the best whose weights are here.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; without one, scenes are drawn that no network has seen.
        limit: How many images at most.
        members: `placed` at the originals' preferred angles, or `as-written`.
        family: The hand-written family; by default the last one, which no connection reads.
        units: How many of the network's units to compare with, best first.
        seed: Of the bootstrap.
        grid: A file of published grids, to compare the family with too.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors.
        InputError: anything else that was asked for is not there or does not fit.
    """
    circuit = load(path)
    published = None if grid is None else read_grids(grid)
    name, network = open_model(model, weights)
    return score_circuit(
        circuit,
        network,
        _images(circuit, images, limit, progress),
        file=str(path),
        model=name,
        family=family,
        members=members,
        units=units,
        seed=seed,
        published=published,
        progress=progress,
    )


def fit(
    path: Path | str,
    model: str = AUTO,
    *,
    objective: Terms | str = NATURAL,
    weights: Path | None = None,
    images: Path | None = None,
    limit: int | None = None,
    grid: Path | None = None,
    schedule: Schedule | None = None,
    units: int = 10,
    checkpoint: Path | None = None,
    over: tuple[str, ...] | None = None,
    progress: Progress = silent,
) -> FittedCircuit:
    """Fit the free dials of a circuit file.

    Args:
        path: The circuit file.
        model: A model of the registry, or `auto`: the best whose weights are here.
        objective: The weighted sum of measures to maximise, such as `natural + 2*grid`.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; half of them are fitted to, half are for testing.
        limit: How many photographs of each half at most.
        grid: A file of published grids.
        schedule: Steps, rate, and how much each step sees.
        units: How many of the network's units.
        checkpoint: A file to save to, and to go on from where it exists.
        over: The dials to fit; all free ones if None.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors.
        InputError: anything else that was asked for is not there or does not fit.
    """
    terms = maximised(objective) if isinstance(objective, str) else objective
    circuit = load(path)
    if over is not None:
        circuit = only_free(circuit, over)
    published = None if grid is None else read_grids(grid)
    photographs = None if images is None else split_photographs(images, limit)
    name, network = open_model(model, weights)
    return fit_circuit(
        circuit,
        network,
        file=str(path),
        model=name,
        objective=terms,
        photographs=photographs,
        published=published,
        schedule=schedule,
        units=units,
        checkpoint=checkpoint,
        progress=progress,
    )


def _images(circuit: Circuit, folder: Path | None, limit: int | None, progress: Progress) -> Images:
    side = circuit.backbone.input_px
    if folder is None:
        count = DRAWN_SCENES if limit is None else limit
        source = "drawn scenes (no photographs were given)"
        return Images(batches_of(_drawn(count, side, progress)), source)
    found = open_images(folder, limit)

    def batches() -> Iterator[Batch]:
        done = 0
        for batch in found.batches(SIZE, side):
            yield batch
            done += batch.count
            progress(f"photographs: {done} of {len(found.paths)}")

    return Images(batches(), str(folder), found.skipped)


def _drawn(count: int, side: int, progress: Progress) -> Iterator[Array]:
    """Scenes, held out from training; `count` of them."""
    key = jax.random.key(HELD_OUT_SEED)
    for start in range(0, count, SIZE):
        drawn, _ = scenes(jax.random.fold_in(key, start), SIZE, side)
        yield drawn[: count - start]
        progress(f"drawn scenes: {min(start + SIZE, count)} of {count}")


def _named_like(weights: Path) -> str:
    for name, model in MODELS.items():
        if weights.name in model.file_names:
            return name
    raise InputError(
        f"cannot tell which network {weights} is of",
        why="its name is not that of any known weight file",
        help=f"name the model: one of {', '.join(MODELS)}",
    )
