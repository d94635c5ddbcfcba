"""`expect` lines of a family: what is claimed of its responses to stimulus sets."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.families.calibrate import stimulus_name
from circuitdsl.checking.messages import given_twice, listed, missing, with_hint
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.names.forms import Reader, Use
from circuitdsl.checking.stimuli.photographs import shown
from circuitdsl.checking.stimuli.reading import Reader as Values
from circuitdsl.ir.circuit import Axis, Stimulus
from circuitdsl.ir.expect import Expect, Measured
from circuitdsl.ir.members.angles import largest_gap_deg
from circuitdsl.ir.members.frames import followed, frame_of, in_image
from circuitdsl.ir.tables.generators import GENERATORS, settings_of
from circuitdsl.ir.tables.measures import Measure
from circuitdsl.ir.tables.setting_kinds import SettingKind
from circuitdsl.syntax import nodes

_FEWEST_ANGLES = 8
"""Angles that a tuning curve has at least."""

_LEVEL = SettingKind("real", (1.0,), "how strong a part is")
"""A part of a scene, as a setting that chooses images."""


def expectations(
    analysis: Analysis, node: nodes.Family, axes: tuple[Axis, ...]
) -> tuple[Expect, ...]:
    """The expectations of a family, faulty ones left out."""
    if node.block is None:
        return ()
    uses = _Uses(analysis, axes)
    reader = Reader(analysis, "family", uses.measured)
    read = (reader.expect(each) for each in node.block.expectations)
    return tuple(each for each in read if each is not None)


@dataclass(frozen=True)
class _Uses:
    """Reads what stands in the brackets of measures.

    Attributes:
        analysis: The file, and where to report.
        axes: Of the family.
    """

    analysis: Analysis
    axes: tuple[Axis, ...]

    @property
    def rotation(self) -> Axis | None:
        """The axis that turns the plane."""
        return next((axis for axis in self.axes if axis.turns_plane), None)

    def measured(self, node: Use, row: Measure) -> Measured | None:
        """`NAME(STIMULUS, SETTING=VALUE, ...)`."""
        arguments = node.arguments if isinstance(node, nodes.Call) else ()
        first = next((a for a in arguments if a.name is None), None)
        if first is None:
            help_ = f"Write `{row.name}(SET)`."
            missing(self.analysis, f"`{row.name}()`", "a stimulus set", node.span, help=help_)
            return None
        name = stimulus_name(self.analysis, first.value, folders=True)
        images = None if name is None else self.stimulus(first.value)
        if name is None or images is None:
            return None
        over_angles = row.places["family"] == "angles"
        further = [argument for argument in arguments if argument is not first]
        settings = self.settings(further, images, over_angles=over_angles)
        if settings is None or (over_angles and not self.can(node, images)):
            return None
        return Measured(row.name, name, settings, node.span)

    def stimulus(self, node: nodes.Expression) -> Stimulus | None:
        """The set that an expression names; its faults are reported where it is declared."""
        name = node.name.text if isinstance(node, nodes.Reference) else ""
        home = self.analysis.module.home_of("stimuli", name)
        return None if home is None else shown(self.analysis.of(home[0]), home[1])

    def settings(
        self, arguments: list[nodes.Argument], shown: Stimulus, *, over_angles: bool
    ) -> tuple[tuple[str, float], ...] | None:
        """The settings that choose images of a set."""
        kinds, has = GENERATORS[shown.generator], settings_of(shown)
        names = [name for name, kind in kinds.items() if kind.many and name in has]
        names += [part.name for part in shown.parts]
        if over_angles:
            names = [name for name in names if name != "th"]
        values: dict[str, float] = {}
        for argument in arguments:
            name = "" if argument.name is None else argument.name.text
            if name not in names:
                message = f"`{shown.name}` has no setting `{name}` to choose images by"
                span = argument.span if argument.name is None else argument.name.span
                help_ = f"It has: {listed(names)}." if names else "Its images have no settings."
                message, fixes = with_hint(self.analysis, message, name, names, span)
                self.analysis.error("E206", message, span, help=help_, fixes=fixes)
                return None
            if name in values:
                given_twice(self.analysis, f"`{name}`", argument.span)
                return None
            kind = kinds.get(name, _LEVEL)
            reader = Values(Evaluator(self.analysis), name, kind, shown.generator)
            value = reader.value(argument.value)
            if value is None or not self.has(shown, name, value, argument.value):
                return None
            values[name] = value
        return tuple(values.items())

    def has(self, shown: Stimulus, name: str, value: float, node: nodes.Expression) -> bool:
        """Whether a set has images with a setting, in the frame of every member."""
        at, values = followed(shown, name, self.axes), settings_of(shown)
        mirrors = next((axis for axis in self.axes if axis.kind == "flip"), None)
        if at is not None and frame_of(shown, name) in ("turn", "hue"):
            if name != "th" or mirrors is None or len(set(values.get("flip", (0, 1)))) > 1:
                return True
            message = f"`{shown.name}` has no mirror images, which `{mirrors.name}` needs"
            help_ = "Write `flip = [left, right]` in the set."
            self.analysis.error("E902", message, node.span, help=help_)
            return False
        count = 1 if at is None else self.axes[at].count
        for place in range(count):
            member = [place if index == at else 0 for index in range(len(self.axes))]
            wanted = in_image(shown, name, value, self.axes, member)
            if any(isclose(wanted, own, rel_tol=1e-5, abs_tol=1e-6) for own in values[name]):
                continue
            message = f"`{shown.name}` has no image with `{name} = {node.span.text}`"
            if at is not None:
                axis = self.axes[at]
                message += f" in the frame of `{axis.name} = {axis.value_name(place)}`"
            self.analysis.error("E902", message, node.span)
            return False
        return True

    def can(self, node: Use, shown: Stimulus) -> bool:
        """Whether the family turns, and the set shows it all angles."""
        angles = settings_of(shown).get("th", ())
        fault = ""
        if self.rotation is None:
            fault = "a family without an axis that turns the plane has no tuning to angles"
        elif len(angles) < _FEWEST_ANGLES:
            requirement = f"a tuning curve needs {_FEWEST_ANGLES} angles"
            fault = f"{requirement}; `{shown.name}` has {len(angles)}"
        else:
            period = 180.0 if shown.generator == "lines" else self.rotation.period_deg
            if largest_gap_deg(angles, period) > 1.01 * period / len(angles):
                fault = f"the angles of `{shown.name}` are not spread evenly over {period:g}deg"
        if fault:
            self.analysis.error("E902", fault, node.span)
        return not fault
