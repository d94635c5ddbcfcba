"""Sweeps: every unit, or every set of units, ablated in turn.

In: a trained network, sets of units of one layer, labelled images. Out: a table with the measures
of each ablation, in a CSV file that is right at any moment.

For each batch of images the part of the network up to the units is computed once; what follows is
computed for several ablations at a time, by `vmap`. After each batch the running means are written
to the file, whole or not at all, and a later run goes on from there: their digits are all in the
file, so the result is the same to the byte.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from circuitdsl.editing.apply import cut_after
from circuitdsl.editing.logits import MEASURES, Measure, measure
from circuitdsl.editing.select import Units, block_of
from circuitdsl.ir.backbones import Backbone
from circuitdsl.models.forward import evaluate
from circuitdsl.models.network import INPUT_MEAN, LOGITS, Network
from circuitdsl.models.weights import tensors_digest
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.files import write_text

Floats = NDArray[np.float64]
Examples = tuple[NDArray[np.float32], NDArray[np.int32]]
"""RGB images `[batch, height, width, 3]` and the right output of each, `[batch]`."""

INTACT = "intact"
AT_ONCE = 64
"""Forward passes, images times ablations, that are computed together; memory goes with it."""

_COLUMNS = ("units", "images", *MEASURES)


@dataclass(frozen=True, eq=False)
class Table:
    """The means so far.

    Attributes:
        names: What was ablated in each row; the first is `INTACT`.
        images: How many images the means are over.
        means: `[row, measure]`.
    """

    names: tuple[str, ...]
    images: int
    means: Floats

    def column(self, name: Measure) -> Floats:
        """One measure of every row but the first."""
        return self.means[1:, MEASURES.index(name)]

    def change(self, name: Measure) -> Floats:
        """How far a measure is from the intact network's, for every row but the first."""
        return self.column(name) - self.means[0, MEASURES.index(name)]

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
    found = list(dict.fromkeys(block_of(sets[0].backbone, branch)[0] for branch in places))
    if len(found) > 1:
        raise InputError(
            f"the units of a sweep lie in one layer or block; these lie in {', '.join(found)}",
            help="sweep one after the other",
        )
    return found[0]


