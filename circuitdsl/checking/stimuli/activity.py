"""`activity`: stimulus sets that say how families of trained units respond.

In: `PART = LEVELS*SCENE` with a scene of `spot(FAMILY, at=POINT)`. Out: the IR's parts; and whether
they are on trained units, on members that there are, and whether what is measured reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.messages import (
    listed,
    no_taps,
    out_of_range,
    too_many,
    unknown,
    with_hint,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import match
from circuitdsl.checking.values.kinds import LARGEST, Point
from circuitdsl.ir.algebra import has_taps
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.expressions import Number
from circuitdsl.ir.members.axes import SIDES
from circuitdsl.ir.members.scattered import can_turn, has_members
from circuitdsl.ir.stimuli import ACTIVITY, PHOTOGRAPHS, Part, Spot, Stimulus
from circuitdsl.ir.tables.generators import GENERATORS, MOST_IMAGES, settings_of
from circuitdsl.syntax import nodes
from circuitdsl.text.source import Span

_SPOT = "spot"
_SHAPE = "window = spot(window, at=(0px, 16px))"

MOST_SPOTS = 256
"""Spots of one set."""

Levels = Callable[[str, nodes.Expression], tuple[float, ...] | None]
"""Reads the values of a part's levels, given its name."""


def part_names(node: nodes.Stimulus) -> tuple[str, ...]:
    """The names of a set's parts: those that are settings of no generator."""
    settings = {PHOTOGRAPHS, *(name for kinds in GENERATORS.values() for name in kinds)}
    return tuple(name for name in _names(node) if name not in settings and "." not in name)


def is_empty(node: nodes.Stimulus) -> bool:
    """Whether a set has settings only, and no part."""
    return all(name in GENERATORS[node.value.name.text] for name in _names(node))


def _names(node: nodes.Stimulus) -> dict[str, None]:
    names = [a.name for a in node.value.arguments]
    names += [a.name for a in (() if node.block is None else node.block.attributes)]
    return dict.fromkeys(name.text for name in names if name is not None)


def parts(
    analysis: Analysis,
    written: Mapping[str, nodes.Expression],
    levels: Levels,
    half_px: float,
) -> tuple[Part, ...] | None:
    """The parts of a set; None if one is faulty.

    Args:
        analysis: The file, and where to report.
        written: What each part is said to be.
        levels: Reads a list of levels.
        half_px: Half of the image's side, within which spots lie.
    """
    scenes = [_Scene(analysis, name, levels, half_px).part(written[name]) for name in written]
    sound = tuple(part for part in scenes if part is not None)
    return sound if len(sound) == len(scenes) else None


