"""The verb score: a circuit or a script against a trained network.

In: a circuit or a file. Out: for a circuit, a `Comparison` with the network's own family; for a
file with `score` blocks, what these come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack, overload

from circuitdsl.checking.load import check_path, circuit_of
from circuitdsl.compare.families import FamilyComparison
from circuitdsl.compare.score import Comparison, Members, end_family
from circuitdsl.ir.circuit import Circuit
from circuitdsl.measure.finders import FINDERS, Finder, finder_of
from circuitdsl.models.network import Network
from circuitdsl.models.registry import AUTO
from circuitdsl.run.comparing.families import compare_family
from circuitdsl.run.networks import Progress, compare, silent
from circuitdsl.run.opening.engines import class_list, engine_of
from circuitdsl.run.opening.inputs import Given
from circuitdsl.run.scripts import Scored, script_scores
from circuitdsl.text.diagnostics import InputError, suggestion

AGREEMENT = "agreement"
"""Instead of a finder: units are those whose activations agree with the members'."""


class Asked(TypedDict, total=False):
    """What a score may be asked for, as `score` has it."""

    weights: Path | str | None
    images: Path | str | None
    limit: int | None
    members: Members | None
    family: str | None
    find: str | None
    layers: Sequence[str]
    units: int | None
    seed: int | None
    grid: Path | str | None
    classes: Path | str | None
    workers: int
    store: Path | str | None
    ray: str | None
    progress: Progress


@overload
def score(
    source: Circuit, model: str | Network = AUTO, **asked: Unpack[Asked]
) -> Comparison | FamilyComparison: ...


@overload
def score(
    source: Path | str,
    model: str | Network = AUTO,
    *,
    calibration: Path | str | None = None,
    **asked: Unpack[Asked],
) -> Comparison | FamilyComparison | Scored: ...


def score(
    source: Path | str | Circuit,
    model: str | Network = AUTO,
    *,
    weights: Path | str | None = None,
    images: Path | str | None = None,
    calibration: Path | str | None = None,
    limit: int | None = None,
    members: Members | None = None,
    family: str | None = None,
    find: str | None = None,
    layers: Sequence[str] = (),
    units: int | None = None,
    seed: int | None = None,
    grid: Path | str | None = None,
    classes: Path | str | None = None,
    workers: int = 1,
    store: Path | str | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> Comparison | FamilyComparison | Scored:
    """Score a hand-written family against units of a trained network, or a file's `score` blocks.

    The units of a family that a finder looks for are found by their tuning. Those of any other
    family are found by agreement with its members on one half of the images, and the figures are
    of the other half.

    A file with `score` blocks is scored as these say; `members`, `family`, `find`, `layers`,
    `units` and `grid` are then the file's business.

    Args:
        source: A circuit, or a file.
        model: A model of the registry, `auto`: the one that the file names, or else the best whose
            weights are here, or a network.
        weights: A weight file, instead of the model's own.
        images: A folder of photographs; without one, a circuit is shown drawn scenes that no
            network has seen.
        calibration: For `score` blocks, photographs to calibrate on.
        limit: The largest number of images.
        members: If a finder finds the units: members `placed` at the angles that the trained units
            prefer (the default), or `as-written`.
        family: The hand-written family; by default the last one that no connection reads.
        find: How units are found: by a finder, such as `lines`, or by `agreement`; by default as
            the family says.
        layers: Where units are looked for by agreement; by default in the block of the family's own
            layer, or in every layer of a network of another geometry.
        units: How many of the network's units to compare with, best first; usually 10 for a finder,
            else one for each member, but at least 4 and at most 10.
        seed: The seed of the bootstrap and of random draws; by default that of the file, or 0.
        grid: A file of published grids, to compare the family with too.
        classes: For `score` blocks, a file with one label on each line, for images whose classes
            are numbers.
        workers: Processes that share the work.
        store: A folder for finished shards. A later run takes those that it finds there.
        ray: The address of a Ray cluster that does the work; `auto` finds one, `local` starts one
            on this machine.
        progress: Called with a line of text when a stage begins.

    Raises:
        DiagnosticError: the file has errors, a family cannot be calibrated, or a splice finds no
            partner for a unit.
        InputError: something else that was asked for does not exist or does not fit.
    """
    engine = engine_of(workers, store, ray)
    if isinstance(source, Circuit):
        circuit, name = source, "circuit"
    else:
        name = str(source)
        checked = check_path(source)
        if checked.script is not None and checked.script.scores:
            refused = {"--family": family, "--grid": grid, "--find": find, "--members": members}
            refused |= {"--layer": layers or None, "--units": units}
            _refuse(f"{name} is scored as its `score` blocks say", refused)
            given = Given.of(
                model=model,
                weights=weights,
                images=images,
                calibration=calibration,
                limit=limit,
                seed=seed,
                classes=class_list(classes),
                engine=engine,
            )
            return script_scores(checked.script, given, progress)
        circuit = circuit_of(checked, name)
    _refuse(f"{name} has no `score` block", {"--calibration": calibration})
    finder = _finder(circuit, family, find)
    if finder is None:
        of_finders = {"--grid": grid, "--members": members}
        _refuse("units are found by agreement with members as they are written", of_finders)
        return compare_family(
            circuit,
            model,
            weights=weights,
            images=images,
            limit=limit,
            family=family,
            layers=layers,
            units=units,
            seed=seed or 0,
            file=name,
            engine=engine,
            progress=progress,
        )
    _refuse("a finder looks in the block of the family's own layer", {"--layer": layers or None})
    found = compare(
        circuit,
        model,
        weights=weights,
        images=images,
        limit=limit,
        members=members or "placed",
        family=family,
        units=10 if units is None else units,
        seed=seed or 0,
        grid=grid,
        finder=finder,
        file=name,
        engine=engine,
        progress=progress,
    )
    return replace(found, of_kind=finder_of(circuit, end_family(circuit, family)) is finder)


def _finder(circuit: Circuit, family: str | None, find: str | None) -> Finder | None:
    """The finder that looks for the units of a family; None if agreement chooses them.

    Raises:
        InputError: no such family, or no such way.
    """
    ways = (*FINDERS, AGREEMENT)
    if find is not None and find not in ways:
        raise InputError(
            f"units are not found by `{find}`",
            help=suggestion(find, ways) or f"say one of {', '.join(ways)}",
        )
    written = end_family(circuit, family)
    return finder_of(circuit, written) if find is None else FINDERS.get(find)


def _refuse(why: str, options: Mapping[str, object]) -> None:
    """Refuse options that would be passed over.

    Raises:
        InputError: one of them is given.
    """
    for option, value in options.items():
        if value is not None:
            raise InputError(f"{option} has no meaning here", why=why, help=f"leave out {option}")
