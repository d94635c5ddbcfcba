"""The representation of an edit script: what a file does to a trained network, and what it claims.

In: nothing; the checker builds it. Out: frozen values. Units stand for themselves (`Picked`), or
for what a search in the network will find (`Sought`), so a script means something before any weight
is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from circuitdsl.ir.backbones.directions import Direction
from circuitdsl.ir.circuit import BackboneUse, Circuit, Stimulus
from circuitdsl.ir.edits.steps import (
    Ablate,
    EdgeStep,
    Patch,
    ReplaceEdges,
    ScaleEdges,
    Splice,
    UnitStep,
)
from circuitdsl.ir.expect import Expect
from circuitdsl.ir.stimuli import Folder
from circuitdsl.text.source import NOWHERE, Span

GainRule = Literal["rms", "mean", "linear"]

# ---- units


@dataclass(frozen=True)
class Picked:
    """Units by number.

    Attributes:
        layer: A convolution or a block.
        numbers: Of its channels.
        angles_deg: The angles that they prefer, where the text says.
        whole: Whether all of the layer is meant, however wide it is in the network opened.
        network: The training run whose numbers these are; "" for that of the whole file.
    """

    layer: str
    numbers: tuple[int, ...]
    angles_deg: tuple[float, ...] | None = None
    whole: bool = False
    network: str = ""
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many units."""
        return len(self.numbers)


@dataclass(frozen=True)
class Hand:
    """A family of an imported circuit."""

    circuit: Circuit
    family: str


@dataclass(frozen=True)
class Sought:
    """The best units of a layer: `found(LAYER, like=FAMILY, n=N, using=SET)`.

    Attributes:
        layer: A convolution or a block.
        count: How many units, or directions.
        like: The family whose members they agree with; None for units found by a finder, by their
            tuning alone.
        using: The photographs on which they are chosen, where it takes any.
        terms: The number of units that a direction is a combination of, at most; 0 where units
            themselves are sought.
    """

    layer: str
    count: int
    like: Hand | None = None
    using: str | None = None
    terms: int = 0
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def label(self) -> str:
        """The kind of units, for people to read."""
        kind = "" if self.like is None else f" like {self.like.family}"
        what = f"directions of {self.terms} units " if self.terms else ""
        return f"{what}found in {self.layer}{kind}"


