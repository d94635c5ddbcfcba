"""Steps of an edit: what is done to units of a trained network, or to the edges between them.

In: nothing; the checker builds steps of a script, `editing` those of a network. Out: frozen values.
A step is parametrised by what it acts on and by what it puts in place. In a script these are names
(`UnitSet`, an image set, a hand-written family); on a network they are places, numbers and arrays.
Steps on units act on activations after ReLU, steps on edges on expanded weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar, cast

from circuitdsl.ir.expect import Comparison
from circuitdsl.text.source import NOWHERE, Span

Quantity = Literal["weight", "magnitude", "angle"]

U = TypeVar("U")  # units
E = TypeVar("E")  # edges, which have a `source` and a `target`
V = TypeVar("V")  # what is put in place


@dataclass(frozen=True)
class Where:
    """A condition on single weights.

    Attributes:
        quantity: `weight` with its sign, its `magnitude`, or the `angle` in degrees between the
            angles that the two units prefer, 0 to 180.
        comparison: `<`, `<=`, `>`, `>=`, `==` or `!=`.
        value: What it is compared with.
    """

    quantity: Quantity
    comparison: Comparison
    value: float


@dataclass(frozen=True)
class Affine(ABC, Generic[U]):
    """A step that maps each activation h to `gain * h + offset`.

    Attributes:
        units: The units.
        by: The number of the step.
    """

    units: U
    by: float
    verb: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    @abstractmethod
    def gain(self) -> float:
        """The factor of each activation."""

    @property
    @abstractmethod
    def offset(self) -> float:
        """The number that is added to each activation."""

    def on(self, units: V) -> Affine[V]:
        """The same step on other units."""
        return cast("Affine[V]", replace(cast("Affine[Any]", self), units=units))


@dataclass(frozen=True)
class Scale(Affine[U]):
    """`scale UNITS by X`, or `negate UNITS`: multiply activations by a number."""

    verb: str = field(default="scale", compare=False)

    @property
    def gain(self) -> float:
        """The factor of each activation."""
        return self.by

    @property
    def offset(self) -> float:
        """Nothing is added."""
        return 0.0


@dataclass(frozen=True)
class Shift(Affine[U]):
    """`shift UNITS by X`: add a number to activations."""

    verb: str = field(default="shift", compare=False)

    @property
    def gain(self) -> float:
        """Activations stay as they are."""
        return 1.0

    @property
    def offset(self) -> float:
        """The number that is added to each activation."""
        return self.by


@dataclass(frozen=True)
class Ablate(Generic[U, V]):
    """`ablate UNITS to ...`: put a constant in place of each unit's activation.

    Attributes:
        units: The units.
        to: The constant of each unit, such as its mean over some images; None for zero.
    """

    units: U
    to: V | None = None
    verb: str = field(default="ablate", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Patch(Generic[U, V]):
    """`patch UNITS from SET`: put activations of other images in place of the units' own.

    Attributes:
        units: The units.
        maps: Their activations on the other images, `[image, height, width, unit]`. Which of
            several an image gets depends on its pixels alone, so that it does not matter which
            images are looked at together.
    """

    units: U
    maps: V
    verb: str = field(default="patch", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Splice(Generic[U, V]):
    """`splice HAND into UNITS ...`: put hand-written units in place of trained ones.

    Attributes:
        units: The trained units.
        hand: The hand-written units, and how strong each is.
    """

    units: U
    hand: V
    verb: str = field(default="splice", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class ScaleEdges(Generic[E]):
    """`scale`, `drop` and `negate` of edges: multiply expanded weights by a number.

    Attributes:
        edges: The edges.
        by: The number: 0 drops them, -1 negates them.
        where: Conditions that a weight must meet, all of them.
    """

    edges: E
    by: float
    where: tuple[Where, ...] = ()
    verb: str = field(default="scale", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class ReplaceEdges(Generic[E, V]):
    """`replace EDGES with ...`: put other expanded weights in place of the edges' own.

    Attributes:
        edges: Edges into units of one convolution.
        weights: `[height, width, source, target]`, in the order of the units.
        where: Conditions that a weight must meet to be replaced, all of them.
    """

    edges: E
    weights: V
    where: tuple[Where, ...] = ()
    verb: str = field(default="replace", compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


UnitStep = Affine[U] | Ablate[U, Any] | Patch[U, Any] | Splice[U, Any]
EdgeStep = ScaleEdges[E] | ReplaceEdges[E, Any]
OF_EDGES = (ScaleEdges, ReplaceEdges)
"""The steps on edges; the others act on units."""