@dataclass(frozen=True)
class _Scene:
    """Reads one part."""

    analysis: Analysis
    name: str
    levels: Levels
    half_px: float

    def part(self, node: nodes.Expression) -> Part | None:
        """`LEVELS*SCENE`, or a scene alone."""
        levels, scene = leveled(self.name, node, self.levels)
        if scene is None:
            return self.faulty(node)
        spots = self.scene(scene)
        return None if spots is None or levels is None else Part(self.name, spots, levels)

    def scene(self, node: nodes.Expression) -> tuple[Spot, ...] | None:
        """A sum of spots, each perhaps times a number."""
        if isinstance(node, nodes.Call) and node.name.text == _SPOT:
            spot = self.spot(node)
            return None if spot is None else (spot,)
        if isinstance(node, nodes.Chain) and node.is_sum and "-" not in node.operators:
            terms = [self.scene(term) for term in node.parts]
            sound = [term for term in terms if term is not None]
            return tuple(spot for term in sound for spot in term) if terms == sound else None
        if isinstance(node, nodes.Chain) and not node.is_sum:
            return self.product(node)
        return self.faulty(node)

    def faulty(self, node: nodes.Expression) -> None:
        """Report an expression that is not a scene (E302)."""
        note = ""
        if isinstance(node, nodes.Signed) or (isinstance(node, nodes.Chain) and node.is_sum):
            note = "responses are never negative, so nothing is subtracted"
        message = f"`{self.name}` must be a sum of spots, perhaps times a list of levels"
        message, _ = with_hint(self.analysis, message, self.name, GENERATORS[ACTIVITY], node.span)
        self.analysis.error("E302", message, node.span, note=note, help=f"Write `{_SHAPE}`.")

    def product(self, node: nodes.Chain) -> tuple[Spot, ...] | None:
        """A scene times numbers."""
        pairs = list(zip(["*", *node.operators], node.parts, strict=True))
        scenes = [pair for pair in pairs if _has_spot(pair[1])]
        if len(scenes) != 1 or scenes[0][0] == "/":
            return self.faulty(node)
        spots = self.scene(scenes[0][1])
        factor = 1.0
        for operator, part in pairs:
            if part is not scenes[0][1]:
                value = self.factor(part)
                if value is None or spots is None:
                    return None
                factor = factor * value if operator == "*" else factor / value
        spots = spots and tuple(replace(spot, weight=factor * spot.weight) for spot in spots)
        if spots and not all(1 / LARGEST <= spot.weight <= LARGEST for spot in spots):
            requirement = "neither too large nor too small for a response"
            out_of_range(self.analysis, "the strength of a spot", requirement, node.span)
            return None
        return spots

    def factor(self, node: nodes.Expression) -> float | None:
        """A number above 0."""
        if _is_list(node):
            note = "levels are the first factor of a whole part"
            help_ = "Write `[0, 1]*(spot(...) + spot(...))`."
            what = "a factor of a spot"
            wrong_type(self.analysis, what, "a number", node.span, note=note, help=help_)
            return None
        value = Evaluator(self.analysis).constant(node, "real", "a factor")
        if value is None or value > 0:
            return value
        out_of_range(self.analysis, "the strength of a spot", "above 0", node.span)
        return None

    def spot(self, node: nodes.Call) -> Spot | None:
        arguments = match(node, {"family": True, "at": False}, self.analysis)
        if arguments is None:
            return None
        family_name = arguments["family"]
        if not isinstance(family_name, nodes.Reference | nodes.Selection):
            requirement, help_ = "a family of trained units", f"Write `{_SHAPE}`."
            wrong_type(
                self.analysis, "`family` of `spot()`", requirement, family_name.span, help=help_
            )
            return None
        at = (
            point_within(self.analysis, arguments["at"], self.half_px)
            if "at" in arguments
            else (0.0, 0.0)
        )
        picks = family_name.picks if isinstance(family_name, nodes.Selection) else ()
        members = [self.member(pick) for pick in picks]
        if at is None or None in members:
            return None
        numbers = tuple(member for member in members if member is not None)
        home = self.analysis.module.home_of("families", family_name.name.text)
        name = (
            self.analysis.module.prefix + family_name.name.text
            if home is None
            else home[0].prefix + home[1]
        )
        return Spot(name, at, 1.0, numbers, family_name.span)

    def member(self, pick: nodes.Argument | nodes.Range) -> tuple[str, Number] | None:
        """`th=90deg`, `side=left`, `u=2`."""
        if isinstance(pick, nodes.Range) or pick.name is None:
            requirement, help_ = "an axis and a value on it", "Write `FAMILY[th=0deg]`."
            wrong_type(self.analysis, "what stands in `[...]`", requirement, pick.span, help=help_)
            return None
        value = pick.value
        if isinstance(value, nodes.Reference) and value.name.text in SIDES:
            return pick.name.text, Number(float(SIDES.index(value.name.text)))
        number = Evaluator(self.analysis).value(value)
        if isinstance(number, Number) and number.unit in ("real", "int", "angle"):
            unit = "angle" if number.unit == "angle" else "real"
            return pick.name.text, Number(number.value, unit)
        if number is not None:
            requirement = "an angle, a side or a number"
            wrong_type(self.analysis, f"`{pick.name.text}`", requirement, value.span)
        return None


def leveled(
    part: str, node: nodes.Expression, levels: Levels
) -> tuple[tuple[float, ...] | None, nodes.Expression | None]:
    """The levels of a part, and what they are levels of.

    Levels are None if they are faulty; the rest is None if it is divided by something.
    """
    if not (isinstance(node, nodes.Chain) and not node.is_sum and _is_list(node.parts[0])):
        return (1.0,), node
    strength = levels(part, node.parts[0])
    first, *others = node.operators
    if first == "/":
        return strength, None
    rest = node.parts[1]
    if others:
        rest = replace(node, parts=node.parts[1:], operators=tuple(others))
    return strength, rest


