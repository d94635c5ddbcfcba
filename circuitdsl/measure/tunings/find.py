"""Find a network's family of some kind by its tuning alone.

In: a trained network, a layer and a finder. Out: every unit that fires for the finder's figure,
best first.

Each unit is shown the figure at every angle, at several sizes and in both contrasts. For one size
and contrast let `z = sum_a r(a) exp(i a) / (sum_a r(a) + n m)`, over n angles a of one period,
spread over the circle, where m is the mean response of the layer's median unit: the resultant
vector of the tuning on top of a background that any unit of the layer would have. It is near 1 for
one narrow peak that stands high above the layer's ordinary responses, and near 0 for a flat, a
two-sided or a weak one. A unit's score is the length of the mean of z over all sizes and contrasts,
so that the peak has to stay where it is. Nothing else about a unit is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuitdsl.ir.backbones import Backbone
from circuitdsl.ir.circuit import Axis, BackboneUse, Circuit, Family
from circuitdsl.measure.finders import USUAL, Finder
from circuitdsl.measure.tunings.published import GridScores, PublishedGrids, match_grids
from circuitdsl.measure.tunings.tuning import Grid, Tuning, response_grid, tuning_of
from circuitdsl.measure.units import trained
from circuitdsl.models.network import Network
from circuitdsl.text.diagnostics import InputError
from circuitdsl.text.showing import Shown


@dataclass(frozen=True)
class FoundUnit:
    """A unit of a found family.

    Attributes:
        unit: Its number in the layer.
        branch: The branch of the layer that computes it.
        score: By which it was ranked, 0 to 1.
        tuning: Its tuning to the finder's figure.
    """

    unit: int
    branch: str
    score: float
    tuning: Tuning

    def record(self, finder: Finder = USUAL) -> dict[str, Any]:
        """The unit as JSON has it, with the other convention of the finder's angles."""
        also = {}
        if finder.also is not None:
            name, convert = finder.also
            also = {f"{name}_deg": convert(self.tuning.preferred_deg)}
        return {
            "unit": self.unit,
            "preferred_deg": self.tuning.preferred_deg,
            "fwhm_deg": self.tuning.fwhm_deg,
            "echo": self.tuning.echo,
            "peak": self.tuning.peak,
            "selectivity": self.tuning.selectivity,
            **also,
            "branch": self.branch,
            "score": self.score,
        }


@dataclass(frozen=True)
class FoundFamily(Shown):
    """The units of a layer that fire for a finder's figure, best first.

    Attributes:
        model: The network's name.
        layer: The layer searched.
        architecture: The backbone's name.
        grid: The stimuli that were shown.
        units: Best first.
        responses: Of the whole layer, `[size, angle, contrast, unit]`.
        grids: The best units against published grids, if some were given.
        finder: What was looked for.
    """

    model: str
    layer: str
    architecture: str
    grid: Grid
    units: tuple[FoundUnit, ...]
    responses: NDArray[np.float32] = field(repr=False, compare=False)
    grids: GridScores | None = None
    finder: Finder = USUAL

    def record(self) -> dict[str, Any]:
        """The family as JSON has it."""
        record: dict[str, Any] = {
            "model": self.model,
            "layer": self.layer,
            "units": [unit.record(self.finder) for unit in self.units],
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
            progress: Called with a line of text when a stage begins.
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

    def circuit(self, count: int = 10, name: str | None = None) -> Circuit:
        """A circuit that declares the best units as a family, for other files to import.

        Members are in order of their angle.
        """
        best, finder = self.best(count), self.finder
        angles = tuple(round(found.tuning.preferred_deg, 2) % finder.period_deg for found in best)
        axis = Axis("th", finder.axis, len(best), at_deg=angles)
        family = Family(
            name=name or finder.name,
            axes=(axis,),
            layer=self.layer,
            doc=f"Units of {self.model} that fire for {finder.name}, at the angles they prefer.",
            units=tuple(found.unit for found in best),
            network=self.model,
        )
        doc = f"The {finder.title} of {self.layer} in {self.model}, found by their tuning."
        return Circuit(doc, BackboneUse("V", self.architecture), families=(family,))


def find_family(
    network: Network,
    layer: str,
    model: str | None = None,
    grid: Grid | None = None,
    finder: Finder = USUAL,
) -> FoundFamily:
    """Rank the units of a layer by how well they are tuned to a finder's figure.

    Args:
        network: A trained network.
        layer: Name of one of its convolutions or blocks.
        model: What to call the network; by default its architecture.
        grid: The figures; by default the finder's, which suit the layer's receptive field.
        finder: What to look for.

    Raises:
        InputError: no such layer, or none of its units fires for the figure.
    """
    backbone = network.backbone
    subject = trained(network, layer)
    shown = finder.grid(backbone, layer) if grid is None else grid
    responses = response_grid(subject, shown)
    speed = 360.0 / finder.period_deg
    ranked = rank(responses, [angle * speed for angle in shown.angles_deg])
    if not ranked:
        where = f"{layer} in {model or backbone.name}"
        raise InputError(f"no unit of {where} fires for a {finder.figure}")
    alive = [unit for unit, _ in ranked]
    tunings = tuning_of(responses[..., alive], shown.angles_deg, finder.period_deg)
    units = tuple(
        FoundUnit(unit, _branch(backbone, layer, unit), score, tuning)
        for (unit, score), tuning in zip(ranked, tunings, strict=True)
    )
    name = model or backbone.name
    return FoundFamily(name, layer, backbone.name, shown, units, responses, finder=finder)


def rank(responses: NDArray[np.floating], angles_deg: Sequence[float]) -> list[tuple[int, float]]:
    """Units that fire at all, with their scores, best first; ties in order of their numbers.

    Args:
        responses: `[size, angle, contrast, unit]`.
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
