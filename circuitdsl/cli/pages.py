"""Commands that write pages: report, microscope."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.failures import INTERRUPTED
from circuitdsl.cli.options import CircuitFile, Limit, SomeModel, Weights, writable
from circuitdsl.cli.output import say_left_out, writing

Page = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="PAGE.html", help="The page.", callback=writable),
]
Steps = Annotated[int, typer.Option(min=0, help="Steps of each picture; 0 for no pictures.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")]


def report(
    file: CircuitFile,
    *,
    output: Page,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="A trained network.")
    ] = None,
    weights: Weights = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Photographs.")] = None,
    limit: Limit = None,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", metavar="NAME", help="Argue for this family; several times."),
    ] = None,
    units: Annotated[
        int | None, typer.Option(min=1, help="Units that each family is held against.")
    ] = None,
    steps: Steps = 512,
    seed: Seed = 0,
) -> None:
    """Write a page of everything that is known of a circuit, hand-written beside original."""
    from circuitdsl.reporting.pages.report import report as write_report
    from circuitdsl.reporting.printed.terminal import progress

    with progress() as told, writing(output):
        shown = write_report(
            file,
            output,
            model=model,
            weights=weights,
            images=images,
            limit=limit,
            families=family or (),
            units=units,
            steps=steps,
            seed=seed,
            command=command_line(),
            progress=told,
        )
    say_left_out(dict(shown.portrait.skipped))
    _end(output, partial=shown.partial)


def microscope(
    *,
    output: Page,
    model: SomeModel = "auto",
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="UNIT", help="Such as mixed3b:345; several times."),
    ] = None,
    find: Annotated[
        str | None, typer.Option(metavar="KIND", help="The best units of --layer of some kind.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", "-l", metavar="LAYER")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many units --find takes.")] = 10,
    direction: Annotated[
        list[str] | None,
        typer.Option(metavar="SUM", help="Such as 'mixed3b:345 - 0.5*mixed3b:379'."),
    ] = None,
    circuit: Annotated[
        list[Path] | None,
        typer.Option("--circuit", metavar="FILE|DIR", help="Hand-written families to match."),
    ] = None,
    weights: Weights = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Photographs.")] = None,
    limit: Limit = None,
    steps: Steps = 512,
    seed: Seed = 0,
) -> None:
    """Write a page that shows units of a trained network."""
    from circuitdsl.reporting.pages.microscope import microscope as write_page
    from circuitdsl.reporting.printed.terminal import progress

    with progress() as told, writing(output):
        shown = write_page(
            output,
            unit or (),
            model=model,
            find=find,
            layer=layer,
            count=count,
            directions=direction or (),
            circuits=circuit or (),
            weights=weights,
            images=images,
            limit=limit,
            steps=steps,
            seed=seed,
            command=command_line(),
            progress=told,
        )
    _end(output, partial=shown.partial)


def _end(output: Path, *, partial: bool) -> None:
    """Say what was written; an interrupt has its own exit code."""
    typer.echo(f"wrote {output}{', in part' if partial else ''}", err=True)
    if partial:
        raise typer.Exit(INTERRUPTED)


def command_line() -> str:
    """The command in hand, as a shell would take it."""
    return shlex.join(["circuitdsl", *sys.argv[1:]])
