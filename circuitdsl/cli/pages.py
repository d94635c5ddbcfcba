"""Commands that write pages: report, microscope, activation-atlas."""

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
Steps = Annotated[
    int, typer.Option(min=0, help="The number of steps for each picture; 0 for no pictures.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random draws.")]


def report(
    file: CircuitFile,
    *,
    output: Page,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="A trained network.")
    ] = None,
    weights: Weights = None,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder or archive of photographs.")
    ] = None,
    limit: Limit = None,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", metavar="NAME", help="The family of the report; may be repeated."),
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(min=1, help="The number of trained units to compare with each family."),
    ] = None,
    steps: Steps = 512,
    seed: Seed = 0,
) -> None:
    """Write one page about a circuit, with hand-written units beside trained ones."""
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
        typer.Option(
            "--unit", metavar="UNIT", help="A unit, such as mixed3b:345; may be repeated."
        ),
    ] = None,
    find: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Take the best units of this kind in --layer."),
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", "-l", metavar="LAYER")] = None,
    count: Annotated[int, typer.Option(min=1, help="The number of units for --find.")] = 10,
    direction: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SUM", help="A combination of units, such as 'mixed3b:345 - 0.5*mixed3b:379'."
        ),
    ] = None,
    circuit: Annotated[
        list[Path] | None,
        typer.Option("--circuit", metavar="FILE|DIR", help="Hand-written families to match."),
    ] = None,
    weights: Weights = None,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder or archive of photographs.")
    ] = None,
    limit: Limit = None,
    steps: Steps = 512,
    seed: Seed = 0,
) -> None:
    """Write one page about units of a trained network."""
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


def activation_atlas(
    *,
    layer: Annotated[
        str, typer.Option("--layer", "-l", metavar="LAYER", help="A layer, such as mixed4a.")
    ],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder or archive of photographs.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A page (.html), the pictures (.png) or a record (.json).",
            callback=writable,
        ),
    ],
    model: SomeModel = "auto",
    side: Annotated[int, typer.Option(min=2, help="The number of cells along each side.")] = 8,
    each: Annotated[
        int, typer.Option(min=1, help="The number of positions of each photograph.")
    ] = 16,
    steps: Annotated[
        int, typer.Option(min=0, help="The number of steps for each picture; 0 for no pictures.")
    ] = 128,
    pixels: Annotated[
        int, typer.Option(min=16, max=1024, help="The side of each picture, in pixels.")
    ] = 96,
    limit: Limit = None,
    weights: Weights = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of positions and pictures.")] = 0,
) -> None:
    """Lay out a layer's activations on photographs, with a picture of each cell."""
    from circuitdsl.reporting.pages.layer_atlas import check_format, write_atlas
    from circuitdsl.reporting.printed.terminal import progress
    from circuitdsl.run.seeing.layer_atlas import activation_atlas as lay_out

    check_format(output, steps)
    with progress() as report:
        made = lay_out(
            model,
            layer,
            images,
            side=side,
            each=each,
            steps=steps,
            pixels=pixels,
            limit=limit,
            weights=weights,
            seed=seed,
            progress=report,
        )
    say_left_out(dict(made.photographs.left_out))
    with writing(output):
        write_atlas(made, output, command_line())
    typer.echo(f"{len(made.sample.vectors)} positions of {made.images} photographs", err=True)
    typer.echo(f"wrote {output}", err=True)


def _end(output: Path, *, partial: bool) -> None:
    """Say what was written; an interrupt has its own exit code."""
    typer.echo(f"wrote {output}{', in part' if partial else ''}", err=True)
    if partial:
        raise typer.Exit(INTERRUPTED)


def command_line() -> str:
    """The command in hand, as a shell would take it."""
    return shlex.join(["circuitdsl", *sys.argv[1:]])
