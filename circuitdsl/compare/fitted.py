"""Fit the free dials of a circuit file, and say what that changed.

In: a circuit, a trained network, photographs, published grids. Out: `FittedCircuit`: the dials
before and after, how alike the two families are before and after on photographs that were fitted to
and on others that were not, and the file's text with the new defaults.

Photographs are split by file, half and half, by a stated seed. A limit thins each half afterwards,
so the halves have no image in common whatever limits two runs have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import jax.numpy as jnp

from circuitdsl.compare.families import find_family
from circuitdsl.compare.fitting import Fit, Schedule, fit_dials
from circuitdsl.compare.grids import GridScores, PublishedGrids, score_grids
from circuitdsl.compare.imagesplit import split
from circuitdsl.compare.natural import agreement
from circuitdsl.compare.objectives import Objective, record
from circuitdsl.compare.score import block_of, scored_family
from circuitdsl.compare.subject import Subject, handwritten, trained
from circuitdsl.diagnostics import InputError
from circuitdsl.ir.circuit import Circuit, Param
from circuitdsl.ir.placing import place_members
from circuitdsl.lower.dials import free_dials
from circuitdsl.models.handwritten import build
from circuitdsl.models.network import Network
from circuitdsl.stimuli.calibration import calibrated
from circuitdsl.stimuli.images import ImageSet, open_images
from circuitdsl.syntax.settings import rounded

Kind = Literal["natural", "grid", "both"]

SPLIT_SEED = 0
"""Of the split into photographs to fit on and photographs to test on."""

_BATCH = 16

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Agreed:
    """How alike two families are on some photographs.

    Attributes:
        natural_r: Mean correlation over units, position by position.
        natural_r_ci: Its bootstrap 95 % interval over images.
        images: How many images.
    """

    natural_r: float
    natural_r_ci: tuple[float, float]
    images: int

    def record(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            "natural_r": self.natural_r,
            "natural_r_ci": list(self.natural_r_ci),
            "images": self.images,
        }


@dataclass(frozen=True)
class Scores:
    """A circuit at one setting of its dials.

    Attributes:
        train: On the photographs fitted to, if any.
        test: On the others.
        grids: Against the published grids, if some were given. They have no other half.
    """

    train: Agreed | None
    test: Agreed | None
    grids: GridScores | None

    def record(self) -> dict[str, Any]:
        """The scores as JSON has them."""
        parts = {"train": self.train, "test": self.test, "grids": self.grids}
        return {name: part.record() for name, part in parts.items() if part is not None}


@dataclass(frozen=True)
class FittedCircuit:
    """What fitting did.

    Attributes:
        file: The circuit's file.
        model: The network that it was fitted to.
        objective: What was maximised.
        fit: The dials that were found.
        dials: The dials that were free, as written.
        before: The scores of the defaults.
        after: Those of the fitted dials, as rounded for the text.
    """

    file: str
    model: str
    objective: Kind
    fit: Fit
    dials: tuple[Param, ...]
    before: Scores
    after: Scores

    @property
    def settings(self) -> dict[str, float]:
        """The new defaults, as the text has them."""
        return _as_written(self.dials, self.fit)

    def record(self) -> dict[str, Any]:
        """The fit as JSON has it."""
        return {
            "file": self.file,
            "model": self.model,
            "objective": self.objective,
            "steps": self.fit.steps,
            "finished": self.fit.finished,
            "split_seed": SPLIT_SEED,
            "dials": [
                {
                    "name": param.name,
                    "unit": param.unit,
                    "default": param.default,
                    "fitted": self.settings[param.name],
                    "range": [param.low, param.high],
                }
                for param in self.dials
            ],
            "before": self.before.record(),
            "after": self.after.record(),
        }


def split_photographs(folder: Path, limit: int | None = None) -> tuple[ImageSet, ImageSet]:
    """Photographs to fit on, and others to test on.

    Args:
        folder: Of images.
        limit: At most so many of each, spread evenly.

    Raises:
        InputError: no folder, or fewer than two images.
    """
    everything = open_images(folder)
    halves = split(everything, len(everything.paths) // 2, SPLIT_SEED)
    first, second = (ImageSet(folder, _spread(half.paths, limit)) for half in halves)
    return first, second


def fit_circuit(
    circuit: Circuit,
    network: Network,
    *,
    file: str,
    model: str,
    objective: Kind,
    photographs: tuple[ImageSet, ImageSet] | None = None,
    published: PublishedGrids | None = None,
    share: float = 0.5,
    schedule: Schedule | None = None,
    units: int = 10,
    checkpoint: Path | None = None,
    progress: Progress = lambda stage: None,
) -> FittedCircuit:
    """Fit the free dials of a circuit to a trained network's curve family, to grids, or to both.

    Args:
        circuit: The circuit; its last family is fitted.
        network: The trained network.
        file: What to call the circuit.
        model: What to call the network.
        objective: `natural` photographs, the published `grid`, or `both`.
        photographs: To fit on and to test on; needed unless the objective is `grid`.
        published: Grids of the original neurons; needed unless the objective is `natural`.
        share: Of the photographs in the sum of both.
        schedule: How to proceed.
        units: How many of the network's units.
        checkpoint: Saved to, and gone on from.
        progress: Told what is being done.

    Raises:
        InputError: evidence that the objective needs is missing; see also `fit_dials`.
        DiagnosticError: a family cannot be calibrated.
    """
    if not 0 < share < 1:
        raise InputError(
            f"a share of {share:g} leaves nothing of one kind of evidence: 0 < share < 1"
        )
    if objective != "grid" and photographs is None:
        raise InputError(
            "photographs are needed to fit to them", help="name a folder: --images DIR"
        )
    if objective != "natural" and published is None:
        raise InputError("published grids are needed to fit to them", help="--grid FILE.npz")
    family = scored_family(circuit)
    layer = block_of(network, family.layer)
    evidence = natural = None
    if photographs is not None:
        progress(f"finding the curve family of {layer} in {model}")
        best = find_family(network, layer, model).best(units)
        originals = trained(network, layer, [unit.unit for unit in best])
        angles = tuple(unit.tuning.preferred_deg for unit in best)
        natural = originals, angles, photographs
        if objective != "grid":
            progress("showing the photographs to the trained units")
            evidence = record(photographs[0], originals, angles, circuit.backbone.input_px)
    bench = _Bench(circuit, family.name, natural, published, progress)
    progress("scoring the circuit as written")
    before = bench.scores({})
    wanted = Objective(
        circuit, family, evidence, published if objective != "natural" else None, share
    )
    fit = fit_dials(wanted, schedule or Schedule(), checkpoint, progress)
    progress("scoring the fitted circuit")
    dials = tuple(free_dials(circuit).values())
    after = bench.scores(_as_written(dials, fit))
    return FittedCircuit(file, model, objective, fit, dials, before, after)


@dataclass(frozen=True)
class _Bench:
    """Scores a circuit at any setting of its dials.

    Attributes:
        circuit: As written.
        family: What is scored.
        natural: Trained units, their preferred angles, and both halves of the photographs.
        published: Grids of the original neurons.
        progress: Told what is being done.
    """

    circuit: Circuit
    family: str
    natural: tuple[Subject, tuple[float, ...], tuple[ImageSet, ImageSet]] | None
    published: PublishedGrids | None
    progress: Progress

    def scores(self, settings: dict[str, float]) -> Scores:
        """Both halves and the grids."""
        params = tuple(
            replace(param, default=settings.get(param.name, param.default))
            for param in self.circuit.params
        )
        circuit = replace(self.circuit, params=params)
        train = test = grids = None
        if self.natural is not None:
            originals, angles, halves = self.natural
            placed = place_members(circuit, self.family, angles)
            hand = handwritten(calibrated(build(placed)), self.family)
            train, test = (self.agreed(hand, originals, half) for half in halves)
        if self.published is not None:
            family = circuit.by_name[self.family]
            grids = score_grids(circuit, family, self.published, self.progress)
        return Scores(train, test, grids)

    def agreed(self, hand: Subject, originals: Subject, images: ImageSet) -> Agreed:
        """Agreement on one half of the photographs."""
        side = self.circuit.backbone.input_px
        shown = (jnp.asarray(batch.images) for batch in images.batches(_BATCH, side))
        found = agreement(hand, originals, shown)
        return Agreed(fmean(found.r), found.mean_ci, found.images)


def _as_written(dials: Sequence[Param], fit: Fit) -> dict[str, float]:
    """Fitted dials with the digits that the text will have, still inside their ranges."""
    settings: dict[str, float] = {}
    for dial in dials:
        value = rounded(fit.dials[dial.name])
        low = value if dial.low is None else dial.low
        high = value if dial.high is None else dial.high
        settings[dial.name] = min(max(value, low), high)
    return settings


def _spread(paths: tuple[Path, ...], limit: int | None) -> tuple[Path, ...]:
    if limit is None or limit >= len(paths):
        return paths
    return tuple(paths[index * len(paths) // limit] for index in range(limit))
