"""What a script leaves to a search: which units of a network, which members stand in for them.

In: a network, what is sought, photographs. Out: `Choice`s: the units and members that were found,
and on which photographs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from circuitdsl.ir.backbones.directions import Direction
from circuitdsl.ir.edits.script import Hand, Sought
from circuitdsl.measure.agreeing.choosing import agreeing_members, choose_units
from circuitdsl.measure.agreeing.directions import moments
from circuitdsl.measure.agreeing.side_by_side import Contender, meetings
from circuitdsl.measure.finders import USUAL
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.find import find_family
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork
from circuitdsl.stimuli.batches import SIZE
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class Choice:
    """Units of a layer that a search found.

    Attributes:
        layer: The layer.
        units: Their numbers in it: by angle where a finder found them, else best first; none of
            directions.
        like: The family that they agree with; "" where a finder found them by their tuning.
        members: For each unit, the member that it agrees with.
        agreement: The mean correlation of unit and member where they were chosen; 0 by tuning.
        angles_deg: The angles that the units prefer, where a finder says.
        photographs: The names of the photographs that chose them.
        directions: Combinations of units, best first, where such were sought.
    """

    layer: str
    units: tuple[int, ...]
    like: str = ""
    members: tuple[str, ...] = ()
    agreement: float = 0.0
    angles_deg: tuple[float, ...] = ()
    photographs: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()

    @property
    def text(self) -> str:
        """The choice in a line, for people to read."""
        if self.directions:
            sums = "; ".join(f"{one.name} = {_sum(one)}" for one in self.directions)
            return (
                f"{self.layer}: {sums}: found like `{self.like}` on one half of "
                f"{len(self.photographs)} photographs (r {self.agreement:.2f} on the other)"
            )
        numbers = ", ".join(map(str, self.units))
        if not self.like:
            return f"{self.layer}:{numbers}: found by their tuning to figures alone"
        return (
            f"{self.layer}:{numbers}: agree with `{self.like}` "
            f"(r {self.agreement:.2f}) on {len(self.photographs)} photographs"
        )

    def record(self) -> dict[str, Any]:
        """The choice as JSON has it."""
        found: dict[str, Any] = {"layer": self.layer, "units": list(self.units)}
        if not self.like:
            return found | {"chosen_by": "tuning", "preferred_deg": list(self.angles_deg)}
        if self.directions:
            found["directions"] = [vars(one) for one in self.directions]
        return found | {
            "chosen_by": "agreement",
            "like": self.like,
            "members": list(self.members),
            "agreement": self.agreement,
            "photographs": list(self.photographs),
        }


Choices = dict[tuple[object, ...], Choice]
"""What was found, by what was asked."""


@dataclass(frozen=True)
class Seeker:
    """Searches a network, each question once.

    Attributes:
        network: The network.
        model: Its name.
        progress: Called with a line of text when a stage begins.
        choices: What was found so far.
    """

    network: Network
    model: str
    progress: Callable[[str], None] = lambda stage: None
    choices: Choices = field(default_factory=dict["tuple[object, ...]", Choice])

    def tuned(self, part: Sought) -> Choice:
        """The best units of a layer by their tuning alone."""
        key = (part.layer, part.count)
        if key not in self.choices:
            self.progress(f"looking for {USUAL.title} in {part.layer} of {self.model}")
            best = find_family(self.network, part.layer, self.model, finder=USUAL).best(part.count)
            self.choices[key] = Choice(
                part.layer,
                tuple(unit.unit for unit in best),
                angles_deg=tuple(unit.tuning.preferred_deg for unit in best),
            )
        return self.choices[key]

    def alike(self, part: Sought, hand: HandwrittenNetwork, like: Hand, images: ImageSet) -> Choice:
        """The units of a layer that agree best with the members of a family.

        Args:
            part: What is sought.
            hand: The circuit of the family.
            like: The family.
            images: The photographs that choose.

        Raises:
            InputError: the network has no such layer, no unit agrees with any member, or there are
                no photographs.
        """
        key = (part.layer, part.count, like, images.paths)
        if key not in self.choices:
            trained(self.network, part.layer)  # refuses a layer of another network
            chosen = choose_units(
                _contender(hand, like),
                self.network,
                [part.layer],
                images.batches_for(self.network.backbone, SIZE),
                count=part.count,
                progress=self._told(f"looking for `{like.family}` in {part.layer}", images),
            )
            family = like.circuit.by_name[like.family]
            self.choices[key] = Choice(
                part.layer,
                tuple(pair.unit for pair in chosen.pairs),
                like.family,
                tuple(family.member_name(pair.member) for pair in chosen.pairs),
                chosen.agreement,
                photographs=images.names,
            )
        return self.choices[key]

    def directed(
        self, part: Sought, hand: HandwrittenNetwork, like: Hand, images: ImageSet
    ) -> Choice:
        """The directions of a layer that agree best with members of a family.

        Every second photograph finds a direction for each member, by ridge regression; the others
        say which members' directions agree best.

        Args:
            part: What is sought.
            hand: The circuit of the family.
            like: The family.
            images: At least two photographs.

        Raises:
            InputError: the network has no such layer, there are too few photographs, or too few
                members go with any direction of the layer.
        """
        key = (part.layer, part.count, part.terms, like, images.paths)
        if key not in self.choices:
            trained(self.network, part.layer)  # refuses a layer of another network
            if len(images) < 2:
                raise InputError(
                    f"{len(images)} photograph is too few to find a direction",
                    why="a direction is found on one half of them, and judged by the other",
                    help="give at least two",
                )
            family = like.circuit.by_name[like.family]
            best = self._along(part, hand, like, images)
            if len(best) < part.count:
                raise InputError(
                    f"{len(best)} of {part.count} directions of {part.layer} in "
                    f"{self.network.name} agree with a member of `{like.family}`",
                    why="no direction goes with the other members on other photographs",
                    help="ask for fewer, search another layer, or show more photographs",
                )
            number = sum(len(choice.directions) for choice in self.choices.values())
            self.choices[key] = Choice(
                part.layer,
                (),
                like.family,
                tuple(family.member_name(member) for _, member, _ in best),
                fmean(r for r, _, _ in best),
                photographs=images.names,
                directions=tuple(
                    Direction(f"direction_{number + place}", part.layer, terms)
                    for place, (_, _, terms) in enumerate(best, 1)
                ),
            )
        return self.choices[key]

    def _along(
        self, part: Sought, hand: HandwrittenNetwork, like: Hand, images: ImageSet
    ) -> list[tuple[float, int, tuple[tuple[int, float], ...]]]:
        """The r of each direction on other photographs, its member, and its terms; best first."""
        contender = _contender(hand, like)
        side = self.network.backbone.input_px
        (meeting,) = meetings(contender, self.network, [part.layer], side)
        told = self._told(f"looking for directions of {part.layer}", images)
        found_on, judged_on = (
            run(
                moments(meeting),
                images.some(range(start, len(images), 2)).batches_for(self.network.backbone, SIZE),
                told,
            )
            for start in (0, 1)
        )
        along: list[tuple[float, int, tuple[tuple[int, float], ...]]] = []
        for member in range(len(meeting.members)):
            terms = found_on.direction(part.layer, member, part.terms)
            r = judged_on.correlation(part.layer, member, terms)
            if r > 0:
                along.append((r, member, terms))
        return sorted(along, key=lambda one: -one[0])[: part.count]

    def members(
        self,
        places: Sequence[tuple[str, int]],
        hand: HandwrittenNetwork,
        like: Hand,
        images: ImageSet,
    ) -> tuple[tuple[int, float], ...]:
        """The member that agrees best with each unit, and how well.

        Args:
            places: The units.
            hand: The circuit of the family.
            like: The family.
            images: The photographs that choose.
        """
        batches = images.batches_for(self.network.backbone, SIZE)
        told = self._told(f"looking for members of `{like.family}`", images)
        return agreeing_members(_contender(hand, like), self.network, places, batches, told)

    def _told(self, what: str, images: ImageSet) -> Callable[[int], None]:
        total = len(images.paths)
        return lambda seen: self.progress(f"{what}: {seen} of {total} photographs")


def _sum(direction: Direction) -> str:
    """A direction as the language writes it: `0.7*12 - 0.3*55`."""
    (unit, weight), *others = direction.terms
    rest = (f" {'-' if value < 0 else '+'} {abs(value):.2g}*{number}" for number, value in others)
    return f"{weight:.2g}*{unit}{''.join(rest)}"


def _contender(hand: HandwrittenNetwork, like: Hand) -> Contender:
    return Contender(like.family, (hand,), (like.family,))
