"""Fit the free dials of a circuit to units of a trained network, or to published figures.

In: a circuit, a trained network, photographs, published grids. Out: `FittedCircuit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from circuitdsl.compare.expect import expectations_met
from circuitdsl.compare.recovery import SPLICED_UNITS
from circuitdsl.compare.score import block_of, end_family
from circuitdsl.fitting.claims import claims_that_hold
from circuitdsl.fitting.compared import Agreed, Compared, by_agreement, by_tuning, rated
from circuitdsl.fitting.evidence import Photographs, Rest, agreed, record
from circuitdsl.fitting.objective import Objective
from circuitdsl.fitting.optimise import Schedule, fit_dials
from circuitdsl.fitting.result import FittedCircuit, Scores, as_written
from circuitdsl.ir.circuit import Circuit, Family
from circuitdsl.ir.fits import NATURAL, Terms
from circuitdsl.ir.members.placing import place_members
from circuitdsl.ir.tables.measures import BY_NAME
from circuitdsl.lowering.dials import free_dials, with_settings
from circuitdsl.measure.calibration import calibrate
from circuitdsl.measure.finders import Finder, finder_of
from circuitdsl.measure.tunings.figure_sets import FigureSet, finding_figures, published_figures
from circuitdsl.measure.tunings.published import PublishedGrids, score_grids
from circuitdsl.measure.units import handwritten, trained
from circuitdsl.models.network import Network
from circuitdsl.models.written.handwritten import build
from circuitdsl.stimuli.photographs import ImageSet
from circuitdsl.text.diagnostics import InputError

FOUND, AGREEING = 10, 4
"""Trained units that a family is compared with: those of a finder, and those that agree best."""

AGREEMENT = "agreement"

Progress = Callable[[str], None]
Halves = tuple[ImageSet, ImageSet]


def fit_circuit(
    circuit: Circuit,
    network: Network,
    *,
    file: str,
    objective: Terms = NATURAL,
    family: str | None = None,
    layers: Sequence[str] = (),
    photographs: Halves | None = None,
    published: PublishedGrids | None = None,
    schedule: Schedule | None = None,
    units: int | None = None,
    checkpoint: Path | None = None,
    keep_claims: bool = True,
    progress: Progress = lambda stage: None,
) -> FittedCircuit:
    """Fit the free dials of a circuit to units of a trained network, or to published figures.

    Units of a family that a finder looks for are found by their tuning, those of any other by
    agreement with its members on the photographs to fit on. An interrupt (Ctrl-C) ends the fit with
    the best so far; another one leaves scores out.

    Args:
        circuit: The circuit.
        network: The trained network.
        file: What to call the circuit.
        objective: What to maximise.
        family: The family that is fitted; by default the last one, which no connection reads.
        layers: Where units are looked for by agreement; by default in the block of the family's own
            layer.
        photographs: To fit on and to test on; needed for `natural` and `recovered`.
        published: Grids of published neurons; needed for `grid`.
        schedule: How to proceed.
        units: With how many of the network's units the family is compared; by default 10 that a
            finder found, or the 4 that agree best. A splice takes the place of more of those that a
            finder found, as many as a recovery.
        checkpoint: Saved to, and gone on from.
        keep_claims: Whether `expect` lines that hold as written shall hold when fitted.
        progress: Called with a line of text when a stage begins.

    Raises:
        InputError: evidence that the objective needs is missing; see also `fit_dials`.
        DiagnosticError: a family cannot be calibrated.
    """
    written = end_family(circuit, family)
    finder = finder_of(circuit, written)
    count = (AGREEING if finder is None else FOUND) if units is None else units
    setting = _Setting(circuit, written, network, finder, count, photographs, published, progress)
    setting.check(objective)
    wanted = setting.objective(objective, layers)
    claims = claims_that_hold(circuit) if keep_claims else None
    fit = fit_dials(wanted, schedule or Schedule(), checkpoint, progress, claims)
    dials = tuple(free_dials(circuit).values())
    before = after = Scores(None, None, None, ())
    try:
        progress("scoring the circuit as written")
        before = setting.scores({})
        progress("scoring the fitted circuit")
        after = setting.scores(as_written(dials, fit))
    except KeyboardInterrupt:
        progress("interrupted: what is not scored yet stays so")
    sets = zip(("fitted_to", "held_out"), photographs or (), strict=False)
    return FittedCircuit(
        file=file,
        doc=circuit.doc,
        model=network.name,
        weights=network.digest,
        family=written.name,
        found_by=AGREEMENT if finder is None else finder.name,
        photographs={name: images.names for name, images in sets},
        objective=objective,
        fit=fit,
        dials=dials,
        before=before,
        after=after,
    )


@dataclass
class _Setting:
    """What a circuit is fitted to, and rated by, at any setting of its dials.

    Attributes:
        circuit: The circuit as written.
        family: The family that is fitted.
        network: The trained network.
        finder: What finds the units; None for agreement.
        count: How many units are compared.
        photographs: To fit on and to test on.
        published: Grids of published neurons.
        progress: Called with a line of text when a stage begins.
        compared: The units, once they are found.
        shown: What they say to both halves of the photographs, where a finder found them.
    """

    circuit: Circuit
    family: Family
    network: Network
    finder: Finder | None
    count: int
    photographs: Halves | None
    published: PublishedGrids | None
    progress: Progress
    compared: Compared | None = None
    shown: tuple[Photographs, Photographs] | None = None

    def check(self, terms: Terms) -> None:
        """Refuse a fit whose evidence is missing.

        Raises:
            InputError: saying what is missing.
        """
        evidence = {BY_NAME[name].evidence: name for name, _ in terms}
        if any(one.units is not None for one in self.circuit.families):
            raise InputError(
                "a circuit that reads trained units is not fitted",
                why="calibration and gradients start at the image",
                help="fit a circuit that does so, too",
            )
        if self.finder is None and (wrong := {"published", "figures"} & set(evidence)):
            raise InputError(
                f"`{evidence[min(wrong)]}` is not measured of `{self.family.name}`",
                why="no finder looks for its units: agreement on photographs chooses them",
                help="maximise `natural`, or `recovered`",
            )
        shown = self.finder is None or {"photographs", "outputs"} & set(evidence)
        if self.photographs is None and shown:
            raise InputError(
                "photographs are needed to fit to them", help="name a folder: --images DIR"
            )
        if self.published is None and "published" in evidence:
            raise InputError("published grids are needed to fit to them", help="--grid FILE.npz")

    def objective(self, terms: Terms, layers: Sequence[str]) -> Objective:
        """What is maximised, with the evidence that it needs."""
        wanted = Objective(self.circuit, self.family, terms)
        evidence = {BY_NAME[name].evidence for name, _ in terms}
        figures: dict[str, FigureSet] = {}
        if self.published is not None:
            figures["grid"] = published_figures(self.published)
        if self.photographs is not None or "figures" in evidence:
            self._find("outputs" in evidence, layers)
        compared = self.compared
        if compared is not None:
            if compared.found is not None:
                backbone = self.network.backbone
                figures["tuning"] = finding_figures(compared.found, self.count, backbone)
            wanted = replace(
                wanted,
                preferred_deg=compared.preferred_deg,
                members=compared.members,
                grid=compared.grid,
                compared=0 if compared.members else self.count,
                best=compared.best,
            )
            wanted = self._with_photographs(wanted, compared, evidence)
        return replace(wanted, figures=figures)

    def _find(self, spliced: bool, layers: Sequence[str]) -> None:
        """Find the units."""
        if self.finder is not None:
            self.progress(f"looking for {self.finder.title} in {self.network.name}")
            most = max(self.count, SPLICED_UNITS if spliced else 0)
            self.compared = by_tuning(self.network, self.family, self.finder, most)
        elif self.photographs is not None:
            self.compared = by_agreement(
                self.circuit,
                self.family,
                self.network,
                layers or (block_of(self.network, self.family.layer),),
                self.photographs[0],
                count=self.count,
                progress=self.progress,
            )

    def _with_photographs(
        self, wanted: Objective, compared: Compared, evidence: set[str]
    ) -> Objective:
        """The objective with what the units say to the photographs to fit on."""
        if self.photographs is None:
            return wanted
        self.progress("showing the photographs to the trained units")
        own = self.circuit.backbone.input_px
        side = self.network.backbone.input_px if compared.members else own
        originals = trained(self.network, compared.layer, compared.units)
        rest = None
        if "outputs" in evidence:
            rest = Rest(self.network, compared.layer, compared.units)
        train = record(self.photographs[0], originals, side, rest, compared.grid)
        if compared.found is not None:
            self.shown = train, record(self.photographs[1], originals, side)
        asked = bool({"photographs", "outputs"} & evidence)
        return replace(wanted, photographs=train if asked else None, rest=rest)

    def scores(self, settings: dict[str, float]) -> Scores:
        """The circuit at some settings: on both halves of the photographs, and on the grids."""
        circuit = with_settings(self.circuit, settings)
        train = test = grids = None
        compared = self.compared
        if compared is not None and self.shown is not None:
            train, test = (self._agreed(circuit, compared, half) for half in self.shown)
        elif compared is not None and compared.members and self.photographs is not None:
            train, test = rated(
                circuit,
                self.family,
                self.network,
                compared.layer,
                self.photographs,
                count=self.count,
                progress=self.progress,
            )
        if self.published is not None:
            grids = score_grids(circuit, self.family, self.published, self.progress)
        return Scores(train, test, grids, expectations_met(circuit))

    def _agreed(self, circuit: Circuit, compared: Compared, half: Photographs) -> Agreed:
        """The agreement of members at the units' angles with the units that a finder found."""
        angles = compared.preferred_deg[: self.count]
        placed = place_members(circuit, self.family.name, angles)
        hand = handwritten(calibrate(build(placed)), self.family.name)
        found = agreed(hand, half, len(angles))
        units = tuple(f"{compared.layer}:{unit}" for unit in compared.units[: self.count])
        return Agreed(fmean(found.r), found.mean_ci, found.images, units)
