"""Joint tuning as plots: photographs that excite each unit, turned, and how both sides answer.

In: `Joint`. Out: blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from circuitdsl.measure.tunings.joint import JointTuning
from circuitdsl.reporting.pages.blocks import Block, Note, Tuned, Tunings, figure, trace
from circuitdsl.run.opening.asking import Lacking
from circuitdsl.run.seeing.joint import Joint

Floats = NDArray[np.float64]


def joint_blocks(shown: Joint | Lacking) -> list[Block]:
    """A plot for each unit whose photographs were turned, and the mean of them.

    Args:
        shown: The joint tuning.
    """
    if isinstance(shown, Lacking):
        return [Note(f"No photographs were turned. {shown.why}")]
    tuning = shown.tuning
    own, other = tuning.aligned
    mean = _plot(tuning, "", "", (own, other), "the mean of all, aligned")
    plots = tuple(_of_owner(tuning, at) for at in range(len(tuning.owners)))
    title = (
        "Each unit's strongest photographs, turned: the unit, and the hand-written member that "
        "answers them most as they are"
    )
    return [Tunings(title, (mean, *plots))]


def _of_owner(tuning: JointTuning, at: int) -> Tuned:
    curves = tuning.curves[at]
    name = tuning.owners[at]
    own = curves[:, tuning.names.index(name)]
    members = [place for place, one in enumerate(tuning.names) if one not in tuning.owners]
    if not members:
        return _plot(tuning, "", name, (own, None), "alone")
    best = max(members, key=lambda place: float(np.nan_to_num(curves[0, place])))
    caption = f"highest {figure(np.nan_to_num(own).max())}"
    return _plot(tuning, tuning.names[best], name, (own, curves[:, best]), caption)


def _plot(
    tuning: JointTuning, member: str, unit: str, curves: tuple[Floats, Floats | None], caption: str
) -> Tuned:
    """A plot of what a unit answers, and what a member does."""
    own, other = curves
    around = tuning.axis in ("rot", "hue")
    period = 360.0 if around else 0.0
    lines = [trace("original", tuning.values, np.nan_to_num(own).tolist(), period)]
    if other is not None:
        lines.append(trace("hand", tuning.values, np.nan_to_num(other).tolist(), period))
    ends = ("0", "90") if around else (f"{tuning.values[0]:g}", f"{tuning.values[-1]:g}")
    return Tuned(member, unit, around, ends, tuple(lines), caption)
