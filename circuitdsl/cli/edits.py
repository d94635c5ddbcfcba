"""Commands that edit trained networks: effect, edit, sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from circuitdsl.cli.failures import say_warning
from circuitdsl.cli.options import (
    Calibration,
    CircuitFile,
    Classes,
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

Photographs = Annotated[
    Path, typer.Option(metavar="DIR", help="Photographs, in one folder for each class.")
]
EditName = Annotated[
    str | None,
    typer.Option(
        "--edit", "-e", metavar="NAME", help="The edit of the file; needed if it has several."
    ),
]
UnitNames = Annotated[
    list[str],
    typer.Option(
        metavar="UNITS",
        help="A layer such as mixed3b_5x5, or `3b:379`, `3b[0..9, 379]`; may be repeated.",
    ),
]
TableFile = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="The table (.csv).", callback=writable),
]


def sweep(
    *,
    model: Model,
    units: UnitNames,
    images: Photographs,
    output: TableFile,
    ablate: Annotated[
        Literal["zero", "mean"],
        typer.Option(help="Ablate to zero, or to each unit's mean over the images."),
    ] = "zero",
    by: Annotated[
        Literal["unit", "pair", "group"],
        typer.Option(help="Ablate one unit at a time, two, or all units of one --units together."),
    ] = "unit",
    approx: Annotated[
        bool,
        typer.Option(
            "--approx",
            help="Rank all units by first-order attribution, and check the ranks on a sample.",
        ),
    ] = False,
    weights: Weights = None,
    classes: Classes = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample of --approx.")] = 0,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
) -> None:
    """Ablate every unit in turn and measure the network; an unfinished table is resumed."""
    from circuitdsl.reporting.printed.edits import approximation_table, sweep_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.sweeps import Approximation
    from circuitdsl.run.sweeps import sweep as sweep_units

    with writing(output), progress() as report:
        swept = sweep_units(
            model,
            units,
            images,
            output,
            weights=weights,
            ablate=ablate,
            by=by,
            approx=approx,
            limit=limit,
            seed=seed,
            classes=classes,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
    exact = not isinstance(swept, Approximation)
    print_table(sweep_table(swept) if exact else approximation_table(swept))
    say_left_out(dict(swept.skipped))
    typer.echo(f"wrote {output}", err=True)


def effect(
    file: CircuitFile,
    *,
    images: Photographs,
    edit: EditName = None,
    every: Annotated[
        bool, typer.Option("--all", help="Measure every edit of the file, in one table.")
    ] = False,
    model: SomeModel = "auto",
    weights: Weights = None,
    calibration: Calibration = None,
    classes: Classes = None,
    limit: Limit = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Also show the mirror image of each photograph.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of splits, controls and intervals.")
    ] = None,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
    json: Json = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the images whose prediction flipped (.png, .svg or .pdf).",
            callback=writable,
        ),
    ] = None,
) -> None:
    """Measure what an edit of a file does to a trained network, beside its controls."""
    from circuitdsl.reporting.drawn.image_files import check_format
    from circuitdsl.reporting.drawn.sheets import draw_flips
    from circuitdsl.reporting.printed.edits import (
        changes_table,
        effect_table,
        effects_table,
        moved_table,
    )
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.comparing.effects import effect as effect_of
    from circuitdsl.run.comparing.effects import effects

    if figure is not None:
        check_format(figure)
    if every and (edit is not None or figure is not None):
        other = "--edit" if edit is not None else "--figure"
        raise typer.BadParameter(f"--all is of every edit; it does not go with {other}")
    with progress() as report:
        options: dict[str, Any] = {
            "model": model,
            "weights": weights,
            "calibration": calibration,
            "limit": limit,
            "mirror": mirror,
            "seed": seed,
            "classes": classes,
            "workers": workers,
            "store": shards,
            "ray": ray,
            "progress": report,
        }
        if every:
            found = effects(file, images, **options)
        else:
            found = {"": effect_of(file, images, edit=edit, **options)}
    for name, one in found.items():
        for notice in one.notices:
            say_warning(f"{name}: {notice}" if every else notice)
    first = next(iter(found.values()))
    say_left_out(dict(first.skipped))
    if every:
        print_table(effects_table(found, file.name))
        write_record(json, lambda: {"edits": {name: one.record() for name, one in found.items()}})
        return
    print_table(effect_table(first, f"{first.edit} on {first.model}"))
    print_table(changes_table(first))
    print_table(moved_table(first))
    write_record(json, first.record)
    if figure is not None:
        with writing(figure):
            draw_flips(first, images, figure)
        typer.echo(f"figure: {figure}")


def edit(
    file: CircuitFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The weight file (.safetensors).",
            callback=writable,
        ),
    ],
    edit: EditName = None,
    model: SomeModel = "auto",
    weights: Weights = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photographs; some are set aside for calibration."),
    ] = None,
    calibration: Calibration = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of random draws.")] = None,
) -> None:
    """Write an edited network as plain weights, and name the steps that weights cannot express."""
    from circuitdsl.compare.effect import said
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.saving import save
    from circuitdsl.run.scripts import edit as edit_of

    with progress() as report:
        edited = edit_of(
            file,
            edit,
            model=model,
            weights=weights,
            images=images,
            calibration=calibration,
            seed=seed,
            progress=report,
        )
    with writing(output):
        left = save(edited, output)
    for warning in (*said(edited), *(f"not in the weights: {sentence}" for sentence in left)):
        say_warning(warning)
    extent = "has a part" if left else "has all"
    typer.echo(f"wrote {output}, which {extent} of `{edited.edit}`", err=True)