@dataclass(frozen=True)
class UnitSet:
    """Units of a trained network, part after part."""

    parts: tuple[Picked | Sought, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many units."""
        return sum(part.count for part in self.parts)


# ---- images


@dataclass(frozen=True)
class Photographs:
    """`stimulus NAME = photographs("FOLDER", n=N, seed=S)`: a folder, or what the caller gives.

    Attributes:
        name: What the file calls the set.
        folder: Where they are; None where only the caller knows.
        n: How many of them; None for all.
        seed: Of the draw, where images are set aside.
    """

    name: str
    folder: Folder | None = None
    n: int | None = None
    seed: int = 0
    span: Span = field(default=NOWHERE, compare=False, repr=False)


ImageSource = Photographs | Stimulus

CHOOSING = Photographs("found()", seed=1)
"""The set that units are chosen on where the text names none: some of the caller's photographs."""

# ---- steps


Pairing = Literal["angle", "placed", "agreement"]


@dataclass(frozen=True)
class Match:
    """How hand-written members are paired with trained units.

    Attributes:
        way: By `angle`, the nearest member as written; members `placed` at the units' own angles;
            or by `agreement` on photographs.
        grid: The stimulus set that angles are measured on; None for those of the finder.
        within_deg: How far from its unit's angle a member may be.
        using: The photographs that agreement is measured on; None for the other ways.
    """

    way: Pairing = "angle"
    grid: str | None = None
    within_deg: float = 180.0
    using: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Mean:
    """`mean(SET)`: each unit's mean activation over the images of a set."""

    images: str


@dataclass(frozen=True)
class Resampled:
    """`resampled(SET, seed=S)`: activations on another image of a set, drawn at random."""

    images: str
    seed: int = 0


@dataclass(frozen=True)
class StandIns:
    """Hand-written members in place of units, each as strong as its unit on some images."""

    hand: Hand
    match: Match
    images: str
    rule: GainRule


@dataclass(frozen=True)
class EdgeSet:
    """Every edge from some units to others."""

    source: UnitSet
    target: UnitSet


@dataclass(frozen=True)
class HandEdges:
    """The kernels of a hand-written connection, its members matched with trained units."""

    source: Hand
    target: Hand
    match: Match


Step = UnitStep[UnitSet] | EdgeStep[EdgeSet]


def chosen_on(sets: Iterable[UnitSet]) -> tuple[str, ...]:
    """The names of the photographs that units of some sets are chosen on."""
    parts = [part for units in sets for part in units.parts if isinstance(part, Sought)]
    return tuple(part.using for part in parts if part.using is not None)


def images_of(step: Step) -> tuple[str, ...]:
    """The names of the image sets that a step is calibrated on, or that its units are chosen on."""
    names: list[str | None] = [*chosen_on(unit_sets(step))]
    if isinstance(step, Ablate):
        names.append(None if step.to is None else step.to.images)
    elif isinstance(step, Patch):
        names.append(step.maps)
    elif isinstance(step, Splice):
        names += [step.hand.match.using, step.hand.images]
    elif isinstance(step, ReplaceEdges):
        names.append(step.weights.match.using)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def unit_sets(step: Step) -> tuple[UnitSet, ...]:
    """The units that a step acts on; source and target of a step on edges."""
    if isinstance(step, ScaleEdges | ReplaceEdges):
        return step.edges.source, step.edges.target
    return (step.units,)


@dataclass(frozen=True)
class Edit:
    """An `edit` block.

    Attributes:
        name: Its name.
        on: The edit that it goes on from; None for the network as it is.
        steps: Its own steps, in order.
    """

    name: str
    on: str | None
    steps: tuple[Step, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


# ---- scores


@dataclass(frozen=True)
class RecoveryScore:
    """A `score` of what a splice recovers.

    Attributes:
        name: Its name.
        removed: The edit without the units.
        spliced: The edit with hand-written ones in their place.
        using: The images.
        measure: What `recovered` means in its expectations, against removal as the edit says.
        seed: The seed of the split, the controls and the bootstrap.
        expectations: What it claims.
    """

    name: str
    removed: str
    spliced: str
    using: str
    measure: str = "cross_entropy"
    seed: int = 0
    expectations: tuple[Expect, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class TrainedSide:
    """Units of the network, or of an edited one."""

    units: UnitSet
    edit: str | None = None

    @property
    def count(self) -> int:
        """How many units."""
        return self.units.count


@dataclass(frozen=True)
class HandSide:
    """Members of a hand-written family."""

    hand: Hand
    members: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many members."""
        return len(self.members)


Side = TrainedSide | HandSide


@dataclass(frozen=True)
class TuningScore:
    """A `score` of responses to figures.

    Attributes:
        name: Its name.
        left: Some units.
        right: Others, to compare with; None if there are none.
        using: A stimulus set that shows every angle; None for the finder's.
        expectations: What it claims.
    """

    name: str
    left: Side
    right: Side | None = None
    using: str | None = None
    expectations: tuple[Expect, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Score = RecoveryScore | TuningScore


def sets_in(score: TuningScore) -> tuple[UnitSet, ...]:
    """The units of the network that a score of responses compares, edited or not."""
    sides = (score.left, score.right)
    return tuple(side.units for side in sides if isinstance(side, TrainedSide))


@dataclass(frozen=True)
class Script:
    """The edits and scores of a file.

    Attributes:
        doc: What it is.
        backbone: The network that it edits.
        edits: In order.
        scores: In order.
        sources: The image sets that they use.
        directions: Combinations of units that are treated as one.
    """

    doc: str
    backbone: BackboneUse
    edits: tuple[Edit, ...] = ()
    scores: tuple[Score, ...] = ()
    sources: tuple[ImageSource, ...] = ()
    directions: tuple[Direction, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @cached_property
    def by_name(self) -> dict[str, Edit]:
        """Every edit under its name."""
        return {edit.name: edit for edit in self.edits}

    @cached_property
    def images(self) -> dict[str, ImageSource]:
        """Every image set under its name."""
        return {source.name: source for source in self.sources}

    def steps(self, name: str) -> tuple[Step, ...]:
        """The steps of an edit, those that it goes on from first."""
        chain: list[Edit] = []
        on: str | None = name
        while on is not None:
            chain.append(self.by_name[on])
            on = chain[-1].on
        return tuple(step for edit in reversed(chain) for step in edit.steps)
