"""The verb fit: the free dials of a circuit file moved to where it agrees with trained units.

In: a circuit file, a model, photographs, published grids. Out: a `FittedCircuit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from circuitdsl.checking.edits.objective import objective as maximised
from circuitdsl.checking.load import check_path, circuit_of, fit_of
from circuitdsl.compare.score import end_family
from circuitdsl.fitting.fit import fit_circuit
from circuitdsl.fitting.optimise import Schedule
from circuitdsl.fitting.result import FittedCircuit, split_photographs
from circuitdsl.ir.fits import NATURAL, Terms
from circuitdsl.lowering.dials import only_free
from circuitdsl.measure.finders import USUAL, finder_of
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.comparing.families import layers_searched
from circuitdsl.run.networks import Progress, opened_network, silent

T = TypeVar("T")


def fit(
    path: Path | str,
    model: str | Network = AUTO,
    *,
    block: str | None = None,
    objective: Terms | str | None = None,
    family: str | None = None,
    layers: Sequence[str] = (),
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    grid: Path | str | None = None,
    steps: int | None = None,
    rate: float | None = None,
    batch: int | None = None,
    figures: int | None = None,
    seed: int | None = None,
    units: int | None = None,
    checkpoint: Path | str | None = None,
    dials: Sequence[str] | None = None,
    keep_claims: bool = True,
    progress: Progress = silent,
) -> FittedCircuit:
    """Fit the free dials of a circuit file.

    Settings that the caller leaves out are those of the file's `fit` block, or else the defaults.

    Args:
        path: The circuit file.
        model: A model of the registry, `auto`, or a network.
        block: The `fit` block whose settings hold; needed where the file has several.
        objective: The weighted sum of measures to maximise, such as `natural + 2*grid`; usually
            `natural`.
        family: The family that is fitted; by default the last one, which no connection reads.
        layers: Where units are looked for by agreement; by default in the block of the family's own
            layer, or in every layer of a network of another geometry.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; half of them are fitted to, half are for testing.
        limit: The largest number of photographs of each half.
        grid: A file of published grids.
        steps: How many steps; usually 200.
        rate: The step size at the start; usually 0.05.
        batch: How many photographs each step sees; usually 8.
        figures: How many figures each step sees; usually 128.
        seed: Of what each step sees; usually 0.
        units: How many of the network's units; usually 10 that a finder found, or the 4 that agree
            best.
        checkpoint: A file to save to, from which the fit is resumed if it exists.
        dials: The dials to fit; usually all free ones.
        keep_claims: Whether `expect` lines that hold as written shall hold of the fitted dials.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors.
        InputError: something else that was asked for does not exist or does not fit.
    """
    result = check_path(path)
    circuit, chosen = circuit_of(result, str(path)), fit_of(result, path, block)
    usual = Schedule()
    schedule = Schedule(
        steps=_first(steps, chosen.steps, usual.steps),
        rate=_first(rate, chosen.rate, usual.rate),
        photographs=_first(batch, chosen.batch, usual.photographs),
        figures=_first(figures, chosen.figures, usual.figures),
        seed=_first(seed, chosen.seed, usual.seed),
    )
    wanted = _first(objective, chosen.maximise, NATURAL)
    terms = maximised(wanted) if isinstance(wanted, str) else wanted
    dials = _first(dials, chosen.dials, None)
    if dials is not None:
        circuit = only_free(circuit, dials)
    finder = finder_of(circuit, end_family(circuit, family)) or USUAL
    published = finder.published(grid)
    photographs = None if images is None else split_photographs(Path(images), limit)
    network = opened_network(model, weights)
    return fit_circuit(
        circuit,
        network,
        file=str(path),
        objective=terms,
        family=family,
        layers=layers_searched(circuit, family, network, layers),
        photographs=photographs,
        published=published,
        schedule=schedule,
        units=units if units is not None else chosen.units,
        checkpoint=None if checkpoint is None else Path(checkpoint),
        keep_claims=keep_claims,
        progress=progress,
    )


def _first(asked: T | None, written: T | None, usual: T) -> T:
    """What the caller asks for, else what the file's block says, else the usual."""
    if asked is not None:
        return asked
    return usual if written is None else written
