"""Commands that edit trained networks: sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.options import Limit, Model, Weights
from circuitdsl.cli.output import writing

Photographs = Annotated[
    Path, typer.Option(metavar="DIR", help="Photographs, in one folder for each class.")
]


def sweep(
    *,
    model: Model,
    units: Annotated[
        list[str],
        typer.Option(
            metavar="UNITS",
            help="A layer such as mixed3b_5x5, or `3b:379`, `3b[0..9, 379]`; may come again.",
        ),
    ],
    images: Photographs,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The table (.csv).")
    ],
    ablate: Annotated[
        Literal["zero", "mean"],
        typer.Option(help="To zero, or to each unit's mean over the images."),
    ] = "zero",
    by: Annotated[
        Literal["unit", "pair", "group"],
        typer.Option(help="One unit at a time, two, or each --units together."),
    ] = "unit",
    approx: Annotated[
        bool,
        typer.Option(
            "--approx",
            help="All units at once by first-order attribution, and how well it ranks a sample.",
        ),
    ] = False,
    weights: Weights = None,
    limit: Limit = None,
) -> None:
    """Ablate every unit in turn and measure the network; an unfinished table is gone on with."""
    from circuitdsl.compare import studies
    from circuitdsl.report.edits import approximation_table, sweep_table
    from circuitdsl.report.terminal import print_table, progress

    if approx and by != "unit":
        raise typer.BadParameter("attribution is of single units", param_hint="--approx")
    with writing(output), progress() as report:
        if approx:
            found = studies.approximate_sweep(
                model,
                units,
                images,
                output,
                weights=weights,
                ablate=ablate,
                limit=limit,
                progress=report,
            )
            table = approximation_table(found)
        else:
            swept = studies.sweep_units(
                model,
                units,
                images,
                output,
                weights=weights,
                ablate=ablate,
                by=by,
                limit=limit,
                progress=report,
            )
            table = sweep_table(swept)
    print_table(table)
    typer.echo(f"wrote {output}", err=True)
