"""Commands that edit trained networks: effect, edit, sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from circuitdsl.cli.failures import FINDINGS, print_findings, say_warning
from circuitdsl.cli.options import (
    Calibration,
    CircuitFile,
    Json,
    Limit,
    Model,
    SomeModel,
    Weights,
)
from circuitdsl.cli.output import say_left_out, write_record, writing

Photographs = Annotated[
    Path, typer.Option(metavar="DIR", help="Photographs, in one folder for each class.")
]
EditName = Annotated[
    str | None, typer.Option("--edit", "-e", metavar="NAME", help="Which edit of the file.")
]
UnitNames = Annotated[
    list[str],
    typer.Option(
        metavar="UNITS",
        help="A layer such as mixed3b_5x5, or `3b:379`, `3b[0..9, 379]`; may come again.",
    ),
]
TableFile = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The table (.csv).")
]


def sweep(
    *,
    model: Model,
    units: UnitNames,
    images: Photographs,
    output: TableFile,
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
    from circuitdsl.report.edits import approximation_table, sweep_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run import studies

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
            table, skipped = approximation_table(found), found.skipped
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
            table, skipped = sweep_table(swept), swept.skipped
    print_table(table)
    say_left_out(dict(skipped))
    typer.echo(f"wrote {output}", err=True)


def effect(
    file: CircuitFile,
    *,
    images: Photographs,
    edit: EditName = None,
    model: SomeModel = "auto",
    weights: Weights = None,
    calibration: Calibration = None,
    limit: Limit = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Also show the mirror image of each photograph.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of splits, controls and intervals.")
    ] = None,
    json: Json = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the images whose prediction flipped (.png, .svg or .pdf)."
        ),
    ] = None,
) -> None:
    """Measure what an edit of a file does to a trained network, beside its controls."""
    from circuitdsl.report.edits import changes_table, effect_table, moved_table
    from circuitdsl.report.figures import check_format
    from circuitdsl.report.sheets import draw_flips
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run.inputs import Given
    from circuitdsl.run.scripts import script_effect

    if figure is not None:
        check_format(figure)
    given = Given(model, weights, images, calibration, limit, seed)
    with progress() as report:
        name, chosen, found = script_effect(file, edit, given, mirror=mirror, progress=report)
    for notice in found.notices:
        say_warning(notice)
    print_table(effect_table(found, f"{chosen} on {name}"))
    print_table(changes_table(found))
    print_table(moved_table(found))
    say_left_out(dict(found.skipped))
    write_record(json, lambda: {"model": name, "edit": chosen, **found.record()})
    if figure is not None:
        with writing(figure):
            draw_flips(found, images, figure)
        typer.echo(f"figure: {figure}")


def edit(
    file: CircuitFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The weights (.safetensors).")
    ],
    edit: EditName = None,
    model: SomeModel = "auto",
    weights: Weights = None,
    calibration: Calibration = None,
) -> None:
    """Write an edit of a file as plain weights, as far as weights can say it."""
    from circuitdsl.models.weights import write_weights
    from circuitdsl.report.terminal import progress
    from circuitdsl.run.inputs import Given
    from circuitdsl.run.scripts import folded_weights

    given = Given(model, weights, None, calibration)
    with progress() as report:
        chosen, found, notices = folded_weights(file, edit, given, report)
    for warning in (*notices, *(f"not in the weights: {left}" for left in found.left)):
        say_warning(warning)
    write_weights(output, found.params)
    part = "all" if not found.left else "part"
    typer.echo(f"wrote {output}, which says {part} of {chosen}", err=True)


def score_script(
    file: Path,
    *,
    model: str,
    weights: Path | None,
    images: Path | None,
    calibration: Path | None,
    limit: int | None,
    json: Path | None,
) -> None:
    """Score a file as its `score` blocks say; exits with 1 if an expectation does not hold."""
    from circuitdsl.report.edits import recovery_table, tuning_table
    from circuitdsl.report.terminal import print_table, progress
    from circuitdsl.run.inputs import Given
    from circuitdsl.run.scripts import script_scores

    given = Given(model, weights, images, calibration, limit)
    with progress() as report:
        found = script_scores(file, given, report)
    for recovered in found.recoveries.values():
        print_table(recovery_table(recovered))
        say_left_out(dict(recovered.skipped))
    if found.tunings:
        print_table(tuning_table(found.tunings))
    write_record(json, found.record)
    print_findings(found.failed)
    if found.held or found.failed:
        typer.echo(f"{found.held} of {found.held + len(found.failed)} expectations hold", err=True)
    if found.failed:
        raise typer.Exit(FINDINGS)
