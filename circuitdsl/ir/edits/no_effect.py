"""Steps of an edit that have no effect, as far as steps alone can say.

In: steps of a script or of a network, in order, and the places of units. Out: `Notice` values.
Whether a condition on weights meets any weight is a matter of the weights, and is asked where they
are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from circuitdsl.ir.edits.steps import Ablate, Affine, Patch, ReplaceEdges, ScaleEdges, Splice

Place = tuple[str, int]
"""A layer and a channel of it."""

MOST_NAMED = 8
"""Units that a message names."""


@dataclass(frozen=True)
class Notice:
    """A remark on a step that is carried out as written.

    Attributes:
        step: Its place in the list, from 0.
        message: Why the step, or an earlier one, has no effect.
    """

    step: int
    message: str


def named(places: Sequence[Place], name: Callable[[Place], str]) -> str:
    """The first of some places by name, and how many more there are."""
    more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
    return ", ".join(name(place) for place in places[:MOST_NAMED]) + more


def without_effect(
    steps: Sequence[Any],
    places: Callable[[Any], Sequence[Place]],
    name: Callable[[Place], str],
) -> list[Notice]:
    """Steps that change nothing, and steps that overwrite all that earlier ones did.

    Args:
        steps: Steps on units or edges, in order.
        places: Gives the places of a step's units.
        name: Gives the name of a place, for messages.
    """
    history = _History(places, name)
    for index, step in enumerate(steps):
        history.take(index, step)
    history.judge_edges(steps)
    return sorted(history.notices, key=lambda notice: notice.step)


@dataclass
class _History:
    """The steps taken so far, place by place.

    Attributes:
        verbs: The verbs that still show in the activation of a place.
        zero: Places whose activation is zero, whatever the image.
        overwritten: Places where nothing of the network's own activation is left.
    """

    places: Callable[[Any], Sequence[Place]]
    name: Callable[[Place], str]
    verbs: dict[Place, tuple[str, ...]] = field(default_factory=dict[Place, "tuple[str, ...]"])
    zero: set[Place] = field(default_factory=set[Place])
    overwritten: set[Place] = field(default_factory=set[Place])
    notices: list[Notice] = field(default_factory=list[Notice])

    def take(self, index: int, step: Any) -> None:
        if isinstance(step, ScaleEdges) and step.by == 1:
            self.notices.append(Notice(index, f"`{step.verb}` by 1 has no effect"))
        elif isinstance(step, Affine):
            self.affine(index, step)
        elif isinstance(step, Ablate | Patch | Splice):
            self.overwrite(index, step)

    def affine(self, index: int, step: Affine[Any]) -> None:
        if (step.gain, step.offset) == (1.0, 0.0):
            self.notices.append(Notice(index, f"`{step.verb}` by {step.by:g} has no effect"))
            return
        places = self.places(step.units)
        silent = [place for place in places if place in self.zero]
        if silent and step.offset == 0:
            earlier = _quoted(verb for place in silent for verb in self.verbs[place])
            names = named(silent, self.name)
            message = f"`{step.verb}` has no effect on {names}, set to zero by {earlier}"
            self.notices.append(Notice(index, message))
        for place in places:
            self.verbs[place] = (*self.verbs.get(place, ()), step.verb)
            if step.gain == 0:
                self.overwritten.add(place)
                self.zero.add(place)
            if step.offset != 0:
                self.zero.discard(place)

    def overwrite(
        self, index: int, step: Ablate[Any, Any] | Patch[Any, Any] | Splice[Any, Any]
    ) -> None:
        places = self.places(step.units)
        before = [place for place in places if place in self.verbs]
        if before:
            earlier = _quoted(verb for place in before for verb in self.verbs[place])
            message = f"`{step.verb}` overwrites what {earlier} did to {named(before, self.name)}"
            self.notices.append(Notice(index, message))
        values: Any = step.to if isinstance(step, Ablate) else ()
        for number, place in enumerate(places):
            self.verbs[place] = (step.verb,)
            self.overwritten.add(place)
            self.zero.discard(place)
            if values is None or (
                isinstance(values, tuple) and values[number : number + 1] == (0.0,)
            ):
                self.zero.add(place)

    def judge_edges(self, steps: Sequence[Any]) -> None:
        for index, step in enumerate(steps):
            if not isinstance(step, ScaleEdges | ReplaceEdges):
                continue
            for units, remainder, what in (
                (step.edges.source, self.zero, "edges from units that are zero"),
                (step.edges.target, self.overwritten, "edges into units that are overwritten"),
            ):
                lost = [place for place in self.places(units) if place in remainder]
                if lost:
                    message = f"{what} have no effect: {named(lost, self.name)}"
                    self.notices.append(Notice(index, message))


def _quoted(verbs: Iterable[str]) -> str:
    return " and ".join(f"`{verb}`" for verb in dict.fromkeys(verbs))
