"""The verb score: a circuit or a script against a trained network.

In: a circuit or a file. Out: for a circuit, a `Comparison` with the network's own family; for a
file with `score` blocks, what these come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import overload

from circuitdsl.checking.load import check_path, circuit_of
from circuitdsl.compare.score import Comparison, Members
from circuitdsl.ir.circuit import Circuit
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.inputs import Given
from circuitdsl.run.networks import Progress, compare, silent
from circuitdsl.run.scripts import Scored, script_scores
from circuitdsl.text.diagnostics import InputError


@overload
def score(
    source: Circuit,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    limit: int | None = None,
    members: Members = "placed",
    family: str | None = None,
    units: int = 10,
    seed: int | None = None,
    grid: Path | str | None = None,
    progress: Progress = silent,
) -> Comparison: ...


@overload
def score(
    source: Path | str,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    members: Members = "placed",
    family: str | None = None,
    units: int = 10,
    seed: int | None = None,
    grid: Path | str | None = None,
    progress: Progress = silent,
) -> Comparison | Scored: ...


def score(
    source: Path | str | Circuit,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    members: Members = "placed",
    family: str | None = None,
    units: int = 10,
    seed: int | None = None,
    grid: Path | str | None = None,
    progress: Progress = silent,
) -> Comparison | Scored:
    """Score a hand-written family against a trained network's own, or a file's `score` blocks.

    A file with `score` blocks is scored as these say; `members`, `family`, `units` and `grid` are
    then the file's business.

    Args:
        source: A circuit, or a file.
        model: A model of the registry, `auto`: the one that the file names, or else the best whose
            weights are here, or a network.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; without one, a circuit is shown drawn scenes that no
            network has seen.
        calibration: For `score` blocks, photographs to calibrate on.
        limit: How many images at most.
        members: `placed` at the originals' preferred angles, or `as-written`.
        family: The hand-written family; by default the last one, which no connection reads.
        units: How many of the network's units to compare with, best first.
        seed: Of the bootstrap and of draws; by default the file's own, or 0.
        grid: A file of published grids, to compare the family with too.
        progress: Told what is being done.

    Raises:
        DiagnosticError: the file has errors, a family cannot be calibrated, or a splice finds no
            partner for a unit.
        InputError: anything else that was asked for is not there or does not fit.
    """
    if isinstance(source, Circuit):
        circuit, name = source, "circuit"
    else:
        name = str(source)
        checked = check_path(source)
        if checked.script is not None and checked.script.scores:
            refused = {"--family": family, "--grid": grid}
            _refuse(f"{name} is scored as its `score` blocks say", refused)
            given = Given.of(
                model=model,
                weights=weights,
                images=images,
                calibration=calibration,
                limit=limit,
                seed=seed,
            )
            return script_scores(checked.script, given, progress)
        circuit = circuit_of(checked, name)
    _refuse(f"{name} has no `score` block", {"--calibration": calibration})
    return compare(
        circuit,
        model,
        weights=weights,
        images=images,
        limit=limit,
        members=members,
        family=family,
        units=units,
        seed=seed or 0,
        grid=grid,
        file=name,
        progress=progress,
    )


def _refuse(why: str, options: Mapping[str, object]) -> None:
    """Refuse options that would be passed over.

    Raises:
        InputError: one of them is given.
    """
    for option, value in options.items():
        if value is not None:
            raise InputError(f"{option} has no meaning here", why=why, help=f"leave out {option}")
