"""The command that fits dials: fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from circuitdsl.cli.options import CircuitFile, Grid, Json, Limit, Weights
from circuitdsl.cli.output import write_record, writing
from circuitdsl.text.diagnostics import InputError

T = TypeVar("T")


def _first(option: T | None, written: T | None, usual: T) -> T:
    """The option, else what the block says, else the usual."""
    return next((each for each in (option, written) if each is not None), usual)


def fit(
    file: CircuitFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The fitted circuit (.circ).")
    ],
    objective: Annotated[
        str | None,
        typer.Option(
            metavar="SUM",
            help="A sum of `natural` (the default), `grid`, `tuning`, `splice`: natural + 2*grid.",
        ),
    ] = None,
    block: Annotated[
        str | None,
        typer.Option("--fit", metavar="NAME", help="The `fit` block whose settings hold."),
    ] = None,
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
    steps: Annotated[int | None, typer.Option(min=1, help="How many steps (200).")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.0, help="Step size at the start (0.05).")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Photographs a step (8).")] = None,
    circles: Annotated[int | None, typer.Option(min=1, help="Circles a step (128).")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of what each step is shown (0).")] = None,
    units: Annotated[
        int | None, typer.Option(min=1, help="With how many trained units (10).")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save here, and go on from here (safetensors)."),
    ] = None,
    json: Json = None,
) -> None:
    """Fit the free dials of a circuit by gradient, and write it with the new defaults.

    A `fit` block of the file says what the options leave open.
    Ctrl-C ends the fit and keeps the best so far; once more, and it is written unscored.
    """
    from circuitdsl.checking.load import load_fit
    from circuitdsl.fitting.optimise import Schedule
    from circuitdsl.ir.fits import NATURAL
    from circuitdsl.report.fits import dials_table, fit_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run.networks import fit as fit_file
    from circuitdsl.syntax.defaults import with_defaults
    from circuitdsl.syntax.read import read_source
    from circuitdsl.text.files import write_text

    if not output.absolute().parent.is_dir():
        raise InputError(f"there is no folder {output.absolute().parent} to write {output} to")
    source, chosen = read_source(file), load_fit(file, block)
    schedule = Schedule(
        steps=_first(steps, chosen.steps, 200),
        rate=_first(rate, chosen.rate, 0.05),
        photographs=_first(batch, chosen.batch, 8),
        circles=_first(circles, chosen.circles, 128),
        seed=_first(seed, chosen.seed, 0),
    )
    with progress() as report:
        fitted = fit_file(
            file,
            model,
            objective=_first(objective, chosen.maximise, NATURAL),
            weights=weights,
            images=images,
            limit=limit,
            grid=grid,
            schedule=schedule,
            units=_first(units, chosen.units, 10),
            checkpoint=checkpoint,
            over=chosen.over,
            progress=report,
        )
    print_table(dials_table(fitted))
    print_table(fit_table(fitted))
    with writing(output):
        write_text(output, with_defaults(source, fitted.settings))
    typer.echo(f"wrote {output}", err=True)
    write_record(json, fitted.record)
