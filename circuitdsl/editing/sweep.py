"""Sweeps: every unit, or every set of units, ablated in turn.

In: a trained network, sets of units of one layer, labelled images. Out: a table with the measures
of each ablation, in a CSV file that is right at any moment.

For each batch of images the part of the network up to the units is computed once; what follows is
computed for several ablations at a time, by `vmap`. Each batch is a shard (`measure.shards`): the
result is the same to the byte whoever computes it, and a later run goes on with the batches that
are missing. The means so far are in the file at any moment.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.compiling import compiled
from circuitdsl.editing.apply import cut_after
from circuitdsl.editing.logits import measure
from circuitdsl.editing.select import Units
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.tables.measures import OUTPUTS
from circuitdsl.measure.classes import right_outputs
from circuitdsl.measure.passes import Need, Pass, Shown, State, States, remade
from circuitdsl.measure.shards import Opened, Reading, Work, fold_shards
from circuitdsl.models.files.weights import tensors_digest
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text

Floats = NDArray[np.float64]

INTACT = "intact"
AT_ONCE = 64
"""Forward passes, images times ablations, that are computed together; memory goes with it."""

_COLUMNS = ("units", "images", *OUTPUTS)


@dataclass(frozen=True, eq=False)
class Table:
    """The means so far.

    Attributes:
        names: What was ablated in each row; the first is `INTACT`.
        images: How many images the means are over.
        means: `[row, measure]`.
        skipped: Files that are no images, and why.
    """

    names: tuple[str, ...]
    images: int
    means: Floats
    skipped: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Floats:
        """One measure of every row but the first."""
        return self.means[1:, OUTPUTS.index(name)]

    def change(self, name: str) -> Floats:
        """How far a measure is from the intact network's, for every row but the first."""
        return self.column(name) - self.means[0, OUTPUTS.index(name)]

    def text(self) -> str:
        """The table as CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, row in zip(self.names, self.means.tolist(), strict=True):
            writer.writerow([name, self.images, *map(repr, row)])
        return out.getvalue()


def one_by_one(units: Units) -> tuple[Units, ...]:
    """Each unit as a set of its own."""
    return tuple(Units(units.backbone, (place,)) for place in units.places)


def in_pairs(units: Units) -> tuple[Units, ...]:
    """Every pair of units."""
    places = units.places
    return tuple(
        Units(units.backbone, (a, b)) for i, a in enumerate(places) for b in places[i + 1 :]
    )


def swept_layer(sets: Sequence[Units]) -> str:
    """The convolution or block that all units lie in.

    Raises:
        InputError: there are no sets, or their units lie in several layers.
    """
    places = dict.fromkeys(branch for units in sets for branch in units.branches)
    if not places:
        raise InputError("a sweep needs units to ablate")
    found = list(dict.fromkeys(sets[0].backbone.block_of(branch)[0] for branch in places))
    if len(found) > 1:
        raise InputError(
            f"the units of a sweep lie in one layer or block; these lie in {', '.join(found)}",
            help="sweep one after the other",
        )
    return found[0]


def sweep(
    network: Network,
    sets: Sequence[Units],
    reading: Reading,
    outputs: Mapping[str, int],
    target: Path,
    *,
    means: Mapping[str, Floats] | None = None,
    about: Mapping[str, str] | None = None,
    progress: Callable[[int], None] = lambda seen: None,
) -> Table:
    """Ablate each set of units in turn, and measure the network on all images.

    Args:
        network: The network.
        sets: The units of each row, all of one layer or block.
        reading: Images with their classes, and who goes through them. Each batch is a shard; what
            is finished is kept in the engine's store, or else in `TARGET.shards` until the end.
        outputs: The output of each class.
        target: The CSV file. If an unfinished run of the same sweep left one, it goes on. Beside it
            `TARGET.json` says what was swept.
        means: The mean of each channel by convolution, to ablate to; None for zero.
        about: What else tells this sweep from others, such as where the images are from.
        progress: Told how many images have been seen.

    Raises:
        InputError: units of several layers, no images, or the file of another sweep.
        OSError: the file can't be written.
    """
    swept = ablations(network, sets, outputs, means)
    names = swept.finish(swept.init()).names
    begun = _begun(target, names, _record(network, sets, means, about))
    if begun is not None and begun.images == len(reading.images):
        return begun

    def write(opened: Opened, states: States) -> None:
        table = swept.finish(states[0])
        if table.images:
            write_text(target, table.text())

    store = reading.engine.store or target.with_name(f"{target.name}.shards")
    shape = replace(reading.shape, shard=reading.shape.batch)
    _, (state,) = fold_shards(
        Work((swept,), reading.images, shape),
        replace(reading.engine, store=store),
        progress=lambda seen, total: progress(seen),
        so_far=write,
    )
    if reading.engine.store is None:
        shutil.rmtree(store)
    return swept.finish(state)


@remade
def ablations(
    network: Network,
    sets: Sequence[Units],
    outputs: Mapping[str, int],
    means: Mapping[str, Floats] | None = None,
) -> Pass[Table]:
    """Each set of units ablated in turn: the means of the measures so far.

    Args:
        network: The network.
        sets: The units of each row, all of one layer or block.
        outputs: The output of each class of images.
        means: The mean of each channel by convolution, to ablate to; None for zero.

    Raises:
        InputError: units of several layers.
    """
    layer = swept_layer(sets)
    gains, offsets = _ablations(network.backbone, layer, sets, means)
    names = (INTACT, *(" ".join(units.names) for units in sets))
    cut = cut_after(network.backbone, layer)

    def step(state: State, shown: Shown) -> State:
        values = shown.of(network)
        before = {name: values[name] for name in cut}
        answers = jnp.asarray(right_outputs(shown.batch, outputs))
        intact = values[network.backbone.classifier]
        rows = [shown.real(measure(intact, intact, answers))[None]]
        at_once = max(1, AT_ONCE // len(shown.images))
        for start in range(0, len(gains), at_once):
            chosen = np.minimum(np.arange(start, start + at_once), len(gains) - 1)
            parts = (jnp.asarray(gains[chosen]), jnp.asarray(offsets[chosen]))
            measured = _ablated(
                network.backbone, layer, network.params, before, *parts, intact, answers
            )
            kept = np.asarray(measured, np.float64)[: len(gains) - start, : shown.count]
            rows.append(kept)
        part = {
            "means": np.concatenate(rows).mean(axis=1),
            "images": np.array([shown.count]),
        }
        return merge(state, part)

    def merge(a: State, b: State) -> State:
        images = a["images"] + b["images"]
        share = b["images"] / np.maximum(images, 1)
        return {"means": a["means"] + (b["means"] - a["means"]) * share, "images": images}

    return Pass(
        init=lambda: {
            "means": np.zeros((len(names), len(OUTPUTS))),
            "images": np.zeros(1, np.int64),
        },
        step=step,
        merge=merge,
        finish=lambda state: Table(names, int(state["images"][0]), state["means"]),
        needs=(Need(network, (*cut, network.backbone.classifier)),),
    )


@compiled(static=("backbone", "layer"))
def _ablated(  # noqa: PLR0917 - arrays of one call
    backbone: Backbone,
    layer: str,
    params: dict[str, Array],
    values: dict[str, Array],
    gains: Array,
    offsets: Array,
    intact: Array,
    right: Array,
) -> Array:
    """The measures of some ablations, `[ablation, batch, measure]`."""
    last = backbone.classifier

    def logits(gain: Array, offset: Array) -> Array:
        given = {**values, layer: values[layer] * gain + offset}
        return evaluate(backbone, params, given, (last,))[last]

    return measure(jax.vmap(logits)(gains, offsets), intact, right)


def _ablations(
    backbone: Backbone, layer: str, sets: Sequence[Units], means: Mapping[str, Floats] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Gains and offsets of each row over the layer's channels, `[row, channel]`."""
    width = backbone.by_name[layer].width
    gains = np.ones((len(sets), width), np.float32)
    offsets = np.zeros((len(sets), width), np.float32)
    for row, units in enumerate(sets):
        for branch, channel in units.places:
            column = backbone.block_of(branch)[1] + channel
            gains[row, column] = 0.0
            offsets[row, column] = 0.0 if means is None else means[branch][channel]
    return gains, offsets


