"""The commands that fit dials: fit, fit-all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import CircuitFile, CircuitPaths, Grid, Json, Limit, Weights, writable
from circuitdsl.cli.output import write_record, writing
from circuitdsl.text.diagnostics import InputError


def fit(
    file: CircuitFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="A file that sets the dials.", callback=writable
        ),
    ],
    objective: Annotated[
        str | None,
        typer.Option(
            metavar="SUM",
            help="A sum of `natural` (the default), `grid`, `tuning`, `recovered`, such as "
            "natural + 2*grid.",
        ),
    ] = None,
    block: Annotated[
        str | None,
        typer.Option(
            "--fit", metavar="NAME", help="The `fit` block; needed if the file has several."
        ),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="The family; by default the last one.")
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", metavar="LAYER", help="Look for units in this layer; may be repeated."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="MODEL", help="A trained network, or `auto`.")
    ] = "auto",
    weights: Weights = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs: half for the fit, half for the test."),
    ] = None,
    limit: Limit = None,
    grid: Grid = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="The number of steps (default: 200).")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.0, help="The step size at the start (default: 0.05).")
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="The number of photographs for each step (default: 8)."),
    ] = None,
    figures: Annotated[
        int | None, typer.Option(min=1, help="The number of figures for each step (default: 128).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the images of each step (default: 0).")
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(min=1, help="The number of trained units (default: 10, or 4 by agreement)."),
    ] = None,
    keep_claims: Annotated[
        bool,
        typer.Option(
            "--keep-claims/--ignore-claims",
            help="Whether `expect` lines that hold as written shall hold of the fitted dials.",
        ),
    ] = True,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save the fit to this file, and resume it from there (.safetensors).",
            callback=writable,
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Fit the free dials of a circuit by gradient, and write a file that sets them.

    A `fit` block of the file says what the options leave open.
    Ctrl-C ends the fit and keeps the best so far; once more, and it is written unscored.
    """
    from circuitdsl.ir.writing.settings import import_path
    from circuitdsl.reporting.printed.fits import dials_table, fit_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.fitting import fit as fit_file
    from circuitdsl.text.files import write_text

    if not output.absolute().parent.is_dir():
        raise InputError(f"there is no folder {output.absolute().parent} to write {output} to")
    import_path(file, output)
    with progress() as report:
        fitted = fit_file(
            file,
            model,
            block=block,
            objective=objective,
            family=family,
            layers=layer or (),
            weights=weights,
            images=images,
            limit=limit,
            grid=grid,
            steps=steps,
            rate=rate,
            batch=batch,
            figures=figures,
            seed=seed,
            units=units,
            checkpoint=checkpoint,
            keep_claims=keep_claims,
            progress=report,
        )
    print_table(dials_table(fitted))
    print_table(fit_table(fitted))
    with writing(output):
        write_text(output, fitted.source(output))
    typer.echo(f"wrote {output}", err=True)
    write_record(json, fitted.record)


def fit_all(
    files: CircuitPaths,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="The folder for the files of settings."
        ),
    ],
    images: Annotated[
        Path, typer.Option(metavar="DIR", help="Photographs: half for the fit, half for the test.")
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="MODEL", help="A trained network, or `auto`.")
    ] = "auto",
    limit: Limit = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="The number of steps for each family (default: 200).")
    ] = None,
    json: Json = None,
) -> None:
    """Fit every family of several circuits by its own dials; finished families are kept."""
    from circuitdsl.reporting.printed.fits import families_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.fitting_all import fit_all as fit_files

    with progress() as report, writing(output):
        fits = fit_files(
            files, output, model, images=images, limit=limit, steps=steps, progress=report
        )
    print_table(families_table(fits))
    write_record(json, lambda: {"families": [one.record() for one in fits]})
