"""Verbs on circuits and trained networks: find, accuracy; and the comparison behind score.

In: a circuit file, a model, folders of images. Out: the results of `measure` and `compare`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
from jax import Array

from circuitdsl.compare.accuracy import AccuracyResult
from circuitdsl.compare.accuracy import accuracy as accuracy_of
from circuitdsl.compare.score import Comparison, Images, Members, score_circuit
from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.finders import FINDERS, USUAL, Finder
from circuitdsl.measure.shards import IN_PROCESS, Engine, Reading, Shape
from circuitdsl.measure.tunings.find import FoundFamily, find_family
from circuitdsl.models.adapting.adapt import adapted, relabelled
from circuitdsl.models.adapting.preparing import Preprocess, preprocessing_of
from circuitdsl.models.network import Network
from circuitdsl.models.outputs import labels_of
from circuitdsl.models.registry import AUTO, load_network
from circuitdsl.run.opening.engines import class_list, counted, engine_of
from circuitdsl.stimuli.batches import SIZE, batches_of
from circuitdsl.stimuli.photographs import Cut, open_images
from circuitdsl.stimuli.scenes import scenes
from circuitdsl.text.diagnostics import InputError, suggestion

DRAWN_SCENES = 64
"""The number of scenes that are drawn if there are no photographs."""

HELD_OUT_SEED = 20_010_917
"""Of the scenes drawn for scores; `tiny` was trained on those of other seeds."""

Progress = Callable[[str], None]


def silent(stage: str) -> None:
    """Report no progress."""
    del stage


def opened_network(model: str | Network, weights: Path | str | None = None) -> Network:
    """The trained network that a caller chose.

    Args:
        model: A model of the registry, `auto` (see `models.registry.chosen_model`), or a network.
        weights: A weight file of that architecture, instead of the model's own.

    Raises:
        InputError: no such model, no weights, weights that don't fit, or weights beside a network.
    """
    if not isinstance(model, Network):
        return load_network(model, None if weights is None else Path(weights))
    if weights is not None:
        raise InputError("weights are given beside a network", help="give one of them")
    return model


def adapt(
    model: Callable[..., Any],
    example: Any,
    *,
    preprocess: Preprocess | None = None,
    name: str = "",
    names: Sequence[str] | None = None,
    labels: str | Sequence[str] = "",
) -> Network:
    """Read a model of your own as a network that every verb accepts.

    The layers are read from the jaxpr, and each is compared with the model on an example. A layer
    with weights has the name of the module that holds them, with `_` for dots.

    Args:
        model: A Flax NNX module, a linen module bound to its variables, any other module that is a
            pytree (Equinox), a function, or a `functools.partial` of one of these: with options of
            a module, or with a tree of weights before the images.
        example: An example of its input: `[batch, height, width, channels]`, `[batch, channels,
            height, width]`, or one image if it takes no batches. Only the shape matters.
        preprocess: How RGB images of 0..255 become the model's input: a function, a
            `Preprocessing`, or the name of a usual one (`torchvision`, `caffe`, `grey`, `unit`:
            from 0 to 1, `signed`: from -1 to 1). By default the images are passed on unchanged.
        name: The name of the network; by default that of its class.
        names: Names of the layers with weights, in order, instead of their own.
        labels: The names of the outputs, as folders of images have them: the name of a list
            (`imagenet`), or the labels themselves; by default their numbers.

    Returns:
        The network; images and maps are `[batch, height, width, channels]` in it, whatever the
        model's own order of axes.

    Raises:
        InputError: an equation belongs to no known kind of layer (the message names its line),
            layers have no names, weights are not finite, the model does not take the example, or
            `preprocess` is not understood.
    """
    preprocessing = None if preprocess is None else preprocessing_of(preprocess)
    network = adapted(model, example, preprocessing, name, names)
    words = labels if isinstance(labels, str) else tuple(labels)
    return relabelled(network, words)


def find(
    kind: str,
    model: str | Network,
    layer: str,
    weights: Path | str | None = None,
    *,
    grid: Path | str | None = None,
    units: int = 10,
    progress: Progress = silent,
) -> FoundFamily:
    """Rank the units of a layer of a trained network by how well they are tuned to something.

    Args:
        kind: What is looked for: a finder's name, such as `curves` or `lines`.
        model: A model of the registry, `auto`, or a network.
        layer: One of its convolutions or blocks, such as `mixed3b`.
        weights: A weight file, instead of the model's own.
        grid: A file of published grids, to compare the best units with.
        units: How many of the best units are compared with them.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, weights, layer or grids, or a layer in which nothing fires.
    """
    if kind not in FINDERS:
        known = f"the finders are {', '.join(FINDERS)}"
        raise InputError(f"there is no finder `{kind}`", help=suggestion(kind, FINDERS) or known)
    finder = FINDERS[kind]
    published = finder.published(grid)
    network = opened_network(model, weights)
    progress(f"showing {finder.figure}s to {layer} of {network.name}")
    found = find_family(network, layer, network.name, finder=finder)
    return found if published is None else found.matched(network, published, units, progress)


def accuracy(
    model: str | Network,
    images: Path | str,
    *,
    weights: Path | str | None = None,
    classes: Path | str | None = None,
    limit: int | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> AccuracyResult:
    """Classify labelled photographs with a trained network.

    Args:
        model: A model of the registry, `auto`, or a network.
        images: A folder with one sub-folder for each class, named by its label, or an archive.
        weights: A weight file, instead of the model's own.
        classes: A file with one label on each line, for images whose classes are numbers.
        limit: The largest number of images, spread evenly over the folder.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: no such model, weights or images, or images of classes that it does not know.
        OSError: the store can't be written.
    """
    network = opened_network(model, weights)
    photographs = open_images(Path(images), limit, class_list(classes))
    result = accuracy_of(
        network,
        photographs,
        labels_of(network),
        engine_of(workers, store, ray),
        counted("photographs", len(photographs), progress),
    )
    return replace(result, model=network.name)


def compare(
    circuit: Circuit,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    members: Members = "placed",
    family: str | None = None,
    units: int = 10,
    seed: int = 0,
    grid: Path | str | None = None,
    finder: Finder = USUAL,
    file: str = "circuit",
    engine: Engine = IN_PROCESS,
    progress: Progress = silent,
) -> Comparison:
    """Score a hand-written family of a circuit against a trained network's own.

    Args:
        circuit: The circuit.
        model: A model of the registry, `auto`, or a network.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; without one, scenes are drawn that no network has seen.
        limit: The largest number of images.
        members: `placed` at the originals' preferred angles, or `as-written`.
        family: The hand-written family; by default the last one that no connection reads.
        units: How many of the network's units to compare with, best first.
        seed: The seed of the bootstrap.
        grid: A file of published grids, to compare the family with too.
        finder: By which the network's units are found.
        file: What to call the circuit.
        engine: Who goes through the photographs.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: a family cannot be calibrated.
        InputError: something else that was asked for does not exist or does not fit.
    """
    published = finder.published(grid)
    network = opened_network(model, weights)
    return score_circuit(
        circuit,
        network,
        _images(circuit, None if images is None else Path(images), limit, engine, progress),
        file=file,
        model=network.name,
        family=family,
        members=members,
        units=units,
        seed=seed,
        published=published,
        finder=finder,
        progress=progress,
    )


def _images(
    circuit: Circuit, folder: Path | None, limit: int | None, engine: Engine, progress: Progress
) -> Images:
    side = circuit.backbone.input_px
    if folder is None:
        count = DRAWN_SCENES if limit is None else limit
        source = "drawn scenes (no photographs were given)"
        return Images(batches_of(drawn_scenes(count, side, progress)), source)
    photographs = open_images(folder, limit)
    reading = Reading(photographs, Shape(Cut(side)), engine.stage("agreement"))
    return Images(reading, str(folder), photographs.skipped)


def drawn_scenes(count: int, side: int, progress: Progress) -> Iterator[Array]:
    """Scenes, held out from training; `count` of them."""
    key = jax.random.key(HELD_OUT_SEED)
    for start in range(0, count, SIZE):
        drawn, _ = scenes(jax.random.fold_in(key, start), SIZE, side)
        yield drawn[: count - start]
        progress(f"drawn scenes: {min(start + SIZE, count)} of {count}")
