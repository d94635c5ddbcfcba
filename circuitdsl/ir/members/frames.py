"""Settings of stimulus sets in the frames of a family's members.

In: the axes of a family, one of its members, a setting and its value. Out: the value that the
setting has in the image, where the member sees that value in its own frame.

A member's frame is dilated, then mirrored (x to -x), then turned; its colours are turned about
grey. A figure at `t` in a mirrored frame lies at the member's own angle less `t`.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuitdsl.ir.members.axes import Axis, AxisKind
from circuitdsl.ir.stimuli import Stimulus
from circuitdsl.ir.tables.generators import DIRECTIONS, GENERATORS
from circuitdsl.ir.tables.setting_kinds import Frame

_KINDS: dict[Frame, tuple[AxisKind, ...]] = {
    "turn": ("rot", "orient"),
    "flip": ("flip",),
    "scale": ("scale",),
    "hue": ("hue",),
}
"""The kinds of axes that act on a setting."""


def frame_of(stimulus: Stimulus, name: str) -> Frame | None:
    """What a member's frame does to a setting of a set; None for parts of scenes too."""
    kind = GENERATORS[stimulus.generator].get(name)
    return None if kind is None else kind.frame


def followed(stimulus: Stimulus, name: str, axes: Sequence[Axis]) -> int | None:
    """The number of the axis in whose members' frames a setting counts; None if it is absolute."""
    frame = frame_of(stimulus, name)
    kinds = () if frame is None else _KINDS[frame]
    return next((index for index, axis in enumerate(axes) if axis.kind in kinds), None)


def in_image(
    stimulus: Stimulus, name: str, value: float, axes: Sequence[Axis], member: Sequence[int]
) -> float:
    """The value of a setting in the image, given that in the frame of a member.

    Args:
        stimulus: The set.
        name: A setting of it.
        value: Degrees, pixels, a factor, or the number of a side.
        axes: Of the family.
        member: Its place along each axis.
    """
    at = followed(stimulus, name, axes)
    if at is None:
        return value
    place = member[at]
    match frame_of(stimulus, name):
        case "flip":
            return float((round(value) + place) % 2)
        case "scale":
            return value * 2.0 ** axes[at].values[place]
        case "turn" if _mirrored(axes, member):
            turned = 180.0 if stimulus.generator in DIRECTIONS else 0.0
            return axes[at].angles_deg[place] + turned - value
        case _:
            return axes[at].angles_deg[place] + value


def _mirrored(axes: Sequence[Axis], member: Sequence[int]) -> bool:
    return any(axis.kind == "flip" and place == 1 for axis, place in zip(axes, member, strict=True))
