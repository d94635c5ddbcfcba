"""The command `match`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import CircuitFiles, Json, Limit, Ray, Shards, Workers, writable
from circuitdsl.cli.output import say_left_out, write_record, writing
from circuitdsl.text.diagnostics import InputError


def match(
    files: CircuitFiles,
    *,
    model: Annotated[
        list[str],
        typer.Option("--model", "-m", metavar="MODEL", help="A trained network; may be repeated."),
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder or archive of photographs.")],
    family: Annotated[
        list[str] | None,
        typer.Option("--family", metavar="NAME", help="Only this family; may be repeated."),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", "-l", metavar="LAYER", help="Only this layer; may be repeated."),
    ] = None,
    units: Annotated[
        int, typer.Option(min=1, help="The number of units of each layer for each family.")
    ] = 4,
    draws: Annotated[
        int, typer.Option(min=0, help="The number of random circuits for the control.")
    ] = 2,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write all rows (.csv or .json).",
            callback=writable,
        ),
    ] = None,
    json: Json = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random draws and intervals.")] = 0,
    directions: Annotated[
        bool, typer.Option("--directions", help="Also find what the best direction adds to a unit.")
    ] = False,
    stimuli: Annotated[
        bool,
        typer.Option(
            "--stimuli", help="Also measure agreement on the stimuli that a family names."
        ),
    ] = False,
    workers: Workers = 1,
    shards: Shards = None,
    ray: Ray = None,
) -> None:
    """Find units of trained networks that respond as members of hand-written families do."""
    from circuitdsl.reporting.printed.matches import matches_csv, matches_table
    from circuitdsl.reporting.printed.terminal import print_table, progress
    from circuitdsl.run.comparing.matching import match as match_files
    from circuitdsl.run.comparing.matching import record
    from circuitdsl.text.files import write_text

    if output is not None and output.suffix not in (".csv", ".json"):
        raise InputError(f"{output} ends in neither .csv nor .json", help="name such a file")
    with progress() as report:
        results = match_files(
            files,
            model,
            images,
            families=family or (),
            layers=layer or (),
            units=units,
            draws=draws,
            limit=limit,
            seed=seed,
            directions=directions,
            stimuli=stimuli,
            workers=workers,
            store=shards,
            ray=ray,
            progress=report,
        )
    for matches in results:
        say_left_out(dict(matches.skipped))
        reason = f"it reads units of another network than {matches.model}"
        say_left_out(dict.fromkeys(matches.left_out, reason))
        print_table(matches_table(matches))
    for target in (json, output if output is not None and output.suffix == ".json" else None):
        write_record(target, lambda: record(results))
    if output is not None and output.suffix == ".csv":
        with writing(output):
            write_text(output, matches_csv(results))
