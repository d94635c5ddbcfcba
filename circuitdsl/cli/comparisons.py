"""Commands that compare: find, score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from circuitdsl.cli.failures import FINDINGS, print_findings
from circuitdsl.cli.options import (
    Calibration,
    CircuitFile,
    Classes,
    Grid,
    Json,
    Limit,
    Model,
    Ray,
    Shards,
    SomeModel,
    Weights,
    Workers,
    writable,
)
from circuitdsl.cli.output import say_left_out, write_record, writing

if TYPE_CHECKING:
    from circuitdsl.compare.families import FamilyComparison
    from circuitdsl.compare.score import Comparison
    from circuitdsl.run.scripts import Scored


def _finders(incomplete: str) -> list[str]:
    """Names of finders that a shell offers."""
    from circuitdsl.measure.finders import FINDERS

    return [name for name in FINDERS if name.startswith(incomplete)]


def find(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="The finder of a kind of units, such as lines.",
            autocompletion=_finders,
        ),
    ],
    *,
    model: Model,
    layer: Annotated[
        str, typer.Option("--layer", "-l", metavar="LAYER", help="A layer, such as mixed3b.")
    ],
    weights: Weights = None,
    units: Annotated[
        int, typer.Option(min=1, help="The number of units to show and declare.")
    ] = 10,
    circ: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            "--circ",
            metavar="FILE",
            help="Declare the family in a .circ file.",
            callback=writable,
        ),
    ] = None,
    grid: Grid = None,
    json: Json = None,
) -> None:
    """Find units of some kind in a layer, by their tuning alone."""
    from circuitdsl.reporting.printed.fits import grids_table
    from circuitdsl.reporting.printed.tables import found_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.networks import find as find_units

    with progress() as report:
        found = find_units(
            kind, model, layer, weights=weights, progress=report, grid=grid, units=units
        )
    print_table(found_table(found, units))
    if found.grids is not None:
        print_table(grids_table(found.grids))
    write_record(json, found.record)
    if circ is None:
        return
    from circuitdsl.ir.writing.text import to_source
    from circuitdsl.text.files import write_text

    with writing(circ):
        write_text(circ, to_source(found.circuit(units)))
    typer.echo(f"declared in {circ}", err=True)


def score(
    file: CircuitFile,
    *,
    model: SomeModel = "auto",
    weights: Weights = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs; without them, scenes are drawn."),
    ] = None,
    calibration: Calibration = None,
    classes: Classes = None,
    limit: Limit = None,
    grid: Grid = None,
    json: Json = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the tuning curves (.png, .svg or .pdf).", callback=writable
        ),
    ] = None,
    members: Annotated[
        Literal["placed", "as-written"] | None,
        typer.Option(
            help="With a finder: members at the angles of the trained units, or of the file."
        ),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="The family; by default the last one.")
    ] = None,
    find: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="How units are found: by a finder, such as lines, or by agreement; by default "
            "as the file says.",
        ),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", metavar="LAYER", help="Look for units in this layer; may be repeated."
        ),
    ] = None,
    units: Annotated[
        int | None, typer.Option(min=1, help="The largest number of trained units.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of random draws and intervals.")
    ] = None,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
) -> None:
    """Compare a hand-written family with trained units, or evaluate a file's `score` blocks."""
    from circuitdsl.compare.families import FamilyComparison
    from circuitdsl.compare.score import Comparison
    from circuitdsl.reporting.drawn.image_files import check_format
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.comparing.scores import score as score_file

    if figure is not None:
        check_format(figure)
    with progress() as report:
        result = score_file(
            file,
            model,
            weights=weights,
            images=images,
            calibration=calibration,
            limit=limit,
            members=members,
            family=family,
            find=find,
            layers=layer or (),
            units=units,
            seed=seed,
            grid=grid,
            classes=classes,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
    if model == "auto":
        typer.echo(f"auto took {result.model}", err=True)
    if isinstance(result, Comparison):
        _say_comparison(result, json, figure)
    elif isinstance(result, FamilyComparison):
        _say_family(result, json, figure)
    else:
        _say_scores(result, json)


def _say_comparison(comparison: Comparison, json: Path | None, figure: Path | None) -> None:
    from circuitdsl.reporting.drawn.figures import draw_tuning
    from circuitdsl.reporting.printed.fits import grids_table
    from circuitdsl.reporting.printed.tables import score_table
    from circuitdsl.reporting.printed.terminal import print_table

    say_left_out(dict(comparison.skipped))
    print_table(score_table(comparison))
    if comparison.grids is not None:
        print_table(grids_table(comparison.grids))
    write_record(json, comparison.record)
    if figure is None:
        typer.echo("--figure FILE draws the tuning curves", err=True)
        return
    with writing(figure):
        draw_tuning(comparison, figure)
    typer.echo(f"figure: {figure}")


def _say_family(comparison: FamilyComparison, json: Path | None, figure: Path | None) -> None:
    from circuitdsl.reporting.printed.families import agreement_table, draw_axes, tuning_table
    from circuitdsl.reporting.printed.terminal import print_table

    say_left_out(dict(comparison.skipped))
    print_table(agreement_table(comparison))
    if comparison.sets:
        print_table(tuning_table(comparison))
    write_record(json, comparison.record)
    if figure is None:
        if comparison.axes:
            typer.echo("--figure FILE draws the tuning along the family's axes", err=True)
        return
    with writing(figure):
        draw_axes(comparison, figure)
    typer.echo(f"figure: {figure}")


def _say_scores(scored: Scored, json: Path | None) -> None:
    """Print what `score` blocks came to; exits with 1 if an expectation does not hold."""
    from circuitdsl.reporting.printed.edits import recovery_table, tuning_table
    from circuitdsl.reporting.printed.terminal import print_table

    for recovered in scored.recoveries.values():
        print_table(recovery_table(recovered))
        say_left_out(dict(recovered.skipped))
    if scored.tunings:
        print_table(tuning_table(scored.tunings))
    write_record(json, scored.record)
    print_findings(scored.failed)
    if scored.outcomes:
        held = sum(outcome.holds for outcome in scored.outcomes)
        typer.echo(f"{held} of {len(scored.outcomes)} expectations hold", err=True)
    if scored.failed:
        raise typer.Exit(FINDINGS)
