"""Edit scripts on a network: steps of a script -> steps on its units, as `edit` takes them.

In: a checked script, a trained network, images. Out: edited networks. What a script leaves open is
found here: which units a search finds, the angles that units prefer, means, recordings and gains.
Weights are read only to carry steps out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from circuitdsl.editing import verbs
from circuitdsl.editing.apply import EditedNetwork, edit
from circuitdsl.editing.baselines import (
    edge_weights,
    matched_kernels,
    matched_splice,
    means,
    nearest_members,
    recorded,
)
from circuitdsl.editing.controls import random_kernels, shuffled_members
from circuitdsl.editing.seek import Choice, Choices, Seeker
from circuitdsl.editing.select import Units, edges, places_of
from circuitdsl.ir.circuit import Circuit, Stimulus
from circuitdsl.ir.edits import script as ir
from circuitdsl.ir.edits.steps import Ablate, Affine, Patch, ReplaceEdges, ScaleEdges, Splice
from circuitdsl.ir.members.axes import Axis
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.tables.generators import settings_of
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.finders import USUAL
from circuitdsl.measure.passes import run
from circuitdsl.measure.tunings.tuning import Grid, response_grid, tuning_of
from circuitdsl.measure.units import trained
from circuitdsl.models.directions import directed
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import HandwrittenNetwork, build
from circuitdsl.stimuli.batches import SIZE, Batch, batches_of, first_of
from circuitdsl.stimuli.centre import central
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.stimuli.render import batches
from circuitdsl.stimuli.set_grid import SetGrid
from circuitdsl.text.diagnostics import Diagnostic, DiagnosticError, InputError
from circuitdsl.text.source import Span

Variant = Literal["spliced", "shuffled", "random"]

KEPT = 64
"""Recordings of one patch; each image gets one of them."""


@dataclass
class Lowering:
    """What the steps of one script are lowered with.

    Attributes:
        script: The script.
        model: The network's name.
        network: The network, with directions among its units.
        weights: The digest of its weights as they were opened.
        images: The photographs of each set.
        seed: The seed of the controls.
        progress: Called with a line of text when a stage begins.
    """

    script: ir.Script
    model: str
    network: Network
    weights: str = ""
    images: Mapping[str, ImageSet] = field(default_factory=dict[str, ImageSet])
    seed: int = 0
    progress: Callable[[str], None] = lambda stage: None
    _built: dict[tuple[Circuit, str, tuple[float, ...]], HandwrittenNetwork] = field(
        default_factory=dict["tuple[Circuit, str, tuple[float, ...]]", HandwrittenNetwork]
    )
    _choices: Choices = field(default_factory=dict["tuple[object, ...]", Choice])

    @property
    def seeker(self) -> Seeker:
        """What searches the network; copies share what it found."""
        return Seeker(self.network, self.model, self.progress, self._choices)

    def chosen(self, sets: Iterable[ir.UnitSet]) -> tuple[Choice, ...]:
        """The units that sets leave to a search, as it found them."""
        parts = [part for units in sets for part in units.parts if isinstance(part, ir.Sought)]
        return tuple(dict.fromkeys(map(self._choice, parts)))

    def edited(self, name: str, variant: Variant = "spliced") -> EditedNetwork:
        """The network with an edit of the script.

        Args:
            name: The edit.
            variant: What stands in for trained units: the hand-written ones, the same with their
                angles shuffled, or units with random kernels.

        Raises:
            InputError: a step that does not fit the network.
            DiagnosticError: a splice without a partner for some unit.
        """
        return edit(self.network, self.steps(name, variant), name)

    def variants(self, name: str) -> dict[Variant, EditedNetwork]:
        """The network with an edit, and, where it splices, the controls of that.

        Members are shuffled only where units have different ones.
        """
        made: dict[Variant, EditedNetwork] = {"spliced": self.edited(name)}
        splices = [step for step in made["spliced"].steps if isinstance(step, Splice)]
        if any(len(set(step.hand.members)) > 1 for step in splices):
            made["shuffled"] = self.edited(name, "shuffled")
        if splices:
            made["random"] = self.edited(name, "random")
        return made

    def steps(self, name: str, variant: Variant = "spliced") -> tuple[verbs.Step, ...]:
        """The steps of an edit."""
        return tuple(low for step in self.script.steps(name) for low in self._step(step, variant))

    def _step(self, step: ir.Step, variant: Variant) -> Sequence[verbs.Step]:
        match step:
            case Ablate():
                return [self._ablate(step)]
            case Affine():
                return [step.on(self.units(step.units))]
            case Patch():
                units = self.units(step.units)
                maps = self._recorded(units, step.maps)
                return [Patch(units, maps, step.verb, step.span)]
            case Splice():
                return [self.splice(step, variant)]
            case ScaleEdges():
                between = edges(*self._ends(step))
                return [ScaleEdges(between, step.by, step.where, step.verb, step.span)]
            case ReplaceEdges():
                return self._replace(step)

    # ---- units

    def shown_to(self, images: Mapping[str, ImageSet], sets: Iterable[ir.UnitSet]) -> Lowering:
        """The same with photographs, and with the directions that some units leave to a search.

        These are units of the network from now on.

        Args:
            images: The photographs of each set.
            sets: All units that will be asked for.

        Raises:
            InputError: a set is missing, or no direction of a layer agrees with a family.
        """
        ready = replace(self, images=images)
        parts = [part for units in sets for part in units.parts if isinstance(part, ir.Sought)]
        choices = [ready._choice(part) for part in dict.fromkeys(parts) if part.terms]
        directions = [one for choice in choices for one in choice.directions]
        if not directions:
            return ready
        return replace(ready, network=directed(self.network, directions))

    def units(self, chosen: ir.UnitSet) -> Units:
        """The units of a set, with the angles that they prefer where all of these are known."""
        places: list[tuple[str, int]] = []
        angles: list[float] = []
        for part in chosen.parts:
            if isinstance(part, ir.Sought):
                choice = self._choice(part)
                places += [(one.name, 0) for one in choice.directions]
                places += places_of(self.network.backbone, part.layer, choice.units)
                angles += choice.angles_deg
                continue
            places += places_of(
                self.network.backbone, part.layer, None if part.whole else part.numbers
            )
            angles += part.angles_deg or ()
        if len(set(places)) < len(places):
            raise InputError(f"a unit comes twice in `{chosen.span.text}`")
        units = Units(self.network.backbone, tuple(places))
        return units.at_angles(angles) if len(angles) == len(units) else units

    def _choice(self, part: ir.Sought) -> Choice:
        if part.like is None or part.using is None:
            return self.seeker.tuned(part)
        hand, images = self._build(part.like, ()), self._photographs(part.using)
        if part.terms:
            return self.seeker.directed(part, hand, part.like, images)
        return self.seeker.alike(part, hand, part.like, images)

    def tuned(self, units: Units, grid: str | None, span: Span) -> Units:
        """The units with the angles that they prefer, measured if need be."""
        if grid is None and units.angles_deg is not None:
            return units
        self.progress("measuring the angles that units prefer")
        found = np.zeros(len(units))
        for branch in units.branches:
            figures, side = self.grid(grid, branch)
            subject = trained(self.network, branch, units.channels(branch))
            responses = response_grid(subject, figures, side)
            tunings = tuning_of(responses, figures.angles_deg, figures.period_deg)
            found[list(units.positions(branch))] = [tuning.preferred_deg for tuning in tunings]
        silent = [name for name, angle in zip(units.names, found, strict=True) if np.isnan(angle)]
        if silent:
            message = f"{silent[0]} fires for no figure, so nothing can be matched with it"
            raise DiagnosticError([Diagnostic("E703", message, span)])
        return units.at_angles(found.tolist())

    def grid(self, name: str | None, layer: str) -> tuple[Grid, int | None]:
        """The figures of a stimulus set, and the side of their images; without one, the usual."""
        if name is None:
            return USUAL.grid(self.network.backbone, layer), None
        source = self.script.images[name]
        if not isinstance(source, Stimulus):
            raise ValueError(f"`{name}` is no stimulus set (the checker excludes it)")
        return SetGrid.of(source), round(settings_of(source)["size"][0])

    # ---- images

    def shown(self, name: str, units: Units) -> Iterator[Batch]:
        """The images of a set, a batch at a time."""
        side = self.network.backbone.input_px
        source = self.script.images[name]
        if isinstance(source, Stimulus):
            centre = central(units.backbone, units.branches[0], side)
            return batches_of(batches(source, centre, SIZE))
        return self._photographs(name).batches_for(self.network.backbone, SIZE)

    def _photographs(self, name: str) -> ImageSet:
        if name not in self.images:
            raise InputError(
                f"the script needs the photographs `{name}`, and none were given",
                help="give a folder: --calibration DIR, or --images DIR",
            )
        return self.images[name]

    def _ablate(self, step: Ablate[ir.UnitSet, ir.Mean | ir.Resampled]) -> verbs.Step:
        units, to = self.units(step.units), step.to
        if to is None:
            return Ablate(units, None, step.verb, step.span)
        self.progress(f"showing {to.images} to the network")
        if isinstance(to, ir.Mean):
            average = run(means(self.network, units), self.shown(to.images, units))
            return Ablate(units, average, step.verb, step.span)
        maps = self._drawn(to.images, to.seed)._recorded(units, to.images)
        return Patch(units, maps, step.verb, step.span)

    def _recorded(self, units: Units, name: str) -> NDArray[np.float32]:
        """The units' activations on the first images of a set."""
        shown = first_of(self.shown(name, units), KEPT)
        return run(recorded(self.network, units), shown)[:KEPT]

    def _drawn(self, name: str, seed: int) -> Lowering:
        """The same with some images of a set at random, as many as are kept."""
        if not isinstance(self.script.images[name], ir.Photographs):
            return self
        photographs = self._photographs(name)
        order = np.random.default_rng(seed).permutation(len(photographs))[:KEPT].tolist()
        return replace(self, images={**self.images, name: photographs.some(order)})

    # ---- hand-written units

    def splice(
        self, step: Splice[ir.UnitSet, ir.StandIns], variant: Variant = "spliced"
    ) -> Splice[Units, verbs.StandIns]:
        """A splice with its gains matched."""
        asked = step.hand
        units = self.units(step.units)
        if asked.match.way != "agreement":
            units = self.tuned(units, asked.match.grid, asked.match.span)
        hand, members = self._matched(asked.hand, units, asked.match)
        family = asked.hand.family
        if variant == "shuffled":
            members = shuffled_members(members, self.seed)
        elif variant == "random":
            hand = random_kernels(hand, family, self.seed)
        self.progress(f"matching gains of {variant} units on {asked.images}")
        matched = matched_splice(
            self.network, units, hand, family, members=members, rule=asked.rule
        )
        return run(matched, self.shown(asked.images, units))

    def _matched(
        self, hand: ir.Hand, units: Units, match: ir.Match
    ) -> tuple[HandwrittenNetwork, tuple[int, ...]]:
        """The hand-written network, and the member that stands in for each unit."""
        angles = units.angles_deg or () if match.way == "placed" else ()
        network = self._build(hand, angles)
        return network, self._members(network, hand, units, match)

    def _members(
        self, network: HandwrittenNetwork, hand: ir.Hand, units: Units, match: ir.Match
    ) -> tuple[int, ...]:
        if match.way == "placed":
            return tuple(range(len(units)))
        if match.way == "agreement":
            return self._agreeing(network, hand, units, match)
        return _nearest(hand.circuit.by_name[hand.family].axes[0], units, match)

    def _agreeing(
        self, network: HandwrittenNetwork, hand: ir.Hand, units: Units, match: ir.Match
    ) -> tuple[int, ...]:
        """The member that agrees best with each unit on photographs."""
        images = self._photographs(match.using or "")
        found = self.seeker.members(units.places, network, hand, images)
        for name, (_, r) in zip(units.names, found, strict=True):
            if r <= 0:
                message = f"no member of `{hand.family}` agrees with {name}"
                why = f"every correlation on {len(images.paths)} photographs is 0 or less"
                raise DiagnosticError([Diagnostic("E703", message, match.span, note=why)])
        return tuple(member for member, _ in found)

    def _build(self, hand: ir.Hand, angles: tuple[float, ...]) -> HandwrittenNetwork:
        key = (hand.circuit, hand.family, angles)
        if key not in self._built:
            self.progress(f"building `{hand.family}`")
            circuit = place_members(hand.circuit, hand.family, angles) if angles else hand.circuit
            self._built[key] = calibrate(build(circuit, given=self.network))
        return self._built[key]

    # ---- edges

    def _ends(self, step: ScaleEdges[ir.EdgeSet]) -> tuple[Units, Units]:
        source, target = self.units(step.edges.source), self.units(step.edges.target)
        if all(condition.quantity != "angle" for condition in step.where):
            return source, target
        return self.tuned(source, None, step.span), self.tuned(target, None, step.span)

    def _replace(self, step: ReplaceEdges[ir.EdgeSet, ir.HandEdges]) -> list[verbs.Step]:
        asked, match = step.weights, step.weights.match
        source, target = self.units(step.edges.source), self.units(step.edges.target)
        by_angle = any(condition.quantity == "angle" for condition in step.where)
        if match.way != "agreement" or by_angle:
            source = self.tuned(source, match.grid, match.span)
            target = self.tuned(target, match.grid, match.span)
        circuit = asked.target.circuit
        pairs = ((source, asked.source.family), (target, asked.target.family))
        if match.way == "placed":
            for units, family in pairs:
                circuit = place_members(circuit, family, units.angles_deg or ())
        network = self._build(ir.Hand(circuit, asked.target.family), ())
        members = [
            self._members(network, ir.Hand(circuit, family), units, match)
            for units, family in pairs
        ]
        into = circuit.into(asked.target.family)
        kernel = next(c.name for c in into if c.source == asked.source.family)
        steps: list[verbs.Step] = []
        for branch in target.branches:
            at = target.positions(branch)
            part = Units(target.backbone, tuple(target.places[index] for index in at))
            if target.angles_deg is not None:
                part = part.at_angles([target.angles_deg[index] for index in at])
            between = edges(source, part)
            new = matched_kernels(
                network.arrays[kernel],
                members[0],
                [members[1][index] for index in at],
                edge_weights(self.network, between),
            )
            steps.append(ReplaceEdges(between, new, step.where, step.verb, step.span))
        return steps


def _nearest(axis: Axis, units: Units, match: ir.Match) -> tuple[int, ...]:
    try:
        return nearest_members(axis.angles_deg, units, match.within_deg, axis.period_deg)
    except InputError as error:
        found = Diagnostic("E703", error.message, match.span, help=error.help)
        raise DiagnosticError([found]) from error
