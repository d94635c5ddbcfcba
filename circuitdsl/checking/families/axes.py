"""Axes of families: how many members there are, and at which angles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from circuitdsl.checking.analysis import Analysis, question
from circuitdsl.checking.messages import (
    another_kind,
    declared_twice,
    given_twice,
    listed,
    missing,
    out_of_range,
    too_many,
    unknown,
    wrong_type,
)
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.scope import Module
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.members.axes import MOST_MEMBERS, PERIOD_DEG, Axis, AxisKind
from circuitdsl.syntax import nodes

LARGEST_RATIO, LARGEST_DILATION = 16.0, 1e6
"""From one member of a `scale` axis to the next, and from the first to the last."""

_KINDS: tuple[AxisKind, ...] = ("rot", "orient", "flip", "hue", "phase", "scale", "cases")

_FORMALS: dict[AxisKind, dict[str, bool]] = {
    "flip": {},
    "cases": {"count": True},
    "scale": {"count": True, "ratio": True},
}
"""The arguments of kinds that do not take a number of members or their angles."""

_UNPLACED: dict[AxisKind, str] = {
    "flip": "Its members are left and right: write `flip`.",
    "cases": "Cases are only told apart: write how many there are, `cases(3)`.",
    "scale": "Sizes lie evenly, each `ratio` times the one before: write `scale(3, ratio=1.5)`.",
}
"""What to write instead of `angles`, for members that stand at no angle."""


@question
def family_axes(analysis: Analysis, name: str) -> tuple[Axis, ...] | None:
    """The axes of a family; None if one of them is faulty."""
    node = analysis.module.families[name]
    axes: list[Axis] = []
    sound = True
    for written in node.axes:
        axis = axis_of(analysis, written)
        if axis is None or not _new_among(axes, axis, node, written, analysis):
            sound = False
        else:
            axes.append(axis)
    if sound:
        _closed_phases(tuple(axes), node, analysis)
    return tuple(axes) if sound else None


def _new_among(
    axes: list[Axis], axis: Axis, node: nodes.Family, written: nodes.Axis, analysis: Analysis
) -> bool:
    for other in axes:
        if axis.name == other.name:
            declared_twice(analysis, axis.name, written.name.span)
        elif axis.turns_plane and other.turns_plane:
            message = f"`{other.name}` and `{axis.name}` both turn the plane"
            analysis.error("E410", message, written.span, help="A family turns along one axis.")
        elif axis.kind == other.kind != "cases":
            message = f"`{other.name}` and `{axis.name}` are both {axis.kind} axes"
            analysis.error("E410", message, written.span, help="Keep one of them.")
        else:
            continue
        return False
    return True


def _closed_phases(axes: tuple[Axis, ...], node: nodes.Family, analysis: Analysis) -> None:
    """Half a turn of a grating negates its phase, so `orient` needs both signs of every phase."""
    phase = next((axis for axis in axes if axis.kind == "phase"), None)
    if phase is None or not any(axis.kind == "orient" for axis in axes):
        return
    there = {round(angle % 360.0, 6) % 360.0 for angle in phase.angles_deg}
    lone = [angle for angle in phase.angles_deg if round(-angle % 360.0, 6) % 360.0 not in there]
    if lone:
        written = next(axis for axis in node.axes if axis.name.text == phase.name)
        analysis.error(
            "E407",
            f"`{phase.name}` has the phase {lone[0]:g}deg but not {-lone[0] % 360.0:g}deg",
            written.span,
            note="`orient` repeats after half a turn, and half a turn negates a grating's phase",
            help="Add the missing phases, or use `rot`.",
        )


def axis_of(analysis: Analysis, written: nodes.Axis) -> Axis | None:
    """An axis of a family; None if it is faulty."""
    kind, name = written.kind, written.name.text
    if not isinstance(kind, nodes.Call | nodes.Reference):
        requirement, help_ = f"one of {listed(_KINDS)}", f"Write `{name}: rot(8)`."
        wrong_type(analysis, f"the axis `{name}`", requirement, kind.span, help=help_)
        return None
    word = kind.name.text
    if word not in _KINDS:
        unknown(analysis, "kind of axis", word, _KINDS, kind.name.span, table=True)
        return None
    call = kind if isinstance(kind, nodes.Call) else nodes.Call(kind.span, kind.name, ())
    angles = next(
        (a for a in call.arguments if a.name is not None and a.name.text == "angles"), None
    )
    if angles is not None and angles.name is not None and word in _UNPLACED:
        message = f"`{word}()` has no argument `angles`, which puts members at angles"
        analysis.error("E206", message, angles.name.span, help=_UNPLACED[word])
        return None
    formals = _FORMALS.get(word)
    arguments = match(
        call, {"count": False, "angles": False} if formals is None else formals, analysis
    )
    return None if arguments is None else _Reader(analysis, word, written).read(arguments)


@dataclass(frozen=True)
class _Reader:
    """Reads the arguments of one axis."""

    analysis: Analysis
    kind: AxisKind
    written: nodes.Axis

    @property
    def name(self) -> str:
        return self.written.name.text

    def read(self, arguments: Mapping[str, nodes.Expression]) -> Axis | None:
        """The axis, from its arguments."""
        if self.kind == "flip":
            return Axis(self.name, "flip", 2, span=self.written.span)
        if self.kind == "scale":
            return self.dilated(arguments["count"], arguments["ratio"])
        if len(arguments) != 1:
            requirement = "either a number of members or their angles"
            help_ = f"Write `{self.kind}(8)`, or `{self.kind}(angles=[0deg, 31deg])`."
            missing(
                self.analysis, f"`{self.kind}`", requirement, self.written.kind.span, help=help_
            )
            return None
        return (
            self.placed(arguments["angles"])
            if "angles" in arguments
            else self.counted(arguments["count"])
        )

    def counted(self, node: nodes.Expression) -> Axis | None:
        evaluator = Evaluator(self.analysis)
        count = evaluator.constant(node, "int", f"the number of members of `{self.kind}`")
        if count is None:
            return None
        if count < 1:
            what = f"the number of members of `{self.kind}`"
            out_of_range(self.analysis, what, "1 or more", node.span)
            return None
        if count > MOST_MEMBERS:
            what, number_of_members = f"`{self.kind}`", f"{count:,.0f} members"
            too_many(self.analysis, what, number_of_members, MOST_MEMBERS, node.span)
            return None
        return Axis(self.name, self.kind, int(count), span=self.written.span)

    def dilated(self, count: nodes.Expression, ratio: nodes.Expression) -> Axis | None:
        """`scale(3, ratio=1.5)`."""
        axis = self.counted(count)
        factor = Evaluator(self.analysis).constant(ratio, "real", "`ratio`")
        if axis is None or factor is None:
            return None
        requirement = ""
        if not 1.0 < factor <= LARGEST_RATIO:
            requirement = f"above 1 and at most {LARGEST_RATIO:g}"
        elif axis.count * math.log(factor) > math.log(LARGEST_DILATION):
            most = f"at most {LARGEST_DILATION:g} times as large as the smallest"
            requirement = f"so small that the largest of {axis.count} members is {most}"
        if requirement:
            out_of_range(self.analysis, "`ratio`", requirement, ratio.span)
            return None
        return replace(axis, ratio=factor)

    def placed(self, node: nodes.Expression) -> Axis | None:
        if isinstance(node, nodes.Reference):
            return self.as_in(node)
        items = node.items if isinstance(node, nodes.Listing) else ()
        if not items:
            requirement = "a list of angles, or a family of an imported file"
            wrong_type(self.analysis, "`angles`", requirement, node.span)
            return None
        evaluator = Evaluator(self.analysis)
        angles = [evaluator.constant(item, "angle", "a member of `angles`") for item in items]
        if any(angle is None for angle in angles):
            return None
        at_deg = tuple(cast("list[float]", angles))
        period = PERIOD_DEG[self.kind]
        angles_so_far: set[float] = set()
        for item, angle in zip(items, at_deg, strict=True):
            turned = round(angle % period, 9) % period
            if turned in angles_so_far:
                note = f"`{self.kind}` repeats after {period:g}deg"
                given_twice(self.analysis, item.span.text, item.span, note=note)
                return None
            angles_so_far.add(turned)
        return Axis(self.name, self.kind, len(at_deg), at_deg, span=self.written.span)

    def as_in(self, node: nodes.Reference) -> Axis | None:
        """The angles of a family of another file: `found.curves`, or `found.curves.th`."""
        lender = self._family(node)
        if lender is None:
            return None
        where, other, axis_name = lender
        text = node.name.text
        wanted = [axis for axis in other.axes if axis_name in ("", axis.name.text)]
        axes = [axis_of(self.analysis.of(where), axis) for axis in wanted]
        if None in axes:
            return None  # the other file is told
        fitting = [axis for axis in axes if axis is not None and axis.kind == self.kind]
        if len(fitting) != 1:
            message = f"`{text}` has no `{self.kind}` axis to take angles from"
            self.analysis.error("E409", message, node.span)
            return None
        origin = text.removesuffix(f".{axis_name}") if axis_name else text
        angles = fitting[0].angles_deg
        return Axis(self.name, self.kind, len(angles), angles, origin, span=self.written.span)

    def _family(self, node: nodes.Reference) -> tuple[Module, nodes.Family, str] | None:
        """The family that a dotted name leads to, its module, and the axis named after it."""
        text = node.name.text
        where, rest = self.analysis.module.follow(text)
        family_name, _, axis_name = rest.partition(".")
        if where is self.analysis.module:
            if not where.silent(text):
                requirement = "a family of an imported file"
                help_ = f'Write `import "FILE" as NAME`, then `at=NAME.{family_name}`.'
                another_kind(
                    self.analysis, text, "a name of this file", requirement, node.span, help=help_
                )
            return None
        other = where.families.get(family_name)
        if other is None:
            if not where.silent(family_name):
                names = (text.removesuffix(rest) + key for key in where.families)
                unknown(self.analysis, "family", text, names, node.span)
            return None
        return where, other, axis_name
