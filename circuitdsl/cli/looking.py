"""The command `look`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from circuitdsl.cli.options import SomeModel, Weights, writable
from circuitdsl.cli.output import writing


def look(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A photograph.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A figure (.png, .pdf, .svg) or a record (.json).",
            callback=writable,
        ),
    ],
    model: SomeModel = "auto",
    class_name: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="A class; by default the likeliest one."),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Where the class is looked for.")
    ] = None,
    strongest: Annotated[int, typer.Option(min=1, help="Channels of each layer.")] = 8,
    weights: Weights = None,
) -> None:
    """Show what every layer gives for one image, and where its class is seen."""
    from circuitdsl.reporting.look_figures import check_format, write_look
    from circuitdsl.reporting.terminal import progress
    from circuitdsl.run.looking import look as look_at

    check_format(output)
    with progress() as report:
        seen = look_at(
            model,
            image,
            class_name=class_name,
            layer=layer,
            strongest=strongest,
            weights=weights,
            progress=report,
        )
    with writing(output):
        write_look(seen, output)
    for view in seen.layers:
        if view.name in seen.shown:
            size = "x".join(map(str, view.shape))
            typer.echo(f"{view.name:<24} {size:>12}  {view.silent:.0%} silent")
    typer.echo(f"wrote {output}", err=True)