# ---- the file


def _record(
    network: Network,
    sets: Sequence[Units],
    means: Mapping[str, Floats] | None,
    about: Mapping[str, str] | None,
) -> dict[str, Any]:
    _, offsets = _ablations(network.backbone, swept_layer(sets), sets, means)
    return {
        **(about or {}),
        "network": network.digest,
        "ablation": tensors_digest({"to": offsets}) if offsets.any() else "zero",
        "units": [" ".join(units.names) for units in sets],
    }


def _begun(target: Path, names: tuple[str, ...], record: Mapping[str, Any]) -> Table | None:
    """What an earlier run of the same sweep came to; None if there is no table yet.

    Raises:
        InputError: the file is another sweep's.
    """
    notes = target.with_name(f"{target.name}.json")
    text = json.dumps(record, indent=2) + "\n"
    if target.exists():
        if not notes.exists() or notes.read_text(encoding="utf-8") != text:
            raise _other(target, f"{notes.name} beside it does not describe this sweep")
        return _read(target, names)
    write_text(notes, text)
    return None


def _read(target: Path, names: tuple[str, ...]) -> Table:
    try:
        rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"))))
        images = {int(row[1]) for row in rows[1:]}
        values = np.array([[float(value) for value in row[2:]] for row in rows[1:]])
    except (ValueError, IndexError) as error:
        raise _other(target, f"it is no table of a sweep: {error}") from error
    same = tuple(row[0] for row in rows[1:]) == names and tuple(rows[0]) == _COLUMNS
    if not same or len(images) != 1 or values.shape != (len(names), len(OUTPUTS)):
        raise _other(target, "its rows are not those of this sweep")
    return Table(names, images.pop(), values)


def _other(target: Path, why: str) -> InputError:
    return InputError(
        f"{target} is not the beginning of this sweep",
        why=why,
        help="name another file, or delete it and start again",
    )
