"""What fitting the free dials of a circuit file changed.

In: dials before and after, photographs. Out: `FittedCircuit`: how alike hand-written and trained
units are before and after on photographs that were fitted to and on others that were not, and a
file that sets the circuit's dials.

Photographs are split by file, half and half, by a stated seed. A limit thins each half afterwards,
so the halves have no image in common whatever limits two runs have. Which dials of a fit are the
best is judged on a part of the first half (`optimise.held_back`); the second is for the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from circuitdsl.compare.expect import Outcome
from circuitdsl.fitting.compared import Agreed
from circuitdsl.fitting.optimise import Fit
from circuitdsl.ir.circuit import Dial
from circuitdsl.ir.fits import Terms, terms_text
from circuitdsl.ir.writing.settings import import_path, rounded, settings_source
from circuitdsl.ir.writing.spelling import expectation
from circuitdsl.measure.tunings.published import GridScores
from circuitdsl.stimuli.photographs import ImageSet, open_images
from circuitdsl.stimuli.split import split
from circuitdsl.text.layout import flat

SPLIT_SEED = 0
"""Of the split into photographs to fit on and photographs to test on."""


@dataclass(frozen=True)
class Scores:
    """A circuit at one setting of its dials.

    Attributes:
        train: On the photographs fitted to, if any.
        test: On the others.
        grids: Against the published grids, if some were given. They have no other half.
        claims: What became of each `expect` line of a family.
    """

    train: Agreed | None
    test: Agreed | None
    grids: GridScores | None
    claims: tuple[Outcome, ...]

    def record(self) -> dict[str, Any]:
        """The scores as JSON has them."""
        parts = {"train": self.train, "test": self.test, "grids": self.grids}
        figures = {name: part.record() for name, part in parts.items() if part is not None}
        broken = [flat(expectation(one.expectation)) for one in self.claims if not one.holds]
        claims = {"claims": len(self.claims), "broken_claims": broken} if self.claims else {}
        return {**figures, **claims}


@dataclass(frozen=True)
class FittedCircuit:
    """What fitting did.

    Attributes:
        file: The circuit's file.
        doc: What the circuit says of itself.
        model: The network that it was fitted to.
        weights: The digest of its weights.
        family: The family that was fitted.
        found_by: How the trained units were found: the name of a finder, or `agreement`.
        photographs: The names of the photographs to fit on and of the others.
        objective: What was maximised.
        fit: The dials that were found.
        dials: The dials that were free, as written.
        before: The scores of the defaults.
        after: Those of the fitted dials, as rounded for the text.
    """

    file: str
    doc: str
    model: str
    weights: str
    family: str
    found_by: str
    photographs: Mapping[str, tuple[str, ...]]
    objective: Terms
    fit: Fit
    dials: tuple[Dial, ...]
    before: Scores
    after: Scores

    @property
    def settings(self) -> dict[str, float]:
        """What the fit sets the dials to, as the text has it."""
        return as_written(self.dials, self.fit)

    def source(self, output: Path | str) -> str:
        """The text of a settings file: the circuit's file, its dials as fitted.

        Args:
            output: Where the file will lie.

        Raises:
            InputError: a file there cannot import the circuit's.
        """
        dials = [replace(dial, default=self.settings[dial.name]) for dial in self.dials]
        told = f"; dials fitted to {self.model}"
        doc = f"{self.doc.rstrip('.').removesuffix(told)}{told}."
        return settings_source(import_path(Path(self.file), Path(output)), doc, dials)

    def record(self) -> dict[str, Any]:
        """The fit as JSON has it."""
        return {
            "file": self.file,
            "model": self.model,
            "weights": self.weights,
            "family": self.family,
            "units_chosen_by": self.found_by,
            "photographs": {name: list(names) for name, names in self.photographs.items()},
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
    first, second = (half.some(_spread(len(half), limit)) for half in halves)
    return first, second


def as_written(dials: Sequence[Dial], fit: Fit) -> dict[str, float]:
    """Fitted dials with the digits that the text will have, still inside their ranges."""
    settings: dict[str, float] = {}
    for dial in dials:
        value = rounded(fit.dials[dial.name])
        low = value if dial.low is None else dial.low
        high = value if dial.high is None else dial.high
        settings[dial.name] = min(max(value, low), high)
    return settings


def _spread(count: int, limit: int | None) -> Sequence[int]:
    """The places of at most so many images, spread evenly."""
    if limit is None or limit >= count:
        return range(count)
    return [index * count // limit for index in range(limit)]