def sweep(
    network: Network,
    sets: Sequence[Units],
    examples: Iterable[Examples],
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
        examples: Labelled images in batches, the same in every run; the first batch is the largest.
        target: The CSV file. If an unfinished run of the same sweep left one, it goes on from
            there. Beside it `TARGET.json` says what was swept.
        means: The mean of each channel by convolution, to ablate to; None for zero.
        about: What else tells this sweep from others, such as where the images are from.
        progress: Told how many images have been seen.

    Raises:
        InputError: units of several layers, no images, or the file of another sweep.
        OSError: the file can't be written.
    """
    layer = swept_layer(sets)
    gains, offsets = _ablations(network.backbone, layer, sets, means)
    names = (INTACT, *(" ".join(units.names) for units in sets))
    record = _record(network, names, offsets, about or {})
    table = _begun(target, names, record)
    cut = cut_after(network.backbone, layer)
    run = partial(_ablated, network.backbone, layer)
    seen = 0
    size = 0
    for images, right in examples:
        count = len(images)
        size = max(size, count)
        seen += count
        if seen <= table.images:
            continue
        rows = _batch_means(network, run, (gains, offsets), (images, right), (cut, size))
        table = Table(
            names, seen, table.means + (rows - table.means) * (count / (table.images + count))
        )
        write_text(target, table.text())
        progress(seen)
    if not seen:
        raise InputError("there is no image to sweep over")
    if table.images > seen:
        raise _other(target, f"it is over {table.images} images, and there are {seen}")
    return table


def _batch_means(
    network: Network,
    run: Callable[..., Array],
    ablations: tuple[NDArray[np.float32], NDArray[np.float32]],
    examples: Examples,
    shape: tuple[tuple[str, ...], int],
) -> Floats:
    """The means of one batch, intact first, `[row, measure]`."""
    images, right = examples
    cut, size = shape
    count = len(images)
    # a short last batch is filled up, so that one compiled program serves all
    spare = size - count
    image = jnp.asarray(np.pad(images, ((0, spare), (0, 0), (0, 0), (0, 0)))) - INPUT_MEAN
    answers = jnp.asarray(np.pad(right, (0, spare)))
    values = network.resume({"input": image}, [*cut, LOGITS])
    intact = values.pop(LOGITS)
    rows = [np.asarray(measure(intact, intact, answers), np.float64)[None, :count]]
    gains, offsets = ablations
    step = max(1, AT_ONCE // size)
    for start in range(0, len(gains), step):
        chosen = np.minimum(np.arange(start, start + step), len(gains) - 1)
        parts = (jnp.asarray(gains[chosen]), jnp.asarray(offsets[chosen]))
        found = run(network.params, values, *parts, intact, answers)
        kept = min(step, len(gains) - start)
        rows.append(np.asarray(found, np.float64)[:kept, :count])
    return np.concatenate(rows).mean(axis=1)


@partial(jax.jit, static_argnums=(0, 1))
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

    def logits(gain: Array, offset: Array) -> Array:
        given = {**values, layer: values[layer] * gain + offset}
        return evaluate(backbone, params, given, (LOGITS,))[LOGITS]

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
            column = block_of(backbone, branch)[1] + channel
            gains[row, column] = 0.0
            offsets[row, column] = 0.0 if means is None else means[branch][channel]
    return gains, offsets


# ---- the file


def _record(
    network: Network, names: tuple[str, ...], offsets: NDArray[np.float32], about: Mapping[str, str]
) -> dict[str, Any]:
    arrays = {name: np.asarray(value) for name, value in network.params.items()}
    return {
        **about,
        "network": tensors_digest(arrays),
        "ablation": tensors_digest({"to": offsets}) if offsets.any() else "zero",
        "units": list(names[1:]),
    }


def _begun(target: Path, names: tuple[str, ...], record: Mapping[str, Any]) -> Table:
    """Where an earlier run of the same sweep stopped; otherwise the beginning."""
    notes = target.with_name(f"{target.name}.json")
    text = json.dumps(record, indent=2) + "\n"
    empty = Table(names, 0, np.zeros((len(names), len(MEASURES))))
    if target.exists():
        if not notes.exists() or notes.read_text(encoding="utf-8") != text:
            raise _other(target, f"{notes.name} beside it does not describe this sweep")
        return _read(target, names)
    write_text(notes, text)
    return empty


def _read(target: Path, names: tuple[str, ...]) -> Table:
    try:
        rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"))))
        images = {int(row[1]) for row in rows[1:]}
        values = np.array([[float(value) for value in row[2:]] for row in rows[1:]])
    except (ValueError, IndexError) as error:
        raise _other(target, f"it is no table of a sweep: {error}") from error
    same = tuple(row[0] for row in rows[1:]) == names and tuple(rows[0]) == _COLUMNS
    if not same or len(images) != 1 or values.shape != (len(names), len(MEASURES)):
        raise _other(target, "its rows are not those of this sweep")
    return Table(names, images.pop(), values)


def _other(target: Path, why: str) -> InputError:
    return InputError(
        f"{target} is not the beginning of this sweep",
        why=why,
        help="name another file, or delete it and start again",
    )


# ---- by first-order attribution


def attribution(
    network: Network,
    units: Units,
    examples: Iterable[Examples],
    *,
    means: Mapping[str, Floats] | None = None,
    progress: Callable[[int], None] = lambda seen: None,
) -> Floats:
    """What ablating each unit would change the cross-entropy by, to first order, `[unit]`.

    The gradient of the loss with respect to the activations, times what ablation would add to them,
    summed over positions and averaged over images: one pass forwards and one backwards for all
    units together.

    Args:
        network: The network.
        units: Units of one layer or block.
        examples: Labelled images in batches.
        means: The mean of each channel by convolution, to ablate to; None for zero.
        progress: Told how many images have been seen.

    Raises:
        InputError: units of several layers, or no images.
    """
    layer = swept_layer([units])
    backbone = network.backbone
    cut = cut_after(backbone, layer)
    columns = [block_of(backbone, branch)[1] + channel for branch, channel in units.places]
    to = np.zeros(backbone.by_name[layer].width, np.float32)
    for branch, values in (means or {}).items():
        if block_of(backbone, branch)[0] == layer:
            start = block_of(backbone, branch)[1]
            to[start : start + len(values)] = values
    total = np.zeros(len(columns))
    seen = size = 0
    for images, right in examples:
        count = len(images)
        size = max(size, count)
        spare = size - count
        image = jnp.asarray(np.pad(images, ((0, spare), (0, 0), (0, 0), (0, 0)))) - INPUT_MEAN
        answers = jnp.asarray(np.pad(right, (0, spare)))
        known = network.resume({"input": image}, cut)
        found = _attributed(backbone, layer, network.params, known, (answers, jnp.asarray(to)))
        total += np.asarray(found, np.float64)[:count][:, columns].sum(axis=0)
        seen += count
        progress(seen)
    if not seen:
        raise InputError("there is no image to sweep over")
    return total / seen


@partial(jax.jit, static_argnums=(0, 1))
def _attributed(
    backbone: Backbone,
    layer: str,
    params: dict[str, Array],
    values: dict[str, Array],
    aims: tuple[Array, Array],
) -> Array:
    """First-order effects of all channels, `[batch, channel]`."""
    right, to = aims

    def loss(h: Array) -> Array:
        logits = evaluate(backbone, params, {**values, layer: h}, (LOGITS,))[LOGITS]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), right[:, None], axis=1).sum()

    h = values[layer]
    return (jax.grad(loss)(h) * (to - h)).sum(axis=(1, 2))


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's correlation; NaN where either never varies."""
    ranks = [_ranks(values) for values in (a, b)]
    centred = [rank - rank.mean() for rank in ranks]
    spread = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float(centred[0] @ centred[1]) / spread if spread > 0 else float("nan")


def _ranks(values: Floats) -> Floats:
    """Places in order, ties sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse].astype(np.float64)
