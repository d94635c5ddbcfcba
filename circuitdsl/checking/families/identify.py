"""`identify`: turns that lead from a unit to itself, and whether kernels agree.

In: the attribute and the axes of its family, later its connections. Out: the turns, in degrees.
Kernels before and after the turns are compared by their definition, with every dial at its
default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from circuitdsl.checking.analysis import Analysis
from circuitdsl.checking.connections.connections import Joined
from circuitdsl.checking.connections.geometry import tap_px, value_of
from circuitdsl.checking.messages import wrong_type
from circuitdsl.checking.names.evaluate import Evaluator
from circuitdsl.checking.values.arguments import match
from circuitdsl.ir.circuit import BackboneUse, Family
from circuitdsl.ir.dials import wiring_scalars
from circuitdsl.ir.members.axes import PERIOD_DEG, STEP_DEG, Axis
from circuitdsl.syntax import nodes
from circuitdsl.text.diagnostics import Label

_TURNED = ("rot", "orient", "hue")
"""Axes that `identify` may turn. A turn of a phase alone never leads back to the same grating."""

MOST_SOURCES = 64
"""The largest number of source units for which kernels are compared."""

TOLERANCE = 1e-6
"""The largest difference between equal weights, relative to the largest weight."""


def identified(
    analysis: Analysis,
    attribute: nodes.Attribute | None,
    family: str,
    axes: tuple[Axis, ...],
) -> tuple[tuple[str, float], ...]:
    """The turns of an `identify` attribute; none without one or if it is faulty."""
    if attribute is None:
        return ()
    node = attribute.value
    if not isinstance(node, nodes.Call) or node.name.text != "turn":
        help_ = "Write `identify = turn(th=180deg)`."
        wrong_type(analysis, "`identify`", "`turn(AXIS=ANGLE, ...)`", node.span, help=help_)
        return ()
    turning = {axis.name: axis for axis in axes if axis.kind in _TURNED}
    arguments = match(node, dict.fromkeys(turning, False), analysis)
    if arguments is None:
        return ()
    turns: list[tuple[str, float]] = []
    for name, value in arguments.items():
        angle = Evaluator(analysis).constant(value, "angle", f"the turn of `{name}`")
        if angle is None or not _is_step(turning[name], angle, family, value, analysis):
            return ()
        turns.append((name, angle % PERIOD_DEG[turning[name].kind]))
    if all(angle < STEP_DEG for _, angle in turns):
        message = "`identify` turns nothing: every unit is itself already"
        analysis.error("E405", message, node.span, help="Remove it, or turn by a step of an axis.")
        return ()
    return tuple(turns)


def _is_step(
    axis: Axis, angle: float, family: str, node: nodes.Expression, analysis: Analysis
) -> bool:
    """Whether a turn leads from each member of an axis to another one."""
    period = PERIOD_DEG[axis.kind]
    for start in axis.angles_deg:
        goal = start + angle
        if axis.find(goal) is None:
            analysis.error(
                "E405",
                f"`identify` turns `{axis.name}` by {angle:g}deg, but `{family}` has no member at "
                f"{goal % period:g}deg",
                node.span,
                note=f"from {start:g}deg the turn leads there",
                help="Turn by a step of the axis, or give the axis members that the turn maps to "
                "one another.",
            )
            return False
    return True


def unchanged(
    joined: Joined, use: BackboneUse, dials: Mapping[str, float], analysis: Analysis
) -> None:
    """Report a kernel that changes under the turns of its target's `identify`."""
    target, source = joined.target, joined.source
    if not target.identify or joined.wiring.place is None:
        return
    tap = tap_px(use, target)
    values = {scalar: value_of(scalar, dials, tap) for scalar in wiring_scalars(joined.wiring)}
    if None in values.values():
        return  # what has no value is reported elsewhere
    # numerical libraries are loaded for those few files only that need them
    import numpy as np

    from circuitdsl.reference.kernels import Wired

    kernel = Wired(
        wiring=joined.wiring,
        source=source,
        target=target,
        side=use.geometry.by_name[target.layer].kernel,
        tap_px=float(tap),
        mirror_deg=0.0,
        value=lambda scalar: values[scalar] or 0.0,
        origin=np.zeros(2),
    )
    largest = apart = sum_apart = 0.0
    with np.errstate(all="ignore"):
        for b in _looked_at(target):
            after = target.turned(b)
            for orbit in (((),),) if source is None else source.orbits[:MOST_SOURCES]:
                first, second = (kernel.weights(orbit, element) for element in (b, after))
                largest = max(largest, float(np.abs((first, second)).max()))
                apart = max(apart, float(np.abs(first - second).max()))
                sum_apart = max(sum_apart, float(np.abs(first + second).max()))
    if not apart > TOLERANCE * largest:
        return
    here = target.span.source is joined.connection.span.source
    signs = sum_apart <= TOLERANCE * largest
    turns = ", ".join(f"{name} by {angle:g}deg" for name, angle in target.identify)
    analysis.error(
        "E406",
        f"the kernel changes {'sign ' if signs else ''}under `identify`"
        + ("; members would cancel" if signs else ", so its units are not one"),
        joined.head,
        also=[Label(target.span, "")] if here else (),
        note=f"`{target.name}` says that turning {turns} leads from a unit to itself",
        help="Remove `identify`, or place weights that look the same after the turn.",
    )


def _looked_at(target: Family) -> Iterator[tuple[int, ...]]:
    """The elements that one unit of each phase stands for; units turned are as these are."""
    phases = [axis.kind == "phase" for axis in target.axes]
    for orbit in target.orbits:
        if all(index == 0 or phase for index, phase in zip(orbit[0], phases, strict=True)):
            yield from orbit
