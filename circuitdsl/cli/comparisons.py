"""Commands that compare: find, score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.edits import score_script
from circuitdsl.cli.options import (
    Calibration,
    CircuitFile,
    Grid,
    Json,
    Limit,
    Model,
    SomeModel,
    Weights,
)
from circuitdsl.cli.output import say_left_out, write_record, writing

find_app = typer.Typer(no_args_is_help=True, help="Find families of units by their tuning alone.")


@find_app.command("curves")
def find_curves(
    *,
    model: Model,
    layer: Annotated[
        str, typer.Option("--layer", "-l", metavar="LAYER", help="A layer, such as mixed3b.")
    ],
    weights: Weights = None,
    units: Annotated[int, typer.Option(min=1, help="How many units to show and declare.")] = 10,
    circ: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", "--circ", metavar="FILE", help="Declare the family in a .circ file."
        ),
    ] = None,
    grid: Grid = None,
    json: Json = None,
) -> None:
    """Find a network's curve detectors: rank every unit of a layer by its tuning to circles."""
    from circuitdsl.report.fits import grids_table
    from circuitdsl.report.tables import found_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run.networks import find_curves as find

    with progress() as report:
        found = find(model, layer, weights=weights, progress=report, grid=grid, units=units)
    print_table(found_table(found, units))
    if found.grids is not None:
        print_table(grids_table(found.grids))
    write_record(json, found.record)
    if circ is None:
        return
    from circuitdsl.ir.text import to_source
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
    limit: Limit = None,
    grid: Grid = None,
    json: Json = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the tuning curves (.png, .svg or .pdf)."),
    ] = None,
    members: Annotated[
        Literal["placed", "as-written"],
        typer.Option(help="At the originals' preferred angles, or at the file's own."),
    ] = "placed",
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which family; by default the last one.")
    ] = None,
    units: Annotated[int, typer.Option(min=1, help="With how many trained units.")] = 10,
) -> None:
    """Score a hand-written family against the curve detectors of a trained network.

    A file with `score` blocks is scored as these say: what a splice recovers, how echoes change.
    """
    from circuitdsl.checking.load import check_path

    script = check_path(file).script
    if script is not None and script.scores:
        score_script(
            file,
            model=model,
            weights=weights,
            images=images,
            calibration=calibration,
            limit=limit,
            json=json,
        )
        return
    if calibration is not None:
        raise typer.BadParameter(f"{file} has no `score` block", param_hint="--calibration")
    from circuitdsl.report.figures import check_format, draw_tuning
    from circuitdsl.report.fits import grids_table
    from circuitdsl.report.tables import score_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run.networks import AUTO
    from circuitdsl.run.networks import score as score_file

    if figure is not None:
        check_format(figure)
    with progress() as report:
        comparison = score_file(
            file,
            model,
            weights=weights,
            images=images,
            limit=limit,
            members=members,
            family=family,
            units=units,
            grid=grid,
            progress=report,
        )
    if model == AUTO:
        typer.echo(f"auto took {comparison.model}", err=True)
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
