"""What units are for, as blocks: who is moved by them, and by the members in their place.

In: `Uses`. Out: blocks, a table for each unit, and photographs that one of the two does not answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from circuitdsl.measure.examples import Example
from circuitdsl.reporting.drawn.pixels import photograph
from circuitdsl.reporting.pages.blocks import Block, Cell, Grid, Note, Shot, Shots, number, signed
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.seeing.use import Use, Uses
from circuitdsl.run.seeing.weights import AllWeights

MOVED = 8
"""Readers of each unit that are named."""

ALONE = 4
"""Photographs of each kind that are shown."""

SIDE = 88
"""Width of a crop, in CSS pixels."""


def use_blocks(shown: Uses | Lacking, weights: AllWeights) -> list[Block]:
    """Who reads units on photographs, with the hand-written members in their place, too.

    Args:
        shown: What the units are for.
        weights: Their weights.
    """
    if isinstance(shown, Lacking):
        return [Note(f"Not measured on photographs. {shown.why}")]
    sums = {unit.name: {read.name: read.total for read in unit.readers} for unit in weights.units}
    made: list[Block] = [_agreement(shown, shown.uses)]
    for use in shown.uses:
        made += [_moved(shown, use, sums.get(use.unit, {})), *_apart(shown, use)]
    return made


def use_of(
    shown: Uses, unit: str, sums: Mapping[str, float], included: Collection[str]
) -> list[Block]:
    """Who reads one unit on photographs, with the hand-written member in its place if there is one.

    Args:
        shown: What units are for.
        unit: The unit.
        sums: The weights in sum, by reader; those of less than 30 % of the largest are not there.
        included: Units that have a place of their own.
    """
    made: list[Block] = []
    for use in shown.uses:
        if use.unit == unit:
            alike = [] if use.spliced is None else [_agreement(shown, [use])]
            made += [*alike, _moved(shown, use, sums, included), *_apart(shown, use)]
    return made


def _agreement(shown: Uses, uses: Sequence[Use]) -> Grid:
    rows = tuple(
        (
            Cell(use.unit, use.unit),
            Cell(member := "" if use.differences is None else use.differences.member, member),
            Cell(number(use.agreement)),
        )
        for use in uses
    )
    caption = (
        f"The attributions of a unit to all of {shown.layer}, and those of the member in its place:"
        f" their correlation, {shown.images} images"
    )
    return Grid(caption, ("unit", "member in its place", "correlation"), rows)


def _moved(
    shown: Uses, use: Use, sums: Mapping[str, float], included: Collection[str] = ()
) -> Grid:
    """The units that a unit moves most, and the weights from it to them.

    Args:
        shown: What units are for.
        use: The unit's.
        sums: The weights in sum, by reader; those of less than 30 % of the largest are not there.
        included: Units that have a place of their own.
    """
    spliced = use.spliced
    rows = tuple(
        (
            Cell(name := f"{shown.layer}:{place}", name, f"#{name}" if name in included else ""),
            Cell(signed(use.readers[place])),
            *(() if spliced is None else (Cell(signed(spliced[place])),)),
            Cell(signed(sums[name]) if name in sums else "under 30 %"),
        )
        for place in use.strongest(MOVED)
    )
    caption = (
        f"What {use.unit} gives to units of {shown.layer} on {shown.images} photographs: derivative"
        " times activation, summed over positions"
    )
    beside = () if spliced is None else ("the member in its place",)
    return Grid(caption, ("reader", "the unit", *beside, "weights in sum"), rows)


def _apart(shown: Uses, use: Use) -> list[Block]:
    """Photographs that one of the two answers, and the other does not."""
    apart = use.differences
    if apart is None:
        return []
    return [
        _alone(shown, (apart.unit, apart.member), apart.unit, apart.unit_alone),
        _alone(shown, (apart.member, apart.unit), apart.unit, apart.member_alone),
    ]


def _alone(shown: Uses, sides: tuple[str, str], unit: str, examples: Sequence[Example]) -> Block:
    name, other = sides
    some = examples[:ALONE]
    if not some:
        return Note(f"{other} answers wherever {name} does.")
    crops = shown.crops(unit, some)
    shots = tuple(
        Shot(
            photograph(crop),
            f"Part of {shown.photographs.name(one.place)} that {name} answers by "
            f"{one.activation:.3g}, {other} by less than a tenth of its largest",
            name,
            f"{one.activation:.3g}",
            side=SIDE,
            named=False,
        )
        for crop, one in zip(crops, some, strict=True)
    )
    return Shots(f"{name} answers, {other} does not", shots)
