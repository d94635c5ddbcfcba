"""Fit the free dials of a circuit file, and say what that changed.

In: a circuit, a trained network, photographs, published grids. Out: `FittedCircuit`: the dials
before and after, how alike the two families are before and after on photographs that were fitted to
and on others that were not, and a file that sets the circuit's dials.

Photographs are split by file, half and half, by a stated seed. A limit thins each half afterwards,
so the halves have no image in common whatever limits two runs have. Which dials of a fit are the
best is judged on a part of the first half (`fitting.held_back`); the second is for the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from circuitdsl.compare.recovery import SPLICED_UNITS
from circuitdsl.compare.score import block_of, scored_family
from circuitdsl.fitting.evidence import Photographs, Rest, agreed, record
from circuitdsl.fitting.objective import Objective
from circuitdsl.fitting.optimise import Fit, Schedule, fit_dials
from circuitdsl.ir.circuit import Circuit, Dial
from circuitdsl.ir.fits import NATURAL, Terms, terms_text
from circuitdsl.ir.placing import place_members
from circuitdsl.ir.settings import import_path, rounded, settings_source
from circuitdsl.lowering.dials import free_dials, with_settings
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.circles import Circles, published_circles, tuning_circles
from circuitdsl.measure.find import find_family
from circuitdsl.measure.published import GridScores, PublishedGrids, score_grids
from circuitdsl.measure.units import handwritten, trained
from circuitdsl.models.handwritten import build
from circuitdsl.models.network import Network
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.diagnostics import InputError

SPLIT_SEED = 0
"""Of the split into photographs to fit on and photographs to test on."""

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
        doc: What the circuit says of itself.
        model: The network that it was fitted to.
        objective: What was maximised.
        fit: The dials that were found.
        dials: The dials that were free, as written.
        before: The scores of the defaults.
        after: Those of the fitted dials, as rounded for the text.
    """

    file: str
    doc: str
    model: str
    objective: Terms
    fit: Fit
    dials: tuple[Dial, ...]
    before: Scores
    after: Scores

    @property
    def settings(self) -> dict[str, float]:
        """What the fit sets the dials to, as the text has it."""
        return _as_written(self.dials, self.fit)

    def source(self, output: Path | str) -> str:
        """The text of a settings file: the circuit's file, its dials as fitted.

        Args:
            output: Where the file will lie.

        Raises:
            InputError: a file there cannot import the circuit's.
        """
        dials = [replace(dial, default=self.settings[dial.name]) for dial in self.dials]
        doc = f"{self.doc.rstrip('.')}; dials fitted to {self.model}."
        return settings_source(import_path(Path(self.file), Path(output)), doc, dials)

    def record(self) -> dict[str, Any]:
        """The fit as JSON has it."""
        return {
            "file": self.file,
            "model": self.model,
            "objective": terms_text(self.objective),
            "measures": {
                name: {"default": first, "fitted": best}
                for name, (first, best) in self.fit.measures.items()
            },
            "steps": self.fit.steps,
            "finished": self.fit.finished,
            "split_seed": SPLIT_SEED,
            "dials": [
                {
                    "name": dial.name,
                    "unit": dial.unit,
                    "default": dial.default,
                    "fitted": self.settings[dial.name],
                    "range": [dial.low, dial.high],
                }
                for dial in self.dials
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
    objective: Terms = NATURAL,
    photographs: tuple[ImageSet, ImageSet] | None = None,
    published: PublishedGrids | None = None,
    schedule: Schedule | None = None,
    units: int = 10,
    checkpoint: Path | None = None,
    progress: Progress = lambda stage: None,
) -> FittedCircuit:
    """Fit the free dials of a circuit to a trained network's curve family, or to published grids.

    An interrupt (Ctrl-C) ends the fit with the best so far; another one leaves scores out.

    Args:
        circuit: The circuit; its last family is fitted.
        network: The trained network.
        file: What to call the circuit.
        model: What to call the network.
        objective: What to maximise.
        photographs: To fit on and to test on; needed for `natural` and `recovered`.
        published: Grids of the original neurons; needed for `grid`.
        schedule: How to proceed.
        units: With how many of the network's units, best first, `natural` and `tuning` compare. A
            splice takes the place of more of them, as many as a recovery.
        checkpoint: Saved to, and gone on from.
        progress: Told what is being done.

    Raises:
        InputError: evidence that the objective needs is missing; see also `fit_dials`.
        DiagnosticError: a family cannot be calibrated.
    """
    asked = [name for name, _ in objective]
    if photographs is None and {"natural", "recovered"} & set(asked):
        raise InputError(
            "photographs are needed to fit to them", help="name a folder: --images DIR"
        )
    if published is None and "grid" in asked:
        raise InputError("published grids are needed to fit to them", help="--grid FILE.npz")
    family = scored_family(circuit)
    wanted = Objective(circuit, family, objective)
    circles: dict[str, Circles] = {}
    if published is not None:
        circles["grid"] = published_circles(published)
    halves = None
    if photographs is not None or "tuning" in asked:
        layer = block_of(network, family.layer)
        progress(f"finding the curve family of {layer} in {model}")
        found = find_family(network, layer, model)
        circles["tuning"] = tuning_circles(found, units, network.backbone)
        best = found.units[: max(units, SPLICED_UNITS if "recovered" in asked else 0)]
        numbers = tuple(unit.unit for unit in best)
        rest = Rest(network, layer, numbers) if "recovered" in asked else None
        if photographs is not None:
            progress("showing the photographs to the trained units")
            side, originals = circuit.backbone.input_px, trained(network, layer, numbers)
            train = record(photographs[0], originals, side, rest)
            halves = train, record(photographs[1], originals, side)
        wanted = replace(
            wanted,
            preferred_deg=tuple(unit.tuning.preferred_deg for unit in best),
            photographs=halves[0] if halves and {"natural", "recovered"} & set(asked) else None,
            rest=rest,
            compared=units,
        )
    wanted = replace(wanted, circles=circles)
    fit = fit_dials(wanted, schedule or Schedule(), checkpoint, progress)
    dials = tuple(free_dials(circuit).values())
    bench = _Bench(wanted, halves, published, progress)
    before = after = Scores(None, None, None)
    try:
        progress("scoring the circuit as written")
        before = bench.scores({})
        progress("scoring the fitted circuit")
        after = bench.scores(_as_written(dials, fit))
    except KeyboardInterrupt:
        progress("interrupted: what is not scored yet stays so")
    return FittedCircuit(file, circuit.doc, model, objective, fit, dials, before, after)


@dataclass(frozen=True)
class _Bench:
    """Scores a circuit at any setting of its dials.

    Attributes:
        wanted: The circuit as written, and with which units it is compared.
        halves: Both halves of the photographs, if any.
        published: Grids of the original neurons.
        progress: Told what is being done.
    """

    wanted: Objective
    halves: tuple[Photographs, Photographs] | None
    published: PublishedGrids | None
    progress: Progress

    def scores(self, settings: dict[str, float]) -> Scores:
        """Both halves and the grids."""
        written, family = self.wanted.circuit, self.wanted.family
        circuit = with_settings(written, settings)
        train = test = grids = None
        if self.halves is not None:
            angles = self.wanted.preferred_deg[: self.wanted.compared]
            placed = place_members(circuit, family.name, angles)
            hand = handwritten(calibrate(build(placed)), family.name)
            found = [agreed(hand, half, len(angles)) for half in self.halves]
            train, test = (Agreed(fmean(each.r), each.mean_ci, each.images) for each in found)
        if self.published is not None:
            grids = score_grids(circuit, family, self.published, self.progress)
        return Scores(train, test, grids)


def _as_written(dials: Sequence[Dial], fit: Fit) -> dict[str, float]:
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
