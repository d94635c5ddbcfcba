"""Find a network's family of curve detectors by its tuning alone.

In: a trained network and a layer. Out: every unit that fires for curves, best first.

Each unit is shown circles of every angle, at several radii and in both contrasts. For one radius
and contrast let `z = sum_a r(a) exp(i a) / (sum_a r(a) + n m)`, over n angles a, where m is the
mean response of the layer's median unit: the resultant vector of the tuning on top of a background
that any unit of the layer would have. It is near 1 for one narrow peak that stands high above the
layer's ordinary responses, and near 0 for a flat, a two-sided or a weak one. A unit's score is the
length of the mean of z over all radii and contrasts, so that the peak has to stay where it is.
Nothing else about a unit is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.angles import bulge_deg
from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Axis, BackboneUse, Circuit, Family
from circuitdsl.measure.published import GridScores, PublishedGrids, match_grids
from circuitdsl.measure.tuning import Tuning, default_grid, response_grid, tuning_of
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.stimuli.curves import CurveGrid
from circuitdsl.text.diagnostics import InputError


@dataclass(frozen=True)
class FoundUnit:
    """A unit of a found family.

    Attributes:
        unit: Its number in the layer.
        branch: The branch of the layer that computes it.
        score: By which it was ranked, 0 to 1.
        tuning: Its tuning to curves.
    """

    unit: int
    branch: str
    score: float
    tuning: Tuning

    def record(self) -> dict[str, Any]:
        """The unit as JSON has it."""
        return {
            "unit": self.unit,
            "preferred_deg": self.tuning.preferred_deg,
            "fwhm_deg": self.tuning.fwhm_deg,
            "echo": self.tuning.echo,
            "peak": self.tuning.peak,
            "selectivity": self.tuning.selectivity,
            "bulge_deg": bulge_deg(self.tuning.preferred_deg),
            "branch": self.branch,
            "score": self.score,
        }


@dataclass(frozen=True)
class FoundFamily:
    """The units of a layer that fire for curves, best first.

    Attributes:
        model: The network's name.
        layer: The layer searched.
        architecture: The backbone's name.
        grid: The stimuli that were shown.
        units: Best first.
        responses: Of the whole layer, `[radius, angle, contrast, unit]`.
        grids: The best units against published grids, if some were given.
    """

    model: str
    layer: str
    architecture: str
    grid: CurveGrid
    units: tuple[FoundUnit, ...]
    responses: NDArray[np.float32] = field(repr=False, compare=False)
    grids: GridScores | None = None

    def record(self) -> dict[str, Any]:
        """The family as JSON has it."""
        record: dict[str, Any] = {
            "model": self.model,
            "layer": self.layer,
            "units": [unit.record() for unit in self.units],
        }
        return record if self.grids is None else record | {"grids": self.grids.record()}

    def matched(
        self,
        network: Network,
        published: PublishedGrids,
        count: int = 10,
        progress: Callable[[str], None] = lambda stage: None,
    ) -> FoundFamily:
        """The family with its best units compared with published grids.

        Args:
            network: The network that the family was found in.
            published: Grids of the original neurons.
            count: How many of the best units are looked through for each published neuron.
            progress: Told what is being done.
        """
        units = trained(network, self.layer, [found.unit for found in self.best(count)])
        return replace(self, grids=match_grids(units, published, progress))

    def best(self, count: int) -> tuple[FoundUnit, ...]:
        """The best units, in order of their preferred angle.

        Raises:
            InputError: fewer than one is asked for.
        """
        if count < 1:
            raise InputError(f"{count} units of {self.layer} were asked for: at least 1 is needed")
        return tuple(sorted(self.units[:count], key=lambda unit: unit.tuning.preferred_deg))

    def circuit(self, count: int = 10, name: str = "curves") -> Circuit:
        """A circuit that declares the best units as a family, for other files to import.

        Members are in order of their angle.
        """
        best = self.best(count)
        angles = tuple(round(found.tuning.preferred_deg, 2) % 360.0 for found in best)
        axis = Axis("th", "rot", len(best), at_deg=angles)
        family = Family(
            name=name,
            axes=(axis,),
            layer=self.layer,
            doc=f"Units of {self.model} that fire for curves, at the angles that they prefer.",
            units=tuple(found.unit for found in best),
        )
        doc = f"The curve family of {self.layer} in {self.model}, found by its tuning."
        return Circuit(doc, BackboneUse("V", self.architecture), families=(family,))


def find_family(
    network: Network, layer: str, model: str | None = None, grid: CurveGrid | None = None
) -> FoundFamily:
    """Rank the units of a layer as curve detectors.

    Args:
        network: A trained network.
        layer: Name of one of its convolutions or blocks.
        model: What to call the network; by default its architecture.
        grid: The stimuli; by default circle outlines that suit the layer's receptive field.

    Raises:
        InputError: no such layer, or none of its units fires for a circle.
    """
    backbone = network.backbone
    subject = trained(network, layer)
    shown = default_grid(backbone, layer) if grid is None else grid
    responses = response_grid(subject, shown)
    ranked = rank(responses, shown.tangent_deg)
    if not ranked:
        raise InputError(f"no unit of {layer} in {model or backbone.name} fires for a circle")
    alive = [unit for unit, _ in ranked]
    tunings = tuning_of(responses[..., alive], shown.tangent_deg)
    units = tuple(
        FoundUnit(unit, _branch(backbone, layer, unit), score, tuning)
        for (unit, score), tuning in zip(ranked, tunings, strict=True)
    )
    return FoundFamily(model or backbone.name, layer, backbone.name, shown, units, responses)


def rank(responses: NDArray[np.floating], angles_deg: Sequence[float]) -> list[tuple[int, float]]:
    """Units that fire at all, with their scores, best first; ties in order of their numbers.

    Args:
        responses: `[radius, angle, contrast, unit]`.
        angles_deg: Of the second axis, evenly spread over 360 degrees.
    """
    values = responses.astype(np.float64)
    ordinary = float(np.median(values.mean(axis=(0, 1, 2))))
    turned = np.exp(1j * np.deg2rad(np.asarray(angles_deg)))
    total = values.sum(axis=1) + ordinary * len(turned)
    resultant = np.einsum("racu,a->rcu", values, turned)
    z = np.divide(resultant, total, out=np.zeros_like(resultant), where=total > 0)
    scores = np.abs(z.mean(axis=(0, 1)))
    fires = values.max(axis=(0, 1, 2)) > 0
    order = np.argsort(-scores, kind="stable")
    return [
        (int(unit), float(scores[unit]))
        for unit in order
        if fires[unit] and not math.isclose(scores[unit], 0.0, abs_tol=1e-9)
    ]


def _branch(backbone: Backbone, layer: str, unit: int) -> str:
    return backbone.branch_of(layer, unit)[0]


FINDERS = {"curves": find_family}
"""What can be looked for, by name."""
