"""The command that fits dials: fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.options import CircuitFile, Grid, Json, Limit, Weights
from circuitdsl.cli.output import write_record, writing
from circuitdsl.diagnostics import InputError


def fit(
    file: CircuitFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The fitted circuit (.circ).")
    ],
    objective: Annotated[
        Literal["natural", "grid", "both"],
        typer.Option(help="Agree on photographs, on published grids, or on both."),
    ] = "natural",
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="MODEL", help="A trained network, or `auto`.")
    ] = "auto",
    weights: Weights = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs: half to fit on, half to test on."),
    ] = None,
    limit: Limit = None,
    grid: Grid = None,
    share: Annotated[
        float, typer.Option(metavar="X", help="Weight of the photographs against the grids.")
    ] = 0.5,
    steps: Annotated[int, typer.Option(min=1, help="How many steps.")] = 200,
    rate: Annotated[float, typer.Option(min=0.0, help="Step size at the start.")] = 0.05,
    batch: Annotated[int, typer.Option(min=1, help="Photographs a step.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of what each step is shown.")] = 0,
    units: Annotated[int, typer.Option(min=1, help="With how many trained units.")] = 10,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save here, and go on from here (safetensors)."),
    ] = None,
    json: Json = None,
) -> None:
    """Fit the free dials of a circuit by gradient, and write it with the new defaults.

    Ctrl-C ends the fit and keeps the best so far.
    """
    from circuitdsl.compare.by_name import fit as fit_file
    from circuitdsl.compare.fitting import Schedule
    from circuitdsl.files import write_text
    from circuitdsl.report.fits import dials_table, fit_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.syntax.read import read_source
    from circuitdsl.syntax.settings import with_defaults

    if not output.absolute().parent.is_dir():
        raise InputError(f"there is no folder {output.absolute().parent} to write {output} to")
    source = read_source(file)
    with progress() as report:
        fitted = fit_file(
            file,
            model,
            objective=objective,
            weights=weights,
            images=images,
            limit=limit,
            grid=grid,
            share=share,
            schedule=Schedule(steps=steps, rate=rate, photographs=batch, seed=seed),
            units=units,
            checkpoint=checkpoint,
            progress=report,
        )
    print_table(dials_table(fitted))
    print_table(fit_table(fitted))
    with writing(output):
        write_text(output, with_defaults(source, fitted.settings))
    typer.echo(f"wrote {output}", err=True)
    write_record(json, fitted.record)
