"""`microscope`: one page that shows units of a trained network.

In: a model, units, perhaps photographs and circuits. Out: a file with a section for each unit: its
picture, what it answers, what it reads and what reads it, and what it is like.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from circuitdsl.ir.tables.generators import period_deg
from circuitdsl.measure.finders import FINDERS
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.reporting.pages.blocks import (
    Block,
    Cell,
    Grid,
    Heading,
    Note,
    Tuned,
    Tunings,
    figure,
    number,
    trace,
)
from circuitdsl.reporting.pages.exemplars import example_blocks
from circuitdsl.reporting.pages.heats import unit_shots
from circuitdsl.reporting.pages.paired import matrix
from circuitdsl.reporting.pages.provenance import provenance
from circuitdsl.reporting.pages.readers import use_of
from circuitdsl.reporting.pages.report import page_path
from circuitdsl.reporting.pages.sections import Section, shots_of
from circuitdsl.reporting.pages.weighed import readers, reads
from circuitdsl.reporting.templating import framed
from circuitdsl.run.networks import Progress, silent
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.pages.answers import Answer
from circuitdsl.run.pages.microscope import Microscopy, Seen, look
from circuitdsl.run.pages.relatives import Relatives
from circuitdsl.text.files import write_text

ALIKE = 12
"""Units of a found family that are named."""

NAMED = 2
"""Units of the layer before that are named for each."""


def microscope(
    output: Path | str,
    units: str | Sequence[str] = (),
    *,
    model: str | Network = AUTO,
    find: str | None = None,
    layer: str | None = None,
    count: int = 10,
    directions: Sequence[str] = (),
    circuits: Sequence[Path | str] = (),
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    steps: int = 512,
    seed: int = 0,
    command: str = "circuitdsl.microscope(...)",
    progress: Progress = silent,
) -> Microscopy:
    """Write a page that shows units of a trained network.

    Ctrl-C stops the measurements. The page is still written, and says that it is partial.

    Args:
        output: The page; its name ends in `.html`.
        units: Units by name: `mixed3b:345`, `mixed3b[320..329]`.
        model: A model of the registry, `auto`, or a network.
        find: A finder, such as `lines`: the best units of `layer` that it finds.
        layer: Where it looks.
        count: How many of them.
        directions: Sums of units, such as `mixed3b:345 - 0.5*mixed3b:379`.
        circuits: Circuit files or folders with families to compare the units with.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs.
        limit: The largest number of photographs, spread evenly over the folder.
        steps: Steps of optimisation for each picture; 0 makes no pictures.
        seed: The seed of everything that is drawn at random.
        command: The command that the page names as its origin.
        progress: Called with a line of text when a stage begins.

    Returns:
        What the page shows.

    Raises:
        InputError: nothing is asked for, or something that was asked for does not exist.
        OSError: the page can't be written.
    """
    target = page_path(output)
    shown = look(
        model,
        units,
        find_kind=find,
        layer=layer,
        count=count,
        directions=directions,
        circuits=circuits,
        weights=weights,
        images=images,
        limit=limit,
        steps=steps,
        seed=seed,
        progress=progress,
    )
    write_text(target, page(shown, command))
    return shown


def page(shown: Microscopy, command: str) -> str:
    """The page of what a microscope shows.

    Args:
        shown: What it shows.
        command: The command that the page names as its origin.
    """
    return framed(
        "microscope.html.j2",
        title=f"{_named(shown)} of {shown.model}",
        shown=shown,
        sections=[
            *(_section(shown, unit) for unit in shown.units),
            *_families(shown),
            *_directions(shown),
        ],
        provenance=provenance(
            command,
            model=shown.model,
            weights=shown.weights,
            images=shown.images,
            images_digest=shown.images_digest,
            seed=shown.seed,
        ),
    )


def _named(shown: Microscopy) -> str:
    names = [unit.name for unit in shown.units]
    if not names:
        return "Directions"
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more units"


def _section(shown: Microscopy, unit: Seen) -> Section:
    included = {one.name for one in shown.units}
    blocks: list[Block] = [
        *_picture(shown, unit),
        Heading("What it answers"),
        *example_blocks("Photographs", shown.examples, [unit.name]),
        _answers(unit),
        *_grids(shown, unit),
        Heading("What it reads, and what reads it"),
        *_weights(unit, included),
        Heading("What it is for"),
        *_use(shown, unit, included),
        Heading("What it is like"),
        *_like(shown, unit),
    ]
    return Section(unit.name, unit.name, "", tuple(blocks))


def _picture(shown: Microscopy, unit: Seen) -> list[Block]:
    if isinstance(shown.pictures, Lacking):
        return [Heading("What excites it"), Note(shown.pictures.why)]
    own = [one for one in shown.pictures.pictures if one.name == unit.name]
    return [Heading("What excites it"), shots_of("", shown.pictures, own)]


def _directions(shown: Microscopy) -> list[Section]:
    made = shown.directions
    if made is None:
        return []
    blocks: list[Block] = [Note(made.why)] if isinstance(made, Lacking) else [shots_of("", made)]
    return [Section("directions", "Directions", "", tuple(blocks))]


def _answers(unit: Seen) -> Tunings:
    plots = tuple(_plot(unit.name, answer) for answer in unit.answers)
    return Tunings("Synthetic images, each over the highest response", plots)


def _plot(name: str, answer: Answer) -> Tuned:
    around = answer.along in ("th", "hue")
    period = period_deg(answer.set) if answer.along == "th" else 360.0 if around else 0.0
    ends = (
        ("0", f"{period / 4:g}") if around else (f"{answer.values[0]:g}", f"{answer.values[-1]:g}")
    )
    line = trace("original", answer.values, answer.responses, period)
    caption = f"{answer.set} along {answer.along}; highest {figure(max(answer.responses))}"
    return Tuned("", name, around, ends, (line,), caption)


def _grids(shown: Microscopy, unit: Seen) -> list[Block]:
    own = shown.grids[unit.name.rpartition(":")[0]]
    title = "Two settings at once, white for the highest response"
    return [unit_shots(title, unit.name, own)] if own else []


def _use(shown: Microscopy, unit: Seen, included: Collection[str]) -> list[Block]:
    """What the unit gives to those of the next layer, and what the member in its place gives."""
    uses = shown.uses[unit.name]
    if isinstance(uses, Lacking):
        return [Note(f"Not measured on photographs. {uses.why}")]
    readers_of = () if isinstance(unit.weights, Lacking) else unit.weights.readers
    sums = {read.name: read.total for read in readers_of}
    made = use_of(uses, unit.name, sums, included)
    match = unit.match
    if not isinstance(match, Lacking) and match.family and uses.uses[0].spliced is None:
        made.append(
            Note(f"{match.member} lies on a grid of its own, so it cannot be put in its place.")
        )
    return made


def _families(shown: Microscopy) -> list[Section]:
    """A section for each found family that a unit is among the best of."""
    included = {one.name for one in shown.units}
    return [
        Section(
            _place(layer, kind), f"{FINDERS[kind].title.capitalize()} of {layer}", "", tuple(blocks)
        )
        for (layer, kind), one in shown.relatives.items()
        for blocks in [_kernels(one, included)]
    ]


def _place(layer: str, kind: str) -> str:
    return f"{kind}-of-{layer}"


def _kernels(one: Relatives | Lacking, included: Collection[str]) -> list[Block]:
    """The kernels between the best units of a kind in two layers, ordered by angle."""
    if isinstance(one, Lacking):
        return [Note(f"No kernels from units of the same kind. {one.why}")]
    told = (
        f"A row for each of the best {one.finder.title} of {one.layer}, a column for each of "
        f"{one.before}, both ordered by the angle that they prefer; red excites, blue inhibits, "
        f"wholly at {np.abs(one.kernel).max():.2g}; {one.counts.sum()} of {one.counts.size} pairs "
        "have at least 30 % of the largest magnitude that the unit reads, the others are faint"
    )
    rows = tuple(
        (
            Cell(name, name, f"#{name}" if name in included else ""),
            Cell(_most(one, at, 1.0)),
            Cell(_most(one, at, -1.0)),
        )
        for at, name in enumerate(one.targets)
    )
    made: list[Block] = [
        matrix(told, one.kernel, (one.sources, one.targets), ~one.counts),
        Grid(
            f"From the top, with what each reads most of {one.before}, weights in sum; from the "
            f"left, these are {', '.join(one.sources)}",
            ("unit", "excited by", "inhibited by"),
            rows,
        ),
    ]
    if one.equivariance is not None:
        made.append(
            Note(
                f"These kernels are one kernel turned to {number(one.equivariance)}: the mean "
                "correlation of each unit's with the mean of the others', 1 where all are one."
            )
        )
    return made


def _most(one: Relatives, at: int, sign: float) -> str:
    """The sources that excite a target most, or inhibit it, with the sums of their weights."""
    sums = one.kernel[..., at].sum(axis=(0, 1))
    best = [int(place) for place in np.argsort(-sign * sums, kind="stable")[:NAMED]]
    return ", ".join(f"{one.sources[k]} {sums[k]:+.2g}" for k in best if sign * sums[k] > 0)


def _weights(unit: Seen, included: Collection[str]) -> list[Block]:
    if isinstance(unit.weights, Lacking):
        return [Note(unit.weights.why)]
    return [reads(unit.weights, included), readers(unit.weights, included)]


def _like(shown: Microscopy, unit: Seen) -> list[Block]:
    """The found families that it belongs to, and the hand-written member that answers like it."""
    layer = unit.name.rpartition(":")[0]
    families = shown.families[layer]
    places = {kind for block, kind in shown.relatives if block == layer}
    rows = [row for found in families for row in _rank(found, unit.name, places)]
    headings = ("found by their tuning", "its place", "prefers", "the best of them")
    blocks: list[Block] = [
        Grid("Families that tuning finds in its layer", headings, tuple(rows))
        if rows
        else Note("No family that tuning finds in its layer has it.")
    ]
    match = unit.match
    if isinstance(match, Lacking):
        return [*blocks, Note(match.why)]
    if not match.family:
        return [*blocks, Note("No hand-written member agrees with it at all.")]
    own = match.figure
    row = (
        Cell(match.member, match.member),
        Cell(number(own.r)),
        Cell(number(own.partial_r)),
        Cell(number(own.energy)),
        Cell(number(own.random)),
        Cell(number(own.wrong_pairs)),
    )
    controls = ("partial", "energy alone", "permuted kernels", "other images")
    caption = "The hand-written member that agrees best with it, on photographs that did not choose"
    return [*blocks, Grid(caption, ("member", "natural r", *controls), (row,))]


def _rank(
    found: FoundFamily, name: str, places: Collection[str]
) -> list[tuple[Cell, Cell, Cell, Cell]]:
    numbers = [f"{found.layer}:{unit.unit}" for unit in found.units]
    if name not in numbers:
        return []
    place = numbers.index(name)
    tuning, kind = found.units[place].tuning, found.finder.name
    return [
        (
            Cell(
                found.finder.title, link=f"#{_place(found.layer, kind)}" if kind in places else ""
            ),
            Cell(f"{place + 1} of {len(numbers)}"),
            Cell(f"{number(tuning.preferred_deg, 0)} deg"),
            Cell(", ".join(numbers[:ALIKE])),
        )
    ]
