"""The commands of whole networks: coverage, cleanroom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import (
    CircuitPaths,
    Classes,
    Json,
    Limit,
    Ray,
    Shards,
    SomeModel,
    Workers,
    writable,
)
from circuitdsl.cli.output import say_left_out, write_record, writing
from circuitdsl.text.diagnostics import InputError

Photographs = Annotated[Path, typer.Option(metavar="DIR", help="Photographs that are measured.")]
Choosing = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Photographs that choose members; by default half of --images."
    ),
]


def coverage(
    files: CircuitPaths,
    *,
    model: SomeModel,
    images: Photographs,
    calibration: Choosing = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layers", "-l", metavar="LAYER,...", help="Only this layer; may be repeated."
        ),
    ] = None,
    thresholds: Annotated[
        str,
        typer.Option(metavar="R,...", help="Correlations at which a unit counts as covered."),
    ] = "0.5,0.7",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PAGE.html",
            help="A page of all units by family, with pictures.",
            callback=writable,
        ),
    ] = None,
    json: Json = None,
    limit: Limit = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the split, random draws and intervals.")
    ] = 0,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
) -> None:
    """Measure which share of a network's units hand-written families cover."""
    from circuitdsl.reporting.pages.coverage_page import write_page
    from circuitdsl.reporting.printed.coverage import coverage_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.comparing.coverage import coverage as measure_coverage
    from circuitdsl.run.pages.gallery import gallery

    if output is not None and output.suffix != ".html":
        raise InputError(f"{output} does not end in .html", help="name such a file")
    with progress() as report:
        result = measure_coverage(
            files,
            images,
            model=model,
            calibration=calibration,
            layers=[name for names in layers or () for name in names.split(",")],
            thresholds=numbers(thresholds),
            limit=limit,
            seed=seed,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
        if output is not None:
            with writing(output):
                write_page(output, gallery(result, report))
    say_left_out(dict(result.skipped))
    say_left_out(dict.fromkeys(result.left_out, "it reads units of a trained network"))
    print_table(coverage_table(result))
    write_record(json, result.record)


def numbers(text: str) -> tuple[float, ...]:
    """Correlations, separated by commas.

    Raises:
        InputError: one that is none.
    """
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(-1 <= value <= 1 for value in found):
        raise InputError(
            f"`{text}` is no list of correlations", help="write such as --thresholds 0.5,0.7"
        )
    return found


def cleanroom(
    files: CircuitPaths,
    *,
    model: SomeModel,
    through: Annotated[
        str, typer.Option(metavar="LAYER", help="The last layer whose units are replaced.")
    ],
    images: Photographs,
    calibration: Choosing = None,
    threshold: Annotated[
        float, typer.Option(metavar="R", help="Correlation at which a unit is replaced.")
    ] = 0.5,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="WEIGHTS.safetensors",
            help="Write the hand-written units as a network of their own.",
            callback=writable,
        ),
    ] = None,
    json: Json = None,
    limit: Limit = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the split, controls and intervals.")
    ] = 0,
    classes: Classes = None,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
) -> None:
    """Replace every covered unit up to a layer by a hand-written one, and measure the network."""
    from circuitdsl.reporting.printed.cleanroom import cleanroom_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.comparing.cleanroom import cleanroom as replace_units
    from circuitdsl.run.saving import save

    with progress() as report:
        result = replace_units(
            files,
            images,
            model=model,
            through=through,
            calibration=calibration,
            threshold=threshold,
            limit=limit,
            seed=seed,
            classes=classes,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
    say_left_out(dict(result.skipped))
    say_left_out(dict.fromkeys(result.left_out, "it reads units of a trained network"))
    print_table(cleanroom_table(result))
    write_record(json, result.record)
    if output is not None:
        with writing(output):
            save(result.alone, output)
