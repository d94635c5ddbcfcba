"""What a family that tuning finds in a layer reads of the one that it finds in the layer before.

In: a found family of a trained network. Out: `Relatives`: kernels ordered by angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.circuit import INPUT
from circuitdsl.measure.finders import Finder
from circuitdsl.measure.tunings.find import FoundFamily
from circuitdsl.models.network import Network
from circuitdsl.run.networks import Progress, find, silent
from circuitdsl.run.seeing.weights import before_block, weights_into
from circuitdsl.text.diagnostics import InputError
from circuitdsl.visualizing.expanded import SHARE
from circuitdsl.visualizing.turned import turned

BEST = 10
"""Units of each family whose kernels are shown."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relatives:
    """Kernels between the best units of one kind in two layers.

    Attributes:
        finder: What was looked for in both.
        layer: The later layer.
        before: The earlier one.
        targets: Units of the later layer, by the angle that they prefer.
        sources: Units of the earlier one, likewise.
        kernel: Expanded weights, `[row, column, source, target]`.
        counts: Which pairs have at least 30 % of the largest magnitude that the target reads of
            any unit, `[source, target]`.
        equivariance: How much the kernels of all targets are one kernel turned; None where one of
            the layers has a single unit of the kind.
    """

    finder: Finder
    layer: str
    before: str
    targets: tuple[str, ...]
    sources: tuple[str, ...]
    kernel: Floats
    counts: NDArray[np.bool_]
    equivariance: float | None


def relatives(network: Network, later: FoundFamily, progress: Progress = silent) -> Relatives:
    """Find the units of the same kind in the layer before, and the weights from these to those.

    Args:
        network: The network that the family was found in.
        later: The family.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: the layer is the first, none is found before it, or no weights lead there.
    """
    finder, targets = later.finder, later.best(BEST)
    names = tuple(f"{later.layer}:{unit.unit}" for unit in targets)
    before = before_block(network, names[0])
    if before == INPUT:
        raise InputError(f"no layer with units lies before {later.layer}")
    progress(f"looking for {finder.title} in {before}")
    sources = find(finder.name, network, before).best(BEST)
    whole = weights_into(network, before, names)
    kernel = whole.kernel[:, :, [unit.unit for unit in sources]]
    most = whole.magnitudes.max(axis=0)
    angles = [[unit.tuning.preferred_deg for unit in side] for side in (sources, targets)]
    several = min(len(sources), len(targets)) > 1
    return Relatives(
        finder,
        later.layer,
        before,
        names,
        tuple(f"{before}:{unit.unit}" for unit in sources),
        kernel,
        np.sqrt(np.square(kernel).sum(axis=(0, 1))) >= SHARE * most,
        turned(kernel, *angles, period_deg=finder.period_deg).equivariance if several else None,
    )
