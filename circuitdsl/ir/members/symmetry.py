"""How members act on the plane, and how a mirror acts on families.

Member b stands in a frame A_b = R F^s D: its template is dilated, then mirrored (x to -x), then
turned. In: families and what a connection says. Out: for each of the three parts, which end of the
connection lends it.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuitdsl.ir.algebra import combine
from circuitdsl.ir.circuit import Circuit, Connection, Shape
from circuitdsl.ir.expressions import Number, Scalar
from circuitdsl.ir.members.axes import Axis, AxisKind
from circuitdsl.ir.tables.shapes import SHAPES

PLANE_KINDS: tuple[tuple[AxisKind, ...], ...] = (("rot", "orient"), ("flip",), ("scale",))
"""Kinds of axes that turn, mirror and dilate the plane."""


@dataclass(frozen=True)
class FramePart:
    """Which axis moves the template.

    Attributes:
        axis: The axis.
        of_source: Whether it is the source's; else the target's.
    """

    axis: Axis
    of_source: bool


def frame_parts(
    source: tuple[Axis, ...], target: tuple[Axis, ...], summed: frozenset[str]
) -> tuple[FramePart | None, FramePart | None, FramePart | None]:
    """The axes that turn, mirror and dilate the template of a connection.

    The target's, if it has such an axis. Else the source's, where it is summed over without a
    profile: then the template stands in the frame of each source. Else none.

    Args:
        source: Axes of the source.
        target: Axes of the target.
        summed: Names of the source's axes in `over` that have no profile.
    """

    def part(kinds: tuple[AxisKind, ...]) -> FramePart | None:
        of_target = next((axis for axis in target if axis.kind in kinds), None)
        if of_target is not None:
            return FramePart(of_target, of_source=False)
        own_axis = next((axis for axis in source if axis.kind in kinds), None)
        return FramePart(own_axis, of_source=True) if own_axis and own_axis.name in summed else None

    turn, mirror, dilation = map(part, PLANE_KINDS)
    return turn, mirror, dilation


def displacement(circuit: Circuit, connection: Connection) -> tuple[Scalar, Scalar] | None:
    """Where the template's origin lies against the middle tap: right and up in the image, px.

    The target's centre less the source's; None where neither says.
    """
    source = circuit.by_name.get(connection.source)
    target = circuit.by_name[connection.target].centre
    source_centre = None if source is None else source.centre
    if target is None and source_centre is None:
        return None
    if target is None or source_centre is None:
        target, source_centre = target or _MIDDLE, source_centre or _MIDDLE
    return combine("-", target[0], source_centre[0]), combine("-", target[1], source_centre[1])


_MIDDLE: tuple[Scalar, Scalar] = (Number(0.0, "px"), Number(0.0, "px"))


def mirror_deg(circuit: Circuit, family: str) -> float:
    """The m by which a mirror (x to -x) leads a member at th to the one at m - th.

    It is for families that turn but have no `flip` axis. A direction, such as that of an edge made
    of `half`, points the other way in the mirror: m is 180. What looks the same in the mirror while
    it stands at 0 degrees (arcs, bars, gratings) has m = 0.

    Args:
        circuit: Without motifs.
        family: One of its families.
    """
    places = [c.wiring.place for c in circuit.into(family)]
    shapes = [term.shape for place in places if place is not None for term in place.terms]
    mirrored = {_mirrored_deg(shape) for shape in shapes}
    return mirrored.pop() if len(mirrored) == 1 else 0.0


def _mirrored_deg(shape: Shape) -> float:
    """The m of one shape; a fixed turn within the template counts twice, one by a dial not."""
    turn_deg = shape.turn.value if isinstance(shape.turn, Number) else 0.0
    return (SHAPES[shape.name].mirror_deg - 2 * turn_deg) % 360.0