def point_within(
    analysis: Analysis, node: nodes.Expression, half_px: float
) -> tuple[float, float] | None:
    """A point in pixels, within the image however it is turned."""
    value = Evaluator(analysis).typed(node, "point", "`at`")
    if not isinstance(value, Point):
        return None
    if any(map(has_taps, value.items)):
        no_taps(analysis, node.span)
        return None
    x, y = (item.value if isinstance(item, Number) else None for item in value.items)
    if x is None or y is None:
        message = "`at` must be a fixed point; this reads a dial"
        analysis.error("E309", message, node.span)
        return None
    if hypot(x, y) > half_px:
        requirement = f"within {half_px:g}px of the middle"
        help_ = "Make the set's `size` larger, which is the side of the image."
        out_of_range(analysis, "`at`", requirement, node.span, help=help_)
        return None
    return x, y


def _is_list(node: nodes.Expression) -> bool:
    spreads = ("geometric", "linear", "every")
    return isinstance(node, nodes.Listing) or (
        isinstance(node, nodes.Call) and node.name.text in spreads
    )


def _has_spot(node: nodes.Expression) -> bool:
    if isinstance(node, nodes.Chain):
        return any(map(_has_spot, node.parts))
    return isinstance(node, nodes.Call) and node.name.text == _SPOT


# ---- among the families of a circuit


def on_trained_units(
    stimulus: Stimulus, families: Mapping[str, Family | None], analysis: Analysis
) -> bool:
    """Whether every spot is on a family of trained units, and on members that it has.

    Args:
        stimulus: A set of activity.
        families: Families by their names in the circuit; None for faulty ones.
        analysis: Where to report.
    """
    turns = settings_of(stimulus)["th"]
    spots = [spot for part in stimulus.parts for spot in part.spots]
    if len(spots) > MOST_SPOTS:
        what, number_of_spots = f"`{stimulus.name}`", f"{len(spots):,} spots"
        too_many(analysis, what, number_of_spots, MOST_SPOTS, stimulus.span)
        return False
    faulty: set[str] = set()
    for spot in {(spot.family, spot.members): spot for spot in reversed(spots)}.values():
        if spot.family not in faulty and not _sound(spot, turns, families, analysis):
            faulty.add(spot.family)
    return not faulty


def _sound(
    spot: Spot, turns: Sequence[float], families: Mapping[str, Family | None], analysis: Analysis
) -> bool:
    if spot.family not in families:
        note = "activity is put on families that stand in this circuit"
        unknown(analysis, "family", spot.family, families, spot.span, note=note)
        return False
    family = families[spot.family]
    if family is None:
        return False
    if family.units is None:
        trained = [name for name, member in families.items() if member and member.units is not None]
        analysis.error(
            "E708",
            f"`{family.name}` is computed from other families, so no activity is put on it",
            spot.span,
            help=f"Families of trained units: {listed(trained)}."
            if trained
            else "Declare what it reads as trained units: `units = [...]`.",
        )
        return False
    if len(turns) * family.size > MOST_IMAGES:
        message = f"`{family.name}` has too many members to be turned {len(turns):,} times"
        analysis.error("E113", message, spot.span)
        return False
    lacking = next((turn for turn in turns if not can_turn(family, turn)), None)
    if lacking is None and has_members(family, spot):
        return True
    fault = f"`{family.name}` has no such member"
    if lacking is not None:
        fault = f"a turn by {lacking:g}deg leads from a member of `{family.name}` to none"
    first, last = family.member_name(0), family.member_name(family.size - 1)
    members = first if family.size == 1 else f"{first} to {last}"
    analysis.error("E408", fault, spot.span, help=f"Its members are {members}.")
    return False


def reaches(circuit: Circuit, analysis: Analysis) -> None:
    """Report measures on activity that the measured family does not read (E902)."""
    sets = {images.name: images for images in circuit.stimuli if images.generator == ACTIVITY}
    uses = [(f.name, *use) for f in circuit.families for use in _uses(f) if use[0] in sets]
    needs = {family: circuit.needs(family) for family, _, _ in uses}
    for family, name, span in uses:
        spots = [spot for part in sets[name].parts for spot in part.spots]
        if any(spot.family not in circuit.by_name for spot in spots):
            message = f"`{name}` puts activity on families that this circuit does not have"
            analysis.error("E902", message, span)
        elif not any(spot.family in needs[family] for spot in spots):
            message = f"`{family}` reads no unit that `{name}` puts activity on"
            analysis.error("E902", message, span)


def _uses(family: Family) -> Iterator[tuple[str, Span]]:
    """The sets that a family's calibration and expectations name, and where."""
    if family.calibrate is not None:
        yield family.calibrate.one, family.calibrate.span
        yield family.calibrate.zero, family.calibrate.span
    for expect in family.expectations:
        for measure in expect.measures:
            yield measure.of, measure.span
